//! Keys that the screen of `top` knows.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A printable character.
    Char(char),
    Enter,
    Escape,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    /// Control-C.
    Interrupt,
    /// Control-Z.
    Suspend,
    /// Control-L.
    Redraw,
}
