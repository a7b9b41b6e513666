//! Numbers in few characters.

/// A number with the prefix k, M, G, T or P: `999`, `1.2 k`, `43 M`.
pub fn short(number: u64) -> String {
    let mut unit = 1u64;
    let mut prefix = None;
    for next in ["k", "M", "G", "T", "P"] {
        if number / unit < 1000 {
            break;
        }
        (unit, prefix) = (unit * 1000, Some(next));
    }
    let (whole, tenth) = (number / unit, number % unit / (unit / 10).max(1));
    match prefix {
        None => number.to_string(),
        Some(prefix) if whole < 10 => format!("{whole}.{tenth} {prefix}"),
        Some(prefix) => format!("{whole} {prefix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_have_at_most_three_digits() {
        let numbers = [0, 999, 1000, 1_250, 43_900, 999_999, 9_990_000, u64::MAX];
        let texts = numbers.map(short);
        assert_eq!(texts, ["0", "999", "1.0 k", "1.2 k", "43 k", "999 k", "9.9 M", "18446 P"]);
    }
}
