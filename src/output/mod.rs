//! Values to text. Nothing here asks the kernel.

pub mod connections;
pub mod json;
pub mod line;
pub mod list;
pub mod numbers;
pub mod order;
pub mod paint;
