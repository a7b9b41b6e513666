//! [`Client::batch`]: many changes in few system calls.

use std::borrow::Borrow;

use super::codec;
use super::ipvs::Client;
use super::socket::Failure;
use crate::error::{Errno, Error};
use crate::model::Change;

/// Most requests of one send. A refusal takes 0.75 KB of the receive buffer. Measured on Linux 6.1:
/// the default buffer holds 250 refusals, and of 300 some are lost.
pub const REQUESTS: usize = 200;

/// Bytes of one send, apart from the end of its last request. The kernel copies a send to
/// memory that it zeroes first. Up to 8 KiB, including 320 bytes of its own, come from a cache;
/// more takes whole pages, rounded up to a power of two. The size is also below the default
/// send buffer of 208 KB.
const BYTES: usize = 7680;

/// A change of a batch that the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Place of the change in the batch, from 0.
    pub index: usize,
    /// Error number of the kernel's answer.
    pub errno: Errno,
}

impl Client {
    /// Sends `changes` in their order and returns the changes that the kernel refused. The kernel
    /// has made all others. The memory used does not grow with the number of changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the caller lacks the privilege, and the kernel made none of the
    /// changes.
    /// [`Error::NoAnswer`], [`Error::Socket`] and [`Error::Answer`]: the kernel may have made some
    /// of the changes, so the caller must read the table again.
    pub fn batch<C: Borrow<Change>>(
        &mut self,
        changes: impl IntoIterator<Item = C>,
    ) -> Result<Vec<Refusal>, Error> {
        self.socket.widen();
        self.socket.unpack();
        let mut refusals = Vec::new();
        let mut pack = Pack::default();
        for (index, change) in changes.into_iter().enumerate() {
            let change = change.borrow();
            // The kernel may not answer this request (see `attempt`), so it is sent alone.
            if matches!(change, Change::StopDaemon(_)) {
                self.deliver(&mut pack, &mut refusals)?;
                match self.attempt(change) {
                    Ok(()) => {}
                    Err(Failure::Refused(errno @ Errno::EPERM)) => {
                        return Err(Error::Unavailable(errno));
                    }
                    Err(Failure::Refused(errno)) => refusals.push(Refusal { index, errno }),
                    Err(Failure::Broken(error)) => return Err(error),
                }
                continue;
            }
            let sequence = self.socket.pack(self.message(codec::encode(change)), 0);
            if pack.requests == 0 {
                pack = Pack { index, sequence, requests: 0 };
            }
            pack.requests += 1;
            if pack.requests == REQUESTS || self.socket.packed() >= BYTES {
                self.deliver(&mut pack, &mut refusals)?;
            }
        }
        self.deliver(&mut pack, &mut refusals)?;
        Ok(refusals)
    }

    fn deliver(&mut self, pack: &mut Pack, refusals: &mut Vec<Refusal>) -> Result<(), Error> {
        let Pack { index, sequence, requests } = std::mem::take(pack);
        if requests == 0 {
            return Ok(());
        }
        self.socket.exchange(|refused, errno| {
            // Late answers to earlier requests have sequence numbers below `sequence`.
            let offset = refused.wrapping_sub(sequence) as usize;
            if offset < requests {
                refusals.push(Refusal { index: index + offset, errno });
            }
        })?;
        if refusals.first().is_some_and(|refusal| refusal.errno == Errno::EPERM) {
            return Err(Error::Unavailable(Errno::EPERM));
        }
        Ok(())
    }
}

/// Changes that are packed but not sent yet: `index` is the place of the first one in the batch,
/// `sequence` its sequence number.
#[derive(Default)]
struct Pack {
    index: usize,
    sequence: u32,
    requests: usize,
}
