//! Makes the kernel's table equal to a rule file with the fewest changes. Equal objects are not
//! touched, so their connections and counters survive.
//!
//! ```text
//! # cargo run --example apply_table /etc/ipvsadm.rules
//! edit -t 192.0.2.80:80 -r 10.0.0.11:80
//! ```
//!
//! `ipvsadm apply` does the same, and also rolls everything back if a change fails.

#![allow(clippy::print_stdout, reason = "the example reports what it does")]

use std::process::ExitCode;

use ipvsadm::diff::plan;
use ipvsadm::model::Operation;
use ipvsadm::{Client, Error, read_table};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        println!("usage: apply_table FILE");
        return ExitCode::from(2);
    };
    match apply(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            for hint in error.hints() {
                println!("hint: {hint}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn apply(path: &str) -> Result<(), Error> {
    // The whole file is read and checked before the first change.
    let desired = read_table(&std::fs::read_to_string(path)?)?;
    let mut ipvs = Client::open()?;
    let changes = plan(&ipvs.table()?, &desired);
    let refusals = ipvs.batch(&changes)?;
    for (index, change) in changes.iter().enumerate() {
        let word = match change.operation() {
            Operation::AddService | Operation::AddDestination => "add",
            Operation::DeleteService | Operation::DeleteDestination => "delete",
            _ => "edit",
        };
        match refusals.iter().find(|refusal| refusal.index == index) {
            None => println!("{word} {change}"),
            Some(refusal) => println!("REFUSED {word} {change}: {}", refusal.errno),
        }
    }
    Ok(())
}
