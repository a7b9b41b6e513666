//! Files to tables: rule lines or JSON.

use std::fs;
use std::io::{self, Read};

use crate::cli::{rule_lines, table_of};
use crate::error::Error;
use crate::model::{Change, Table};
use crate::output::json;
use crate::rules::{Limits, describe};

use super::Session;
use super::offer::Needs;

/// What a file wishes for.
pub(super) struct Wish {
    pub table: Table,
    /// The lines that made it; none of JSON.
    rules: Vec<u8>,
    /// What its services within the limits need of the kernel.
    pub needs: Needs,
}

impl Wish {
    /// Where the file speaks last of what `change` is about, for messages.
    pub fn place(&self, session: &mut Session<'_>, change: &Change) -> String {
        let lines = rule_lines(&mut session.scanner, &session.program, self.rules.as_slice());
        let line = lines.filter_map(Result::ok).filter(|line| {
            line.change().is_some_and(|written| written.concerns_the_same_as(change))
        });
        match line.last() {
            Some(line) => {
                format!("line {}: {}", line.number, describe(line.change().unwrap_or(change)))
            }
            None => describe(change),
        }
    }
}

/// Reads the file, of which the services within `limits` count; `-` is standard input.
pub(super) fn read(session: &mut Session<'_>, path: &str, limits: &Limits) -> Result<Wish, Error> {
    let file = if path == "-" {
        let mut file = Vec::new();
        io::stdin().lock().read_to_end(&mut file)?;
        file
    } else {
        fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?
    };
    if file.trim_ascii_start().starts_with(b"{") {
        let table = json::read(&String::from_utf8_lossy(&file))?;
        let needs = Needs::of_table(&table, |key| limits.contain(key));
        return Ok(Wish { table, rules: Vec::new(), needs });
    }
    let mut needs = Needs::default();
    let lines = rule_lines(&mut session.scanner, &session.program, file.as_slice());
    let table = table_of(lines.inspect(|line| {
        if let Ok(line) = line {
            needs.add_line(line, |key| limits.contain(key));
        }
    }))?;
    Ok(Wish { table, rules: file, needs })
}
