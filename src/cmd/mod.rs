//! The commands: values to what happens, one file each, named after what the user types.

mod apply;
mod args;
mod change;
mod complete;
mod completions;
mod connections;
mod desired;
mod diff;
mod director;
mod help;
mod json;
mod list;
mod main;
mod on_host;
mod progress;
mod restore;
mod rs;
mod save;
mod set;
mod version;
mod writers;

use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write, stdout};

pub use args::Args;
pub use main::main;

use crate::classic::{Classic, Invocation, Names, Scanner};
use crate::cli::{Called, Program, Request, Verb};
use crate::error::{Errno, Error, UNCHANGED};
use crate::json::Style;
use crate::netlink::Client;
use crate::output::complaints::Complaints;
use crate::output::harmless::Harmless;
use crate::output::paint::Paint;
use crate::system::{names, namespace, program, terminal};

/// How the classic language finds what names stand for: it asks the system.
pub const NAMES: Names = Names { address_of: names::address_of, port_of: names::port_of };

/// Lines of a file that mean otherwise than they say: so many are named.
const NOTES: usize = 3;

/// It is done, but the JSON that says so could not be written.
const UNREPORTED: u8 = 5;

/// What a command works with.
pub struct Session<'a> {
    /// Where results go.
    pub out: &'a mut dyn Write,
    complaints: Complaints<'a>,
    /// The parser of the classic language, for rule files.
    pub scanner: Scanner,
    /// The name under which the program was called.
    pub program: String,
    /// Results may be coloured.
    colours: bool,
    /// Results go to a terminal; asked when it first matters.
    on_terminal: Option<bool>,
    client: Option<Client>,
    /// Those given so far.
    hints: BTreeSet<String>,
    settled: Option<Settled>,
    args: Args,
}

/// The exit status that stands though the report cannot be written.
#[derive(Clone, Copy)]
struct Settled {
    /// Where its reader has seen enough.
    unread: u8,
    /// Where it cannot be written for another reason.
    unwritten: u8,
}

impl<'a> Session<'a> {
    /// A session that has not talked to the kernel yet.
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

    /// With colours, where results go to a terminal that takes them.
    #[must_use]
    pub fn with_colours(self) -> Self {
        Self { colours: true, ..self }
    }

    /// With file names that are not UTF-8: `run` gets only the text that stands for them.
    #[must_use]
    pub fn with_names_of(self, args: Args) -> Self {
        Self { args, ..self }
    }

    /// How results are coloured.
    fn paint(&self) -> Paint {
        Paint(self.colours && terminal::takes_colours())
    }

    /// Where classic listings go: to the byte as the old tool writes them, except to a terminal,
    /// which must not act on names and on data of connections.
    fn listing(&mut self) -> Harmless<'_> {
        let escapes = self.escapes();
        Harmless::new(self.out, escapes)
    }

    /// The connection to the kernel, and where classic listings go.
    fn client_and_listing(&mut self) -> Result<(&mut Client, Harmless<'_>), Error> {
        let escapes = self.escapes();
        let (client, out) = self.client_and_out()?;
        Ok((client, Harmless::new(out, escapes)))
    }

    /// For people, where results go to a terminal.
    fn json_style(&mut self) -> Style {
        if self.escapes() { Style::Pretty } else { Style::Compact }
    }

    fn escapes(&mut self) -> bool {
        self.colours && *self.on_terminal.get_or_insert_with(|| stdout().is_terminal())
    }

    /// The connection to the kernel, opened when it is first needed.
    fn client(&mut self) -> Result<&mut Client, Error> {
        Ok(self.client_and_out()?.0)
    }

    /// The same, and where results go.
    fn client_and_out(&mut self) -> Result<(&mut Client, &mut (dyn Write + 'a)), Error> {
        let client = match self.client.take() {
            Some(client) => client,
            None => open()?,
        };
        Ok((self.client.insert(client), self.out))
    }

    /// The table is changed, or is to stay: no later trouble may claim another thing.
    fn settle(&mut self, status: u8) {
        self.settled = Some(Settled { unread: status, unwritten: status });
    }

    /// The command has succeeded. With `--json` somebody relies on the report.
    fn settle_success(&mut self, json: bool) {
        self.settle_report(0, if json { UNREPORTED } else { 0 });
    }

    /// Something was found out, and nothing but the report tells what.
    fn settle_report(&mut self, status: u8, unwritten: u8) {
        self.settled = Some(Settled { unread: status, unwritten });
    }

    /// Prints the old tool's line and the hints behind it, those that it has not given before: of a
    /// file, a thousand lines can be refused for one reason.
    pub fn complain(&mut self, error: &Error) {
        for (text, hints) in error.messages() {
            self.complain_in(&text, hints);
        }
    }

    /// The same of a command that never changes anything: it goes without saying.
    fn complain_of_input(&mut self, error: &Error) {
        for (text, mut hints) in error.messages() {
            hints.retain(|hint| hint != UNCHANGED);
            self.complain_in(&text, hints);
        }
    }

    fn complain_with(&mut self, error: &Error, hints: Vec<String>) {
        self.complain_in(&error.to_string(), hints);
    }

    fn complain_in(&mut self, text: &str, mut hints: Vec<String>) {
        hints.retain(|hint| self.hints.insert(hint.clone()));
        self.complaints.line(text);
        self.complaints.hints(&hints);
    }

    /// A line for people. Work goes on where nobody reads it: a terminal that is gone is the case
    /// for which there is `apply --confirm`.
    fn say(&mut self, text: &str) {
        self.complaints.line(text);
    }

    fn hint(&mut self, hints: &[String]) {
        self.complaints.hints(hints);
    }

    /// Goes to the network namespace of `--netns`.
    fn enter(&mut self, netns: Option<&str>) -> Result<(), Error> {
        let Some(name) = netns else { return Ok(()) };
        self.complaints.speak_of(name);
        namespace::enter(name, &self.args.path(name))
    }

    /// Runs the program.
    ///
    /// # Errors
    /// What stopped it; what it went on after is in the exit status it returns.
    pub fn run(&mut self, program: Program, args: &[String]) -> Result<u8, Error> {
        match program.understand(&mut self.scanner, &self.program, args)? {
            Request::Classic(Classic { invocation, netns, notes, unnamed }) => {
                self.enter(netns.as_deref())?;
                let outcome = match invocation {
                    Invocation::Change(change) if !unnamed.is_empty() => {
                        change::edit(self, &change, &unnamed)
                    }
                    _ => self.invoke(&invocation),
                };
                if notes.is_empty() {
                    return outcome;
                }
                // Behind the old tool's line, if there is one.
                let status =
                    outcome.unwrap_or_else(|error| exit_status(&error, &mut self.complaints));
                self.hint(&notes);
                Ok(status)
            }
            Request::Replace { netns, ignored } => {
                self.enter(netns.as_deref())?;
                restore::replace(self, &ignored)
            }
            Request::Complete(wanted) => complete::run(self, wanted),
            Request::Verb(Called { verb, netns, json }) => {
                self.enter(netns.as_deref())?;
                match verb {
                    Verb::Rs(verb) => rs::run(self, &verb, netns.as_deref(), json),
                    Verb::Director(verb) => director::run(self, &verb, netns.as_deref(), json),
                    Verb::Completions(shell) => completions::run(self, shell),
                    Verb::Apply(verb) => apply::run(self, &verb, json),
                    Verb::Diff(verb) => diff::run(self, &verb, json),
                    Verb::Set(verb) => set::run(self, &verb, json),
                }
            }
            Request::Told { text, status: 0 } => {
                self.out.write_all(text.as_bytes())?;
                Ok(0)
            }
            Request::Told { text, status } => {
                self.complaints.text(&text);
                Ok(status)
            }
        }
    }

    /// Writes out what is left, complains of what stopped the program, and says its exit status.
    pub fn finish(mut self, outcome: Result<u8, Error>) -> u8 {
        let status = self.end(outcome);
        self.tell_notes();
        status
    }

    /// Says which lines of the files read so far mean otherwise than they say: at the end, behind the
    /// old tool's line; by commands that the old tool does not have, before they act.
    fn tell_notes(&mut self) {
        let mut notes = self.scanner.take_notes();
        notes.retain(|note| self.hints.insert(note.clone()));
        let more = notes.len().saturating_sub(NOTES);
        notes.truncate(NOTES);
        if more > 0 {
            notes.push(format!("{more} more lines like these"));
        }
        self.hint(&notes);
    }

    fn end(&mut self, outcome: Result<u8, Error>) -> u8 {
        let flushed = match self.out.flush() {
            // A reader who has seen enough changes nothing in what the command found.
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

    fn invoke(&mut self, invocation: &Invocation) -> Result<u8, Error> {
        match invocation {
            Invocation::Change(change) => change::run(self, change),
            Invocation::List(list) => list::run(self, list),
            Invocation::ListJson(list) => json::list(self, list),
            Invocation::Save(save) => save::run(self, *save),
            Invocation::Restore => restore::run(self),
            Invocation::Help => help::run(self),
            Invocation::Version => version::run(self),
        }
    }
}

/// The kernel starts modprobe by itself, except where it was told not to: then the old tool does.
fn open() -> Result<Client, Error> {
    let client = Client::open();
    let is_absent = matches!(client, Err(Error::Unavailable(Errno::ENOPROTOOPT)));
    if is_absent && program::run("modprobe", &["ip_vs"], "").is_ok() {
        return Client::open();
    }
    client
}

/// Reports what stopped the program and says its exit status. A reader who closed the pipe has seen
/// enough: that is no failure.
fn exit_status(error: &Error, complaints: &mut Complaints<'_>) -> u8 {
    if is_closed_pipe(error) {
        return 0;
    }
    for (text, hints) in error.messages() {
        complaints.line(&text);
        complaints.hints(&hints);
    }
    error.exit_code()
}

fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Io(io) if io.kind() == ErrorKind::BrokenPipe)
}
