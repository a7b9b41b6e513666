//! The guide in Chinese has the blocks of the English one: one run proves both.

use crate::document::{TOP, dead_links, read};
use crate::{documents, markdown};

#[test]
fn both_languages_have_the_same_blocks() {
    let english: Vec<String> =
        documents().into_iter().filter(|path| path.starts_with("docs/guide/en/")).collect();
    assert!(!english.is_empty(), "there is no guide in {TOP}/docs/guide/en");
    let chinese = documents().iter().filter(|path| path.starts_with("docs/guide/zh/")).count();
    assert_eq!(chinese, english.len(), "docs/guide/zh has other pages than docs/guide/en");
    for page in english {
        let other = page.replace("/en/", "/zh/");
        let blocks = |path: &str| {
            let blocks = markdown::blocks(&read(path));
            blocks.unwrap_or_else(|faults| panic!("{path}: {}", faults.join("\n")))
        };
        assert_eq!(dead_links(&other, &read(&other)), Vec::<String>::new(), "{other}");
        let (ours, theirs) = (blocks(&page), blocks(&other));
        for (one, two) in ours.iter().zip(&theirs) {
            let same = (one.kind, &one.text) == (two.kind, &two.text);
            assert!(
                same,
                "{page}:{} and {other}:{} differ:\n{}\n{}",
                one.line, two.line, one.text, two.text
            );
        }
        assert_eq!(ours.len(), theirs.len(), "{page} and {other}: number of blocks");
    }
}
