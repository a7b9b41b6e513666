//! Reads the examples of man pages, in mdoc(7) or man(7).

use crate::block::{Block, Kind};

/// The literal blocks of the section EXAMPLES.
pub fn examples(page: &str) -> Result<Vec<Block>, Vec<String>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let (mut inside, mut faults) = (false, Vec::new());
    for (index, line) in page.lines().enumerate() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some(".Sh" | ".SH") => {
                inside = words.next().is_some_and(|word| word.trim_matches('"') == "EXAMPLES");
            }
            _ if !inside => {}
            Some(".Bd") if line.contains("-literal") || line.contains("-unfilled") => {
                open = Some(empty(index + 2));
            }
            Some(".EX" | ".nf") => open = Some(empty(index + 2)),
            Some(".Ed" | ".EE" | ".fi") => blocks.extend(open.take()),
            Some(".Dl" | ".D1") => {
                let text = plain(line[".Dl".len()..].trim_start(), index + 1, &mut faults);
                blocks.push(Block { text: text + "\n", ..empty(index + 1) });
            }
            _ => {
                if let Some(block) = &mut open
                    && !is_request(line)
                {
                    block.text.push_str(&plain(line, index + 1, &mut faults));
                    block.text.push('\n');
                }
            }
        }
    }
    for block in &mut blocks {
        // Other lines with `# ` may be comments.
        if ["# ipvsadm", "$ "].iter().any(|prompt| block.text.starts_with(prompt)) {
            block.kind = Kind::Console;
        } else if block.text.starts_with('{') {
            block.kind = Kind::Json;
        }
    }
    if blocks.is_empty() {
        faults.push("no literal block below EXAMPLES".to_owned());
    }
    if faults.is_empty() { Ok(blocks) } else { Err(faults) }
}

fn empty(line: usize) -> Block {
    Block { line, kind: Kind::Shell, text: String::new() }
}

/// Whether the line is a macro. Text that begins with a dot is written with `\&`.
fn is_request(line: &str) -> bool {
    line.starts_with('.') || line.starts_with("'\\\"")
}

/// The line without escapes, as a reader types it.
fn plain(line: &str, number: usize, faults: &mut Vec<String>) -> String {
    const ESCAPES: [(&str, &str); 22] = [
        ("-", "-"),
        ("e", "\\"),
        ("\\", "\\"),
        ("&", ""),
        ("|", ""),
        ("/", ""),
        ("~", " "),
        (" ", " "),
        ("(aq", "'"),
        ("(dq", "\""),
        ("(ga", "`"),
        ("(ti", "~"),
        ("(ha", "^"),
        ("(rs", "\\"),
        ("(hy", "-"),
        ("(mi", "-"),
        ("fB", ""),
        ("fI", ""),
        ("fR", ""),
        ("fP", ""),
        ("f[R]", ""),
        ("f[B]", ""),
    ];
    let mut text = String::new();
    let mut rest = line;
    while let Some(place) = rest.find('\\') {
        text.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        match ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            Some((escape, plain)) => {
                text.push_str(plain);
                rest = &rest[escape.len()..];
            }
            None => faults.push(format!("line {number}: which escape is `\\{rest}'?")),
        }
    }
    text + rest
}

#[test]
fn both_macro_languages_are_read() {
    let mdoc = ".Sh EXAMPLES\nList:\n.Bd -literal -offset indent\nipvsadm \\-L \\e\n  \\-n\n.Ed\n\
                .Dl ipvsadm -C\n.Sh SEE ALSO\n.Bd -literal\nno\n.Ed\n";
    let man = ".SH OPTIONS\n.nf\nno\n.fi\n.SH \"EXAMPLES\"\n.EX\necho \\(aqa\\(aq\n.EE\n";
    let texts = |page| examples(page).unwrap().into_iter().map(|block| block.text);
    assert!(texts(mdoc).eq(["ipvsadm -L \\\n  -n\n", "ipvsadm -C\n"]));
    assert!(texts(man).eq(["echo 'a'\n"]));
    assert!(examples(".SH NAME\n.EX\nls\n.EE\n").is_err(), "EXAMPLES is missing");
}
