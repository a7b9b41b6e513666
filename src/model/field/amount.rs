//! Numbers of `set` relative to the current value: `+2`, `-2`, `50%`.

use super::row::{Numbers, Unit};

/// Whether `text` has only digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Computes `+N`, `-N` or `N%` of `current`. Returns `Ok(None)` if `word` is an ordinary value.
///
/// # Errors
/// Reason why `word` is refused, beginning with the name of the field.
pub(super) fn amount(
    key: &str,
    numbers: Numbers,
    word: &str,
    current: Option<u32>,
) -> Result<Option<u32>, String> {
    if is_number(word) {
        return Ok(None);
    }
    let parts = [("+", word.strip_prefix('+')), ("-", word.strip_prefix('-'))];
    let parts = parts.into_iter().chain([("%", word.strip_suffix('%'))]);
    let found = parts.filter_map(|(sign, digits)| Some((sign, digits?)));
    let Some((sign, digits)) = found.into_iter().find(|(_, digits)| is_number(digits)) else {
        return Err(format!("{key}: `{word}' is not a number: expected N, +N, -N or N%"));
    };
    let Some(current) = current else {
        return Err(format!("{key}: `{word}' starts from the current value, but none is set"));
    };
    // Larger numbers are outside every field's range anyway.
    let number = digits.parse::<u32>().map_or(i128::from(u64::MAX), i128::from);
    let before = i128::from(current);
    let (result, sum) = match sign {
        "+" => (before + number, format!("{current} + {digits}")),
        "-" => (before - number, format!("{current} - {digits}")),
        _ => (percent(before, number), format!("{digits} % of {current}")),
    };
    if result == 0 && numbers.unit == Unit::Limit {
        return Err(format!(
            "{key}: {sum} is 0, which would mean no limit: to remove the limit write {key}="
        ));
    }
    // A limit of 0 means "no limit", so lowering a limit must not end there.
    let least = if numbers.unit == Unit::Limit { 1 } else { numbers.least };
    let most = numbers.most;
    let in_range = (i128::from(least)..=i128::from(most)).contains(&result);
    match u32::try_from(result) {
        Ok(result) if in_range => Ok(Some(result)),
        _ => Err(format!("{key}: {sum} is out of range: {least} to {most}")),
    }
}

/// Rounds to the nearest number. A weight above 0 stays at least 1, because weight 0 takes the
/// server out of rotation, which only `0%` asks for.
fn percent(before: i128, number: i128) -> i128 {
    let rounded = (before * number + 50) / 100;
    if before > 0 && number > 0 { rounded.max(1) } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Fields, Shape};
    use crate::model::{Destination, Service};

    fn amount(key: &str, word: &str, current: Option<u32>) -> Result<Option<u32>, String> {
        let shape = Destination::field(key).map(|field| field.shape);
        let shape = shape.or_else(|| Service::field(key).map(|field| field.shape));
        let Some(Shape::Number(numbers)) = shape else { panic!("{key}") };
        super::amount(key, numbers, word, current)
    }

    #[test]
    fn numbers_start_from_the_current_value() {
        for (word, expected) in [
            ("+2", Some(7)),
            ("-2", Some(3)),
            ("-5", Some(0)),
            ("50%", Some(3)),
            ("200%", Some(10)),
            ("1%", Some(1)),
            ("0%", Some(0)),
            ("7", None),
        ] {
            assert_eq!(amount("weight", word, Some(5)), Ok(expected), "{word}");
        }
    }

    #[test]
    fn results_out_of_range_are_refused() {
        for (key, word, current, part) in [
            ("weight", "-6", Some(5), "weight: 5 - 6 is out of range: 0 to 2147483647"),
            ("weight", "+2147483643", Some(5), "out of range"),
            ("weight", "+99999999999999999999", Some(5), "out of range"),
            ("weight", "99999999999999999999%", Some(5), "out of range"),
            ("weight", "+-2", Some(5), "expected N, +N, -N or N%"),
            ("weight", "+50%", Some(5), "expected N, +N, -N or N%"),
            ("weight", "%", Some(5), "expected N, +N, -N or N%"),
            ("weight", "+", Some(5), "expected N, +N, -N or N%"),
            ("upper_threshold", "-100", Some(100), "to remove the limit write upper_threshold="),
            ("lower_threshold", "+10", None, "none is set"),
            ("persistence", "-300", Some(300), "out of range: 1 to 2678400"),
        ] {
            let text = amount(key, word, current).unwrap_err();
            assert!(text.contains(part), "{key}={word}: {text}");
        }
    }
}
