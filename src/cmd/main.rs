//! Entry point of the program: the arguments, standard output, and the exit status.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::process::ExitCode;

use super::{Args, Session};
use crate::cli::Program;

/// Buffer size of standard output, in bytes.
const BUFFER: usize = 64 * 1024;

/// Runs the program with the arguments of this process. Argument 0 decides whether it is `ipvsadm`,
/// `ipvsadm-save` or `ipvsadm-restore`.
pub fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_else(|| "ipvsadm".into());
    let name = name.into_string().unwrap_or_else(|name| name.to_string_lossy().into_owned());
    let args = Args::of(words);
    let (mut out, mut complaints) = (Results::default(), io::stderr());
    let session = Session::new(&mut out, &mut complaints, name.clone());
    let texts = args.texts.clone();
    let mut session = session.with_colours().with_names_of(args);
    let outcome = session.run(Program::from_name(&name), &texts);
    let status = session.finish(outcome);
    // Skip the destructors, because the kernel frees everything when the process ends.
    std::mem::forget(session);
    ExitCode::from(status)
}

/// Standard output, opened at the first byte. A change prints nothing and so starts sooner.
#[derive(Default)]
struct Results(Option<BufWriter<StdoutLock<'static>>>);

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let ready = || BufWriter::with_capacity(BUFFER, io::stdout().lock());
        self.0.get_or_insert_with(ready).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), Write::flush)
    }
}
