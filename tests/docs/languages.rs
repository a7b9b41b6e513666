//! The Chinese guide has the same blocks as the English one, so running one checks both.

use crate::block::{Block, Kind};
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
            assert!(
                same(one, two),
                "{page}:{} and {other}:{} differ:\n{}\n{}",
                one.line,
                two.line,
                one.text,
                two.text
            );
        }
        assert_eq!(ours.len(), theirs.len(), "{page} and {other}: number of blocks");
    }
}

/// Whether two blocks are equal. Drawings may have translated words.
fn same(one: &Block, two: &Block) -> bool {
    let equal = if one.kind == Kind::Text {
        one.text.lines().map(values).eq(two.text.lines().map(values))
    } else {
        one.text == two.text
    };
    one.kind == two.kind && equal
}

/// The words of a line that are never translated: those with a digit, such as addresses and ports.
fn values(line: &str) -> Vec<&str> {
    let is_value = |word: &&str| word.contains(|it: char| it.is_ascii_digit());
    line.split_whitespace().filter(is_value).collect()
}

#[test]
fn only_words_of_drawings_are_translated() {
    let block = |kind, text: &str| Block { line: 1, kind, text: text.to_owned() };
    let text = |text: &str| block(Kind::Text, text);
    assert!(same(&text("| client |\n  192.0.2.10\n"), &text("| 客户端 |\n  192.0.2.10\n")));
    assert!(!same(&text("client 192.0.2.10\n"), &text("客户端 192.0.2.11\n")));
    assert!(!same(&text("client\n192.0.2.10\n"), &text("客户端 192.0.2.10\n")));
    assert!(!same(&block(Kind::Shell, "ls\n"), &block(Kind::Shell, "ls \n")));
    assert!(!same(&text("ls\n"), &block(Kind::Shell, "ls\n")));
}
