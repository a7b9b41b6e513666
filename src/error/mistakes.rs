//! Several mistakes of one file.

use super::excerpt::{HINT, excerpt};
use super::{Error, Misuse, Rejection, UNCHANGED};

/// Mistakes of one file that are reported; one more may be counted.
const MOST_MISTAKES: usize = 10;

/// A message and the hints that follow it.
pub(crate) type Message = (String, Vec<String>);

/// Collects the mistakes of a file.
#[derive(Debug, Default)]
pub(crate) struct MistakeList {
    list: Vec<Error>,
    more: bool,
}

impl MistakeList {
    /// Adds one, and says whether there is room for another.
    pub(crate) fn add(&mut self, error: Error) -> bool {
        self.more = self.list.len() == MOST_MISTAKES;
        if !self.more {
            self.list.push(error);
        }
        !self.more
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The error that stands for all of them, if there is any.
    pub(crate) fn into_result(mut self) -> Result<(), Error> {
        match self.list.len() {
            0 => Ok(()),
            1 => Err(self.list.remove(0)),
            _ => Err(Error::Mistakes { path: None, list: self.list, more: self.more }),
        }
    }
}

impl Error {
    /// The first of several mistakes.
    pub(crate) fn first(self) -> Self {
        match self {
            Self::Mistakes { mut list, .. } if !list.is_empty() => list.swap_remove(0),
            error => error,
        }
    }

    /// Names the file in front of every mistake, as `FILE:LINE: `; `-` is standard input.
    pub(crate) fn in_file(self, path: &str) -> Self {
        let path = Some(if path == "-" { "standard input".to_owned() } else { path.to_owned() });
        match self {
            Self::Mistakes { list, more, .. } => Self::Mistakes { path, list, more },
            error @ (Self::RuleFile { .. }
            | Self::Rejection(
                Rejection::NoRule { .. }
                | Rejection::Contradiction { .. }
                | Rejection::NotOffered { .. }
                | Rejection::Json(_)
                | Rejection::LongFile,
            )) => Self::Mistakes { path, list: vec![error], more: false },
            error => error,
        }
    }

    /// What to print: a message for each mistake.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let Self::Mistakes { path: Some(path), list, more } = self else {
            return vec![(self.to_string(), self.hints())];
        };
        let mut messages: Vec<Message> = list.iter().map(|error| error.at(path)).collect();
        if let Some((_, hints)) = messages.last_mut() {
            hints.extend(more.then(|| MORE.to_owned()));
            hints.push(UNCHANGED.to_owned());
        }
        messages
    }

    /// The message with file and line before it. The hints no longer say the line.
    fn at(&self, path: &str) -> Message {
        let mut hints = self.hints();
        hints.retain(|hint| hint != UNCHANGED);
        let text = self.to_string();
        if let Self::Rejection(Rejection::NoRule { line }) = self {
            return (format!("{path}:{line}: the line does not describe a table"), hints);
        }
        if let Self::Rejection(Rejection::Json(why)) = self {
            // serde_json ends its messages so.
            let place = why.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(' '));
            let line = place.map_or(String::new(), |(line, _)| format!(":{line}"));
            return (format!("{path}{line}: {text}"), hints);
        }
        if let Self::RuleFile { line, text: rule, source } = self {
            let mut hints = vec![excerpt(rule, HINT)];
            let text = match (source, source.hint()) {
                // The old tool's line only points to its help.
                (Misuse::NoCommand { .. } | Misuse::LateVerb { .. }, Some(hint)) => hint,
                (_, hint) => {
                    hints.extend(hint);
                    text
                }
            };
            return (format!("{path}:{line}: {text}"), hints);
        }
        let place = hints.first().and_then(|hint| hint.strip_prefix("line ")?.split_once(": "));
        let Some((line, object)) = place else { return (format!("{path}: {text}"), hints) };
        let (line, object) = (line.to_owned(), object.to_owned());
        hints[0] = object;
        (format!("{path}:{line}: {text}"), hints)
    }

    /// The hints of several mistakes where the old tool's line comes first: all of the first
    /// mistake, a line for each of the others.
    pub(super) fn hints_of_all(list: &[Self], more: bool) -> Vec<String> {
        let mut hints = list.first().map(Self::hints).unwrap_or_default();
        hints.retain(|hint| hint != UNCHANGED);
        for error in list.iter().skip(1) {
            let text = error.to_string();
            let text = text.trim_end();
            hints.push(match error {
                Self::RuleFile { line, source, .. } => {
                    let text = match (source, source.hint()) {
                        (Misuse::NoCommand { .. } | Misuse::LateVerb { .. }, Some(hint)) => hint,
                        _ => text.to_owned(),
                    };
                    format!("line {line}: {text}")
                }
                Self::Rejection(Rejection::NotOffered { place, .. }) => format!("{place}: {text}"),
                _ => text.to_owned(),
            });
        }
        hints.extend(more.then(|| MORE.to_owned()));
        hints.push(UNCHANGED.to_owned());
        hints
    }
}

const MORE: &str = "there are more mistakes in this file";
