//! The man pages are complete and valid. tools/manual writes the parts that come from tables of the
//! program, and has a test that they are current.

mod agreement;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ipvsadm::internals::classic::Scanner;
use ipvsadm::internals::cli::{Program, Request};
use ipvsadm::{Error, Misuse};

/// The man pages with their names.
fn pages() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let mut pages: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .expect("the folder man")
        .map(|entry| entry.expect("a page").path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    pages.sort();
    pages
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

#[test]
fn every_page_has_its_sections() {
    for (name, path) in pages() {
        let page = read(&path);
        let wanted = ["NAME", "DESCRIPTION", "EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"];
        let command = (!name.ends_with(".5")).then_some("SYNOPSIS");
        for section in wanted.into_iter().chain(command) {
            assert!(page.contains(&format!("\n.SH {section}\n")), "{name}: no {section}");
        }
        let known = |other: &str| pages().iter().any(|(page, _)| page == other);
        for reference in page.lines().filter_map(|line| line.strip_prefix(".BR ipvsadm")) {
            let words = reference.replace("\\-", "-");
            let (rest, section) = words.split_once(" (").unwrap_or((&words, ""));
            let section = section.chars().next().unwrap_or('8');
            assert!(known(&format!("ipvsadm{rest}.{section}")), "{name}: ipvsadm{rest}");
        }
    }
}

/// Lines of the section EXAMPLES, without escapes.
fn examples(page: &str) -> String {
    let block = page.split("\n.EX\n").nth(1).and_then(|rest| rest.split("\n.EE").next());
    block.expect("a literal block of examples").replace("\\-", "-").replace("\\e", "\\")
}

#[test]
fn every_example_is_understood() {
    for (name, path) in pages() {
        let text = examples(&read(&path)).replace("\\\n", " ");
        let mut found = 0;
        for line in text.lines() {
            let line = line.rsplit("| ").next().unwrap_or(line);
            let line = line.split(" || ").next().unwrap_or(line);
            let line = line.strip_suffix(" &").unwrap_or(line);
            let line = line.split(['<', '>']).next().unwrap_or(line);
            let mut words = line.split_whitespace().map(|word| word.replace('"', ""));
            let Some(program) = words.next().filter(|word| word.starts_with("ipvsadm")) else {
                continue;
            };
            let words: Vec<String> = words.collect();
            let scanner = &mut Scanner::default();
            let request = Program::from_name(&program).understand(scanner, &program, &words);
            let understood =
                !matches!(
                    request,
                    Err(Error::Misuse(Misuse::NoCommand { .. } | Misuse::Value { .. }))
                ) && request.as_ref().is_ok_and(|it| !matches!(it, Request::Told { .. }));
            assert!(understood, "{name}: {line}: {request:?}");
            found += 1;
        }
        assert!(found > 2, "{name}: where are the examples?");
    }
}

/// Runs a checker, which must succeed and print nothing.
fn content(program: &str, package: &str, words: &[&str], page: &Path) {
    let output = Command::new(program)
        .args(words)
        .arg(page)
        .env("LC_ALL", "C.UTF-8")
        .env("MANROFFSEQ", "")
        .env("MANWIDTH", "80")
        .output()
        .unwrap_or_else(|why| panic!("{program} does not start ({why}): install {package}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = if program == "mandoc" {
        String::from_utf8_lossy(&output.stdout) + &*said
    } else {
        said.into()
    };
    assert!(output.status.success() && said.is_empty(), "{}: {said}", page.display());
}

#[test]
fn mandoc_and_man_find_no_fault() {
    for (_, page) in pages() {
        content("mandoc", "mandoc", &["-T", "lint", "-W", "style"], &page);
        let formatter = ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"];
        content("man", "man-db", &formatter, &page);
    }
}
