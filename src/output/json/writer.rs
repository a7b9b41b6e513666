//! Writes one object piece by piece: a table of any size needs the memory of one service.

use std::io;

use serde::Serialize;

use super::SCHEMA;

/// An object that is being written.
pub struct Writer<'a> {
    out: &'a mut dyn io::Write,
    items: usize,
}

impl<'a> Writer<'a> {
    /// Begins the object with its schema number.
    pub fn new(out: &'a mut dyn io::Write) -> io::Result<Self> {
        write!(out, "{{\"schema\":{SCHEMA}")?;
        Ok(Self { out, items: 0 })
    }

    /// A field.
    pub fn field(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        write!(self.out, ",\"{name}\":")?;
        Ok(serde_json::to_writer(&mut self.out, value)?)
    }

    /// Begins a list; its items stand a line each.
    pub fn list(&mut self, name: &str) -> io::Result<()> {
        self.items = 0;
        write!(self.out, ",\"{name}\":[")
    }

    /// An item of the list.
    pub fn item(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.out.write_all(if self.items == 0 { b"\n" } else { b",\n" })?;
        self.items += 1;
        Ok(serde_json::to_writer(&mut self.out, value)?)
    }

    /// Ends the list.
    pub fn end_list(&mut self) -> io::Result<()> {
        self.out.write_all(if self.items == 0 { b"]" } else { b"\n]" })
    }

    /// Ends the object.
    pub fn end(self) -> io::Result<()> {
        self.out.write_all(b"}\n")
    }
}
