//! The program `ipvsadm`, also called as `ipvsadm-save` and `ipvsadm-restore`.

use std::ffi::OsString;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::process::ExitCode;

use ipvsadm::cli::Program;
use ipvsadm::cmd::Session;

/// Bytes of results written at once.
const BUFFER: usize = 64 * 1024;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(text);
    let name = words.next().unwrap_or_else(|| "ipvsadm".to_owned());
    let args: Vec<String> = words.collect();
    let (mut out, mut complaints) = (Results::default(), io::stderr());
    let mut session = Session::new(&mut out, &mut complaints, name.clone()).with_colours();
    let outcome = session.run(Program::from_name(&name), &args);
    ExitCode::from(session.finish(outcome))
}

fn text(word: OsString) -> String {
    word.into_string().unwrap_or_else(|word| word.to_string_lossy().into_owned())
}

/// Standard output, made ready for the first byte: a change writes none, and starts sooner without.
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
