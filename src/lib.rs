//! IPVS, the layer 4 load balancer of the Linux kernel.
mod error;
pub mod model;
pub mod cli {
    pub mod options;
}
pub use error::{Errno, Error, Misuse, ValueKind};
