//! Reads the code blocks of Markdown documents.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::block::{Block, Kind};

/// The code blocks. A block without a kind is a mistake, so that none escapes the checks.
pub fn blocks(document: &str) -> Result<Vec<Block>, Vec<String>> {
    let (mut blocks, mut faults) = (Vec::new(), Vec::new());
    let mut open: Option<(Option<Kind>, usize, String)> = None;
    for (event, range) in Parser::new_ext(document, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(style)) => {
                let line = document[..range.start].matches('\n').count() + 2;
                let kind = match &style {
                    CodeBlockKind::Fenced(info) => Kind::of(info),
                    CodeBlockKind::Indented => None,
                };
                if kind.is_none() {
                    faults.push(format!(
                        "line {}: a code block must be marked sh, output, console, sh host, json, \
                         rules, rust or text: {style:?}",
                        line - 1
                    ));
                }
                open = Some((kind, line, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, _, code)) = &mut open {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((Some(kind), line, text)) = open.take() {
                    blocks.push(Block { line, kind, text });
                }
            }
            _ => {}
        }
    }
    if faults.is_empty() { Ok(blocks) } else { Err(faults) }
}

/// Inline code in sentences and tables.
pub fn spans(document: &str) -> Vec<String> {
    let events = Parser::new_ext(document, Options::ENABLE_TABLES);
    let code = events.filter_map(|event| match event {
        Event::Code(text) => Some(text.to_string()),
        _ => None,
    });
    code.collect()
}

/// Targets of all links.
pub fn links(document: &str) -> Vec<String> {
    let events = Parser::new_ext(document, Options::ENABLE_TABLES);
    let links = events.filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    links.collect()
}

#[test]
fn a_block_without_a_kind_is_refused() {
    for bad in ["```\nls\n```\n", "```bash\nls\n```\n", "Text:\n\n    ls\n"] {
        assert!(blocks(bad).is_err(), "{bad}");
    }
    let found = blocks("# Title\n\n```sh\nls\n```\n").unwrap();
    assert_eq!((found[0].line, found[0].text.as_str()), (4, "ls\n"));
}
