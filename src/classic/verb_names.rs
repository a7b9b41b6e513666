//! The first words of verbs. The classic language accepts none of them as its first word, so that
//! the two languages never collide.

/// All verbs in alphabetical order. They are repeated here, because building clap's tables to list
/// them would slow down every classic command.
pub(crate) const VERBS: [&str; 16] = [
    "apply",
    "completions",
    "conns",
    "diff",
    "director",
    "drain",
    "history",
    "metrics",
    "report",
    "rollback",
    "rs",
    "serve",
    "set",
    "top",
    "undrain",
    "watch",
];

/// Whether `word` begins a verb's command line.
pub(crate) fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}
