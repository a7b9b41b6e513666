//! `-h`: builds the help text from the table of classic options.

use std::fmt::Write as _;

use crate::classic::VERBS;
use crate::classic::options::{COMMANDS, Command, OPTIONS, OptionRow, Takes};
use crate::error::Error;
use crate::system::terminal;

use super::Session;

const SYNOPSIS: &str = "\
Usage:
  ipvsadm -A|-E SERVICE [-s NAME] [-p [SECONDS]] [-M MASK] [--pe NAME] [-o]
                [-b FLAGS]
  ipvsadm -D SERVICE
  ipvsadm -a|-e SERVICE -r RIP[:PORT] [-g|-i|-m] [-w N] [-x N] [-y N]
                [TUNNEL OPTIONS]
  ipvsadm -d SERVICE -r RIP[:PORT]
  ipvsadm -L|-l [SERVICE|-c|--timeout|--daemon] [LISTING OPTIONS]
  ipvsadm -S [-n] [--full|--json] > FILE
  ipvsadm -R < FILE
  ipvsadm -C
  ipvsadm -Z [SERVICE]
  ipvsadm --set TCP TCPFIN UDP
  ipvsadm --start-daemon master|backup [DAEMON OPTIONS]
  ipvsadm --stop-daemon master|backup
  ipvsadm {verbs} ...
                (ipvsadm help VERB)
where SERVICE is -t|-u|--sctp-service VIP[:PORT] or -f MARK [-6]
";

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    super::version::run(session)?;
    session.out.write_all(text(width(terminal::columns())).as_bytes())?;
    Ok(0)
}

/// Width of the help text: that of the terminal, at most 100 columns because longer lines are hard
/// to read. 80 without a terminal, the width of the synopsis.
fn width(terminal: Option<usize>) -> usize {
    terminal.map_or(80, |columns| columns.clamp(30, 100))
}

fn synopsis() -> String {
    SYNOPSIS.replace("{verbs}", &verbs())
}

/// The verbs with `|` between them, in lines that leave room for ` ...`.
fn verbs() -> String {
    const INDENT: usize = 16;
    let mut text = String::new();
    let mut width = "  ipvsadm ".len();
    for (place, verb) in VERBS.iter().enumerate() {
        let bar = if place + 1 < VERBS.len() { "|" } else { "" };
        width += verb.len() + bar.len();
        if width > 76 {
            text += &format!("\n{:INDENT$}", "");
            width = INDENT + verb.len() + bar.len();
        }
        text += verb;
        text += bar;
    }
    text
}

fn text(width: usize) -> String {
    let mut text = synopsis() + "\nCommands:\n";
    for row in COMMANDS {
        let short = row.short.first().copied();
        push(&mut text, width, &words(short, row.long, row.takes), row.help);
    }
    text.push_str("\nOptions:\n");
    for row in OPTIONS {
        push(&mut text, width, &words(row.short, row.long, row.takes), &help(row));
    }
    text
}

fn words(short: Option<char>, long: &str, takes: Takes) -> String {
    let letter = short.map_or("   ".to_owned(), |letter| format!("-{letter} "));
    match takes {
        Takes::Nothing => format!("{letter}--{long}"),
        Takes::Value(value) => format!("{letter}--{long} {value}"),
        Takes::Perhaps(value) => format!("{letter}--{long} [{value}]"),
    }
}

fn help(row: &OptionRow) -> String {
    let Some(slot) = row.slot else { return row.help() };
    let slot = slot.row();
    let commands: Vec<String> =
        slot.required.iter().chain(slot.allowed).map(|command| letter(*command)).collect();
    if commands.len() > 8 { row.help() } else { format!("{} ({})", row.help(), commands.join(" ")) }
}

fn letter(command: Command) -> String {
    let row = command.row();
    row.short.first().map_or_else(|| format!("--{}", row.long), |letter| format!("-{letter}"))
}

/// Appends an option and, in the next column, its help. On a narrow terminal the help goes on the
/// next line.
fn push(text: &mut String, width: usize, words: &str, help: &str) {
    let indent = if width < 70 { 6 } else { 34 };
    let mut line = format!("  {words:<room$}", room = indent - 2);
    if words.len() + 3 > indent {
        let _ = writeln!(text, "{}", line.trim_end());
        line = " ".repeat(indent);
    }
    for word in help.split(' ') {
        if line.len() + word.len() > width && line.len() > indent {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(indent);
        }
        line.push_str(word);
        line.push(' ');
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_everything_within_the_width() {
        for (terminal, width) in [(None, 80), (Some(50), 50), (Some(300), 100)] {
            let text = text(super::width(terminal));
            let table = &text[text.find("\nCommands:").unwrap()..];
            assert!(table.lines().all(|line| line.chars().count() <= width), "{table}");
            for row in OPTIONS {
                assert!(table.contains(&format!("--{}", row.long)), "{}", row.long);
            }
        }
        assert!(synopsis().lines().all(|line| line.len() <= 80));
    }
}
