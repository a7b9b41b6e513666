//! Values to text. Nothing here asks the kernel.

pub mod connections;
pub mod list;
pub mod json;
pub mod numbers;
pub mod order;
