//! What every kind of step can do. A kind is interpreted in its own file and nowhere else; the
//! plans, the state file and the runner ask these methods.

use std::io;

use crate::error::Error;
use crate::host::facts::Facts;
use crate::netlink::route::Network;

/// What a step replaced, so that undo can restore it exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Former {
    /// The value of one kernel parameter.
    Value(String),
    /// A kernel parameter whose `all` writes to every interface: the value of each, `all` first.
    Values(Vec<(String, String)>),
    /// arptables did not have its table.
    NoTable,
}

/// What became of a step that was to be undone.
#[derive(Debug, PartialEq, Eq)]
pub enum Undone {
    /// Undo restored what was there before.
    Restored,
    /// Nothing is left to undo.
    Gone,
    /// Somebody changed it after `prepare`, so undo leaves it. With the reason.
    LeftAlone(String),
}

/// What a boot does to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The next boot undoes it.
    UntilBoot,
    /// The next boot undoes it, and the files of `--persist` do it again.
    UntilBootOrFile,
    /// It is a file: a boot leaves it as it is.
    Lasting,
}

/// One kind of step. The default methods are those of a step that replaces nothing.
pub trait Kind: PartialEq + Sized {
    /// What the step does, for people.
    fn describe(&self) -> String;

    /// The same as commands for a shell that runs with `set -e`. Names of interfaces and files are
    /// quoted, because others may have chosen them.
    fn shell(&self) -> String;

    /// Whether the step need not be done.
    fn holds(&self, network: &mut Network) -> Result<bool, Error>;

    /// Does a step that does not hold.
    fn apply(&self, network: &mut Network) -> Result<(), Error>;

    /// Undoes a step that may have been done.
    fn undo(&self, network: &mut Network, former: Option<&Former>) -> Result<Undone, Error>;

    /// Whether both change the same object, perhaps to another value.
    fn same_object(&self, other: &Self) -> bool {
        self == other
    }

    /// Whether a host cannot have both.
    fn excludes(&self, _other: &Self) -> bool {
        false
    }

    /// Removes what an earlier version of this step made and this one does not need.
    fn clear_earlier(&self, _earlier: &Self) -> Result<(), Error> {
        Ok(())
    }

    /// What is there now and will be replaced.
    fn former(&self) -> Result<Option<Former>, Error> {
        Ok(None)
    }

    /// The former value as the state file has it. `None` if this kind replaces nothing.
    fn read_former(&self, _text: &str) -> Option<Former> {
        None
    }

    /// What a boot does to the step.
    fn lifetime(&self) -> Lifetime {
        Lifetime::UntilBoot
    }

    /// Whether the step holds only if the state file says that it was done: after a crash the
    /// address may exist without having been announced.
    fn needs_record(&self) -> bool {
        false
    }

    /// Whether the recorded step stays when a new plan has another version of it.
    fn keeps_recorded(&self) -> bool {
        false
    }

    /// Whether the steps before this one must stay as long as this one does: ARP must stay
    /// suppressed as long as the address exists.
    fn relies_on_earlier(&self) -> bool {
        false
    }

    /// Whether the step keeps interfaces from answering ARP for addresses of others.
    fn suppresses_arp(&self) -> bool {
        false
    }

    /// Which of its rules the host lacks, for people. Steps other than ARP rules have none.
    fn missing_rules(&self, _facts: &Facts) -> Option<String> {
        None
    }

    /// The line for a file in `/etc/sysctl.d` that does the same at boot.
    fn sysctl_line(&self) -> Option<String> {
        None
    }

    /// The kernel module that the step needs, for a file in `/etc/modules-load.d`.
    fn module(&self) -> Option<&str> {
        None
    }

    /// The file that the step makes.
    fn path(&self) -> Option<&str> {
        None
    }

    /// Files of others that set a parameter of this file to another value at boot, a note each.
    fn overridden(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Turns a system call's error into ours. `action` is a verb with its object.
pub fn failed(action: String) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { action, source }
}

/// Text as the input of a command. The last line is one that the text does not have.
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
