//! Does and undoes steps. Each step is recorded in the state file before it is done, so that a
//! crash loses nothing.

use std::collections::BTreeSet;

use super::report::{Line, Outcome};
use super::spec::Spec;
use super::state::{Entry, Planned, State};
use super::state_store::StateStore;
use super::steps::{Step, Undone};
use crate::error::{Error, Obstacle};
use crate::netlink::route::Network;

/// Access to a host, or to one network namespace, and to its state file.
pub struct Runner {
    pub network: Network,
    /// Content of the state file.
    pub state: State,
    store: StateStore,
}

/// A plan compared with the state and the host.
pub struct ToDo {
    state: State,
    indexes: Vec<usize>,
    /// The whole plan: each step, and whether it is in effect already.
    pub steps: Vec<(Step, bool)>,
}

impl ToDo {
    /// Steps that are not in effect yet.
    pub fn open_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|(_, holds)| !holds).map(|(step, _)| step)
    }
}

impl Runner {
    /// Opens the state of `verb` for changes. One run at a time can do this.
    pub fn lock(verb: &str) -> Result<Self, Error> {
        Self::open(StateStore::lock(verb)?)
    }

    /// Opens the state of `verb` for reading.
    pub fn look(verb: &str) -> Result<Self, Error> {
        Self::open(StateStore::look(verb)?)
    }

    fn open(store: StateStore) -> Result<Self, Error> {
        let mut network = Network::open()?;
        let state = store.read(&mut network)?;
        Ok(Self { network, state, store })
    }

    /// Compares a plan with the state file and the host.
    pub fn compare(&mut self, spec: &Spec, plan: Vec<Planned>) -> Result<ToDo, Error> {
        let mut state = self.state.clone();
        // If both a `prepare` and its `undo` were killed, a step that was not begun has no holder.
        state.entries.retain(|entry| entry.begun || !entry.holders.is_empty());
        let mut indexes = Vec::new();
        let mut steps = Vec::new();
        for Planned { step, holders } in plan {
            let mut holds = step.holds(&mut self.network)?;
            if step.needs_record() {
                holds &= state.owns(&step);
            }
            if let Some(index) = state.find(&step) {
                let entry = &mut state.entries[index];
                if entry.step != step && !step.keeps_recorded() {
                    // On a host that has changed, the same options can mean another interface, or
                    // another path of this program.
                    let is_same =
                        |holder: &String| self.state.specs.get(holder) == Some(&spec.only(holder));
                    if !entry.holders.iter().all(is_same) {
                        return Err(conflict(&entry.step).into());
                    }
                    entry.replace(step.clone());
                }
                holds &= entry.earlier.is_empty();
                entry.holders.extend(holders);
                if !entry.begun {
                    entry.former = step.former()?;
                }
                if !holds {
                    indexes.push(index);
                }
                steps.push((step, holds));
            } else if let Some(entry) = state.entries.iter().find(|it| it.step.excludes(&step)) {
                return Err(conflict(&entry.step).into());
            } else {
                steps.push((step.clone(), holds));
                if !holds {
                    indexes.push(state.entries.len());
                    let former = step.former()?;
                    let entry = Entry { step, holders, former, begun: false, earlier: Vec::new() };
                    state.entries.push(entry);
                }
            }
        }
        for holder in spec.holders() {
            state.specs.insert(holder.clone(), spec.only(&holder));
        }
        Ok(ToDo { state, indexes, steps })
    }

    /// Does the steps that are not in effect. If one fails, rolls back the steps before it. Returns
    /// whether anything changed.
    pub fn carry_out(&mut self, to_do: ToDo) -> Result<bool, Error> {
        let ToDo { state, indexes, .. } = to_do;
        let changed = !indexes.is_empty();
        if !changed && state == self.state {
            return Ok(false);
        }
        let before = std::mem::replace(&mut self.state, state);
        match self.perform(&indexes) {
            Ok(()) => Ok(changed),
            Err(error) => Err(self.roll_back(before, error)),
        }
    }

    fn perform(&mut self, indexes: &[usize]) -> Result<(), Error> {
        self.save()?;
        for &index in indexes {
            if !self.state.entries[index].begun {
                let entry = &mut self.state.entries[index];
                // Read the former value now, since a step before this one may have created the
                // object.
                if entry.former.is_none() {
                    entry.former = entry.step.former()?;
                }
                entry.begun = true;
                self.save()?;
            }
            let entry = &self.state.entries[index];
            entry.step.apply(&mut self.network, &entry.earlier)?;
            if !entry.earlier.is_empty() {
                self.state.entries[index].earlier.clear();
                self.save()?;
            }
        }
        Ok(())
    }

    /// Rolls back to the state `before` and returns the error to report. A step that cannot be
    /// undone stays in the state file for a later `undo`.
    pub fn roll_back(&mut self, before: State, error: Error) -> Error {
        let mut left = Vec::new();
        let mut changed = false;
        let done = std::mem::take(&mut self.state.entries);
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
                    if entry.step.relies_on_earlier() {
                        break;
                    }
                }
            }
        }
        kept.extend(undone.cloned());
        self.state = before;
        for entry in kept.into_iter().rev() {
            self.state.keep(entry);
        }
        let saved = self.save();
        if !changed && left.is_empty() {
            return error;
        }
        left.extend(saved.err().map(|error| error.to_string()));
        Error::TakenBack { source: Box::new(error), left }
    }

    fn put_back(&mut self, entry: &Entry, before: &State) -> Result<Undone, Error> {
        let Some(step) = before.replaced(&entry.step) else {
            return undo(entry, &mut self.network);
        };
        step.apply(&mut self.network, std::slice::from_ref(&entry.step))?;
        Ok(Undone::Restored)
    }

    /// Undoes the steps that only these holders need, or with `None` all steps, in reverse order. If
    /// one cannot be undone, the others are, except the steps on which this one depends.
    pub fn undo(&mut self, holders: Option<&BTreeSet<String>>) -> Result<Vec<Line>, Error> {
        let mut lines = Vec::new();
        let mut failed = None;
        let before = self.state.clone();
        self.state.release(holders);
        if self.state == before && self.state.entries.iter().all(|it| !it.holders.is_empty()) {
            return Ok(lines);
        }
        self.save()?;
        for index in (0..self.state.entries.len()).rev() {
            let entry = &self.state.entries[index];
            if !entry.holders.is_empty() {
                if before.entries[index].holders != entry.holders {
                    let others: Vec<&str> = entry.holders.iter().map(String::as_str).collect();
                    let why = format!("needed by {}", others.join(", "));
                    lines.push(Line::new(&entry.step, Outcome::Shared, Some(why)));
                }
                continue;
            }
            if entry.begun {
                match undo(entry, &mut self.network) {
                    Err(error) => {
                        let (step, source) = (entry.step.describe(), Box::new(error));
                        failed.get_or_insert(Error::NotUndone { step, source });
                        if entry.step.relies_on_earlier() {
                            break;
                        }
                        continue;
                    }
                    Ok(Undone::Restored) => {
                        lines.push(Line::new(&entry.step, Outcome::Undone, None));
                    }
                    Ok(Undone::Gone) => {}
                    Ok(Undone::LeftAlone(why)) => {
                        lines.push(Line::new(&entry.step, Outcome::LeftAlone, Some(why)));
                    }
                }
            }
            self.state.entries.remove(index);
            self.save()?;
        }
        failed.map_or(Ok(lines), Err)
    }

    fn save(&self) -> Result<(), Error> {
        self.store.write(&self.state)
    }
}

/// Undoes a step that may have been done, and any earlier version that is still in effect.
fn undo(entry: &Entry, network: &mut Network) -> Result<Undone, Error> {
    let former = entry.former.as_ref();
    let mut undone = entry.step.undo(network, former)?;
    for step in &entry.earlier {
        if let Undone::Restored = step.undo(network, former)? {
            undone = Undone::Restored;
        }
    }
    Ok(undone)
}

fn conflict(step: &Step) -> Obstacle {
    Obstacle::Options(format!(
        "this host is already prepared with other options ({}): first undo that preparation",
        step.describe()
    ))
}
