//! The words that begin the command line of a verb. The classic language accepts none of them as its
//! first word, so the two never collide.

/// Every verb, in alphabetical order. Listed here because building clap's tables to find out would
/// slow down every classic command.
pub(crate) const VERBS: [&str; 6] = ["apply", "completions", "diff", "director", "rs", "set"];

/// Whether `word` begins a verb's command line.
pub(crate) fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}
