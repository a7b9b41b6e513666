//! Sentences that warn of surprises and that no code block shows.

use crate::document::read;

/// A document and a sentence in it, without line breaks.
const SENTENCES: [(&str, &str); 3] = [
    (
        "docs/json.md",
        "Counters have 64 bits. Readers that store numbers as floating point, such as JavaScript \
         and jq before 1.7, round those above 2^53 (9007199254740992).",
    ),
    (
        "docs/migration.md",
        "If a sudoers rule lets a user run `ipvsadm` with any arguments, the user can also name \
         files: `ipvsadm diff FILE` reads FILE as root.",
    ),
    ("docs/migration.md", "It is better to list the permitted commands in the sudoers rule."),
];

#[test]
fn warnings_stay_in_the_documents() {
    for (path, sentence) in SENTENCES {
        let text = read(path);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(sentence), "{path} lacks: {sentence}");
    }
}
