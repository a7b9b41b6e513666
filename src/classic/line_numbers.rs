//! Remembers on which line of a rule file each service and real server is.

use crate::error::Errno;
use crate::model::{Change, DestinationKey, ServiceKey, Table};

use super::describe;

/// The lines of a rule file, for messages about the table that the file describes.
///
/// Most files have each service followed by its real servers, as `ipvsadm-save` writes them. For
/// these, only one number for each service is stored. A number for each object would slow every run
/// down, although only few runs fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineNumbers {
    /// For each service of the table, the line that adds it. Its real servers are on the following
    /// lines, in the order of the table, except for those in `elsewhere`. Empty as soon as the file
    /// deletes something; then every line is in `elsewhere`.
    services: Vec<u32>,
    /// All other lines, with their changes.
    elsewhere: Vec<(u32, Change)>,
    deletes: bool,
}

impl LineNumbers {
    /// Applies the change on line `number` to the table of the lines before it.
    ///
    /// # Errors
    /// The kernel's error number, and the refused change.
    pub fn change(
        &mut self,
        table: &mut Table,
        number: u32,
        change: Change,
    ) -> Result<(), (Errno, Change)> {
        if !self.deletes && deletes(&change) {
            self.spell_out(table);
        }
        if let Err(errno) = table.change(&change) {
            return Err((errno, change));
        }
        if !self.is_in_its_place(table, number, &change) {
            self.elsewhere.push((number, change));
        }
        Ok(())
    }

    /// Whether the change, which was just applied, needs no entry of its own.
    fn is_in_its_place(&mut self, table: &Table, number: u32, change: &Change) -> bool {
        match change {
            Change::AddService(_) if !self.deletes => {
                self.services.push(number);
                true
            }
            Change::AddDestination(key, _) => {
                let (Some((last, pool)), Some(line)) = (table.pools.last(), self.services.last())
                else {
                    return false;
                };
                last == key && (number - line) as usize == pool.destinations.len()
            }
            _ => false,
        }
    }

    /// Gives every line its own entry, because indices in the table are about to change. A real
    /// server with an entry gets a second one with a smaller number. This is harmless, because only
    /// the last line counts.
    fn spell_out(&mut self, table: &Table) {
        self.deletes = true;
        for (line, (key, pool)) in std::mem::take(&mut self.services).into_iter().zip(&table.pools)
        {
            self.elsewhere.push((line, Change::AddService(pool.service.clone())));
            let servers = pool.destinations.values().zip(line + 1..);
            let servers =
                servers.map(|(server, line)| (line, Change::AddDestination(*key, *server)));
            self.elsewhere.extend(servers);
        }
    }

    /// The last line about the object of `change`, with its description; without such a line, the
    /// description of `change`. `table` is the table that the file describes.
    pub fn place(&self, table: &Table, change: &Change) -> String {
        let (line, written) = match self.entry(|it| it.concerns_the_same_as(change)) {
            Some((line, written)) => (Some(*line), written),
            None => (self.implied(table, change), change),
        };
        match line {
            Some(line) => format!("line {line}: {}", describe(written)),
            None => describe(change),
        }
    }

    /// The last line that makes the same change to the same object.
    pub fn same(&self, table: &Table, change: &Change) -> Option<u32> {
        let is_same =
            |it: &Change| it.operation() == change.operation() && it.concerns_the_same_as(change);
        self.entry(is_same).map(|(line, _)| *line).or_else(|| self.implied(table, change))
    }

    fn entry(&self, is_wanted: impl Fn(&Change) -> bool) -> Option<&(u32, Change)> {
        self.elsewhere.iter().filter(|(_, it)| is_wanted(it)).max_by_key(|(line, _)| *line)
    }

    /// The line of a service or real server without its own entry.
    fn implied(&self, table: &Table, change: &Change) -> Option<u32> {
        let (key, server) = object(change)?;
        let (index, _, pool) = table.pools.get_full(key)?;
        let line = self.services.get(index)?;
        let Some(server) = server else { return Some(*line) };
        let index = pool.destinations.get_index_of(server)?;
        Some(line + 1 + u32::try_from(index).ok()?)
    }
}

/// Whether the change moves later objects of the table to other indices.
fn deletes(change: &Change) -> bool {
    matches!(change, Change::DeleteService(_) | Change::DeleteDestination(..) | Change::Flush)
}

/// The key of the service or real server of a change.
fn object(change: &Change) -> Option<(&ServiceKey, Option<&DestinationKey>)> {
    match change {
        Change::AddService(it) | Change::UpdateService(it) => Some((&it.key, None)),
        Change::DeleteService(key) => Some((key, None)),
        Change::AddDestination(key, it) | Change::UpdateDestination(key, it) => {
            Some((key, Some(&it.key)))
        }
        Change::DeleteDestination(key, server) => Some((key, Some(server))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classic::{RuleLine, Scanner, read_rules};

    fn lines(file: &str) -> Vec<RuleLine> {
        read_rules(&mut Scanner::default(), "ipvsadm", file.as_bytes()).unwrap()
    }

    /// Compares the stored line numbers with those found by a second reading of the file.
    fn check(file: &str) {
        let (mut table, mut numbers) = (Table::default(), LineNumbers::default());
        let lines = lines(file);
        for line in &lines {
            numbers.change(&mut table, line.number, line.change().unwrap().clone()).unwrap();
        }
        for sought in lines.iter().filter_map(RuleLine::change) {
            let last = |of: &dyn Fn(&Change) -> bool| {
                lines.iter().rfind(|line| line.change().is_some_and(of)).unwrap()
            };
            let concerns = last(&|it| it.concerns_the_same_as(sought));
            let expected =
                format!("line {}: {}", concerns.number, describe(concerns.change().unwrap()));
            assert_eq!(numbers.place(&table, sought), expected, "{file}");
            let same =
                last(&|it| it.concerns_the_same_as(sought) && it.operation() == sought.operation());
            assert_eq!(numbers.same(&table, sought), Some(same.number), "{file}");
        }
    }

    const BLOCKS: &str = "-A -t 192.0.2.80:80 -s rr\n\
                          -a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1\n\
                          -a -t 192.0.2.80:80 -r 198.51.100.22:80 -g -w 1\n\
                          \n\
                          # another one\n\
                          -A -u 192.0.2.80:53 -s wlc\n\
                          -a -u 192.0.2.80:53 -r 198.51.100.21:53 -g -w 1\n";

    #[test]
    fn saved_files_need_one_number_for_each_service() {
        check(BLOCKS);
        let (mut table, mut numbers) = (Table::default(), LineNumbers::default());
        for line in lines(BLOCKS) {
            numbers.change(&mut table, line.number, line.change().unwrap().clone()).unwrap();
        }
        assert_eq!(numbers.services, [1, 6]);
        assert_eq!(numbers.elsewhere, []);
    }

    #[test]
    fn the_last_line_of_each_object_is_found_in_any_order() {
        let edits = "-e -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 5\n-E -u 192.0.2.80:53 -s rr\n";
        let late = "-a -t 192.0.2.80:80 -r 198.51.100.23:80 -g -w 1\n";
        let gap = "-a -u 192.0.2.80:53 -r 198.51.100.22:53 -g -w 1\n#\n\
                   -a -u 192.0.2.80:53 -r 198.51.100.23:53 -g -w 1\n";
        let rest = "--set 900 120 300\n--start-daemon master --mcast-interface lo\n";
        let deletions = "-d -t 192.0.2.80:80 -r 198.51.100.21:80\n-D -u 192.0.2.80:53\n";
        let again = "-A -u 192.0.2.80:53 -s wrr\n\
                     -a -u 192.0.2.80:53 -r 198.51.100.21:53 -g -w 1\n\
                     -a -t 192.0.2.80:80 -r 198.51.100.21:80 -g -w 1\n";
        for file in [
            [BLOCKS, edits, late, rest].concat(),
            [BLOCKS, gap, late, edits].concat(),
            [BLOCKS, gap, edits, deletions, late, again].concat(),
            [BLOCKS, deletions, again, late, rest, edits].concat(),
            [BLOCKS, late, "-C\n", BLOCKS, gap].concat(),
        ] {
            check(&file);
        }
    }
}
