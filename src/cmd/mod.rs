//! The commands. Each has its own file, named after what the user types.

mod apply;
mod args;
mod change;
mod complete;
mod completions;
mod connections;
mod conns;
mod desired;
mod diff;
mod director;
mod drain;
mod help;
mod history;
mod json;
mod list;
mod listing;
mod main;
mod metrics;
#[cfg(not(feature = "serve"))]
mod no_serve;
mod on_host;
mod outcome;
mod progress;
mod recording;
#[cfg(feature = "serve")]
mod report;
mod restore;
mod rollback;
mod rs;
mod save;
#[cfg(feature = "serve")]
mod serve;
mod session;
mod set;
mod top;
mod undrain;
mod version;
mod watch;
mod writers;

pub use args::Args;
pub use main::main;
#[cfg(not(feature = "serve"))]
use no_serve::{self as report, self as serve};
use on_host::Call;
pub use session::{NAMES, Session};

use crate::classic::{Classic, Invocation};
use crate::cli::{Called, Program, Request, Verb};
use crate::error::Error;

impl Session<'_> {
    /// Runs the program.
    ///
    /// # Errors
    /// The error that stopped the program. Errors after which it continued are in the exit status.
    pub fn run(&mut self, program: Program, args: &[String]) -> Result<u8, Error> {
        let request = program.understand(&mut self.scanner, &self.program, args);
        match request.inspect_err(|_| self.speak_of_netns(args))? {
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
                // Notes follow the old tool's line, if there is one.
                let status = outcome
                    .unwrap_or_else(|error| session::exit_status(&error, &mut self.complaints));
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
                let netns = netns.as_deref();
                match verb {
                    Verb::Rs(verb) => rs::run(self, Call { verb: &verb, netns, json }),
                    Verb::Director(verb) => director::run(self, Call { verb: &verb, netns, json }),
                    Verb::Completions(shell) => completions::run(self, shell),
                    Verb::Conns(verb) => conns::run(self, &verb, json),
                    Verb::Apply(verb) => apply::run(self, &verb, json),
                    Verb::Diff(verb) => diff::run(self, &verb, json),
                    Verb::History(verb) => history::run(self, &verb, json),
                    Verb::Rollback(verb) => rollback::run(self, &verb, json),
                    Verb::Metrics(verb) => metrics::run(self, &verb),
                    Verb::Report(verb) => report::run(self, &verb),
                    Verb::Serve(verb) => serve::run(self, &verb),
                    Verb::Set(verb) => set::run(self, &verb, json),
                    Verb::Drain(verb) => drain::run(self, &verb, json),
                    Verb::Top(verb) => top::run(self, verb, netns, json),
                    Verb::Watch(verb) => watch::run(self, &verb, json),
                    Verb::Undrain(verb) => undrain::run(self, &verb, json),
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

    /// Lets the hints of a mistake name the network namespace of the line, which was not entered.
    fn speak_of_netns(&mut self, args: &[String]) {
        let at = args.iter().position(|word| word == "--netns");
        let next = at.and_then(|at| args.get(at + 1)).map(String::as_str);
        let joined = || args.iter().find_map(|word| word.strip_prefix("--netns="));
        if let Some(netns) = next.or_else(joined) {
            self.complaints.speak_of(netns);
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
