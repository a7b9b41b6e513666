//! A terminal with a program: types keys and reads the screen.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A test fails if the screen does not change for this long.
const PATIENCE: Duration = Duration::from_secs(300);

static STARTING: Mutex<()> = Mutex::new(());

pub struct Terminal {
    keys: File,
    screen: Receiver<Vec<u8>>,
    /// Output that no `wait_for` has consumed yet.
    unread: String,
    /// Keeps the terminal open after the program has ended.
    slave: OwnedFd,
    program: Child,
}

impl Terminal {
    /// Starts a program as session leader with this terminal as its controlling terminal.
    pub fn start(rows: u16, columns: u16, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // If a program inherited another test's terminal, that terminal would never hang up.
        let alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let OpenptyResult { master, slave } = openpty(Some(&size), None).expect("a terminal");
        for end in [&master, &slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        }
        let end = || Stdio::from(slave.try_clone().unwrap());
        let program = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .args(words)
            .current_dir(super::TOP)
            .env("TERM", "dumb")
            .envs(environment.iter().copied())
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid of util-linux");
        drop(alone);
        let keys = File::from(master);
        let mut output = keys.try_clone().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { keys, screen, unread: String::new(), slave, program }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("a terminal");
    }

    /// Types a command and waits for this text and a prompt.
    pub fn command(&mut self, line: &str, answer: &str, prompt: &str) {
        self.press(&format!("{line}\r"));
        self.wait_for(answer);
        self.wait_for(prompt);
    }

    /// Waits until a text appears, and discards the output before it.
    pub fn wait_for(&mut self, text: &str) {
        while !self.unread.contains(text) {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.unread += &String::from_utf8_lossy(&bytes),
                Err(why) => panic!("no {text:?} ({why}) after {:?}", self.unread),
            }
        }
        let end = self.unread.find(text).unwrap() + text.len();
        self.unread.drain(..end);
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        self.stty(&["rows", &rows.to_string(), "cols", &columns.to_string()]);
    }

    /// Settings of the terminal, as `stty -g` prints them.
    pub fn settings(&self) -> String {
        self.stty(&["-g"])
    }

    fn stty(&self, words: &[&str]) -> String {
        let end = self.slave.try_clone().unwrap();
        let output = Command::new("stty").args(words).stdin(end).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.program.id().try_into().unwrap());
        kill(process, signal).unwrap();
    }

    pub fn status(&mut self) -> ExitStatus {
        self.program.wait().unwrap()
    }
}

/// Ends the guest even if the test failed.
impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.program.try_wait() {
            self.signal(Signal::SIGTERM);
            let _ = self.program.wait();
        }
    }
}
