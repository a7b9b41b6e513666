//! The program `ipvsadm`, also called as `ipvsadm-save` and `ipvsadm-restore`.

use std::io::{self, BufWriter, ErrorKind, Write};
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
    let flushed = out.flush();
    ExitCode::from(match (outcome, flushed) {
        // A reader who has seen enough changes nothing in what the command found.
        (Ok(status), Err(why)) if why.kind() == ErrorKind::BrokenPipe => status,
        (Ok(status), Ok(())) => status,
        (Ok(_), Err(why)) => ipvsadm::cmd::exit_status(&why.into(), &mut complaints),
        (Err(error), _) => ipvsadm::cmd::exit_status(&error, &mut complaints),
    })
}
