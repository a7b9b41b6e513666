//! Version of the JSON format.

/// Incremented at every change that could break a reader.
pub const SCHEMA: u32 = 1;

/// Refuses a file of another version.
///
/// # Errors
/// The reason, which names both versions.
pub fn check_schema(found: u32) -> Result<(), String> {
    if found == SCHEMA {
        return Ok(());
    }
    Err(format!("schema {found} is unknown: this program reads schema {SCHEMA}"))
}
