//! Small drawings in SVG. Sizes are attributes, because the content policy of the page forbids
//! inline styles.

use maud::{Markup, html};

use super::units::short;

/// Width and height of a sparkline, in the units of its own drawing.
const SIZE: (usize, usize) = (120, 24);

/// A line of the values, oldest first. `what` names them, with the unit.
pub fn sparkline(values: &[u64], what: &str) -> Markup {
    let (width, height) = SIZE;
    let most = values.iter().copied().max().unwrap_or_default();
    let text = format!("{what}: now {}, at most {}", short(last(values)), short(most));
    html! {
        svg.spark viewBox=(format!("0 0 {width} {height}")) preserveAspectRatio="none" role="img" aria-label=(text) {
            title { (text) }
            @if values.len() > 1 {
                polyline points=(points(values, most)) {}
            }
        }
    }
}

fn last(values: &[u64]) -> u64 {
    values.last().copied().unwrap_or_default()
}

/// The points from left to right, one unit from the edges.
#[allow(clippy::cast_precision_loss)] // a drawing has no 53 bits
fn points(values: &[u64], most: u64) -> String {
    let (width, height) = (SIZE.0 as f64, SIZE.1 as f64);
    let step = width / (values.len() - 1) as f64;
    let place = |(index, value): (usize, &u64)| {
        let share = *value as f64 / most.max(1) as f64;
        format!("{:.1},{:.1}", index as f64 * step, height - 1.0 - share * (height - 2.0))
    };
    values.iter().enumerate().map(place).collect::<Vec<_>>().join(" ")
}

/// A bar that is filled by `part` of `whole`, with the percentage as text.
pub fn share(part: u64, whole: u64) -> Markup {
    let percent = u128::from(part) * 100 / u128::from(whole.max(1));
    html! {
        svg.share viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="10" {}
            rect.fill width=(percent) height="10" {}
        }
        " " (percent) " %"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparklines_span_the_drawing() {
        assert_eq!(points(&[0, 5, 10], 10), "0.0,23.0 60.0,12.0 120.0,1.0");
        assert_eq!(points(&[0, 0], 0), "0.0,23.0 120.0,23.0");
        let text = sparkline(&[u64::MAX], "<b>").into_string();
        assert!(!text.contains("<b>") && !text.contains("polyline"), "{text}");
    }

    #[test]
    fn shares_do_not_overflow() {
        assert!(share(u64::MAX, u64::MAX).into_string().ends_with(" 100 %"));
        assert!(share(0, 0).into_string().ends_with(" 0 %"));
    }
}
