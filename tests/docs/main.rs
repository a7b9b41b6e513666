//! Executes every code block of README.md, docs and the man pages, in the guest that
//! `scripts/vm.sh` starts if the running kernel has no IPVS.
//!
//! The fence of a block says its kind (`block::Kind`); a block without a kind is an error. A
//! document runs from top to bottom in one shell, in its own `world::World`. With
//! `DOCS_ACTUAL=FOLDER`, the documents are written there with their actual output.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests fail by panic
#![allow(clippy::case_sensitive_file_extension_comparisons)] // only our own file names

mod block;
mod document;
mod errors;
mod examples;
mod languages;
mod manual;
mod markdown;
mod promises;
mod world;

use std::path::Path;

use document::{TOP, check};
use world::World::{Alone, Empty};

macro_rules! documents {
    ($($name:ident: $path:literal in $world:expr;)*) => {
        /// Every document that a test below executes.
        const CHECKED: &[&str] = &[$($path),*];

        $(
            #[test]
            fn $name() {
                check($path, $world);
            }
        )*
    };
}

documents! {
    readme: "README.md" in Empty;
    readme_chinese: "README.zh.md" in Empty;
    architecture: "ARCHITECTURE.md" in Alone;
    changelog: "CHANGELOG.md" in Alone;
    compat: "docs/compat.md" in Alone;
    cookbook: "docs/cookbook.md" in Alone;
    error_index: "docs/errors.md" in Alone;
    json: "docs/json.md" in Alone;
    migration: "docs/migration.md" in Alone;
    prepare: "docs/prepare.md" in Alone;
    traffic: "docs/traffic.md" in Alone;
    datapath: "docs/datapath.md" in Alone;
    scale: "docs/scale.md" in Alone;
    contributing: "CONTRIBUTING.md" in Alone;
    security: "SECURITY.md" in Alone;
    guide_index: "docs/guide/en/index.md" in Empty;
    guide_nat: "docs/guide/en/nat.md" in Empty;
    guide_dr: "docs/guide/en/dr.md" in Empty;
    guide_tun: "docs/guide/en/tun.md" in Empty;
    guide_operating: "docs/guide/en/operating.md" in Empty;
}

/// Markdown files and man pages of the repository, without build results.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(TOP).to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(TOP).unwrap().display().to_string();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if name.ends_with(".md") || name.starts_with("man/") && name.contains('.') {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_document_is_executed() {
    // languages.rs compares the Chinese guide with the English one. tests/package runs
    // docs/install.md on its own machines.
    let elsewhere = |path: &str| {
        path.starts_with("docs/guide/zh/") || path.starts_with("man/") || path == "docs/install.md"
    };
    let missed: Vec<String> = documents()
        .into_iter()
        .filter(|path| !elsewhere(path) && !CHECKED.contains(&path.as_str()))
        .collect();
    assert!(missed.is_empty(), "in no test of tests/docs/main.rs: {missed:?}");
}

/// Executes the examples of each man page from top to bottom, each page in its own world.
#[test]
fn man_pages() {
    let pages: Vec<String> =
        documents().into_iter().filter(|path| path.starts_with("man/")).collect();
    assert!(!pages.is_empty(), "there are no man pages: man/*.8");
    for page in pages {
        check(&page, Alone);
    }
}
