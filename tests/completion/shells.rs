//! Shells that load their completion script and press Tab.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");

/// Marks the end of each answer.
const END: &str = "== end";

/// A shell in which one line after the other is completed.
pub struct Shell {
    name: &'static str,
    /// Whether press.py types on a terminal.
    has_terminal: bool,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Shell {
    /// Starts one shell of each kind, with the completions loaded as a user would.
    pub fn all() -> [Self; 3] {
        // Make one Tab complete and list the candidates; otherwise it takes up to three.
        let bash = "bind 'set show-all-if-ambiguous on'; eval \"$(ipvsadm completions bash)\"";
        let zsh = "autoload -U compinit; compinit -u -D; setopt no_list_ambiguous; \
                   eval \"$(ipvsadm completions zsh)\"";
        let fish = format!(
            "set -x PATH {} $PATH; ipvsadm completions fish | source
            while read -l line; complete -C \"$line\"; echo '{END}'; end",
            folder()
        );
        let mut fish = Self::start("fish", Command::new("fish").args(["--no-config", "-c", &fish]));
        fish.has_terminal = false;
        [
            Self::typed("bash", bash, &["bash", "--norc", "--noprofile", "-i"]),
            Self::typed("zsh", zsh, &["zsh", "-f", "-i"]),
            fish,
        ]
    }

    fn typed(name: &'static str, load: &str, command: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completion/press.py");
        let setup = format!("PATH={}:$PATH; PS1='> '; {load}", folder());
        Self::start(name, Command::new("python3").args([script, &setup]).args(command))
    }

    fn start(name: &'static str, command: &mut Command) -> Self {
        let mut child = command
            .env("TERM", "dumb")
            .env("HOME", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("{name} does not start ({why}): run scripts/test.sh"));
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { name, has_terminal: true, child, questions, answers }
    }

    /// Starts the shells on a terminal, including fish, to run commands.
    pub fn all_typed() -> [Self; 3] {
        let [bash, zsh, fish] = Self::all();
        drop(fish);
        let load = "ipvsadm completions fish | source";
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completion/press.py");
        let setup = format!("set -x PATH {} $PATH; {load}", folder());
        let mut command = Command::new("python3");
        command.args([script, &setup, "fish", "--no-config", "-i"]);
        [bash, zsh, Self::start("fish", &mut command)]
    }

    /// Types `ipvsadm` and these words, then Tab, which must show `mark`, then Enter.
    pub fn run(&mut self, typed: &str, mark: &str) {
        writeln!(self.questions, "RUN:{mark}:ipvsadm {typed}").unwrap();
    }

    /// Types `ipvsadm` and these words, then Tab, and gives the shell time to show `wanted`.
    /// [`Self::screen`] returns the result.
    pub fn press(&mut self, typed: &str, wanted: &[&str]) {
        let mut line = format!("ipvsadm {typed}");
        // Without a terminal, the end of an answer is known.
        if self.has_terminal {
            line = [&["WANT"], wanted, &[&line]].concat().join("\x1f");
        }
        writeln!(self.questions, "{line}").unwrap();
    }

    /// Content of the screen after Tab.
    pub fn screen(&mut self) -> String {
        let mut screen = String::new();
        loop {
            let mut line = String::new();
            let length = self.answers.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "{} ended: {screen}", self.name);
            if line.trim_end() == END {
                // Remove the quotes that zsh puts before brackets, and the control characters of a
                // redrawn line.
                return screen.replace(['\r', '\x07', '\\'], "");
            }
            screen += &line;
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> &'static str {
    Path::new(OURS).parent().and_then(Path::to_str).expect("the folder of the program")
}
