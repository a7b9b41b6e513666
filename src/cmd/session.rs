//! [`Session`]: the state of one run, with its output, its messages and its connection to the
//! kernel.

use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write, stdout};

use super::args::Args;
use crate::classic::{Names, Scanner};
use crate::error::{Errno, Error, UNCHANGED};
use crate::json::Style;
use crate::netlink::Client;
use crate::output::complaints::Complaints;
use crate::output::harmless::Harmless;
use crate::output::paint::Paint;
use crate::system::{names, namespace, subprocess, terminal};

/// Looks up the names in arguments and rule files with the resolver of the system.
pub const NAMES: Names = Names { address_of: names::address_of, port_of: names::port_of };

/// Maximum number of per-line notes printed.
const NOTES: usize = 3;

/// Exit status if the command succeeded but its JSON report could not be written.
const UNREPORTED: u8 = 5;

/// State of one run of the program.
pub struct Session<'a> {
    /// Writer of results.
    pub out: &'a mut dyn Write,
    pub(super) complaints: Complaints<'a>,
    /// Parser of rule files.
    pub scanner: Scanner,
    /// Name under which the program was called.
    pub program: String,
    /// Whether results may have colours.
    colours: bool,
    /// Whether results go to a terminal; determined on first use.
    on_terminal: Option<bool>,
    client: Option<Client>,
    /// Hints printed so far, to avoid repetitions.
    hints: BTreeSet<String>,
    pub(super) settled: Option<Settled>,
    pub(super) args: Args,
}

/// Exit status that is already fixed, even if the report cannot be written.
#[derive(Clone, Copy)]
pub(super) struct Settled {
    /// Status if the reader of the report has closed the pipe.
    unread: u8,
    /// Status if the report cannot be written for another reason.
    unwritten: u8,
}

impl<'a> Session<'a> {
    /// Creates a session without a connection to the kernel.
    pub fn new(out: &'a mut dyn Write, complaints: &'a mut dyn Write, program: String) -> Self {
        Self {
            out,
            complaints: Complaints::new(complaints),
            scanner: Scanner::new(NAMES),
            program,
            colours: false,
            on_terminal: None,
            client: None,
            hints: BTreeSet::new(),
            settled: None,
            args: Args::default(),
        }
    }

    /// Permits colours if results go to a terminal that supports them.
    #[must_use]
    pub fn with_colours(self) -> Self {
        Self { colours: true, ..self }
    }

    /// Adds the original bytes of file names that are not UTF-8; `run` gets their texts.
    #[must_use]
    pub fn with_names_of(self, args: Args) -> Self {
        Self { args, ..self }
    }

    pub(super) fn paint(&self) -> Paint {
        Paint(self.colours && terminal::takes_colours())
    }

    /// Writer of classic listings. It writes the same bytes as the old tool, except that it escapes
    /// names and connection data for a terminal.
    pub(super) fn listing(&mut self) -> Harmless<'_> {
        let escapes = self.escapes();
        Harmless::new(self.out, escapes)
    }

    /// The connection to the kernel, and the writer of classic listings.
    pub(super) fn client_and_listing(&mut self) -> Result<(&mut Client, Harmless<'_>), Error> {
        let escapes = self.escapes();
        let (client, out) = self.client_and_out()?;
        Ok((client, Harmless::new(out, escapes)))
    }

    /// Pretty if results go to a terminal, else compact.
    pub(super) fn json_style(&mut self) -> Style {
        if self.escapes() { Style::Pretty } else { Style::Compact }
    }

    pub(super) fn escapes(&mut self) -> bool {
        self.colours && *self.on_terminal.get_or_insert_with(|| stdout().is_terminal())
    }

    /// The connection to the kernel, opened on first use.
    pub(super) fn client(&mut self) -> Result<&mut Client, Error> {
        Ok(self.client_and_out()?.0)
    }

    /// The connection to the kernel, for a command that keeps it.
    #[cfg(feature = "serve")]
    pub(super) fn take_client(&mut self) -> Result<Client, Error> {
        self.client()?;
        self.client.take().map_or_else(open, Ok)
    }

    /// The connection to the kernel, and the writer of results.
    #[inline]
    pub(super) fn client_and_out(&mut self) -> Result<(&mut Client, &mut (dyn Write + 'a)), Error> {
        let client = match self.client.take() {
            Some(client) => client,
            None => open()?,
        };
        Ok((self.client.insert(client), self.out))
    }

    /// Fixes the exit status now; later output errors must not override it.
    pub(super) fn settle(&mut self, status: u8) {
        self.settled = Some(Settled { unread: status, unwritten: status });
    }

    /// Fixes the exit status of a successful command. With `--json`, a missing report counts as an
    /// error.
    pub(super) fn settle_success(&mut self, json: bool) {
        self.settle_report(0, if json { UNREPORTED } else { 0 });
    }

    /// Fixes the exit status of a command whose only result is its report.
    pub(super) fn settle_report(&mut self, status: u8, unwritten: u8) {
        self.settled = Some(Settled { unread: status, unwritten });
    }

    /// Prints the old tool's line, then the hints that were not printed before. A thousand lines of
    /// a file may be refused for the same reason.
    pub fn complain(&mut self, error: &Error) {
        for (text, hints) in error.messages() {
            self.complain_in(&text, hints);
        }
    }

    /// Like [`Self::complain`], without the hint that nothing was changed. For commands that only
    /// read.
    pub(super) fn complain_of_input(&mut self, error: &Error) {
        for (text, mut hints) in error.messages() {
            hints.retain(|hint| hint != UNCHANGED);
            self.complain_in(&text, hints);
        }
    }

    pub(super) fn complain_with(&mut self, error: &Error, hints: Vec<String>) {
        self.complain_in(&error.to_string(), hints);
    }

    pub(super) fn complain_in(&mut self, text: &str, mut hints: Vec<String>) {
        hints.retain(|hint| self.hints.insert(hint.clone()));
        self.complaints.line(text);
        self.complaints.hints(&hints);
    }

    /// Prints a message. Errors of writing are ignored: if the terminal is gone, `apply --confirm`
    /// must still roll back.
    pub(super) fn say(&mut self, text: &str) {
        self.complaints.line(text);
    }

    pub(super) fn hint(&mut self, hints: &[String]) {
        self.complaints.hints(hints);
    }

    /// Enters the network namespace of `--netns`.
    pub(super) fn enter(&mut self, netns: Option<&str>) -> Result<(), Error> {
        let Some(name) = netns else { return Ok(()) };
        self.complaints.speak_of(name);
        namespace::enter(name, &self.args.path(name))
    }

    /// Flushes the output, reports the error that stopped the program, and returns the exit status.
    pub fn finish(&mut self, outcome: Result<u8, Error>) -> u8 {
        let status = self.end(outcome);
        self.tell_notes();
        status
    }

    /// Prints notes about lines of a file whose effect differs from their text. Classic commands do
    /// this at the end, after the old tool's line; verbs do it before they change anything.
    pub(super) fn tell_notes(&mut self) {
        let mut notes = self.scanner.take_notes();
        notes.retain(|note| self.hints.insert(note.clone()));
        let more = notes.len().saturating_sub(NOTES);
        notes.truncate(NOTES);
        if more > 0 {
            notes.push(more_lines(more));
        }
        self.hint(&notes);
    }

    pub(super) fn end(&mut self, outcome: Result<u8, Error>) -> u8 {
        let flushed = match self.out.flush() {
            // The reader has closed the pipe, which is no error.
            Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        };
        match outcome.and_then(|status| Ok(flushed.map(|()| status)?)) {
            Ok(status) => status,
            Err(error) => {
                let status = exit_status(&error, &mut self.complaints);
                match self.settled {
                    Some(settled) if is_closed_pipe(&error) => settled.unread,
                    Some(settled) => settled.unwritten,
                    None => status,
                }
            }
        }
    }
}

/// Opens the connection to the kernel. The kernel normally loads IPVS itself; if it was configured
/// not to, this function runs modprobe, as the old tool does.
fn open() -> Result<Client, Error> {
    let client = Client::open();
    let is_absent = matches!(client, Err(Error::Unavailable(Errno::ENOPROTOOPT)));
    if is_absent && subprocess::run("modprobe", &["ip_vs"], "").is_ok() {
        return Client::open();
    }
    client
}

/// Line that says how many lines were left out.
pub(super) fn more_lines(more: usize) -> String {
    match more {
        1 => "1 more line like these".to_owned(),
        _ => format!("{more} more lines like these"),
    }
}

/// Reports the error that stopped the program and returns its exit status. A closed pipe is no
/// error, since its reader has seen enough.
pub(super) fn exit_status(error: &Error, complaints: &mut Complaints<'_>) -> u8 {
    if is_closed_pipe(error) {
        return 0;
    }
    for (text, hints) in error.messages() {
        complaints.line(&text);
        complaints.hints(&hints);
    }
    error.exit_code()
}

pub(super) fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Io(io) if io.kind() == ErrorKind::BrokenPipe)
}
