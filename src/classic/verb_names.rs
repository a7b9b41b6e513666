//! The words that begin the command line of a verb. The classic language accepts none of them as its
//! first word, so the two never collide.

/// Every verb, in alphabetical order. Listed here because building clap's tables to find out would
/// slow down every classic command.
pub(crate) const VERBS: [&str; 6] = ["apply", "completions", "diff", "director", "rs", "set"];

/// Whether `word` begins a verb's command line.
pub(crate) fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// The verb that `word` nearly is: at most every third letter is another.
pub(crate) fn nearest_verb(word: &str) -> Option<&'static str> {
    let near = VERBS.iter().map(|verb| (strsim::damerau_levenshtein(verb, word), *verb));
    near.min().filter(|(distance, verb)| distance * 3 <= verb.len()).map(|(_, verb)| verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest_verb("aply"), Some("apply"));
        assert_eq!(nearest_verb("dif"), Some("diff"));
        for word in ["frobnicate", "-Q", "", "list", "save", "foo"] {
            assert_eq!(nearest_verb(word), None, "{word}");
        }
    }
}
