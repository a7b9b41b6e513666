//! Files to tables: rule lines or JSON.

use std::fs;
use std::io::{self, Read};

use crate::cli::{Invocation, RuleLine, read_rules};
use crate::error::{Error, Rejection};
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
        let changes: Vec<&Change> = self.lines.iter().filter_map(change_of).collect();
        let line = rules::line_of(change, changes).map(|index| &self.lines[index]);
        match line.and_then(|line| Some((line.number, change_of(line)?))) {
            Some((number, change)) => format!("line {number}: {}", describe(change)),
            None => describe(change),
        }
    }
}

pub(super) fn change_of(line: &RuleLine) -> Option<&Change> {
    match &line.invocation {
        Invocation::Change(change) => Some(change),
        _ => None,
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
    let table = of_lines(&lines)?;
    Ok(Wish { table, lines })
}

fn of_lines(lines: &[RuleLine]) -> Result<Table, Error> {
    let says_nothing = |line: &&RuleLine| matches!(change_of(line), None | Some(Change::Zero(_)));
    if let Some(line) = lines.iter().find(says_nothing) {
        return Err(Rejection::NoRule { line: line.number }.into());
    }
    rules::wish(lines.iter().filter_map(change_of)).map_err(|fault| {
        let line = &lines[fault.index];
        let change = change_of(line).unwrap_or(&Change::Flush);
        Error::from(Rejection::Contradiction {
            line: Some(line.number),
            operation: change.operation(),
            errno: fault.errno,
            object: describe(change),
        })
    })
}
