//! Collects and prints several mistakes of one file.

use super::excerpt::{HINT, excerpt};
use super::{Error, Misuse, Rejection, UNCHANGED};

/// Maximum number of mistakes to report for one file.
const MOST_MISTAKES: usize = 10;

/// A message and its hints.
pub(crate) type Message = (String, Vec<String>);

/// Collects the mistakes of one file.
#[derive(Debug, Default)]
pub(crate) struct MistakeList {
    list: Vec<Error>,
    more: bool,
}

impl MistakeList {
    /// Adds a mistake and returns whether there is room for another.
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

    /// Turns the mistakes into one error, if there are any.
    pub(crate) fn into_result(mut self) -> Result<(), Error> {
        match self.list.len() {
            0 => Ok(()),
            1 => Err(self.list.remove(0)),
            _ => Err(Error::Mistakes { path: None, list: self.list, more: self.more }),
        }
    }
}

impl Error {
    /// The first of several mistakes; any other error stays as it is.
    pub(crate) fn first(self) -> Self {
        match self {
            Self::Mistakes { mut list, .. } if !list.is_empty() => list.swap_remove(0),
            error => error,
        }
    }

    /// Puts `FILE:LINE: ` before every mistake; `-` becomes `standard input`.
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
                | Rejection::NoConnection { .. }
                | Rejection::NoConnections(_)
                | Rejection::LongFile,
            )) => Self::Mistakes { path, list: vec![error], more: false },
            error => error,
        }
    }

    /// The messages to print, one for each mistake.
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

    /// The message with file and line before it. Hints that name the line are removed.
    fn at(&self, path: &str) -> Message {
        let mut hints = self.hints();
        hints.retain(|hint| hint != UNCHANGED);
        let text = self.to_string();
        if let Self::Rejection(Rejection::NoRule { line }) = self {
            return (format!("{path}:{line}: the line does not describe a table"), hints);
        }
        if let Self::Rejection(Rejection::NoConnection { line, .. }) = self {
            return (format!("{path}:{line}: the line does not describe a connection"), hints);
        }
        if let Self::Rejection(Rejection::Json(why) | Rejection::NoConnections(why)) = self {
            // serde_json ends its messages with `at line LINE column COLUMN`.
            let place = why.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(' '));
            let line = place.map_or(String::new(), |(line, _)| format!(":{line}"));
            return (format!("{path}{line}: {text}"), hints);
        }
        if let Self::RuleFile { line, text: rule, source } = self {
            let mut hints = vec![excerpt(rule, HINT)];
            let text = match (source, source.hint()) {
                // Here the old tool's line says nothing but how to get help.
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

    /// Hints of several mistakes, if the old tool's line comes first: all hints of the first
    /// mistake, and one line for each of the others.
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
