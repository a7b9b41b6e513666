//! Steps done and undone with a state file, so that nothing is forgotten in a crash.

use std::collections::BTreeSet;

use super::runner::{Host, Undone};
use crate::error::{Error, Obstacle};
use crate::host::{Entry, Ledger, Line, Planned, State, Step, Wish};
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_file::StateFile;

/// A host with its state file.
pub struct Preparation {
    pub host: Host,
    pub ledger: Ledger,
    journal: StateFile,
}

/// What is to be done for a plan.
pub struct Work {
    ledger: Ledger,
    todo: Vec<usize>,
    /// The whole plan, each with whether it is so already.
    pub steps: Vec<(Step, bool)>,
}

impl Work {
    /// The steps that are not so already.
    pub fn open_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|(_, holds)| !holds).map(|(step, _)| step)
    }
}

impl Preparation {
    /// Opens the state of `verb`, alone.
    pub fn lock(verb: &str) -> Result<Self, Error> {
        Self::open(StateFile::lock(verb)?)
    }

    /// Opens the state of `verb` to look at.
    pub fn look(verb: &str) -> Result<Self, Error> {
        Self::open(StateFile::look(verb)?)
    }

    fn open(journal: StateFile) -> Result<Self, Error> {
        let boot = boot()?;
        let ledger = match journal.read()? {
            None => Ledger::new(boot.clone()),
            Some((text, path)) => Ledger::read(&text, &boot)
                .map_err(|why| Obstacle::Journal { path: path.display().to_string(), why })?,
        };
        let mut host = Host::open()?;
        let macs = host.macs()?;
        let namespace = namespace::cookie();
        let stale = !journal.of_first_namespace() && ledger.of_another(namespace, &macs);
        let ledger = if stale { Ledger::new(boot) } else { ledger };
        Ok(Self { host, ledger: Ledger { namespace, macs, ..ledger }, journal })
    }

    /// Compares a plan with the state and the host.
    pub fn work(&mut self, wish: &Wish, plan: Vec<Planned>) -> Result<Work, Error> {
        let mut ledger = self.ledger.clone();
        // A prepare and its undo were both killed: what was not begun is nobody's any more.
        ledger.entries.retain(|entry| entry.begun || !entry.holders.is_empty());
        let mut todo = Vec::new();
        let mut steps = Vec::new();
        for Planned { step, holders } in plan {
            let mut holds = self.host.holds(&step)?;
            // In a crash's wake the address can be there without a word about it.
            if let Step::Announce { .. } = step {
                holds &= ledger.owns(&step);
            }
            if let Some(index) = ledger.find(&step) {
                let entry = &mut ledger.entries[index];
                if entry.step != step && !matches!(step, Step::Route { .. }) {
                    // The same wish means something else on a host that has changed: another
                    // interface, another path of this program.
                    let wished = |holder: &String| {
                        self.ledger.wishes.get(holder) == Some(&wish.only(holder))
                    };
                    if !entry.holders.iter().all(wished) {
                        return Err(conflict(&entry.step).into());
                    }
                    entry.replace(step.clone());
                }
                holds &= entry.earlier.is_empty();
                entry.holders.extend(holders);
                if !entry.begun {
                    entry.former = Host::former(&step)?;
                }
                if !holds {
                    todo.push(index);
                }
                steps.push((step, holds));
            } else if let Some(entry) = ledger.entries.iter().find(|it| it.step.excludes(&step)) {
                return Err(conflict(&entry.step).into());
            } else {
                steps.push((step.clone(), holds));
                if !holds {
                    todo.push(ledger.entries.len());
                    let former = Host::former(&step)?;
                    let entry = Entry { step, holders, former, begun: false, earlier: Vec::new() };
                    ledger.entries.push(entry);
                }
            }
        }
        for holder in wish.holders() {
            ledger.wishes.insert(holder.clone(), wish.only(&holder));
        }
        Ok(Work { ledger, todo, steps })
    }

    /// Does the work; takes back what it did where a step fails.
    pub fn carry_out(&mut self, work: Work) -> Result<bool, Error> {
        let Work { ledger, todo, .. } = work;
        let changed = !todo.is_empty();
        if !changed && ledger == self.ledger {
            return Ok(false);
        }
        let before = std::mem::replace(&mut self.ledger, ledger);
        match self.perform(&todo) {
            Ok(()) => Ok(changed),
            Err(error) => Err(self.take_back(before, error)),
        }
    }

    fn perform(&mut self, todo: &[usize]) -> Result<(), Error> {
        self.save()?;
        for &index in todo {
            if !self.ledger.entries[index].begun {
                let entry = &mut self.ledger.entries[index];
                // A step before this one may have brought the thing into being.
                if entry.former.is_none() {
                    entry.former = Host::former(&entry.step)?;
                }
                entry.begun = true;
                self.save()?;
            }
            let entry = &self.ledger.entries[index];
            self.host.apply(&entry.step, &entry.earlier)?;
            if !entry.earlier.is_empty() {
                self.ledger.entries[index].earlier.clear();
                self.save()?;
            }
        }
        Ok(())
    }

    /// Returns to the state of `before`, and says what failed. What is still there stays in the
    /// state file, for a later undo.
    pub fn take_back(&mut self, before: Ledger, error: Error) -> Error {
        let mut left = Vec::new();
        let mut changed = false;
        let done = std::mem::take(&mut self.ledger.entries);
        let is_new = |it: &&Entry| {
            it.begun && (!before.owns(&it.step) || before.replaced(&it.step).is_some())
        };
        let mut undone = done.iter().rev().filter(is_new);
        let mut kept = Vec::new();
        for entry in undone.by_ref() {
            match self.put_back(entry, &before) {
                Ok(Undone::Restored) => changed = true,
                Ok(Undone::Gone) => {}
                Ok(Undone::LeftAlone(why)) => {
                    left.push(format!("{}: {why}", entry.step.describe()));
                }
                Err(error) => {
                    left.push(format!("{}: {error}", entry.step.describe()));
                    kept.push(entry.clone());
                    // The silence before an address must last as long as the address.
                    if matches!(entry.step, Step::Address { .. }) {
                        break;
                    }
                }
            }
        }
        kept.extend(undone.cloned());
        self.ledger = before;
        for entry in kept.into_iter().rev() {
            self.ledger.keep(entry);
        }
        let saved = self.save();
        if !changed && left.is_empty() {
            return error;
        }
        left.extend(saved.err().map(|error| error.to_string()));
        Error::TakenBack { source: Box::new(error), left }
    }

    fn put_back(&mut self, entry: &Entry, before: &Ledger) -> Result<Undone, Error> {
        let Some(step) = before.replaced(&entry.step) else { return self.host.undo(entry) };
        self.host.apply(step, std::slice::from_ref(&entry.step))?;
        Ok(Undone::Restored)
    }

    /// Undoes what is done for these holders alone, or everything, last things first.
    pub fn undo(&mut self, holders: Option<&BTreeSet<String>>) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        let before = self.ledger.clone();
        self.ledger.release(holders);
        if self.ledger == before && self.ledger.entries.iter().all(|it| !it.holders.is_empty()) {
            return Ok(lines);
        }
        self.save()?;
        for index in (0..self.ledger.entries.len()).rev() {
            let entry = &self.ledger.entries[index];
            if !entry.holders.is_empty() {
                if before.entries[index].holders != entry.holders {
                    let others: Vec<&str> = entry.holders.iter().map(String::as_str).collect();
                    let why = format!("needed by {}", others.join(", "));
                    lines.push(line(&entry.step, State::Shared, Some(why)));
                }
                continue;
            }
            if entry.begun {
                let undone = self.host.undo(entry).map_err(|error| Error::NotUndone {
                    step: entry.step.describe(),
                    source: Box::new(error),
                })?;
                match undone {
                    Undone::Restored => lines.push(line(&entry.step, State::Undone, None)),
                    Undone::Gone => {}
                    Undone::LeftAlone(why) => {
                        lines.push(line(&entry.step, State::LeftAlone, Some(why)));
                    }
                }
            }
            self.ledger.entries.remove(index);
            self.save()?;
        }
        Ok(lines)
    }

    fn save(&self) -> Result<(), Error> {
        if self.ledger.entries.is_empty() && self.ledger.wishes.is_empty() {
            return self.journal.clear();
        }
        let text = self.ledger.text().map_err(Error::Answer)?;
        self.journal.write(&text, self.ledger.lasting())
    }
}

/// A step for a report.
pub fn line(step: &Step, state: State, why: Option<String>) -> Line {
    Line { step: step.describe(), command: step.shell(), state, why }
}

fn conflict(step: &Step) -> Obstacle {
    Obstacle::Wish(format!(
        "this host is prepared in another way already ({}): undo that first",
        step.describe()
    ))
}
