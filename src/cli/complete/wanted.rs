//! The answer to a completion.

use crate::classic::options::Opt;
use crate::model::ServiceKey;

/// A candidate for the word under the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The word. If it ends with `=`, `:`, `,` or `/`, more must follow.
    pub word: String,
    /// Short description.
    pub help: String,
}

impl Candidate {
    pub(super) fn new(word: impl Into<String>, help: impl Into<String>) -> Self {
        Self { word: word.into(), help: help.into() }
    }
}

/// Kind of candidates that `cmd` must look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// Services of the table that this option can name.
    Services(Opt),
    /// Addresses of the services of the table.
    VirtualAddresses,
    /// Real servers of this service, or of all services.
    Servers(Option<ServiceKey>),
    /// Real servers of all services except this one.
    OtherServers(Option<ServiceKey>),
    /// Addresses of this host.
    OwnAddresses {
        /// Append `:`, because a port can follow.
        port: bool,
    },
    /// Schedulers that the kernel has or can load.
    Schedulers,
    /// Persistence engines that the kernel has or can load.
    Engines,
    /// Network interfaces.
    Interfaces,
    /// Network namespaces of `ip netns`.
    Namespaces,
    /// Kernel parameters of IPVS.
    Parameters,
    /// Numbers of recorded changes.
    Records,
    /// The current time-out with this index: TCP, TCP after a FIN, UDP.
    Timeout(usize),
    /// File names, which the shell completes itself.
    Files,
}

/// The answer to a completion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Network namespace on the line.
    pub netns: Option<String>,
    /// Beginning of the word that does not change, such as `--scheduler=`.
    pub before: String,
    /// Rest of the word, which the candidates complete.
    pub typed: String,
    /// Candidates from the tables.
    pub fixed: Vec<Candidate>,
    /// Candidates that `cmd` must look up.
    pub live: Vec<Live>,
}

impl Wanted {
    pub(super) fn of(typed: &str) -> Self {
        Self { typed: typed.to_owned(), ..Self::default() }
    }

    pub(super) fn with(self, values: Values) -> Self {
        Self { fixed: values.fixed, live: values.live, ..self }
    }

    /// Completes the last word of a comma-separated list, and does not offer words of the list
    /// again.
    pub(super) fn last_of_list(mut self) -> Self {
        if let Some(comma) = self.typed.rfind(',') {
            let (before, typed) = self.typed.split_at(comma + 1);
            let used: Vec<&str> = before.split(',').collect();
            self.fixed.retain(|candidate| !used.contains(&candidate.word.as_str()));
            self.before.push_str(before);
            self.typed = typed.to_owned();
        }
        self
    }
}

/// Candidates for the value of an option.
#[derive(Default)]
pub(super) struct Values {
    pub(super) fixed: Vec<Candidate>,
    pub(super) live: Vec<Live>,
}

impl Values {
    pub(super) fn live(live: Live) -> Self {
        Self { fixed: Vec::new(), live: vec![live] }
    }

    pub(super) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let fixed = words.into_iter().map(|word| Candidate::new(word, "")).collect();
        Self { fixed, live: Vec::new() }
    }
}
