//! [`Usage`]: invalid arguments of a verb.

/// Invalid arguments of a verb: what is wrong, what is valid there, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{mistake}")]
#[non_exhaustive]
pub struct Usage {
    /// The mistake and the argument.
    pub mistake: Mistake,
    /// Valid arguments or values, one for each line.
    pub legal: Vec<String>,
    /// Proposal for what was probably meant.
    pub meant: Option<String>,
}

/// Mistake in the arguments of a verb. In its variants, `verb` is the verb with its subcommand,
/// such as `rs prepare`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The verb needs a subcommand.
    #[error("`{verb}' needs a subcommand")]
    NoSubcommand {
        /// Verb without its subcommand.
        verb: String,
    },
    /// A subcommand that does not exist.
    #[error("`{verb}' has no subcommand `{word}'")]
    UnknownSubcommand {
        /// Verb without its subcommand.
        verb: String,
        /// Subcommand as typed.
        word: String,
    },
    /// `help` for a verb that does not exist.
    #[error("there is no verb `{word}'")]
    UnknownVerb {
        /// Verb as typed.
        word: String,
    },
    /// An option that the verb does not have.
    #[error("`{verb}' has no option `{word}'")]
    UnknownOption {
        /// Verb with its subcommand.
        verb: String,
        /// Option as typed.
        word: String,
    },
    /// An argument where the verb takes none.
    #[error("unexpected argument `{word}'")]
    Unexpected {
        /// Argument as typed.
        word: String,
    },
    /// Options or arguments that the verb needs are missing.
    #[error("`{verb}' needs {what}")]
    Missing {
        /// Verb with its subcommand.
        verb: String,
        /// Missing options with the names of their values.
        what: String,
    },
    /// An option without its value.
    #[error("{option} needs a value: {value}")]
    NoValue {
        /// The option with its dashes, such as `--mode`.
        option: String,
        /// Name of the value in the help text.
        value: String,
    },
    /// An invalid value of an option or argument.
    #[error("`{word}' is not a valid value of {option}: {reason}")]
    Value {
        /// The option with its dashes, or the name of the argument.
        option: String,
        /// Value as typed.
        word: String,
        /// Why the value is invalid.
        reason: String,
    },
    /// A value for an option that takes none.
    #[error("{option} takes no value, but has `{word}'")]
    UnwantedValue {
        /// The option with its dashes, such as `--mode`.
        option: String,
        /// Value as typed.
        word: String,
    },
    /// An option that may be given only once.
    #[error("{option} is given twice")]
    Repeated {
        /// The option with its dashes, such as `--mode`.
        option: String,
    },
    /// Two options that exclude each other.
    #[error("{option} cannot be used with {other}")]
    Conflict {
        /// The option with its dashes, such as `--mode`.
        option: String,
        /// The options that it excludes.
        other: String,
    },
    /// An option that belongs to another `--mode`.
    #[error("{option} is for --mode {mode}")]
    OtherMode {
        /// The option with its dashes, such as `--mode`.
        option: &'static str,
        /// Modes that have the option.
        mode: &'static str,
    },
    /// Any other mistake, which `reason` explains.
    #[error("{reason}")]
    Other {
        /// The whole message.
        reason: String,
    },
}

impl From<Mistake> for Usage {
    fn from(mistake: Mistake) -> Self {
        Self { mistake, legal: Vec::new(), meant: None }
    }
}

impl Usage {
    /// Creates a [`Mistake::Other`].
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        Mistake::Other { reason: reason.into() }.into()
    }

    pub(super) fn hints(&self) -> Vec<String> {
        self.legal.iter().chain(&self.meant).cloned().collect()
    }
}
