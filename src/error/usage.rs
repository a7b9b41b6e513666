//! Arguments of a verb that make no command.

/// Arguments of a verb that make no command: what is wrong, what is legal there, and what was
/// probably meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{mistake}")]
#[non_exhaustive]
pub struct Usage {
    /// What is wrong, with the argument.
    pub mistake: Mistake,
    /// What is legal there, a line each.
    pub legal: Vec<String>,
    /// What was probably meant.
    pub meant: Option<String>,
}

/// What is wrong with the arguments of a verb. `verb` is the verb with its subcommand, as in
/// `rs prepare`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// A verb that does nothing without a subcommand.
    #[error("`{verb}' needs a subcommand")]
    NoSubcommand {
        /// The verb.
        verb: String,
    },
    /// A subcommand that does not exist.
    #[error("`{verb}' has no subcommand `{word}'")]
    UnknownSubcommand {
        /// The verb.
        verb: String,
        /// What was found.
        word: String,
    },
    /// `help` for a verb that does not exist.
    #[error("there is no verb `{word}'")]
    UnknownVerb {
        /// What was found.
        word: String,
    },
    /// An option that the verb does not have.
    #[error("`{verb}' has no option `{word}'")]
    UnknownOption {
        /// The verb.
        verb: String,
        /// The option as typed.
        word: String,
    },
    /// An argument where none belongs.
    #[error("unexpected argument `{word}'")]
    Unexpected {
        /// The argument.
        word: String,
    },
    /// Options or arguments that the verb needs are missing.
    #[error("`{verb}' needs {what}")]
    Missing {
        /// The verb.
        verb: String,
        /// The options with their values.
        what: String,
    },
    /// An option without its value.
    #[error("{option} needs a value: {value}")]
    NoValue {
        /// The option.
        option: String,
        /// The name of the value in the help text.
        value: String,
    },
    /// A value that the option cannot have.
    #[error("`{word}' is not a valid value of {option}: {reason}")]
    Value {
        /// The option, or the name of the argument.
        option: String,
        /// The value as typed.
        word: String,
        /// Why it is refused.
        reason: String,
    },
    /// A value for an option that takes none.
    #[error("{option} takes no value, but has `{word}'")]
    UnwantedValue {
        /// The option.
        option: String,
        /// The value.
        word: String,
    },
    /// An option that may stand once.
    #[error("{option} is given twice")]
    Repeated {
        /// The option.
        option: String,
    },
    /// Two options that exclude each other.
    #[error("{option} cannot be used with {other}")]
    Conflict {
        /// One of them.
        option: String,
        /// The others.
        other: String,
    },
    /// An option that belongs to another `--mode`.
    #[error("{option} is for --mode {mode}")]
    OtherMode {
        /// The option.
        option: &'static str,
        /// The modes that have it.
        mode: &'static str,
    },
    /// A value that makes no sense, as `reason` says.
    #[error("{reason}")]
    Other {
        /// What is wrong.
        reason: String,
    },
}

impl From<Mistake> for Usage {
    fn from(mistake: Mistake) -> Self {
        Self { mistake, legal: Vec::new(), meant: None }
    }
}

impl Usage {
    /// A mistake that no other kind fits.
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        Mistake::Other { reason: reason.into() }.into()
    }

    pub(super) fn hints(&self) -> Vec<String> {
        self.legal.iter().chain(&self.meant).cloned().collect()
    }
}
