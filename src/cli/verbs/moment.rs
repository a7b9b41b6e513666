//! Moments on the command line: a time of day, a date with a time, or a time that has passed since.

use std::time::{Duration, SystemTime};

use clap::Arg;

const EXPECTED: &str = "expected a time in UTC such as 03:12, '2026-11-27 03:12', or 90m for \
                        90 minutes ago";

/// Seconds of a day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An option with a moment.
pub(super) fn moment(name: &'static str, help: &'static str) -> Arg {
    let parser = |word: &str| read(word, SystemTime::now()).ok_or(EXPECTED);
    Arg::new(name).long(name).value_name("TIME").value_parser(parser).help(help)
}

/// Reads a moment. A time of day is the last such time.
fn read(word: &str, now: SystemTime) -> Option<SystemTime> {
    if let Ok(passed) = humantime::parse_duration(word) {
        return now.checked_sub(passed);
    }
    let time = if word.matches(':').count() == 1 {
        // Without seconds: they come after the minutes, before a Z.
        format!("{}:00Z", word.trim_end_matches('Z'))
    } else {
        word.to_owned()
    };
    if let Ok(moment) = humantime::parse_rfc3339_weak(time.trim_end_matches('Z')) {
        return Some(moment);
    }
    let today = humantime::format_rfc3339_seconds(now).to_string();
    let (day, _) = today.split_once('T')?;
    let moment = humantime::parse_rfc3339_weak(&format!("{day} {}", time.trim_end_matches('Z')));
    let moment = moment.ok()?;
    if moment > now { moment.checked_sub(DAY) } else { Some(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form() {
        let at = |text: &str| humantime::parse_rfc3339(text).unwrap();
        let now = at("2026-11-27T12:00:00Z");
        for (word, expected) in [
            ("03:12", "2026-11-27T03:12:00Z"),
            ("03:12:30", "2026-11-27T03:12:30Z"),
            ("23:59", "2026-11-26T23:59:00Z"),
            ("90m", "2026-11-27T10:30:00Z"),
            ("2026-11-26 03:12", "2026-11-26T03:12:00Z"),
            ("2026-11-26T03:12Z", "2026-11-26T03:12:00Z"),
            ("2026-11-26T03:12:05Z", "2026-11-26T03:12:05Z"),
        ] {
            assert_eq!(read(word, now), Some(at(expected)), "{word}");
        }
        for bad in ["", "25:00", "yesterday", "03:12:", "2026-11-26", "x:y", "99999999999999y"] {
            assert_eq!(read(bad, now), None, "{bad}");
        }
    }
}
