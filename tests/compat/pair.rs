//! Runs the same commands with both programs, each in its own namespace.

use std::fs::read_to_string;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::panicking;

use crate::comparison::{diff, difference, report};
use crate::generator::Command;
use crate::network;
use crate::raw::Raw;
use crate::testbed::namespace::{NameService, Namespace};
use crate::testbed::process::{Outcome, Program};
use crate::testbed::{self, UnderTest};

/// Commands with which the reference reads everything that a table holds.
const SNAPSHOT: &str = "-S -n\n-L -n --thresholds\n-L -n --tun-info\n-L --timeout\n-L --daemon\n";

/// Maximum number of differences to print.
const SHOWN: usize = 40;

/// Before Linux 7.1, the kernel resumes a dump at an index that counts the services of all
/// namespaces, so no other test may change its table meanwhile.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// One side of the comparison.
pub struct Side {
    pub namespace: Namespace,
    pub program: Program,
}

/// Both programs with their tables, and the differences found so far. When dropped, it fails the
/// test if there are any.
pub struct Pair {
    pub ours: Side,
    pub theirs: Side,
    reference: Program,
    journal: Vec<String>,
    differences: Vec<String>,
    _names: NameService,
    _turn: MutexGuard<'static, ()>,
}

impl Pair {
    /// Creates two empty tables.
    pub fn new() -> Self {
        Self::on(network::LINKS)
    }

    /// Creates two empty tables in namespaces with these links.
    pub fn on(links: &str) -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        testbed::require();
        let names = NameService::new(network::HOSTS, network::SERVICES);
        let side = |program| Side { namespace: Namespace::new(links), program };
        Self {
            ours: side(testbed::ours()),
            theirs: side(testbed::reference()),
            reference: testbed::reference(),
            journal: Vec::new(),
            differences: Vec::new(),
            _names: names,
            _turn: turn,
        }
    }

    /// Creates two tables with these rules, loaded by the reference.
    pub fn with(rules: &str) -> Self {
        let pair = Self::new();
        pair.load(rules);
        pair
    }

    /// Loads rules into both tables with the reference.
    pub fn load(&self, rules: &str) {
        for side in [&self.ours, &self.theirs] {
            self.load_side(side, rules);
        }
    }

    /// Loads rules into one table with the reference.
    pub fn load_side(&self, side: &Side, rules: &str) {
        side.namespace.enter();
        let outcome = self.reference.run(&words("-R"), Some(rules));
        let quiet = outcome.status == 0 && outcome.stderr.is_empty();
        assert!(quiet, "the reference does not load the test's own rules: {outcome:?}\n{rules}");
    }

    pub fn clear(&self) {
        self.load("-C\n");
    }

    /// Runs a command with both programs and returns the outcomes without comparing them.
    pub fn run(&mut self, words: &[String], stdin: Option<&str>) -> (Outcome, Outcome) {
        self.journal.push(shown(words, stdin));
        (self.run_ours(words, stdin), self.theirs.run(words, stdin))
    }

    /// Like [`Pair::run`], with a different command for each program.
    pub fn run_each(&mut self, ours: &Command, theirs: &Command) -> (Outcome, Outcome) {
        self.journal.push(shown(&ours.words, ours.stdin.as_deref()));
        (
            self.run_ours(&ours.words, ours.stdin.as_deref()),
            self.theirs.run(&theirs.words, theirs.stdin.as_deref()),
        )
    }

    /// Lets both programs list the same table if the command prints the kernel's own order, which
    /// differs between namespaces.
    fn run_ours(&self, words: &[String], stdin: Option<&str>) -> Outcome {
        let one_table = words.iter().any(|word| word == "--nosort");
        if one_table { &self.theirs } else { &self.ours }.namespace.enter();
        self.ours.program.run(words, stdin)
    }

    /// Runs a command with both programs; exit status and output must be equal.
    pub fn check(&mut self, line: &str) -> Outcome {
        self.check_words(&words(line), None)
    }

    /// Like [`Pair::check`], with standard input.
    pub fn check_input(&mut self, line: &str, stdin: &str) -> Outcome {
        self.check_words(&words(line), Some(stdin))
    }

    /// Like [`Pair::check`], with separate words. Returns the outcome of the reference.
    pub fn check_words(&mut self, words: &[String], stdin: Option<&str>) -> Outcome {
        let (ours, theirs) = self.run(words, stdin);
        if let Some(what) = difference(&ours, &theirs) {
            self.differs(report(what, &shown(words, stdin), &ours, &theirs));
        }
        theirs
    }

    /// Like [`Pair::check`], and compares the tables if the command succeeded.
    pub fn check_effect(&mut self, line: &str) {
        if self.check(line).status == 0 {
            self.check_tables();
        }
    }

    /// Like [`Pair::check_effect`], but compares only what /proc shows: no flags, thresholds or
    /// tunnels.
    pub fn check_outline(&mut self, line: &str) {
        if self.check(line).status == 0 {
            self.check_outlines();
        }
    }

    /// Compares what /proc shows of both tables. This starts no process, so it is fast.
    pub fn check_outlines(&mut self) {
        if self.ours.outline() != self.theirs.outline() {
            self.check_tables();
        }
    }

    /// Compares listings of the reference's table, so that counters and expiry times are equal. The
    /// second may change between two runs, so our run is placed between two runs of the reference.
    pub fn check_reading(&mut self, line: &str) -> Outcome {
        // On a busy machine, the seconds change during most tries.
        const TRIES: usize = 50;
        let words = words(line);
        self.theirs.namespace.enter();
        for last in (0..TRIES).map(|nth| nth + 1 == TRIES) {
            let before = self.reference.run(&words, None);
            let ours = self.ours.program.run(&words, None);
            let after = self.reference.run(&words, None);
            let same = |theirs: &Outcome| difference(&ours, theirs).is_none();
            if same(&before) || same(&after) {
                return after;
            }
            if last {
                self.differs(report("reading", &shown(&words, None), &ours, &after));
            }
        }
        Outcome::default()
    }

    /// Compares both tables. If the kernel's bytes differ, the listings of the reference decide. If
    /// these differ too, both tables are emptied.
    pub fn check_tables(&mut self) {
        if self.theirs.raw() != self.ours.raw() {
            let theirs = self.table(&self.theirs);
            let ours = self.table(&self.ours);
            if ours != theirs {
                let since = self.journal.join("\n    ");
                let lines = diff(&theirs, &ours);
                self.differs(format!(
                    "tables differ (- theirs, + ours), after:\n    {since}\n{lines}"
                ));
                self.clear();
            }
        }
        self.journal.clear();
    }

    /// The reference, for reading either table.
    pub fn reference(&self) -> &Program {
        &self.reference
    }

    /// A table as the reference prints it.
    pub fn table(&self, side: &Side) -> String {
        side.namespace.enter();
        let outcome = self.reference.run(&words("-R"), Some(SNAPSHOT));
        assert_eq!(outcome.stderr, "", "the reference does not read the table");
        outcome.stdout
    }

    /// Records a difference; the test continues.
    pub fn differs(&mut self, difference: String) {
        self.differences.push(difference);
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // Empty the tables first, since the kernel is slow to do this when a namespace ends.
        for side in [&self.ours, &self.theirs] {
            side.namespace.enter();
            self.reference.run(&words("-C"), None);
        }
        if self.differences.is_empty() || panicking() {
            return;
        }
        let count = self.differences.len();
        let shown = self.differences[..count.min(SHOWN)].join("\n");
        panic!("{count} differences, the first {}:\n{shown}", count.min(SHOWN));
    }
}

impl Side {
    /// Sorted services, each with its sorted real servers, from /proc.
    fn outline(&self) -> Vec<Vec<String>> {
        self.namespace.enter();
        let text = read_to_string("/proc/thread-self/net/ip_vs").expect("read the table");
        let mut services: Vec<Vec<String>> = Vec::new();
        for line in text.lines().skip(3) {
            match services.last_mut() {
                Some(service) if line.starts_with("  ->") => service.push(line.to_owned()),
                _ => services.push(vec![line.to_owned()]),
            }
        }
        for service in &mut services {
            service[1..].sort();
        }
        services.sort();
        services
    }

    /// The table in the kernel's own bytes.
    pub fn raw(&self) -> Raw {
        self.namespace.enter();
        Raw::read()
    }

    /// Runs this side's program in its namespace.
    pub fn run(&self, words: &[String], stdin: Option<&str>) -> Outcome {
        self.namespace.enter();
        self.program.run(words, stdin)
    }
}

/// Whether this project's program is under test, not the reference.
pub fn ours_under_test() -> bool {
    testbed::under_test() == UnderTest::Ours
}

/// The lines of a file of test cases, without comments and empty lines.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Splits a line at blanks. Single quotes keep a word together and can make an empty one.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert!(!quoted, "a quote is open in: {line}");
    words.extend(word);
    words
}

/// Formats a command as a person would type it.
pub fn shown(words: &[String], stdin: Option<&str>) -> String {
    let quote = |word: &String| {
        let plain = !word.is_empty() && !word.contains(|letter: char| " '\n\t*".contains(letter));
        if plain { word.clone() } else { format!("'{word}'") }
    };
    let mut text =
        words.iter().map(quote).fold("ipvsadm".to_owned(), |text, word| text + " " + &word);
    if let Some(stdin) = stdin {
        text = format!("{text} <<< {stdin:?}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words("-A  -t 'a b' ''"), ["-A", "-t", "a b", ""]);
        assert_eq!(shown(&words("-s 'a b' ''"), None), "ipvsadm -s 'a b' ''");
    }
}
