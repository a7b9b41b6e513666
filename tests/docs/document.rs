//! Checks a document: every block is valid, and every command prints the documented output.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ipvsadm::internals::classic::{Scanner, read_rules};

use crate::block::{Block, Kind, Step, same, steps};
use crate::world::{Outcome, World, execute};
use crate::{manual, markdown};

pub const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// Checks a document, and fails with a list of all its mistakes.
pub fn check(path: &str, world: World) {
    let text = read(path);
    let blocks = match Path::new(path).extension().and_then(|ending| ending.to_str()) {
        Some("md") => markdown::blocks(&text),
        _ => manual::examples(&text),
    };
    let blocks = blocks.unwrap_or_else(|faults| panic!("{path}:\n{}", faults.join("\n")));
    let mut faults: Vec<String> = blocks.iter().filter_map(|block| fault(path, block)).collect();
    if path.ends_with(".md") {
        faults.extend(dead_links(path, &text));
    }
    let steps = steps(&blocks).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    if !steps.is_empty() {
        let outcomes = execute(world, &steps);
        write_actual(path, &text, &steps, &outcomes);
        faults.extend(compare(&steps, &outcomes));
    }
    assert!(faults.is_empty(), "\n{path}\n{}", faults.join("\n"));
}

pub fn read(path: &str) -> String {
    fs::read_to_string(Path::new(TOP).join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Mistake in a block that is not executed here.
fn fault(path: &str, block: &Block) -> Option<String> {
    let fault = match block.kind {
        Kind::Json => serde_json::from_str::<serde_json::Value>(&block.text).err()?.to_string(),
        Kind::Rules => {
            let rules = read_rules(&mut Scanner::default(), "ipvsadm", block.text.as_bytes());
            let error = rules.err()?;
            format!("{error}; {}", error.hints().join("; "))
        }
        Kind::Host => host(&block.text)?,
        Kind::Rust => {
            let included = format!("include_str!(\"../{path}\")");
            let known = read("src/lib.rs").contains(&included);
            return (!known).then(|| format!("line {}: src/lib.rs has no {included}", block.line));
        }
        Kind::Shell | Kind::Output | Kind::Console | Kind::Text => return None,
    };
    Some(format!("line {}: {fault}", block.line))
}

/// Mistake in commands that cannot run here. CI must contain the same line, or tests/package must
/// run the block.
fn host(commands: &str) -> Option<String> {
    let ci = read(".ci/run");
    let run = |command: &str| {
        let taken = ["scripts/package.sh", "apt "].iter().any(|it| command.starts_with(it));
        taken || is_task(command) || ci.lines().any(|line| line.trim() == command)
    };
    let lines = commands.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    let unknown = lines.filter(|command| !command.is_empty()).find(|command| !run(command))?;
    Some(format!("nothing runs `{unknown}': mark the block sh, or add it to .ci/run"))
}

#[test]
fn commands_that_nothing_runs_are_refused() {
    assert_eq!(host("scripts/test.sh   # every test\n\nscripts/package.sh rpm\n"), None);
    assert!(host("scripts/test.sh --fast\n").is_some());
    assert!(host("cargo install --path .\n").is_some());
    assert_eq!(host("./x\n./x shell # so\n./x test kernel name\n./x test --kernel sid\n"), None);
    assert!(host("./x tset\n").is_some());
    assert!(host("./x test kernl\n").is_some());
}

/// Whether the command is `./x` with an existing task and, if it names a suite, an existing suite.
fn is_task(command: &str) -> bool {
    let Some(words) = command.strip_prefix("./x") else { return command == "cargo build" };
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let Some((task, rest)) = words.split_first() else { return true };
    let rest = if rest.first() == Some(&"--kernel") { rest.get(2..).unwrap_or(&[]) } else { rest };
    let suite_exists = *task != "test"
        || rest.first().is_none_or(|it| Path::new(TOP).join("tests").join(it).exists());
    read("x").contains(&format!("\"{task}|")) && suite_exists
}

/// Links to files that do not exist.
pub fn dead_links(path: &str, text: &str) -> Vec<String> {
    let folder = Path::new(TOP).join(path).parent().map(PathBuf::from).unwrap_or_default();
    let local = markdown::links(text).into_iter().filter(|link| !link.contains("://"));
    let dead = local.filter(|link| {
        let file = link.split('#').next().unwrap_or_default();
        !folder.join(file).exists()
    });
    dead.map(|link| format!("the link to {link} leads nowhere")).collect()
}

fn compare(steps: &[Step], outcomes: &[Outcome]) -> Vec<String> {
    let mut faults = Vec::new();
    for (step, Outcome { finished, output }) in steps.iter().zip(outcomes) {
        let commands = step.commands.trim_end();
        if !finished {
            faults.push(format!("line {}: failed: {commands}\nsaid: {output}", step.line));
            break;
        }
        if let Some(expected) = &step.output
            && !same(expected, &output.lines().collect::<Vec<_>>())
        {
            faults.push(format!(
                "line {}: {commands}\n--- the document says\n{}\n--- it printed\n{output}---",
                step.line,
                expected.join("\n")
            ));
        }
    }
    faults
}

/// For writers: if `DOCS_ACTUAL` names a folder, writes the document there with the actual output.
fn write_actual(path: &str, text: &str, steps: &[Step], outcomes: &[Outcome]) {
    let Some(folder) = env::var_os("DOCS_ACTUAL") else { return };
    let lines: Vec<&str> = text.lines().collect();
    let mut written = String::new();
    let mut next = 0;
    for (step, outcome) in steps.iter().zip(outcomes) {
        let Some(expected) = &step.output else { continue };
        let actual: Vec<&str> = outcome.output.lines().collect();
        if !outcome.finished || same(expected, &actual) {
            continue;
        }
        for line in lines[next..step.place.start].iter().chain(&actual) {
            let _ = writeln!(written, "{}", line.trim_end());
        }
        next = step.place.end;
    }
    for line in &lines[next..] {
        let _ = writeln!(written, "{line}");
    }
    let target = Path::new(&folder).join(path);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(target, written).unwrap();
}
