//! Writes the table of what the tests proved, as Markdown.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::sync::{Mutex, PoisonError};

use crate::world::Family;

const HEAD: &str = "# Traffic

Every row is a test that sends real requests from a client through a director to real servers and
checks the packets. The hosts are network namespaces on the kernel in the last column. *Control* is
the result of the same requests in the same network, without the one setting that the row is about.
A test passes only if both results are as stated. `./x traffic` runs the tests and writes this file.

| Mode | Encapsulation or subject | Family | Proven | Control | Kernel |
|---|---|---|---|---|---|
";

/// Rows by mode, subject and family.
static ROWS: Mutex<BTreeMap<[String; 3], String>> = Mutex::new(BTreeMap::new());

pub struct Cell<'a> {
    pub mode: &'a str,
    pub subject: &'a str,
    /// Family of the service, and of the real servers.
    pub family: (Family, Family),
    pub proven: &'a str,
    pub control: &'a str,
}

impl Cell<'_> {
    /// Adds the row to the file. Each test writes the whole file, because the order of tests is
    /// unknown.
    pub fn record(&self) {
        let Some(path) = env::var_os("TRAFFIC_REPORT") else { return };
        let number = |family| if family == Family::V4 { "4" } else { "6" };
        let (service, real) = (number(self.family.0), number(self.family.1));
        let family = if service == real {
            format!("IPv{service}")
        } else {
            format!("IPv{service} over IPv{real}")
        };
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let release = release.split(['-', '\n']).next().unwrap_or_default();
        let rest = format!("{} | {} | {}", self.proven, self.control, release);

        let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.is_empty() {
            rows.extend(fs::read_to_string(&path).unwrap_or_default().lines().filter_map(parse));
        }
        rows.insert([self.mode, self.subject, &family].map(str::to_owned), rest);
        let mut text = HEAD.to_owned();
        for (name, rest) in &*rows {
            let _ = writeln!(text, "| {} | {rest} |", name.join(" | "));
        }
        let _ = writeln!(text, "\n{} rows.", rows.len());
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Parses a row of an earlier run.
fn parse(line: &str) -> Option<([String; 3], String)> {
    let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let mut parts = line.splitn(4, " | ").map(str::to_owned);
    let name = [parts.next()?, parts.next()?, parts.next()?];
    (name[0] != "Mode").then_some((name, parts.next()?))
}
