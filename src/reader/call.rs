//! `getsockopt` with a question in the buffer that takes the answer.
//!
//! The only `unsafe` code of this crate. The socket options of IPVS want to be told in the buffer
//! which service is meant and how many entries fit. nix's `getsockopt` begins with a buffer that is
//! not initialised, socket2 and rustix offer no option that they do not know themselves, and a crate
//! of its own for one call would be a larger risk than the call.

#![allow(unsafe_code, reason = "one system call, with pointer and length of one slice")]

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;

/// Asks for option `option` of level `IPPROTO_IP`. What the kernel does not write stays as it was.
pub fn ask(socket: BorrowedFd<'_>, option: libc::c_int, buffer: &mut [u8]) -> nix::Result<()> {
    let mut length = libc::socklen_t::try_from(buffer.len()).map_err(|_| Errno::EINVAL)?;
    let (socket, place) = (socket.as_raw_fd(), buffer.as_mut_ptr().cast());
    // SAFETY: the kernel reads and writes at most `length` bytes from `place`, all of which `buffer`
    // lends for the time of the call, and any bytes are valid in it.
    let result =
        unsafe { libc::getsockopt(socket, libc::IPPROTO_IP, option, place, &raw mut length) };
    Errno::result(result).map(drop)
}
