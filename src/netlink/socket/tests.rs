//! Tests of the socket with a real kernel. They use rtnetlink, because it answers unprivileged
//! callers and reports a list that changed during a dump, which IPVS does not.

use std::cell::Cell;
use std::collections::HashSet;
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_sys::protocols::NETLINK_ROUTE;

use super::*;
use crate::netlink::route::Network;

/// Environment variable set in the child process that has its own network namespace.
const INSIDE: &str = "IPVSADM_TEST_INSIDE";

/// Number of addresses: enough for more pieces than the kernel prepares ahead. It makes the third
/// piece of 32 KiB while the second is read.
const MANY: u32 = 4000;

const LOOPBACK: u32 = 1;

fn addresses() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessage::default())
}

#[test]
fn a_missing_answer_times_out() {
    let mut socket = Socket::open(NETLINK_ROUTE).unwrap();
    assert_eq!(socket.set_patience(Duration::from_millis(30)).unwrap(), PATIENCE);
    let error = socket.receive().unwrap_err();
    assert!(matches!(error, Error::NoAnswer { seconds: 1 }), "{error}");
    // The time limit stays set, and the socket still works.
    assert_eq!(socket.set_patience(PATIENCE).unwrap(), Duration::from_millis(30));
    assert!(socket.dump(addresses, |payload| Ok(payload.len())).is_ok());
}

#[test]
fn a_truncated_answer_is_an_error() {
    let mut socket = Socket::open(NETLINK_ROUTE).unwrap();
    socket.pack(addresses(), NLM_F_DUMP);
    socket.transmit().unwrap();
    // The message that ends a dump has 20 bytes.
    let error = receive_some(&socket.inner, &mut [0; 16], 16, 16).unwrap().unwrap_err();
    assert!(
        matches!(&error, Error::Answer(why) if why.contains("a message of more than 16 bytes")),
        "{error}"
    );
}

#[test]
fn a_list_that_changes_meanwhile_is_read_again() {
    inside("a_list_that_changes_meanwhile_is_read_again", || {
        for changed in 0..ATTEMPTS {
            let (attempts, list) = disturbed(changed);
            assert_eq!(attempts, changed + 1);
            let list = list.unwrap();
            let different: HashSet<_> = list.iter().collect();
            assert_eq!((list.len(), different.len()), (MANY as usize, MANY as usize));
        }
    });
}

#[test]
fn a_list_that_keeps_changing_is_given_up() {
    inside("a_list_that_keeps_changing_is_given_up", || {
        let (attempts, list) = disturbed(ATTEMPTS);
        assert_eq!(attempts, ATTEMPTS);
        let error = list.unwrap_err();
        assert!(matches!(error, Failure::Broken(Error::Interrupted(ATTEMPTS))), "{error:?}");
        // The unread rest of the list does not disturb the next request.
        assert_eq!(disturbed(0).1.unwrap().len(), MANY as usize);
    });
}

/// Lists all addresses of the namespace, and changes one of them while reading each of the first
/// `changed` attempts. Returns the number of attempts.
fn disturbed(changed: u32) -> (u32, Result<Vec<Vec<u8>>, Failure>) {
    let attempts = Cell::new(0);
    let disturb = Cell::new(false);
    let request = || {
        attempts.set(attempts.get() + 1);
        disturb.set(attempts.get() <= changed);
        addresses()
    };
    let read = |payload: &[u8]| {
        if disturb.take() {
            let mut network = Network::open()?;
            let last = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + MANY));
            network.delete_address(LOOPBACK, last)?;
            network.add_address(LOOPBACK, last)?;
        }
        Ok(payload.to_vec())
    };
    let mut socket = Socket::open(NETLINK_ROUTE).unwrap();
    let list = socket.dump(request, read);
    (attempts.get(), list)
}

/// Runs the test `name` again in a child process with its own network namespace and [`MANY`]
/// addresses. Without root, the child also gets a user namespace.
fn inside(name: &str, test: fn()) {
    if env::var_os(INSIDE).is_some() {
        fill();
        test();
        return;
    }
    let user: &[&str] =
        if nix::unistd::geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
    let program = env::current_exe().unwrap();
    let test = format!("netlink::socket::tests::{name}");
    let mut command = Command::new("unshare");
    command.args(user).arg("--net").arg(program).args(["--exact", &test]).env(INSIDE, "1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // The child also succeeds if no test has this name, so check the count.
    assert!(output.status.success() && said.contains(" 1 passed"), "{output:?}");
}

fn fill() {
    let mut lines = String::new();
    for number in 1..=MANY {
        let address = Ipv4Addr::from(0x0a00_0000 + number);
        writeln!(lines, "address add {address}/32 dev lo").unwrap();
    }
    let mut ip = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    ip.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(ip.wait().unwrap().success(), "ip does not add addresses");
}
