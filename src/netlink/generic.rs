//! Generic netlink: requests to a family, and the number that this kernel gives the family.

use netlink_packet_core::Emitable;
use netlink_packet_generic::constants::{CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY, GENL_ID_CTRL};
use netlink_packet_generic::{GenlFamily, GenlMessage};

use super::codec::{Attributes, family_id};
use super::socket::{Failure, Socket};

/// A request to any family.
#[derive(Debug)]
pub struct Request {
    command: u8,
    attributes: Attributes,
}

impl Request {
    pub fn new(command: u8, attributes: Attributes) -> Self {
        Self { command, attributes }
    }

    /// To the family of this number.
    pub fn to(self, family: u16) -> GenlMessage<Self> {
        let mut message = GenlMessage::from_payload(self);
        message.set_resolved_family_id(family);
        message
    }
}

impl GenlFamily for Request {
    /// For those who let the crate find the number.
    fn family_name() -> &'static str {
        ""
    }

    fn command(&self) -> u8 {
        self.command
    }

    fn version(&self) -> u8 {
        1
    }
}

impl Emitable for Request {
    fn buffer_len(&self) -> usize {
        self.attributes.bytes().len()
    }

    fn emit(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.attributes.bytes());
    }
}

/// The number of the family `name`. `ENOENT` where the kernel has none, and can or may load none.
pub fn family(socket: &mut Socket, name: &str) -> Result<u16, Failure> {
    let mut attributes = Attributes::new();
    attributes.text(CTRL_ATTR_FAMILY_NAME, name);
    socket.get(Request::new(CTRL_CMD_GETFAMILY, attributes).to(GENL_ID_CTRL), family_id)
}
