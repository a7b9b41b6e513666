//! The history: for each accepted change of the table, what it touched, before and after it.
//!
//! Each record is a file of its own: one line about the change, then a stage of the journal in JSON.
//! Only what the change touched is in it, so that a record of one weight in a table of thousands of
//! services costs next to nothing. The name is the number of the record and the verb, for example
//! `17-apply.json`. All writers hold the lock of the table.

mod log;
mod record;
mod reversal;

use std::io::{BufRead, BufReader, Read};

use super::entry::Entry;
use super::stages::{Sides, Stage};
use crate::error::{Error, Obstacle, Rejection};
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_folder::StateFolder;

pub use log::Line;
pub use record::{Record, Summary};
pub use reversal::{Remark, Reversal};

/// Name of the folder.
const NAME: &str = "history";

/// Name of a record whose change is not accepted yet.
const DRAFT: &str = "draft.new";

/// Number of records of each kind that are kept.
pub const KEPT: usize = 20;

/// Most bytes of all records, of which the newest is always kept.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Most bytes of the line about a change.
const LONGEST: u64 = 64 * 1024;

/// Verbs that change single objects. They are counted apart, so that a script that calls `set` all
/// the time does not push out the records of `apply`.
const SMALL: [&str; 3] = ["set", "drain", "undrain"];

/// The history of this network namespace.
#[derive(Clone, Debug)]
pub struct History {
    folder: StateFolder,
    boot: String,
    /// The kernel's number of the namespace; `None` before Linux 5.14.
    namespace: Option<u64>,
}

/// A record in the listing.
#[derive(Debug)]
pub struct Listed {
    pub number: u64,
    /// An error if the file is damaged.
    pub record: Result<Record, Error>,
}

/// A recorded change.
#[derive(Debug)]
pub struct Recorded {
    pub number: u64,
    pub record: Record,
    /// What the change touched.
    pub stage: Stage,
}

/// A record of a change that is not accepted yet.
#[derive(Debug)]
#[must_use]
pub struct Draft {
    history: History,
    file: Option<String>,
    number: u64,
    durable: bool,
}

impl History {
    /// Opens the history. Its folder need not exist.
    pub fn look() -> Result<Self, Error> {
        let folder = StateFolder::look(NAME)?;
        Ok(Self { folder, boot: boot()?, namespace: namespace::cookie() })
    }

    /// Numbers and names of the files of records, the oldest first.
    fn files(&self) -> Result<Vec<(u64, String)>, Error> {
        let named = |name: String| Some((number_of(&name)?, name));
        let mut files: Vec<_> = self.folder.files()?.into_iter().filter_map(named).collect();
        files.sort_unstable();
        Ok(files)
    }

    /// All records of this namespace, the newest first.
    ///
    /// # Errors
    /// This user may not read them.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let mut listed = Vec::new();
        for (number, name) in self.files()?.into_iter().rev() {
            match self.read(&name) {
                Ok(Some((record, _))) => listed.push(Listed { number, record: Ok(record) }),
                Ok(None) => {}
                Err(error @ Error::Obstacle(Obstacle::NotOurs { .. })) => return Err(error),
                Err(error) => listed.push(Listed { number, record: Err(error) }),
            }
        }
        Ok(listed)
    }

    /// The record of this number, or the newest one.
    ///
    /// # Errors
    /// [`Rejection::NoRecord`] if there is none, [`Obstacle::History`] if its file is damaged.
    pub fn find(&self, number: Option<u64>) -> Result<Recorded, Error> {
        let files = self.files()?;
        let wanted = |it: &&(u64, String)| number.is_none_or(|number| it.0 == number);
        if let Some((number, name)) = files.iter().rev().find(wanted)
            && let Some(recorded) = self.read_whole(*number, name)?
        {
            return Ok(recorded);
        }
        let known = self.list()?.into_iter().filter(|it| it.record.is_ok());
        let known = known.map(|it| it.number).collect();
        Err(Rejection::NoRecord { number, known }.into())
    }

    /// The record of this number, or the newest one, and all records after it. The newest comes
    /// first.
    ///
    /// # Errors
    /// Those of [`find`](Self::find), for any of them.
    pub fn since(&self, number: Option<u64>) -> Result<Vec<Recorded>, Error> {
        let oldest = self.find(number)?;
        let files = self.files()?.into_iter().rev();
        let newer = files.take_while(|(number, _)| *number > oldest.number);
        let mut recorded = Vec::new();
        for (number, name) in newer {
            recorded.extend(self.read_whole(number, &name)?);
        }
        recorded.push(oldest);
        Ok(recorded)
    }

    /// Reads a record; `None` if it is of another network namespace.
    fn read_whole(&self, number: u64, name: &str) -> Result<Option<Recorded>, Error> {
        let Some((record, mut rest)) = self.read(name)? else { return Ok(None) };
        let damaged = |why: String| self.damaged(name, why);
        let mut text = String::new();
        rest.read_to_string(&mut text).map_err(|why| damaged(why.to_string()))?;
        let entry: Entry = serde_json::from_str(&text).map_err(|why| damaged(why.to_string()))?;
        let stage = entry.stage().map_err(|why| damaged(why.to_string()))?;
        Ok(Some(Recorded { number, record, stage }))
    }

    /// Reads the line about a change; `None` if the record is of another network namespace.
    fn read(&self, name: &str) -> Result<Option<(Record, impl Read + use<>)>, Error> {
        let Some(file) = self.folder.open(name)? else { return Ok(None) };
        let mut file = BufReader::new(file);
        let mut line = String::new();
        let read = file.by_ref().take(LONGEST).read_line(&mut line);
        read.map_err(|why| self.damaged(name, why.to_string()))?;
        let record = Record::read(&line).map_err(|why| self.damaged(name, why))?;
        Ok(self.is_of(&record.boot, record.namespace).then_some((record, file)))
    }

    /// The inode number of a namespace, by which its folder is named, is used again after its end.
    fn is_of(&self, boot: &str, namespace: Option<u64>) -> bool {
        let is_other = |then: u64| self.namespace.is_some_and(|now| now != then);
        self.folder.of_first_namespace() || boot == self.boot && !namespace.is_some_and(is_other)
    }

    fn damaged(&self, name: &str, why: String) -> Error {
        let path = self.folder.path(name).display().to_string();
        Obstacle::History { path, why }.into()
    }

    /// Writes the record of a change that the caller is about to make: `sides` is what it touches.
    /// The caller holds the lock of the table.
    ///
    /// # Errors
    /// The record cannot be written, for example because the disk is full.
    pub fn draft(
        self,
        verb: &str,
        summary: Summary,
        sides: Sides<'_>,
        durable: bool,
    ) -> Result<Draft, Error> {
        let files = self.files()?;
        // What is older than a record of another namespace is not ours either.
        let is_foreign = files.last().is_some_and(|(_, name)| matches!(self.read(name), Ok(None)));
        let last = if is_foreign { None } else { files.last() };
        if is_foreign {
            files.iter().try_for_each(|(_, name)| self.folder.remove(name))?;
        }
        let number = last.map_or(1, |(last, _)| last.saturating_add(1));
        let mut text = Record::new(summary, &self.boot, self.namespace)
            .line()
            .map_err(std::io::Error::from)?
            .into_bytes();
        serde_json::to_writer(&mut text, &Entry::of(sides)?).map_err(std::io::Error::from)?;
        text.push(b'\n');
        self.folder.write(DRAFT, &text)?;
        Ok(Draft { history: self, file: Some(format!("{number}-{verb}.json")), number, durable })
    }

    /// Adds lines to the log of `watch --record`: time and text of each.
    pub fn note(&self, lines: &[(&str, &str)]) -> Result<(), Error> {
        let mut added = String::new();
        for (time, text) in lines {
            let line = Line::new(time, text, &self.boot, self.namespace);
            added += &line.json().map_err(std::io::Error::from)?;
        }
        let [old, new] = log::FILES;
        if self.folder.append(new, added.as_bytes())? > log::MOST_BYTES {
            self.folder.rename(new, old, false)?;
        }
        Ok(())
    }

    /// The lines of that log, the oldest first, and the number of lines that cannot be read.
    pub fn log(&self) -> Result<(Vec<Line>, usize), Error> {
        let (mut lines, mut damaged) = (Vec::new(), 0);
        for name in log::FILES {
            let Some(file) = self.folder.open(name)? else { continue };
            let (read, unreadable) = log::read(file)?;
            lines.extend(read);
            damaged += unreadable;
        }
        lines.retain(|line| self.is_of(&line.boot, line.namespace));
        Ok((lines, damaged))
    }

    /// Removes the oldest records beyond the number and the size that are kept.
    fn tidy(&self) -> Result<(), Error> {
        let (mut counts, mut bytes) = ([0; 2], 0_u64);
        for (place, (_, name)) in self.files()?.iter().rev().enumerate() {
            let count = &mut counts[usize::from(is_small(name))];
            *count += 1;
            bytes = bytes.saturating_add(self.folder.size(name));
            if *count > KEPT || bytes > MOST_BYTES && place > 0 {
                self.folder.remove(name)?;
            }
        }
        Ok(())
    }
}

impl Draft {
    /// Keeps the record, because the change was accepted. Returns its number.
    pub fn keep(mut self) -> Result<u64, Error> {
        if let Some(file) = self.file.take() {
            self.history.folder.rename(DRAFT, &file, self.durable)?;
            self.history.tidy()?;
        }
        Ok(self.number)
    }
}

impl Drop for Draft {
    /// Removes the record of a change that was not made. A draft that stays is overwritten next
    /// time.
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = self.history.folder.remove(DRAFT);
        }
    }
}

fn number_of(name: &str) -> Option<u64> {
    let (number, verb) = name.strip_suffix(".json")?.split_once('-')?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !verb.is_empty()).then(|| number.parse().ok()).flatten()
}

fn is_small(name: &str) -> bool {
    let verb = name.split(['-', '.']).nth(1);
    verb.is_some_and(|verb| SMALL.contains(&verb))
}
