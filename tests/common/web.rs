//! `ipvsadm serve` as a child, and a client that sends any bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long something may take that must happen. Only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// A running server. It is killed at the end of the test.
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
    stderr: BufReader<ChildStderr>,
}

impl Server {
    /// Starts the server on a free port of 127.0.0.1.
    pub fn start(words: &[&str]) -> Self {
        Self::listen("127.0.0.1:0", words)
    }

    /// Starts the server, and waits until it listens.
    pub fn listen(address: &str, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
            .args(["serve", "--listen", address])
            .args(words)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line
            .strip_prefix("serving http://")
            .and_then(|rest| rest.strip_suffix("/ until Ctrl-C or SIGTERM\n"))
            .unwrap_or_else(|| panic!("{line}"));
        Self { child, address: address.parse().unwrap(), stderr }
    }

    /// Ends the server by SIGTERM. Returns its status and what it still said.
    pub fn stop(mut self) -> (ExitStatus, String) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        let status = self.child.wait().unwrap();
        let mut text = String::new();
        self.stderr.read_to_string(&mut text).unwrap();
        (status, text)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends these bytes and reads until the server closes the connection.
    pub fn send(&self, request: &str) -> String {
        let mut stream = self.connect();
        // The server may refuse before it has read everything.
        let _ = stream.write_all(request.as_bytes());
        rest(stream)
    }

    /// The answer to a GET request of this path, with its head.
    pub fn get(&self, path: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    /// The body of an answer with status 200.
    pub fn body(&self, path: &str) -> String {
        let answer = self.get(path);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads until the end. A reset connection ends, too.
pub fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    if let Err(why) = stream.read_to_end(&mut bytes) {
        assert_eq!(why.kind(), std::io::ErrorKind::ConnectionReset, "{why}");
    }
    String::from_utf8(bytes).unwrap()
}

/// Asks until the answer satisfies the condition.
#[track_caller]
pub fn wait<T: std::fmt::Debug>(mut ask: impl FnMut() -> T, is_enough: impl Fn(&T) -> bool) -> T {
    let start = Instant::now();
    loop {
        let answer = ask();
        if is_enough(&answer) {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "still {answer:?}");
        thread::sleep(Duration::from_millis(50));
    }
}
