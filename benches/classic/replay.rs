//! Sends the messages of an earlier run again, without any other work.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use netlink_packet_core::{ErrorBuffer, NLMSG_ERROR, NetlinkBuffer};
use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};

use crate::Outcome;
use crate::measure::{Bench, Run};
use crate::world::in_namespace;

/// Bytes of one `send`.
type Datagram = Vec<u8>;

/// All messages that `run` sends, recorded by strace. The kernel answers each once, as long as it
/// refuses none.
pub fn sent(bench: &Bench, run: &Run<'_>) -> Outcome<Vec<Datagram>> {
    let log = bench.scratch.join("sent");
    let strace = format!("strace -e trace=sendto -e write=all -o {}", log.display());
    in_namespace(|| bench.wrapped(&strace, &bench.ours, |program| run.time(program)))?;
    let mut datagrams = Vec::new();
    for line in BufReader::new(File::open(log)?).lines() {
        let line = line?;
        if line.starts_with("sendto(") {
            datagrams.push(Vec::new());
        } else if let Some(dump) = line.strip_prefix(" | ") {
            let datagram = datagrams.last_mut().ok_or("bytes of no call")?;
            read_dump(dump, datagram)?;
        }
    }
    Ok(datagrams)
}

/// Parses a line of strace's dump:
/// `00000  20 00 00 00 10 00 01 00  01 00 00 00 00 00 00 00   ............... |`.
fn read_dump(line: &str, datagram: &mut Datagram) -> Outcome<()> {
    const BYTES: std::ops::Range<usize> = 7..55;
    let columns = line.get(BYTES).ok_or("a short line of strace")?;
    for byte in columns.split_ascii_whitespace() {
        datagram.push(u8::from_str_radix(byte, 16)?);
    }
    Ok(())
}

/// Sends the datagrams and receives the answer to each.
pub fn replay(datagrams: &[Datagram]) -> Outcome<Duration> {
    let socket = Socket::new(NETLINK_GENERIC)?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut answer = Vec::with_capacity(64 * 1024);
    let start = Instant::now();
    for datagram in datagrams {
        socket.send(datagram, 0)?;
        answer.clear();
        socket.recv(&mut answer, 0)?;
        let message = NetlinkBuffer::new_checked(&answer)?;
        if message.message_type() == NLMSG_ERROR
            && let Some(code) = ErrorBuffer::new_checked(message.payload())?.code()
        {
            return Err(format!("the kernel refused a message: error {code}").into());
        }
    }
    Ok(start.elapsed())
}
