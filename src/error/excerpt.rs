//! Cuts excerpts of files for messages.

use crate::model::printable;

/// Maximum width in columns of a line with an excerpt.
const COLUMNS: usize = 80;

/// Cuts `text` so that it ends within 80 columns if it begins after `before` columns.
pub(super) fn excerpt(text: &str, before: usize) -> String {
    let text = printable(text);
    let room = COLUMNS.saturating_sub(before);
    if text.chars().count() <= room {
        return text.into_owned();
    }
    let start: String = text.chars().take(room.saturating_sub(3)).collect();
    start + "..."
}

/// Width in columns of `hint: `.
pub(super) const HINT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_end_within_80_columns() {
        assert_eq!(excerpt("-A", HINT), "-A");
        let long = excerpt(&"x".repeat(100), HINT);
        assert_eq!((long.len(), long.ends_with("x...")), (74, true));
        assert_eq!(excerpt(&"\x1b".repeat(30), HINT).len(), 74);
    }
}
