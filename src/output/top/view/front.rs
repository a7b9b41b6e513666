//! Windows in front of the table: help, question, message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::state::Front;
use super::ink::Ink;
use crate::classic::{describe_destination, describe_service};
use crate::model::printable;

/// Widest window.
const WIDEST: u16 = 76;

const HELP: &str = "\
Up, Down, PgUp, PgDn, Home, End  select a row
Enter, Left, Right  show or hide the real servers of a service
e                   show or hide all real servers
n, a, c, b          sort by name, active connections, conn/s, bits/s
r                   reverse the order
/                   show only rows that contain a text; Esc shows all
d                   drain the selected real server
q, Ctrl-C           quit

Rates: average of 10 s. In and Out: bits or packets from and to clients.
Share: part of the bits of the last minute.
drain  weight 0 by `ipvsadm drain'   full  upper threshold reached
ramp   undrain raises the weight     off   weight 0, not by drain
down   no real server gets new connections";

/// Draws the window, if there is one.
pub fn front(front: &Front, area: Rect, buffer: &mut Buffer, ink: Ink) {
    let (title, lines): (&str, Vec<String>) = match front {
        Front::Table | Front::Filter => return,
        Front::Help => ("Help", HELP.lines().map(str::to_owned).collect()),
        Front::Message(lines) => ("Message", lines.clone()),
        Front::Question(service, server) => {
            let name = describe_destination(service, server);
            let lines = vec![
                format!("Drain {server} of {}?", describe_service(service)),
                "The weight becomes 0: current clients stay, and new ones go to the other real \
                 servers. top does not wait until the real server is idle."
                    .to_owned(),
                format!("To end the drain: ipvsadm undrain {name}"),
                String::new(),
                "y: drain   any other key: do nothing".to_owned(),
            ];
            ("Drain", lines)
        }
    };
    window(title, &lines, area, buffer, ink);
}

fn window(title: &str, lines: &[String], area: Rect, buffer: &mut Buffer, ink: Ink) {
    let width = WIDEST.min(area.width.saturating_sub(2));
    let Some(room) = width.checked_sub(4).filter(|room| *room > 0) else { return };
    let lines: Vec<String> =
        lines.iter().flat_map(|line| wrapped(&printable(line), usize::from(room))).collect();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let [corners, across, down] =
        if ink.unicode { ["┌┐└┘", "─", "│"] } else { ["++++", "-", "|"] };
    let corner: Vec<char> = corners.chars().collect();
    let rule = across.repeat(usize::from(width) - 2);
    for y in place.top()..place.bottom() {
        let index = usize::from(y - place.top());
        let text = if y == place.top() {
            let rest = across.repeat((usize::from(width) - 2).saturating_sub(title.len() + 3));
            format!("{}{across} {title} {rest}{}", corner[0], corner[1])
        } else if y + 1 == place.bottom() {
            format!("{}{rule}{}", corner[2], corner[3])
        } else {
            let line = lines.get(index - 1).map_or("", String::as_str);
            format!("{down} {line:<0$} {down}", usize::from(room))
        };
        buffer.set_style(Rect { y, height: 1, ..place }, Style::reset());
        buffer.set_stringn(place.x, y, text, usize::from(width), Style::new());
    }
}

/// Breaks a line at blanks. A word that is too long is broken anywhere.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(width) {
            let last = lines.last().map_or(0, |line| line.chars().count());
            if last > 0 && last + 1 + piece.len() > width {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.extend(piece);
            }
        }
    }
    lines
}

#[cfg(test)]
#[test]
fn long_lines_are_wrapped() {
    assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
    assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(wrapped("", 4), [""]);
}
