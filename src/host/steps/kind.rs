//! The trait of all kinds of steps. Each kind is implemented in its own file; plans, the state file
//! and the runner use only these methods.

use std::io;

use crate::error::Error;
use crate::host::facts::Facts;
use crate::netlink::route::Network;

/// The value that a step replaced, with which undo restores it exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Former {
    /// Value of one kernel parameter.
    Value(String),
    /// Values of a kernel parameter whose `all` writes to every interface: one for each interface,
    /// `all` first.
    Values(Vec<(String, String)>),
    /// The table of arptables did not exist.
    NoTable,
}

/// Outcome of undoing a step.
#[derive(Debug, PartialEq, Eq)]
pub enum Undone {
    /// Undo restored the former value.
    Restored,
    /// Nothing was left to undo.
    Gone,
    /// Somebody has changed the object since `prepare`, so undo leaves it. The text says what.
    LeftAlone(String),
}

/// Effect of a boot on a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// A boot undoes the step.
    UntilBoot,
    /// A boot undoes the step, and the files of `--persist` do it again.
    UntilBootOrFile,
    /// The step is a file, which stays.
    Lasting,
}

/// One kind of step. The default methods fit a step that replaces nothing.
pub trait Kind: PartialEq + Sized {
    /// Describes the step for people.
    fn describe(&self) -> String;

    /// Shell commands with the same effect, for a script with `set -e`. Names of interfaces and
    /// files are quoted, because others may have chosen them.
    fn shell(&self) -> String;

    /// Whether the step is in effect already.
    fn holds(&self, network: &mut Network) -> Result<bool, Error>;

    /// Does the step. Called only if it is not in effect.
    fn apply(&self, network: &mut Network) -> Result<(), Error>;

    /// Undoes a step that may have been done. By default there is nothing to undo.
    fn undo(&self, _: &mut Network, _former: Option<&Former>) -> Result<Undone, Error> {
        Ok(Undone::Gone)
    }

    /// Whether both steps change the same object, perhaps to different values.
    fn same_object(&self, other: &Self) -> bool {
        self == other
    }

    /// Whether a host cannot have both steps.
    fn excludes(&self, _other: &Self) -> bool {
        false
    }

    /// Removes what an earlier version of this step made and this version does not need.
    fn clear_earlier(&self, _earlier: &Self) -> Result<(), Error> {
        Ok(())
    }

    /// Reads the value that the step will replace.
    fn former(&self) -> Result<Option<Former>, Error> {
        Ok(None)
    }

    /// Reads a former value from the state file. `None` if this kind replaces nothing.
    fn read_former(&self, _text: &str) -> Option<Former> {
        None
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::UntilBoot
    }

    /// Whether only the state file can say that the step was done. After a crash, an address may
    /// exist without having been announced.
    fn needs_record(&self) -> bool {
        false
    }

    /// Whether the recorded step stays if a new plan has another version of it.
    fn keeps_recorded(&self) -> bool {
        false
    }

    /// Whether the steps before this one must stay as long as this one: ARP must stay suppressed as
    /// long as the address exists.
    fn relies_on_earlier(&self) -> bool {
        false
    }

    fn suppresses_arp(&self) -> bool {
        false
    }

    /// Lists the ARP rules of the step that the host lacks. `None` for other kinds.
    fn missing_rules(&self, _facts: &Facts) -> Option<String> {
        None
    }

    /// Line for a file in `/etc/sysctl.d` with the same effect at boot.
    fn sysctl_line(&self) -> Option<String> {
        None
    }

    /// Kernel module that the step needs, for a file in `/etc/modules-load.d`.
    fn module(&self) -> Option<&str> {
        None
    }

    /// Path of the file that the step makes.
    fn path(&self) -> Option<&str> {
        None
    }

    /// Notes on files of other programs that set a parameter of this file to another value at boot.
    fn overridden(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Wraps the error of a system call. `action` is a verb with its object.
pub fn failed(action: String) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { action, source }
}

/// Quotes text as a here-document. Its end marker is a line that the text does not contain.
pub fn here_document(text: &str) -> String {
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("<<'{end}'\n{text}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_documents_never_end_inside_the_text() {
        assert_eq!(here_document("a\nEND\nb\n"), "<<'END_'\na\nEND\nb\nEND_");
    }
}
