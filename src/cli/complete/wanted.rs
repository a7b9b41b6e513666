//! The answer to a question for completions.

use crate::classic::options::Opt;
use crate::model::ServiceKey;

/// Something to complete a word to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The word; one that ends with `=`, `:`, `,` or `/` is to be continued.
    pub word: String,
    /// What it is, in half a line.
    pub help: String,
}

impl Candidate {
    pub(super) fn new(word: impl Into<String>, help: impl Into<String>) -> Self {
        Self { word: word.into(), help: help.into() }
    }
}

/// Candidates that have to be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// Services in the table that this option would name.
    Services(Opt),
    /// The addresses of services in the table.
    VirtualAddresses,
    /// Real servers of this service.
    Servers(Option<ServiceKey>),
    /// Real servers of other services.
    OtherServers(Option<ServiceKey>),
    /// Addresses of this host, for a port to follow or not.
    OwnAddresses {
        /// Append `:`.
        port: bool,
    },
    /// Of these, those that the kernel has modules for.
    Schedulers,
    /// Persistence engines likewise.
    Engines,
    /// Network interfaces.
    Interfaces,
    /// Named network namespaces.
    Namespaces,
    /// Parameters of IPVS.
    Parameters,
    /// The value in force: the time-out for TCP, after FIN, for UDP.
    Timeout(usize),
    /// Files, which the shells know better.
    Files,
}

/// What can stand next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The network namespace that the line names.
    pub netns: Option<String>,
    /// What of the word stays as it is, for example `--scheduler=`.
    pub before: String,
    /// What has been typed behind that.
    pub typed: String,
    /// Candidates.
    pub fixed: Vec<Candidate>,
    /// More of them.
    pub live: Vec<Live>,
}

impl Wanted {
    pub(super) fn of(typed: &str) -> Self {
        Self { typed: typed.to_owned(), ..Self::default() }
    }

    pub(super) fn with(self, values: Values) -> Self {
        Self { fixed: values.fixed, live: values.live, ..self }
    }

    /// Of a comma list the last word is completed, and words before it are not repeated.
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

/// The values that an option takes.
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
