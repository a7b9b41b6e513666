//! Real requests: small servers that send their name, and clients with a time limit.
//!
//! Servers run until the test program ends, and keep their namespace until then.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, connect,
    listen, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::host::Host;

/// Time limit for expected replies. Only a reply that is lost reaches it, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Waiting time when no reply is expected; enough for one retransmission.
pub const DOUBT: Duration = Duration::from_millis(1300);

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Name of the server that answered, and the client address that it saw.
    Answer(String, IpAddr),
    Refused,
    TimedOut,
    Unreachable,
    Reset,
}

impl Outcome {
    /// Name of the server, or a description of any other outcome.
    pub fn server(&self) -> String {
        match self {
            Self::Answer(name, _) => name.clone(),
            other => other.to_string(),
        }
    }

    pub fn answered(&self) -> bool {
        matches!(self, Self::Answer(..))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer(name, _) => name,
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
        })
    }
}

fn failure(error: &io::Error) -> Outcome {
    match error.kind() {
        ErrorKind::ConnectionRefused => Outcome::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Outcome::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Outcome::Unreachable,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            Outcome::Reset
        }
        _ => match error.raw_os_error().map(nix::errno::Errno::from_raw) {
            Some(nix::errno::Errno::EINPROGRESS) => Outcome::TimedOut,
            _ => panic!("no outcome that a test knows: {error}"),
        },
    }
}

/// Starts an HTTP server on `port` of all addresses; its reply is `NAME CLIENT-ADDRESS`.
pub fn serve_http(host: &Host, port: u16) {
    let listener = host.run(|| TcpListener::bind(("::", port))).expect("a free port");
    serve(listener, host.name);
}

fn serve(listener: TcpListener, name: &'static str) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            thread::spawn(move || answer(stream, name));
        }
    });
}

fn answer(mut stream: TcpStream, name: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE * 4))?;
    let seen = stream.peer_addr()?.ip().to_canonical();
    let mut request = Vec::new();
    let mut buffer = [0; 512];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&buffer[..count]),
        }
    }
    let body = format!("{name} {seen}");
    let length = body.len();
    stream
        .write_all(format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes())
}

/// An open connection on which no request was sent yet.
pub struct Held(TcpStream);

pub fn open(host: &Host, to: SocketAddr, limit: Duration) -> Result<Held, Outcome> {
    let stream = host.run(|| TcpStream::connect_timeout(&to, limit));
    let stream = stream.map_err(|error| failure(&error))?;
    stream.set_read_timeout(Some(limit)).expect("a time limit");
    Ok(Held(stream))
}

impl Held {
    pub fn ask(self) -> Outcome {
        self.exchange().unwrap_or_else(|error| failure(&error))
    }

    fn exchange(mut self) -> io::Result<Outcome> {
        self.0.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        self.0.read_to_string(&mut text)?;
        let body = text.split("\r\n\r\n").nth(1).ok_or(ErrorKind::UnexpectedEof)?;
        Ok(parse(body))
    }
}

fn parse(body: &str) -> Outcome {
    let (name, seen) = body.split_once(' ').expect("NAME ADDRESS");
    Outcome::Answer(name.to_owned(), seen.parse().expect("an address"))
}

/// Sends one HTTP request.
pub fn get(host: &Host, to: SocketAddr, limit: Duration) -> Outcome {
    match open(host, to, limit) {
        Ok(held) => held.ask(),
        Err(outcome) => outcome,
    }
}

/// Sends several requests, one after the other. Returns the names of the servers.
pub fn get_many(host: &Host, to: SocketAddr, count: usize) -> Vec<String> {
    (0..count).map(|_| get(host, to, PATIENCE).server()).collect()
}

pub fn count(answers: &[String], name: &str) -> usize {
    answers.iter().filter(|answer| *answer == name).count()
}

/// Starts a UDP server on one address. With a wildcard socket, replies would have the host's own
/// address.
pub fn serve_udp(host: &Host, at: SocketAddr) {
    let socket = host.run(|| UdpSocket::bind(at)).expect("a free port");
    let name = host.name;
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((_, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(format!("{name} {}", peer.ip()).as_bytes(), peer);
        }
    });
}

/// Sends datagrams from one socket, each after the previous reply. Returns the names of the
/// servers.
pub fn ask_udp(host: &Host, to: SocketAddr, count: usize) -> Vec<String> {
    let socket = udp_socket(host, to);
    (0..count).map(|_| ask_from(&socket)).collect()
}

/// Opens a client's UDP socket.
pub fn udp_socket(host: &Host, to: SocketAddr) -> UdpSocket {
    let from: IpAddr = if to.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let socket = host.run(|| {
        let socket = UdpSocket::bind((from, 0))?;
        socket.connect(to)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        io::Result::Ok(socket)
    });
    socket.expect("a socket")
}

/// Sends one datagram and returns the name of the server.
pub fn ask_from(socket: &UdpSocket) -> String {
    let mut buffer = [0; 512];
    let answer = socket.send(b"?").and_then(|_| socket.recv(&mut buffer));
    match answer {
        Ok(length) => parse(&String::from_utf8_lossy(&buffer[..length])).server(),
        Err(error) => failure(&error).to_string(),
    }
}

fn sctp_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    Ok(socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, SockProtocol::Sctp)?)
}

/// Whether the kernel has SCTP, or can load its module.
pub fn has_sctp(host: &Host) -> bool {
    match host.run(|| sctp_socket(([127, 0, 0, 1], 0).into())) {
        Ok(_) => true,
        Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EPROTONOSUPPORT as i32) => {
            false
        }
        Err(error) => panic!("an SCTP socket: {error}"),
    }
}

/// Like [`serve_http`], over SCTP and on one address, because SCTP sends the peer all addresses of
/// a socket.
pub fn serve_sctp(host: &Host, at: SocketAddr) {
    let listener = host.run(|| {
        let socket = sctp_socket(at)?;
        bind(socket.as_raw_fd(), &SockaddrStorage::from(at))?;
        listen(&socket, Backlog::new(16)?)?;
        io::Result::Ok(socket)
    });
    serve(TcpListener::from(listener.expect("a free port")), host.name);
}

/// Sends one request over SCTP.
pub fn get_sctp(host: &Host, to: SocketAddr, limit: Duration) -> Outcome {
    get_sctp_from(host, None, to, limit)
}

/// Sends one request over SCTP from an address and port.
pub fn get_sctp_from(
    host: &Host,
    from: Option<SocketAddr>,
    to: SocketAddr,
    limit: Duration,
) -> Outcome {
    let opened = host.run(|| {
        let socket = sctp_socket(to)?;
        if let Some(from) = from {
            bind(socket.as_raw_fd(), &SockaddrStorage::from(from))?;
        }
        let limit = TimeVal::milliseconds(i64::try_from(limit.as_millis()).expect("a short time"));
        setsockopt(&socket, sockopt::SendTimeout, &limit)?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &limit)?;
        connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
        io::Result::Ok(socket)
    });
    match opened {
        Ok(socket) => Held(TcpStream::from(socket)).ask(),
        Err(error) => failure(&error),
    }
}
