//! `getsockopt` calls that pass a request to the kernel in the buffer for the answer.
//!
//! This is the only `unsafe` code of the crate. The socket options of IPVS read from the buffer
//! which service is meant and how many entries fit. nix's `getsockopt` starts with an uninitialised
//! buffer, socket2 and rustix offer only options that they know, and another crate for one call
//! would be a larger risk than the call.

#![allow(unsafe_code, reason = "one system call, with pointer and length of one slice")]

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;

/// Reads socket option `option` of level `IPPROTO_IP` into `buffer`. Bytes that the kernel does not
/// write keep their value.
pub fn ask(socket: BorrowedFd<'_>, option: libc::c_int, buffer: &mut [u8]) -> nix::Result<()> {
    let mut length = libc::socklen_t::try_from(buffer.len()).map_err(|_| Errno::EINVAL)?;
    let (socket, place) = (socket.as_raw_fd(), buffer.as_mut_ptr().cast());
    // SAFETY: the kernel reads and writes at most `length` bytes from `place`. `buffer` is borrowed
    // mutably throughout the call, and any byte is valid in it.
    let result =
        unsafe { libc::getsockopt(socket, libc::IPPROTO_IP, option, place, &raw mut length) };
    Errno::result(result).map(drop)
}
