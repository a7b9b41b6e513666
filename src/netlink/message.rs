//! The netlink messages of one datagram from the kernel, borrowed from the receive buffer.

use netlink_packet_core::{
    DoneBuffer, ErrorBuffer, NLM_F_ACK_TLVS, NLM_F_DUMP_INTR, NLMSG_ALIGNTO, NLMSG_DONE,
    NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NetlinkBuffer, NlasIterator,
};

use crate::error::{Errno, Error};

/// Length of `struct nlmsghdr` in bytes.
const NETLINK_HEADER_LEN: usize = 16;

/// Attribute of an error message: the kernel's explanation as text (`linux/netlink.h`).
const NLMSGERR_ATTR_MSG: u16 = 1;

/// One message from the kernel.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Sequence number of the request that this message answers.
    pub sequence: u32,
    /// The kernel saw the table change during the dump (`NLM_F_DUMP_INTR`).
    pub interrupted: bool,
    pub content: Content<'a>,
    /// The kernel's explanation of a refusal, if it sent one.
    pub reason: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// The payload of an answer, without the netlink header.
    Answer(&'a [u8]),
    /// The request succeeded, or the dump is complete.
    Done,
    /// The kernel refused the request, or the dump failed on its way.
    Refused(Errno),
    /// `NLMSG_NOOP`, to be ignored.
    Noop,
}

/// Iterates over the messages of `datagram`. A malformed message is the last item.
pub fn messages(datagram: &[u8]) -> impl Iterator<Item = Result<Message<'_>, Error>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let message = first(rest);
        let length = message.as_ref().map_or(rest.len(), |(_, length)| *length);
        // The kernel may omit the padding after the last message of a datagram.
        let step = length.next_multiple_of(usize::from(NLMSG_ALIGNTO));
        rest = rest.get(step..).unwrap_or_default();
        Some(message.map(|(message, _)| message))
    })
}

fn first(bytes: &[u8]) -> Result<(Message<'_>, usize), Error> {
    let buffer = NetlinkBuffer::new_checked(bytes).map_err(malformed)?;
    let payload = buffer.payload();
    let mut reason = None;
    let content = match buffer.message_type() {
        NLMSG_NOOP | NLMSG_OVERRUN => Content::Noop,
        NLMSG_ERROR => {
            let error = ErrorBuffer::new_checked(payload).map_err(malformed)?;
            if buffer.flags() & NLM_F_ACK_TLVS != 0 {
                reason = words(payload);
            }
            outcome(error.code().map_or(0, std::num::NonZeroI32::get))?
        }
        // Old kernels end a dump with an empty message. Newer ones put the error of the dump here.
        NLMSG_DONE if payload.is_empty() => Content::Done,
        NLMSG_DONE => {
            let done = DoneBuffer::new_checked(payload).map_err(malformed)?;
            outcome(done.code())?
        }
        _ => Content::Answer(payload),
    };
    let message = Message {
        sequence: buffer.sequence_number(),
        interrupted: buffer.flags() & NLM_F_DUMP_INTR != 0,
        content,
        reason,
    };
    Ok((message, NETLINK_HEADER_LEN + payload.len()))
}

/// The text attribute after the error number and the header of the request. The kernel does not
/// echo the request's body (`NETLINK_CAP_ACK`).
fn words(payload: &[u8]) -> Option<String> {
    let attributes = payload.get(4 + NETLINK_HEADER_LEN..)?;
    let text = NlasIterator::new(attributes).flatten().find(|it| it.kind() == NLMSGERR_ATTR_MSG)?;
    Some(String::from_utf8_lossy(text.value()).trim_end_matches('\0').to_owned())
}

/// Result of an acknowledgement, in which the kernel sends 0 or a negative error number.
fn outcome(code: i32) -> Result<Content<'static>, Error> {
    match code {
        0 => Ok(Content::Done),
        i32::MIN | 1.. => Err(Error::Answer(format!("error number {code}"))),
        _ => Ok(Content::Refused(Errno(-code))),
    }
}

/// Wraps a parsing error of the netlink crates.
pub fn malformed(error: impl std::fmt::Display) -> Error {
    Error::Answer(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::codec::tests::{bytes, captured};

    fn contents(datagram: &[u8]) -> Vec<Content<'_>> {
        messages(datagram).map(|message| message.unwrap().content).collect()
    }

    #[test]
    fn acknowledgement_error_and_end_of_a_dump() {
        let datagram = bytes(captured::ACKNOWLEDGED);
        assert_eq!(contents(&datagram), [Content::Done]);
        let datagram = bytes(captured::EXISTS);
        assert_eq!(contents(&datagram), [Content::Refused(Errno(17))]);
        let datagram = bytes(captured::DONE);
        assert_eq!(contents(&datagram), [Content::Done]);
    }

    #[test]
    fn end_of_a_dump_carries_its_error() {
        let mut datagram = bytes(captured::DONE);
        datagram[16..].copy_from_slice(&(-22_i32).to_ne_bytes());
        assert_eq!(contents(&datagram), [Content::Refused(Errno(22))]);
        // Old kernels end a dump without an error code.
        datagram.truncate(16);
        datagram[0] = 16;
        assert_eq!(contents(&datagram), [Content::Done]);
    }

    #[test]
    fn a_positive_error_number_is_malformed() {
        for code in [17_i32, i32::MIN] {
            let mut datagram = bytes(captured::ACKNOWLEDGED);
            datagram[16..20].copy_from_slice(&code.to_ne_bytes());
            assert!(messages(&datagram).next().unwrap().is_err(), "{code}");
        }
    }

    #[test]
    fn messages_with_padding_between_and_none_at_the_end() {
        // A message of 17 bytes, its padding, a NOOP, and a message of 17 bytes without padding.
        let odd = bytes("11000000 1c00 1200 07000000 00000000 aa");
        let noop = bytes("10000000 0100 0000 08000000 00000000");
        let datagram = [&odd[..], &[0; 3], &noop, &odd].concat();
        let found: Vec<_> = messages(&datagram).map(Result::unwrap).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].content, Content::Answer(&[0xaa]));
        assert!(found[0].interrupted);
        assert_eq!((found[0].sequence, found[1].sequence), (7, 8));
        assert_eq!(found[1].content, Content::Noop);
        assert!(!found[1].interrupted);
        assert_eq!(found[2].content, Content::Answer(&[0xaa]));
    }

    #[test]
    fn length_beyond_the_datagram_ends_it() {
        let mut datagram = bytes(captured::DONE);
        datagram[0] = 24;
        let found: Vec<_> = messages(&datagram).collect();
        assert!(matches!(found[..], [Err(Error::Answer(_))]));
    }
}
