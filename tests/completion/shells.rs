//! The shells, each with its script and a Tab key.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub const OURS: &str = env!("CARGO_BIN_EXE_ipvsadm");

/// Behind each answer.
const END: &str = "== end";

/// A shell that is asked how lines go on, one after another.
pub struct Shell {
    name: &'static str,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Shell {
    /// One of each, with the program and its completions as a person gets them.
    pub fn all() -> [Self; 3] {
        // One Tab completes as far as is clear, and lists what there is; else it takes three.
        let bash = "bind 'set show-all-if-ambiguous on'; eval \"$(ipvsadm completions bash)\"";
        let zsh = "autoload -U compinit; compinit -u -D; setopt no_list_ambiguous; \
                   eval \"$(ipvsadm completions zsh)\"";
        let fish = format!(
            "set -x PATH {} $PATH; ipvsadm completions fish | source
            while read -l line; complete -C \"$line\"; echo '{END}'; end",
            folder()
        );
        [
            Self::typed("bash", bash, &["bash", "--norc", "--noprofile", "-i"]),
            Self::typed("zsh", zsh, &["zsh", "-f", "-i"]),
            Self::start("fish", Command::new("fish").args(["--no-config", "-c", &fish])),
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
        Self { name, child, questions, answers }
    }

    /// The shells at a terminal, fish among them, for commands to be run.
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

    /// Types `ipvsadm` and these words; they are not shown before [`Self::screen`].
    pub fn press(&mut self, typed: &str) {
        writeln!(self.questions, "ipvsadm {typed}").unwrap();
    }

    /// What is on the screen after Tab was pressed.
    pub fn screen(&mut self) -> String {
        let mut screen = String::new();
        loop {
            let mut line = String::new();
            let length = self.answers.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "{} ended: {screen}", self.name);
            if line.trim_end() == END {
                // The quotes with which zsh protects brackets are no part of the word. Where the
                // line became longer than before, a shell printed only the rest of it.
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
