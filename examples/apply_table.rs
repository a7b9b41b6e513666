//! Makes the kernel's table that of a rule file, with the fewest changes: what is equal is not
//! touched, so its connections and counters live on.
//!
//! ```text
//! # cargo run --example apply_table /etc/ipvsadm.rules
//! edit -t 192.0.2.80:80 -r 10.0.0.11:80
//! ```
//!
//! `ipvsadm apply` does the same, and also undoes everything if anything fails.

#![allow(clippy::print_stdout, reason = "it says what it does")]

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
    // Everything is read and understood before the first change.
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
