//! Counters in columns of nine characters.

use super::line::Line;

/// Appends `value` right-aligned in nine characters. From 10^8 on it is cut (not rounded) to
/// thousands, millions and so on. With `exact` all digits are printed, and the column grows.
pub fn big(line: &mut Line, value: u64, exact: bool) {
    let (value, unit) = match value {
        _ if exact => (value, ""),
        0..100_000_000 => (value, ""),
        100_000_000..1_000_000_000 => (value / 1_000, "K"),
        1_000_000_000..100_000_000_000 => (value / 1_000_000, "M"),
        100_000_000_000..100_000_000_000_000 => (value / 1_000_000_000, "G"),
        _ => (value / 1_000_000_000_000, "T"),
    };
    if exact {
        line.push(" ").number_right(value, "", 8);
    } else {
        line.number_right(value, unit, 9);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(value: u64, exact: bool) -> String {
        let mut line = Line::new();
        super::big(&mut line, value, exact);
        line.as_ref().to_owned()
    }

    #[test]
    fn numbers_are_cut_at_eight_digits() {
        assert_eq!(big(0, false), "        0");
        assert_eq!(big(99_999_999, false), " 99999999");
        assert_eq!(big(100_000_000, false), "  100000K");
        assert_eq!(big(999_999_999, false), "  999999K");
        assert_eq!(big(1_000_000_000, false), "    1000M");
        assert_eq!(big(99_999_999_999, false), "   99999M");
        assert_eq!(big(100_000_000_000, false), "     100G");
        assert_eq!(big(99_999_999_999_999, false), "   99999G");
        assert_eq!(big(100_000_000_000_000, false), "     100T");
        assert_eq!(big(u64::MAX, false), "18446744T");
    }

    #[test]
    fn exact_numbers_widen_the_column() {
        assert_eq!(big(99_999_999, true), " 99999999");
        assert_eq!(big(100_000_000, true), " 100000000");
        assert_eq!(big(u64::MAX, true), " 18446744073709551615");
    }
}
