//! The matrix of what the tests proved, as Markdown.

use std::env;
use std::fmt::Write;
use std::fs;
use std::sync::Mutex;

use crate::world::Family;

const HEAD: &str = "# Traffic

Every row is a test that sends real requests from a client through a director to real servers, in
network namespaces on a real kernel, and looks at the packets. *Control* is what the same requests
got in the same place without the one thing that the row is about: a test passes only if both came
as they should. The test run writes this file:

    mkdir -p target/report
    TRAFFIC_REPORT=$PWD/target/report/traffic.md IPVS_VM_SHARE=$PWD/target/report scripts/test.sh

| Mode | Encapsulation or subject | Family | Proven | Control |
|---|---|---|---|---|
";

static ROWS: Mutex<Vec<[String; 5]>> = Mutex::new(Vec::new());

pub struct Cell<'a> {
    pub mode: &'a str,
    pub subject: &'a str,
    /// Of the service, and of the real servers where that is another.
    pub family: (Family, Family),
    pub proven: &'a str,
    pub control: &'a str,
}

impl Cell<'_> {
    /// Adds the row. Whole files, since nobody knows which test ends last.
    pub fn record(&self) {
        let number = |family| if family == Family::V4 { "4" } else { "6" };
        let (service, real) = (number(self.family.0), number(self.family.1));
        let family = if service == real {
            format!("IPv{service}")
        } else {
            format!("IPv{service} over IPv{real}")
        };
        let row = [self.mode, self.subject, &family, self.proven, self.control].map(str::to_owned);
        let mut rows = ROWS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rows.push(row);
        rows.sort();
        let Some(path) = env::var_os("TRAFFIC_REPORT") else { return };
        let mut text = HEAD.to_owned();
        for row in &*rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        let _ = writeln!(text, "\n{} rows.", rows.len());
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
