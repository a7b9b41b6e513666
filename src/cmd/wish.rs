//! Files to tables: rule lines or JSON.

use std::fs;
use std::io::{self, Read};

use crate::cli::{RuleLine, read_rules, table_of};
use crate::error::Error;
use crate::model::{Change, Table};
use crate::output::json;
use crate::rules::{self, describe};

use super::Session;

/// What a file wishes for.
pub(super) struct Wish {
    pub table: Table,
    /// The lines that made it; none of JSON.
    pub lines: Vec<RuleLine>,
}

impl Wish {
    /// Where the file speaks last of what `change` is about, for messages.
    pub fn place(&self, change: &Change) -> String {
        let changes: Vec<&Change> = self.lines.iter().filter_map(RuleLine::change).collect();
        let line = rules::line_of(change, changes).map(|index| &self.lines[index]);
        match line.and_then(|line| Some((line.number, line.change()?))) {
            Some((number, change)) => format!("line {number}: {}", describe(change)),
            None => describe(change),
        }
    }
}

/// Reads the file; `-` is standard input.
pub(super) fn read(session: &mut Session<'_>, path: &str) -> Result<Wish, Error> {
    let file = if path == "-" {
        let mut file = Vec::new();
        io::stdin().lock().read_to_end(&mut file)?;
        file
    } else {
        fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?
    };
    if file.trim_ascii_start().starts_with(b"{") {
        let table = json::read(&String::from_utf8_lossy(&file))?;
        return Ok(Wish { table, lines: Vec::new() });
    }
    let lines = read_rules(&mut session.scanner, &session.program, &file)?;
    let table = table_of(&lines)?;
    Ok(Wish { table, lines })
}
