//! `top` on a terminal, on a table with traffic.

mod keys;
mod refusals;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::{Pid, tcgetpgrp};
use vt100::{Color, Parser};

use crate::common::namespace;
use crate::connection::{connect, talk};
use crate::program::{OURS, ours, restore};

const SERVICE: &str = "192.0.2.80:80";
const SERVER: &str = "198.51.100.200:8080";
const OTHER: &str = "198.51.100.201:8080";

/// How long to wait for a screen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(40);

/// A program on a terminal of its own.
struct Terminal {
    child: Child,
    master: File,
    slave: OwnedFd,
    before: Termios,
    parser: Parser,
}

impl Terminal {
    /// Runs a shell script with job control, in which `$ours` is our program.
    fn run(words: &str, environment: &[(&str, &str)]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(Some(&size), None).unwrap();
        for end in [&master, &slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        }
        let end = || Stdio::from(slave.try_clone().unwrap());
        let before = tcgetattr(&slave).unwrap();
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", "bash", "-c", &format!("set -m; ours={OURS}; {words}")])
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR")
            .envs(environment.iter().copied())
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let parser = Parser::new(24, 80, 0);
        Self { child, master: File::from(master), slave, before, parser }
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Reads the screen until `is_shown`.
    #[track_caller]
    fn wait(&mut self, is_shown: impl Fn(&str) -> bool) {
        let mut buffer = [0; 4096];
        let end = Instant::now() + PATIENCE;
        while !is_shown(&self.text()) {
            let mut ready = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
            let left = end.saturating_duration_since(Instant::now());
            let count = poll(&mut ready, PollTimeout::try_from(left).unwrap()).unwrap();
            assert_ne!(count, 0, "{}", self.text());
            let length = self.master.read(&mut buffer).unwrap_or(0);
            assert_ne!(length, 0, "{}", self.text());
            self.parser.process(&buffer[..length]);
        }
    }

    #[track_caller]
    fn wait_for(&mut self, mark: &str) {
        self.wait(|text| text.contains(mark));
    }

    /// The terminal shows what it showed before, with echo and cursor.
    #[track_caller]
    fn is_given_back(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{}", self.text());
        assert_eq!(tcgetattr(&self.slave).unwrap(), self.before);
    }

    /// The script has printed the exit status of the program.
    #[track_caller]
    fn ends(mut self) {
        self.wait_for("status 0");
        self.is_given_back();
        assert!(self.child.wait().unwrap().success());
    }

    /// The program: it is the foreground job of the shell.
    fn program(&self) -> Pid {
        tcgetpgrp(&self.master).unwrap()
    }
}

/// The fields of the row of a real server; none if the screen has no such row.
fn row(text: &str, server: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.trim_start().starts_with(server));
    line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// A connection that carries data until it is dropped.
struct Traffic(Arc<AtomicBool>);

impl Traffic {
    fn start() -> Self {
        let mut stream = connect();
        let stop: Arc<AtomicBool> = Arc::default();
        let end = Arc::clone(&stop);
        thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                assert_eq!(talk(&mut stream, "hello"), Ok(()));
            }
        });
        Self(stop)
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn weight(server: &str) -> String {
    let listing = ours(&["-L", "-n"]).expect(0).out;
    row(&listing.replace("-> ", ""), server).get(2).cloned().unwrap_or_default()
}

#[test]
fn top_shows_traffic_and_drains_by_a_key() {
    namespace(|| {
        let _traffic = Traffic::start();
        let mut top = Terminal::run("$ours top --interval 200ms; echo status $?", &[]);
        // Weight, active, inactive, connections/s, bits/s from and to clients, share.
        top.wait(|text| {
            let row = row(text, SERVER);
            row.get(1..4) == Some(&["1", "1", "0"].map(str::to_owned))
                && row.get(5..7).is_some_and(|bits| bits.iter().all(|it| it != "0" && it != "-"))
                && row.get(7).is_some_and(|share| share == "100%")
        });
        top.press("jd");
        top.wait_for(&format!("Drain {SERVER} of -t {SERVICE}?"));
        // The only real server is not drained.
        top.press("y");
        top.wait_for("would be left with 0 of 1 real servers");
        assert_eq!(weight(SERVER), "1");
        ours(&["-a", "-t", SERVICE, "-r", OTHER, "-m"]).expect(0);
        top.press("x");
        top.wait(|text| !row(text, OTHER).is_empty());
        top.press("d");
        top.wait_for("Drain 198");
        top.press("n");
        top.wait(|text| !text.contains("Drain 198"));
        assert_eq!(weight(SERVER), "1");
        top.press("d");
        top.wait_for("Drain 198");
        top.press("y");
        top.wait_for("weight 1 -> 0");
        assert_eq!((weight(SERVER), weight(OTHER)), ("0".to_owned(), "1".to_owned()));
        top.press("x");
        top.wait(|text| row(text, SERVER).get(1).is_some_and(|mark| mark == "drain"));
        top.wait_for("1 draining");
        let listed = ours(&["drain", "--list"]).expect(0).out;
        assert!(listed.contains(SERVER) && !listed.contains(OTHER), "{listed}");
        ours(&["undrain", "--all"]).expect(0);
        top.wait(|text| row(text, SERVER).get(1).is_some_and(|weight| weight == "1"));
        top.press("q");
        top.ends();
    });
}

#[test]
fn read_only_and_no_color() {
    namespace(|| {
        let _traffic = Traffic::start();
        ours(&["-a", "-t", SERVICE, "-r", OTHER, "-m", "-w", "0"]).expect(0);
        let words = "$ours top --read-only --interval 200ms; echo status $?";
        for (environment, is_coloured) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
            let mut top = Terminal::run(words, environment);
            top.wait(|text| row(text, OTHER).get(1).is_some_and(|mark| mark == "off"));
            top.press("jd");
            top.wait_for("--read-only forbids changes");
            assert_eq!(weight(SERVER), "1");
            let screen = top.parser.screen();
            let cells = (0..24).flat_map(|y| (0..80).filter_map(move |x| screen.cell(y, x)));
            assert_eq!(cells.filter(|it| it.fgcolor() != Color::Default).count() > 0, is_coloured);
            kill(top.program(), Signal::SIGTERM).unwrap();
            top.ends();
        }
    });
}

#[test]
fn control_z_and_control_c_give_the_terminal_back() {
    namespace(|| {
        restore(crate::program::OLD).expect(0);
        let words = "$ours top; echo stopped $?; read -r; fg; echo status $?";
        let mut top = Terminal::run(words, &[]);
        top.wait_for("198.51.100.1:80");
        top.press("\x1a");
        top.wait_for("stopped 148");
        top.is_given_back();
        top.press("\n");
        top.wait_for("198.51.100.1:80");
        assert!(top.parser.screen().alternate_screen());
        top.press("\x03");
        top.ends();
    });
}

#[test]
fn a_stop_by_another_program_gives_the_terminal_back() {
    namespace(|| {
        restore(crate::program::OLD).expect(0);
        let words = "$ours top; echo stopped $?; read -r; fg; echo status $?";
        let mut top = Terminal::run(words, &[]);
        top.wait_for("198.51.100.1:80");
        kill(top.program(), Signal::SIGTSTP).unwrap();
        top.wait_for("stopped 148");
        top.is_given_back();
        top.press("\n");
        top.wait(|text| text.contains("198.51.100.1:80") && text.contains("q quit"));
        kill(top.program(), Signal::SIGTERM).unwrap();
        top.ends();
    });
}

#[test]
fn a_new_size_is_used_at_once() {
    namespace(|| {
        restore(crate::program::OLD).expect(0);
        let mut top = Terminal::run("$ours top --interval 1h; echo status $?", &[]);
        top.wait_for("198.51.100.1:80");
        assert!(!top.text().contains("In p/s"), "{}", top.text());
        top.parser.screen_mut().set_size(30, 130);
        let slave = Stdio::from(top.slave.try_clone().unwrap());
        let resized =
            Command::new("stty").args(["rows", "30", "cols", "130"]).stdin(slave).status();
        assert!(resized.unwrap().success());
        top.wait_for("In p/s");
        top.press("q");
        top.ends();
    });
}

#[test]
fn top_ends_with_its_terminal() {
    namespace(|| {
        restore(crate::program::OLD).expect(0);
        let mut top = Terminal::run("trap '' HUP; exec $ours top", &[]);
        top.wait_for("198.51.100.1:80");
        let Terminal { mut child, master, slave, .. } = top;
        drop((master, slave));
        child.wait().unwrap();
    });
}

#[test]
fn without_a_terminal_the_table_is_printed_once() {
    namespace(|| {
        let _traffic = Traffic::start();
        for words in [&["top", "--once"][..], &["top"]] {
            // The kernel computes its rates every 2 seconds.
            let is_counted = |out: &str| row(out, SERVER).get(5).is_some_and(|bits| bits != "0");
            let mut out = ours(words).expect(0).out;
            while !is_counted(&out) {
                out = ours(words).expect(0).out;
            }
            assert_eq!(row(&out, SERVER)[1..4], ["1", "1", "0"], "{out}");
        }
        let outcome = ours(&["top", "--interval", "1ms"]);
        assert!(outcome.complaints.contains("from 100ms to 1h"), "{outcome:?}");
    });
}
