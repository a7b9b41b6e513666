//! Converts docs/json.md into a section of a man page.

use std::path::Path;

use super::roff::{bold, sentence, text};

pub fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let source = super::read(&path);
    let (body, _) = source.split_once("\n## Examples").expect("examples at the end");
    let mut page = String::new();
    let mut behind_heading = true;
    for block in body.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if block.starts_with("# ") {
            continue;
        }
        if let Some(heading) = block.strip_prefix("## ") {
            page += &format!(".SS {heading}\n");
            behind_heading = true;
            continue;
        }
        if block.starts_with('|') {
            page += &table(block);
        } else if block.starts_with("- ") {
            page += &list(block);
        } else {
            if !behind_heading {
                page += ".PP\n";
            }
            page += &text(block);
        }
        behind_heading = false;
    }
    page
}

fn list(block: &str) -> String {
    let items = block["- ".len()..].split("\n- ");
    items.map(|it| format!(".IP \\(bu 2\n{}", text(it))).collect()
}

/// Formats a table as a list; the first column has the headings.
fn table(block: &str) -> String {
    let mut rows = block.lines().map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(str::trim).map(str::to_owned).collect::<Vec<_>>()
    });
    let titles = rows.next().unwrap_or_default();
    let rows = rows.skip(1).map(|cells| {
        let [key, rest @ ..] = &cells[..] else { return String::new() };
        let key: String = key.replace('`', "").split(", ").map(bold).collect::<Vec<_>>().join(", ");
        let what = |title: &str| {
            let at = titles.iter().position(|it| it == title)?;
            Some(cells.get(at)?.clone()).filter(|cell| !cell.is_empty())
        };
        let mut body = sentence(&what("What").unwrap_or_default());
        if let Some(with) = what("With") {
            let with = if with == "always" { with } else { format!("with {with}") };
            body += &format!(" Printed {with}.");
        }
        if let Some(absent) = what("In a file, if absent") {
            body += &format!(" In a file, if absent: {absent}.");
        }
        assert!(rest.len() < 3, "another kind of table: {titles:?}");
        format!(".TP\n{key}\n{}", text(&body))
    });
    rows.collect()
}
