//! Writes the parts of man/ that come from tables of the program: `./x man`. A test checks that the
//! pages are current: `./x test manual`.
//!
//! It is a cargo example, because an example can use the library's tables and is never installed.

#![allow(clippy::expect_used, clippy::panic)] // a developer's tool may panic

mod json;
mod parts;
mod roff;

use std::fs;
use std::path::{Path, PathBuf};

const BEGIN: &str = ".\\\" begin ";
const END: &str = ".\\\" end";

fn main() {
    for (path, page) in pages() {
        let anew = made_anew(&page);
        if anew != page {
            fs::write(&path, anew).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
    }
}

/// All pages with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let entries = fs::read_dir(folder).expect("the folder man");
    let paths = entries.map(|entry| entry.expect("a page").path());
    paths.map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The page with the generated parts renewed.
fn made_anew(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for line in page.lines() {
        inside &= line != END;
        if !inside {
            text += &format!("{line}\n");
        }
        if let Some(name) = line.strip_prefix(BEGIN) {
            text += &parts::part(name);
            inside = true;
        }
    }
    assert!(!inside, "a part without an end");
    text
}

#[test]
fn the_pages_are_what_this_tool_writes() {
    let pages = pages();
    assert!(!pages.is_empty(), "no pages in man/");
    for (path, page) in pages {
        let anew = made_anew(&page);
        let differing = page.lines().zip(anew.lines()).find(|(old, new)| old != new);
        assert_eq!(page, anew, "{}: {differing:?}: run ./x man", path.display());
    }
}
