//! Many changes in few system calls.

use std::borrow::Borrow;

use super::codec;
use super::ipvs::Client;
use super::socket::Failure;
use crate::error::{Errno, Error};
use crate::model::Change;

/// Requests of one send. Each may be answered with an error, which takes 0.75 KB of the receive
/// buffer: of 300 in the default buffer some are lost, of 250 none (6.1).
pub const REQUESTS: usize = 200;

/// Bytes of one send, less than the default send buffer of 208 KB.
const BYTES: usize = 180 * 1024;

/// A change of a batch that the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which: its place in the batch, from 0.
    pub index: usize,
    /// Why.
    pub errno: Errno,
}

impl Client {
    /// Makes many changes in their order, and returns those that the kernel refused; the others
    /// are made. Memory does not grow with the number of changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without the privilege; none of the changes was made.
    /// [`Error::NoAnswer`], [`Error::Socket`] and [`Error::Answer`]: it is not known which changes
    /// were made; read the table again.
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
            // Its answer can be missing, so it goes alone.
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
            // Late answers to what was asked before have numbers below.
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

/// What waits to be sent: `requests` changes from number `index` on, numbered from `sequence` on.
#[derive(Default)]
struct Pack {
    index: usize,
    sequence: u32,
    requests: usize,
}
