//! `-h`: the classic language, from its table.

use std::fmt::Write as _;

use crate::cli::options::{COMMANDS, Command, OPTIONS, OptionRow, Takes};
use crate::error::Error;

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
  ipvsadm apply|diff|set|rs|director ...  (help: ipvsadm VERB --help)
where SERVICE is -t|-u|--sctp-service VIP[:PORT] or -f MARK [-6]
";

pub(super) fn run(session: &mut Session<'_>) -> Result<u8, Error> {
    super::version::run(session)?;
    session.out.write_all(text().as_bytes())?;
    Ok(0)
}

fn text() -> String {
    let mut text = format!("{SYNOPSIS}\nCommands:\n");
    for row in COMMANDS {
        let short = row.short.first().copied();
        push(&mut text, &words(short, row.long, row.takes), row.help);
    }
    text.push_str("\nOptions:\n");
    for row in OPTIONS {
        push(&mut text, &words(row.short, row.long, row.takes), &help(row));
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
    let Some(column) = row.column else { return row.help.to_owned() };
    let column = column.row();
    let commands: Vec<String> =
        column.required.iter().chain(column.allowed).map(|command| letter(*command)).collect();
    if commands.len() > 8 {
        row.help.to_owned()
    } else {
        format!("{} ({})", row.help, commands.join(" "))
    }
}

fn letter(command: Command) -> String {
    let row = command.row();
    row.short.first().map_or_else(|| format!("--{}", row.long), |letter| format!("-{letter}"))
}

/// The words, then the help in the column beside them, within 80 columns.
fn push(text: &mut String, words: &str, help: &str) {
    const INDENT: usize = 34;
    const WIDTH: usize = 80;
    let mut line = format!("  {words:<width$}", width = INDENT - 2);
    if words.len() + 3 > INDENT {
        let _ = writeln!(text, "{}", line.trim_end());
        line = " ".repeat(INDENT);
    }
    for word in help.split(' ') {
        if line.len() + word.len() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(INDENT);
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
    fn names_everything_within_eighty_columns() {
        let text = text();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for row in OPTIONS {
            assert!(text.contains(&format!("--{}", row.long)), "{}", row.long);
        }
    }
}
