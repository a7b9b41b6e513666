//! Reasons why a real server is not drained, or does not get its weight back.

/// Reason why a real server is not drained, or does not get its weight back. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrainRefusal {
    /// Too few real servers of a service would keep a weight.
    #[error(
        "{service} would be left with {left} of {of} real servers; at least {least} must stay up"
    )]
    TooFew {
        /// The service, in the words of a rule line.
        service: String,
        /// Number of real servers with a weight above 0 after the drain.
        left: usize,
        /// Number of real servers of the service.
        of: usize,
        /// Number of real servers that must keep a weight above 0.
        least: usize,
    },
    /// The scheduler needs a flag that must not be set.
    #[error("{scheduler} would refuse clients of {service}: {flag} is not set")]
    FlagKept {
        /// The service, in the words of a rule line.
        service: String,
        /// Name of its scheduler.
        scheduler: String,
        /// The fallback flag, which is not set.
        flag: &'static str,
        /// All flags that the service would have with the fallback flag, separated by commas.
        flags: String,
    },
    /// The scheduler refuses the clients of a real server with weight 0, and no flag changes that.
    #[error("{scheduler} would refuse clients of {service}, and no flag changes that")]
    NoFlag {
        /// The service, in the words of a rule line.
        service: String,
        /// Name of its scheduler.
        scheduler: String,
    },
    /// No service has this real server.
    #[error("no service has a real server {server}")]
    NoServer {
        /// The address, and the port if one is given.
        server: String,
    },
    /// There is no record of a drain.
    #[error("no real server is drained")]
    NothingDrained,
    /// The real server has weight 0, but there is no record of a drain.
    #[error("{server} has weight 0, which `ipvsadm drain' did not set")]
    NoRecord {
        /// The real server, in the words of a rule line.
        server: String,
    },
    /// The weight was 0 before the drain.
    #[error("no weight is recorded for {server}: it was 0 before the drain")]
    NoWeight {
        /// The real server, in the words of a rule line.
        server: String,
    },
}

impl DrainRefusal {
    /// Remedies, one line each.
    pub(super) fn hints(&self) -> Vec<String> {
        match self {
            Self::TooFew { left, .. } => vec![
                "a drained real server counts as down; `ipvsadm drain --list' shows them"
                    .to_owned(),
                format!("to drain the real server nevertheless: --min-up {left}"),
            ],
            Self::FlagKept { service, flags, .. } => vec![
                "to set the flag until the drain ends: --scheduler-flag set".to_owned(),
                format!("to set the flag for good: ipvsadm set {service} flags={flags}"),
            ],
            Self::NoFlag { service, .. } => vec![format!(
                "give the service a scheduler that has such a flag: ipvsadm set {service} \
                 scheduler=mh flags=mh-fallback"
            )],
            Self::NothingDrained => Vec::new(),
            Self::NoServer { .. } => {
                vec!["`ipvsadm -L -n' lists services and real servers".to_owned()]
            }
            Self::NoRecord { server } | Self::NoWeight { server } => {
                vec![format!(
                    "to give the real server a weight: ipvsadm undrain {server} --weight N"
                )]
            }
        }
    }
}
