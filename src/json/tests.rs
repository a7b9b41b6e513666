//! docs/json.md describes every field of the tables.

use std::collections::BTreeMap;

use super::object::Object;
use super::{DestinationFields, ServiceFields};
use crate::model::SchedulerFlags;
use crate::model::field::{Fields, Shape};

const DOCUMENT: &str = include_str!("../../docs/json.md");

/// Rows of the table after a heading, by the names in their first column.
fn rows(heading: &str) -> BTreeMap<&'static str, &'static str> {
    let start = DOCUMENT.find(&format!("\n## {heading}\n")).unwrap() + 1;
    let section = DOCUMENT[start..].split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let names = |row: &'static str| {
        let names = row.split('|').nth(1).unwrap();
        names.split('`').skip(1).step_by(2).map(move |name| (name, row))
    };
    rows.flat_map(names).collect()
}

fn check<O: Object>(heading: &str) {
    let rows = rows(heading);
    let mut names = O::names().to_vec();
    names.sort_unstable();
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), names, "{heading}");
    for field in O::Thing::fields() {
        let row = rows[field.name];
        let words: Vec<&str> = match field.shape {
            Shape::Choice(words) => words.to_vec(),
            Shape::Flags => SchedulerFlags::every().collect(),
            _ => Vec::new(),
        };
        for word in words {
            assert!(row.contains(&format!("`{word}`")), "{row}: {word}");
        }
        if let Shape::Number(numbers) = field.shape
            && numbers.most_possible != numbers.most
        {
            let range = format!("0 to {}", numbers.most_possible);
            let words: Vec<&str> = DOCUMENT.split_whitespace().collect();
            assert!(words.join(" ").contains(&range), "{}: {range}", field.name);
        }
    }
}

#[test]
fn the_document_has_every_key_and_every_word() {
    check::<ServiceFields>("A service");
    check::<DestinationFields>("A real server");
}
