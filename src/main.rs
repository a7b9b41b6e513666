//! The program `ipvsadm`, also called as `ipvsadm-save` and `ipvsadm-restore`.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use ipvsadm::cli::Program;
use ipvsadm::cmd::Session;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let name = words.next().unwrap_or_else(|| "ipvsadm".to_owned());
    let args: Vec<String> = words.collect();
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut complaints = io::stderr();
    let mut session = Session::new(&mut out, &mut complaints, name.clone()).with_colours();
    let outcome = session.run(Program::from_name(&name), &args);
    ExitCode::from(session.finish(outcome))
}
