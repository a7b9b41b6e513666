//! Numbers in at most five characters.

/// Units of a thousand, a million and so on.
const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];

/// A rate with three digits: `0`, `0.25`, `7.5`, `310`, `1.25k`, `99.9G`. An unknown rate is `-`.
pub fn rate(value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    match value {
        ..0.005 => "0".to_owned(),
        ..999.5 => digits(value),
        _ => scaled(value),
    }
}

/// A number of connections: all digits up to 99999, then as [`rate`].
pub fn count(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    if value < 100_000 { value.to_string() } else { scaled(value as f64) }
}

/// A share as a percentage; nothing if it is unknown.
pub fn percent(share: Option<f64>) -> String {
    share.map(|share| format!("{:.0}%", share * 100.0)).unwrap_or_default()
}

fn scaled(value: f64) -> String {
    let mut value = value;
    for unit in UNITS {
        value /= 1000.0;
        if value < 999.5 {
            return digits(value) + unit;
        }
    }
    // Beyond every 64-bit counter.
    "lots".to_owned()
}

/// Three digits, without zeros at the end of a fraction.
fn digits(value: f64) -> String {
    let text = match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => return format!("{value:.0}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        for (value, expected) in [
            (0.0, "0"),
            (0.004, "0"),
            (0.25, "0.25"),
            (3.0, "3"),
            (9.996, "10"),
            (99.96, "100"),
            (310.4, "310"),
            (999.6, "1k"),
            (1254.0, "1.25k"),
            (99_940.0, "99.9k"),
            (999_600.0, "1M"),
            (8.4e9, "8.4G"),
        ] {
            assert_eq!(rate(Some(value)), expected);
        }
        assert_eq!(rate(None), "-");
        assert_eq!([count(0), count(99_999), count(123_456)], ["0", "99999", "123k"]);
        assert_eq!([percent(Some(0.005)), percent(Some(1.0)), percent(None)], ["0%", "100%", ""]);
    }

    proptest! {
        #[test]
        fn figures_fit(value in any::<f64>(), number in any::<u64>()) {
            prop_assert!(rate(Some(value.abs())).len() <= 5, "{}", rate(Some(value.abs())));
            prop_assert!(count(number).len() <= 5);
        }
    }
}
