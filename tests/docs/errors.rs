//! docs/errors.md contains every message of src/error and every message of `-S`.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::document::{TOP, read};
use crate::markdown;

/// String literals that are not messages, but parts of the code that builds them.
const JOINTS: [&str; 2] = ["(os error", "at line"];

#[test]
fn the_error_index_has_every_text() {
    let index = markdown::spans(&read("docs/errors.md"));
    let texts = texts();
    assert!(texts.len() > 100, "src/error has only {} texts: where are they?", texts.len());
    let missing: Vec<&String> =
        texts.iter().filter(|text| !index.iter().any(|span| says(span, text))).collect();
    assert!(missing.is_empty(), "docs/errors.md lacks:\n{missing:#?}");
}

/// Sentences among the string literals below src/error and in src/cmd/save.rs, and messages of
/// obstacles, which are built in src/host.
fn texts() -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for path in [&["src/error.rs", "src/cmd/save.rs"].map(str::to_owned)[..], &sources("src/error")]
        .concat()
    {
        collect(tokens(&path), &mut texts);
    }
    for path in sources("src/host") {
        obstacles(tokens(&path), &mut texts);
    }
    texts.retain(|text| !JOINTS.contains(&text.as_str()) && is_sentence(text));
    texts
}

/// All Rust files below a folder of the repository.
fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in Path::new(TOP).join(folder).read_dir().unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            found.extend(sources(&name));
        } else if name.ends_with(".rs") && !name.ends_with("/tests.rs") {
            found.push(name);
        }
    }
    found
}

fn tokens(path: &str) -> TokenStream {
    read(path).parse().unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// String literals within `Obstacle::Options(…)`, `Obstacle::Route(…)` and `obstacle(…)`.
fn obstacles(tokens: TokenStream, texts: &mut BTreeSet<String>) {
    let mut named = false;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            let said = named && group.delimiter() == Delimiter::Parenthesis;
            let read = if said { collect } else { obstacles };
            read(group.stream(), texts);
        }
        named = matches!(&token, TokenTree::Ident(name)
            if ["Options", "Route", "obstacle"].contains(&name.to_string().as_str()));
    }
}

/// Collects string literals. Skips doc comments, which are attributes for the parser.
fn collect(tokens: TokenStream, texts: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if !group.to_string().starts_with("[doc =") => {
                collect(group.stream(), texts);
            }
            TokenTree::Literal(literal) => {
                let value = syn::parse_str::<syn::LitStr>(&literal.to_string());
                texts.extend(value.map(|it| it.value().trim().to_owned()));
            }
            _ => {}
        }
    }
}

/// Whether the text has at least two words, apart from values.
fn is_sentence(text: &str) -> bool {
    let words = pieces(text).join(" ");
    let words = words.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    words.count() >= 2
}

/// The parts of a format string between its values.
fn pieces(text: &str) -> Vec<&str> {
    text.split('{')
        .enumerate()
        .map(|(index, piece)| match piece.split_once('}') {
            Some((_, rest)) if index > 0 => rest,
            _ => piece,
        })
        .collect()
}

/// Whether a line of the index equals the text, with a name in place of each value.
fn says(span: &str, text: &str) -> bool {
    let pieces = pieces(text);
    let Some((first, others)) = pieces.split_first() else { return false };
    let Some(mut rest) = span.strip_prefix(first) else { return false };
    let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
    for piece in middle {
        // The name of a value has at least one letter.
        let Some(place) = rest.get(1..).and_then(|rest| rest.find(piece)) else { return false };
        rest = &rest[place + 1 + piece.len()..];
    }
    rest.len() > last.len() && rest.ends_with(last)
}

#[test]
fn values_have_names_in_the_index() {
    assert!(says("No such service", "No such service"));
    assert!(!says("No such services", "No such service"));
    assert!(says("invalid option `WORD'", "invalid option `{word}'"));
    assert!(says("line N does not describe a table", "line {line} does not describe a table"));
    assert!(!says("line does not describe a table", "line {line} does not describe a table"));
}
