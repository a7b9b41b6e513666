//! Formats hardware addresses.

/// Formats a hardware address, as in `02:00:00:00:00:01`.
pub fn hardware(bytes: &[u8]) -> String {
    let parts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}
