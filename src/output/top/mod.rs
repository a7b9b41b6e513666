//! The table of `top`: services and real servers with their rates, once as text or on a screen.
//!
//! [`Live`] turns readings of the kernel's table into rates, shares and marks. [`text()`] prints
//! them. With the feature `top`, a [`State`] has what the user sees and has typed, and [`view()`]
//! draws it. All of this is pure: readings and keys come from `cmd`.

mod figures;
mod history;
#[cfg(feature = "top")]
mod keys;
mod live;
mod mark;
mod reading;
#[cfg(feature = "top")]
mod rows;
#[cfg(feature = "top")]
mod state;
#[cfg(all(test, feature = "top"))]
mod tests;
mod text;
#[cfg(feature = "top")]
mod view;
mod window;

pub use live::Live;
pub use reading::{Reading, ServiceReading};
pub use text::text;

#[cfg(feature = "top")]
pub use keys::Key;
#[cfg(feature = "top")]
pub use state::{Action, Settings, State};
#[cfg(feature = "top")]
pub use view::{page, view};
