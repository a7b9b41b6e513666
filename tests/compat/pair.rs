//! The same commands for both programs, each in a namespace of its own.

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

/// A reader of everything that a table holds, as one run of the reference.
const SNAPSHOT: &str = "-S -n\n-L -n --thresholds\n-L -n --tun-info\n-L --timeout\n-L --daemon\n";

/// More differences than this help nobody.
const SHOWN: usize = 40;

/// Up to 7.0 the kernel resumes a dump by an index that counts the services of all namespaces: other
/// tables must stay as they are.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// One side of the comparison.
pub struct Side {
    pub namespace: Namespace,
    pub program: Program,
}

/// Both programs with their tables, and what was found to differ. The test fails at the end of its
/// life, with all differences.
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
    /// Two empty tables.
    pub fn new() -> Self {
        Self::on(network::LINKS)
    }

    /// Two empty tables in namespaces with these links.
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

    /// Two tables made of these rules by the reference.
    pub fn with(rules: &str) -> Self {
        let pair = Self::new();
        pair.load(rules);
        pair
    }

    /// Adds rules to both tables by the reference.
    pub fn load(&self, rules: &str) {
        for side in [&self.ours, &self.theirs] {
            self.load_side(side, rules);
        }
    }

    /// Adds rules to one table by the reference.
    pub fn load_side(&self, side: &Side, rules: &str) {
        side.namespace.enter();
        let outcome = self.reference.run(&words("-R"), Some(rules));
        let quiet = outcome.status == 0 && outcome.stderr.is_empty();
        assert!(quiet, "the reference does not load the test's own rules: {outcome:?}\n{rules}");
    }

    /// Empties both tables.
    pub fn clear(&self) {
        self.load("-C\n");
    }

    /// Runs a command on both sides, without judging.
    pub fn run(&mut self, words: &[String], stdin: Option<&str>) -> (Outcome, Outcome) {
        self.journal.push(shown(words, stdin));
        (self.run_ours(words, stdin), self.theirs.run(words, stdin))
    }

    /// Runs a command of each side's own, without judging.
    pub fn run_each(&mut self, ours: &Command, theirs: &Command) -> (Outcome, Outcome) {
        self.journal.push(shown(&ours.words, ours.stdin.as_deref()));
        (
            self.run_ours(&ours.words, ours.stdin.as_deref()),
            self.theirs.run(&theirs.words, theirs.stdin.as_deref()),
        )
    }

    /// The kernel's own order is another in each namespace: then both list one table.
    fn run_ours(&self, words: &[String], stdin: Option<&str>) -> Outcome {
        let one_table = words.iter().any(|word| word == "--nosort");
        if one_table { &self.theirs } else { &self.ours }.namespace.enter();
        self.ours.program.run(words, stdin)
    }

    /// Runs the words of the line on both sides; exit status and output must be the same.
    pub fn check(&mut self, line: &str) -> Outcome {
        self.check_words(&words(line), None)
    }

    /// As [`Pair::check`], with standard input.
    pub fn check_input(&mut self, line: &str, stdin: &str) -> Outcome {
        self.check_words(&words(line), Some(stdin))
    }

    /// As [`Pair::check`], word by word. The outcome is that of the reference.
    pub fn check_words(&mut self, words: &[String], stdin: Option<&str>) -> Outcome {
        let (ours, theirs) = self.run(words, stdin);
        if let Some(what) = difference(&ours, &theirs) {
            self.differs(report(what, &shown(words, stdin), &ours, &theirs));
        }
        theirs
    }

    /// As [`Pair::check`], and the tables are compared if the command succeeded.
    pub fn check_effect(&mut self, line: &str) {
        if self.check(line).status == 0 {
            self.check_tables();
        }
    }

    /// As [`Pair::check_effect`], but only with what /proc shows: no flags, thresholds or tunnels.
    pub fn check_outline(&mut self, line: &str) {
        if self.check(line).status == 0 {
            self.check_outlines();
        }
    }

    /// Compares what /proc shows of both tables, which costs no process.
    pub fn check_outlines(&mut self) {
        if self.ours.outline() != self.theirs.outline() {
            self.check_tables();
        }
    }

    /// Runs a listing of both programs on the reference's table, where counters and clocks are the
    /// same. A clock may tick between two runs: ours stands between two of the reference.
    pub fn check_reading(&mut self, line: &str) -> Outcome {
        const TRIES: usize = 5;
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

    /// Compares both tables. Where the kernel's bytes are not the same, what the reference reads in
    /// them decides; after a difference both are emptied.
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

    /// The reference, to look at either table with.
    pub fn reference(&self) -> &Program {
        &self.reference
    }

    /// A table as the reference reads it.
    pub fn table(&self, side: &Side) -> String {
        side.namespace.enter();
        let outcome = self.reference.run(&words("-R"), Some(SNAPSHOT));
        assert_eq!(outcome.stderr, "", "the reference does not read the table");
        outcome.stdout
    }

    /// Notes a difference; the test goes on.
    pub fn differs(&mut self, difference: String) {
        self.differences.push(difference);
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // The kernel takes its time to empty the table of a namespace that ended.
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
    /// The services of the table, each with its real servers, in an order of their own.
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

    /// Runs this side's program in this side's namespace.
    pub fn run(&self, words: &[String], stdin: Option<&str>) -> Outcome {
        self.namespace.enter();
        self.program.run(words, stdin)
    }
}

/// Whether the program of this crate is under test.
pub fn ours_under_test() -> bool {
    testbed::under_test() == UnderTest::Ours
}

/// The lines of a table of cases that are no comments.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Splits at blanks; single quotes hold a word together, and make an empty one.
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

/// A command as a person would type it.
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
    fn quotes_hold_words_together() {
        assert_eq!(words("-A  -t 'a b' ''"), ["-A", "-t", "a b", ""]);
        assert_eq!(shown(&words("-s 'a b' ''"), None), "ipvsadm -s 'a b' ''");
    }
}
