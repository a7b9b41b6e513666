//! Styles and characters of the screen: bars, sparklines, cut texts.

use ratatui::style::{Color, Modifier, Style};

use super::super::mark::Mark;

/// Eighths of a cell, from the left and from below.
const LEFT: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const BELOW: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Levels of a sparkline in ASCII.
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    /// Colours. They only support the text.
    pub colours: bool,
    /// Characters other than ASCII.
    pub unicode: bool,
}

impl Ink {
    fn coloured(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    pub fn bold() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Titles are not reversed: only the selected row is.
    pub fn titles() -> Style {
        Self::bold().add_modifier(Modifier::UNDERLINED)
    }

    pub fn reversed() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn bar_style(self) -> Style {
        self.coloured(Color::Green)
    }

    pub fn spark_style(self) -> Style {
        self.coloured(Color::Cyan)
    }

    pub fn mark_style(self, mark: Mark) -> Style {
        match mark {
            Mark::None => Style::new(),
            Mark::Draining | Mark::Off => self.coloured(Color::Yellow),
            Mark::Rising => self.coloured(Color::Cyan),
            Mark::Full | Mark::Down => self.coloured(Color::Red).patch(Self::bold()),
        }
    }

    /// Sign of a service whose real servers are visible, or not.
    pub fn sign(self, is_open: bool) -> char {
        match (self.unicode, is_open) {
            (true, true) => '▾',
            (true, false) => '▸',
            (false, true) => '-',
            (false, false) => '+',
        }
    }

    /// A bar of this part of `width` cells.
    pub fn bar(self, share: f64, width: u16) -> String {
        let eighths = eighths(share * f64::from(width), usize::from(width) * 8);
        if !self.unicode {
            return "#".repeat((eighths + 4) / 8);
        }
        let mut bar = LEFT[7].to_string().repeat(eighths / 8);
        bar.extend((eighths % 8).checked_sub(1).map(|part| LEFT[part]));
        bar
    }

    /// A character for each value, relative to the largest one. Unknown values are blank.
    pub fn spark(self, values: &[Option<f64>]) -> String {
        let most = values.iter().flatten().copied().fold(0.0, f64::max);
        let levels = if self.unicode { BELOW } else { ASCII };
        let level = |value: f64| {
            let level = if most > 0.0 { eighths(value / most, 8) } else { 0 };
            levels[level.saturating_sub(1).min(7)]
        };
        values.iter().map(|value| value.map_or(' ', level)).collect()
    }

    /// Cuts a text of ASCII characters out of its middle if it is wider than `width`: the end of an
    /// address is its port.
    pub fn cut(self, text: &str, width: usize) -> String {
        let letters: Vec<char> = text.chars().collect();
        if letters.len() <= width {
            return text.to_owned();
        }
        let Some(kept) = width.checked_sub(1) else { return String::new() };
        let end = kept / 2;
        let mut cut: String = letters[..kept - end].iter().collect();
        cut.push(if self.unicode { '…' } else { '~' });
        cut.extend(&letters[letters.len() - end..]);
        cut
    }
}

/// `value` in eighths, rounded, at most `most`.
fn eighths(value: f64, most: usize) -> usize {
    // Conversions saturate: NaN is 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let eighths = (value * 8.0).round() as usize;
    eighths.min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Ink = Ink { colours: true, unicode: true };
    const PLAIN: Ink = Ink { colours: false, unicode: false };

    #[test]
    fn bars_have_eighths() {
        assert_eq!(INK.bar(0.5, 4), "██");
        assert_eq!(INK.bar(0.53, 4), "██▏");
        assert_eq!(INK.bar(1.5, 4), "████");
        assert_eq!(INK.bar(f64::NAN, 4), "");
        assert_eq!(PLAIN.bar(0.55, 10), "######");
    }

    #[test]
    fn sparklines_are_relative_to_their_largest_value() {
        let values = [Some(0.0), None, Some(4.0), Some(8.0)];
        assert_eq!(INK.spark(&values), "▁ ▄█");
        assert_eq!(PLAIN.spark(&values), "_ -#");
        assert_eq!(INK.spark(&[Some(0.0), Some(0.0)]), "▁▁");
    }

    #[test]
    fn long_texts_lose_their_middle() {
        assert_eq!(INK.cut("tcp [2001:db8::80]:443", 12), "tcp [2…]:443");
        assert_eq!(PLAIN.cut("abc", 2), "a~");
        assert_eq!(PLAIN.cut("abc", 0), "");
    }
}
