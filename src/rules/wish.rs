//! Rule lines to the table that they make.

use crate::error::Errno;
use crate::model::{Change, DestinationKey, ServiceKey, Table};

/// A line that would fail on an empty table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Which: its place among the lines, from 0.
    pub index: usize,
    /// What the kernel would say.
    pub errno: Errno,
}

/// The table that these changes make of an empty one.
///
/// # Errors
/// The first change that would fail.
pub fn wish<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Result<Table, Contradiction> {
    let mut table = Table::default();
    for (index, change) in changes.into_iter().enumerate() {
        table.change(change).map_err(|errno| Contradiction { index, errno })?;
    }
    Ok(table)
}

/// The thing that a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Service(ServiceKey),
    Destination(ServiceKey, DestinationKey),
    Timeouts,
    Daemon(crate::model::DaemonRole),
    Everything,
}

fn object(change: &Change) -> Object {
    match change {
        Change::AddService(service) | Change::UpdateService(service) => {
            Object::Service(service.key)
        }
        Change::DeleteService(key) | Change::Zero(Some(key)) => Object::Service(*key),
        Change::AddDestination(key, destination) | Change::UpdateDestination(key, destination) => {
            Object::Destination(*key, destination.key)
        }
        Change::DeleteDestination(key, destination) => Object::Destination(*key, *destination),
        Change::SetTimeouts(_) => Object::Timeouts,
        Change::StartDaemon(daemon) => Object::Daemon(daemon.role),
        Change::StopDaemon(role) => Object::Daemon(*role),
        Change::Flush | Change::Zero(None) => Object::Everything,
    }
}

/// The place, from 0, of the line that speaks last of what `change` is about.
pub fn line_of<'a>(
    change: &Change,
    lines: impl IntoIterator<Item = &'a Change, IntoIter: DoubleEndedIterator + ExactSizeIterator>,
) -> Option<usize> {
    let wanted = object(change);
    lines.into_iter().rposition(|line| object(line) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::parse_line;

    fn changes(text: &str) -> Vec<Change> {
        text.lines().map(|line| parse_line(line).expect("a canonical line")).collect()
    }

    #[test]
    fn the_file_is_executed_on_an_empty_table() {
        let changes = changes(
            "-A -t 192.0.2.80:80 -s rr\n\
             -a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1\n\
             -e -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 3\n\
             -A -t 192.0.2.81:80 -s rr\n\
             -D -t 192.0.2.81:80",
        );
        let table = wish(&changes).unwrap();
        assert_eq!(table.pools.len(), 1);
        assert_eq!(table.pools[0].destinations[0].weight, 3);
        assert_eq!(line_of(&changes[1], &changes), Some(2));
    }

    #[test]
    fn the_line_that_would_fail_is_named() {
        let twice = changes("-A -t 192.0.2.80:80 -s rr\n-A -t 192.0.2.80:80 -s wlc");
        assert_eq!(wish(&twice), Err(Contradiction { index: 1, errno: Errno::EEXIST }));
        let orphan = changes("-a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1");
        assert_eq!(wish(&orphan), Err(Contradiction { index: 0, errno: Errno::ESRCH }));
    }
}
