//! Code blocks of documents, and what each kind must fulfil.

use std::ops::Range;

/// A code block with its kind.
#[derive(Debug)]
pub struct Block {
    /// Line number of the first line of code, from 1.
    pub line: usize,
    pub kind: Kind,
    pub text: String,
}

/// Kind of a block, as its fence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `sh`: commands that must succeed.
    Shell,
    /// `output`: the output of the `sh` block before it, which can be copied without the output.
    Output,
    /// `console`: commands after `# ` or `$ `, and their output.
    Console,
    /// `sh host`: commands that build, test or install. CI or tests/package runs them.
    Host,
    /// `json`: must be valid JSON.
    Json,
    /// `rules`: lines that the program must accept.
    Rules,
    /// `rust`: compiled as a doc test of src/lib.rs.
    Rust,
    /// `text`: drawings and syntax, not checked.
    Text,
}

impl Kind {
    /// The kind for the info string of a fence.
    pub fn of(info: &str) -> Option<Self> {
        Some(match info {
            "sh" => Self::Shell,
            "output" => Self::Output,
            "console" => Self::Console,
            "sh host" => Self::Host,
            "json" => Self::Json,
            "rules" => Self::Rules,
            "rust" | "rust,no_run" => Self::Rust,
            "text" => Self::Text,
            _ => return None,
        })
    }
}

/// Commands to execute, with their expected output.
#[derive(Debug, Default)]
pub struct Step {
    /// Line number of the first command in the document, from 1.
    pub line: usize,
    pub commands: String,
    /// Expected output; `None` accepts anything.
    pub output: Option<Vec<String>>,
    /// Range of lines of the output in the document, from 0.
    pub place: Range<usize>,
}

/// The steps to execute for the blocks of a document, in order.
pub fn steps(blocks: &[Block]) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut before = None;
    for block in blocks {
        match block.kind {
            Kind::Shell => steps.push(shell(block)?),
            Kind::Output if before == Some(Kind::Shell) => {
                let Some(step) = steps.last_mut() else { continue };
                let lines = block.text.lines().map(|line| line.trim_end().to_owned());
                step.output = Some(lines.collect());
                step.place = block.line - 1..block.line - 1 + block.text.lines().count();
            }
            Kind::Output => return Err(format!("line {}: the output of what?", block.line)),
            Kind::Console => console(block, &mut steps)?,
            _ => {}
        }
        before = Some(block.kind);
    }
    Ok(steps)
}

fn shell(block: &Block) -> Result<Step, String> {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if block.text.lines().find(code).is_none() {
        return Err(format!("line {}: a block of nothing but comments", block.line));
    }
    let prompt = |line: &&str| line.starts_with("$ ") || line.starts_with("# ipvsadm");
    if let Some(line) = block.text.lines().find(prompt) {
        return Err(format!("line {}: `{line}' has a prompt: mark it console", block.line));
    }
    Ok(Step { line: block.line, commands: block.text.clone(), ..Step::default() })
}

fn console(block: &Block, steps: &mut Vec<Step>) -> Result<(), String> {
    // A block has one kind of prompt: if it is `$ `, a line with `# ` is output.
    let Some(prompt) = ["# ", "$ "].into_iter().find(|prompt| block.text.starts_with(prompt))
    else {
        return Err(format!("line {}: a console block begins with `# ' or `$ '", block.line));
    };
    for (index, line) in block.text.lines().enumerate() {
        let number = block.line + index;
        if let Some(command) = line.strip_prefix(prompt) {
            steps.push(Step {
                line: number,
                commands: format!("{command}\n"),
                output: Some(Vec::new()),
                place: number..number,
            });
            continue;
        }
        let Some(step) = steps.last_mut() else { continue };
        let output = step.output.get_or_insert_default();
        if let (Some(more), true) = (line.strip_prefix("> "), output.is_empty()) {
            step.commands.push_str(more);
            step.commands.push('\n');
            step.place = number..number;
        } else {
            output.push(line.trim_end().to_owned());
            step.place.end = number;
        }
    }
    Ok(())
}

/// Whether `actual` matches `expected`. A line `...` stands for any lines, and `...` within a line
/// for any text. Blanks at the end of a line are ignored.
pub fn same(expected: &[String], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((first, rest)) if first.trim() == "..." => {
            (0..=actual.len()).any(|passed| same(rest, &actual[passed..]))
        }
        Some((first, rest)) => actual
            .split_first()
            .is_some_and(|(line, others)| same_line(first, line.trim_end()) && same(rest, others)),
    }
}

fn same_line(expected: &str, actual: &str) -> bool {
    // Since Linux 7.1 the size of the connection table varies, from 0.
    const TITLE: &str = "IP Virtual Server version ";
    if let (Some(one), Some(other)) = (expected.strip_prefix(TITLE), actual.strip_prefix(TITLE)) {
        let version =
            |text: &str| text.split_once(" (size=").map(|(version, _)| version.to_owned());
        return version(one).is_some() && version(one) == version(other);
    }
    let mut pieces = expected.split("...");
    let Some(mut rest) = pieces.next().and_then(|first| actual.strip_prefix(first)) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(place) = rest.find(piece) else { return false };
        rest = &rest[place + piece.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn dots_match_any_text() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let same =
        |expected: &str, actual: &str| same(&lines(expected), &actual.lines().collect::<Vec<_>>());
    assert!(same("a\nb", "a  \nb"));
    assert!(!same("a\nb", "a\nb\nc"));
    assert!(!same("a\nb", "a\nc"));
    assert!(same("a\n...\nd", "a\nb\nc\nd"));
    assert!(same("a\n...", "a"));
    assert!(!same("a\n...\nd", "a\nb"));
    assert!(same("took ... ms, ... bytes", "took 12 ms, 7 bytes"));
    assert!(!same("took ... ms", "took 12 s"));
    assert!(!same("aa...a", "aa"));
    let title = |size: &str| format!("IP Virtual Server version 1.2.1 (size={size})");
    assert!(same(&title("4096"), &title("0")));
    assert!(!same(&title("4096"), "IP Virtual Server version 1.2.2 (size=4096)"));
}

#[test]
fn an_output_belongs_to_the_commands_right_before_it() {
    let block = |line, kind, text: &str| Block { line, kind, text: text.to_owned() };
    let pair = [block(2, Kind::Shell, "ls\n"), block(6, Kind::Output, "a\nb\n")];
    let found = steps(&pair).unwrap();
    assert_eq!(found[0].output, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(found[0].place, 5..7);
    assert!(steps(&pair[1..]).is_err());
    assert!(steps(&[block(2, Kind::Shell, "# nothing\n")]).is_err());
}
