//! Generic netlink: requests to a family, and the number that this kernel gives the family.

use netlink_packet_core::Emitable;
use netlink_packet_generic::constants::{CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY, GENL_ID_CTRL};
use netlink_packet_generic::{GenlFamily, GenlMessage};

use super::codec::{Attributes, family_id};
use super::socket::{Failure, Socket};

/// A request to a generic netlink family: the command and its attributes.
#[derive(Debug)]
pub struct Request {
    command: u8,
    attributes: Attributes,
}

impl Request {
    pub fn new(command: u8, attributes: Attributes) -> Self {
        Self { command, attributes }
    }

    /// Addresses the request to the family with this number, as [`family`] returns it.
    pub fn to(self, family: u16) -> GenlMessage<Self> {
        let mut message = GenlMessage::from_payload(self);
        message.set_resolved_family_id(family);
        message
    }
}

impl GenlFamily for Request {
    // Required by the trait. Nothing reads the name: `to` sets the number of the family.
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

/// The number that the kernel gave the family `name`. `ENOENT` if the kernel does not have the
/// family and could not load its module.
pub fn family(socket: &mut Socket, name: &str) -> Result<u16, Failure> {
    let mut attributes = Attributes::new();
    attributes.text(CTRL_ATTR_FAMILY_NAME, name);
    socket.get(Request::new(CTRL_CMD_GETFAMILY, attributes).to(GENL_ID_CTRL), family_id)
}
