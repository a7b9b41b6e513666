//! Keys of `top` that change which rows the screen shows, and in which order.

use super::{OTHER, SERVER, SERVICE, Terminal, Traffic, row};
use crate::common::namespace;
use crate::program::{ours, ours_with};

const QUIET: &str = "192.0.2.70:80";

/// A service without traffic that comes first by its address.
fn add_quiet_service() {
    let rules = format!("-A -t {QUIET} -s rr\n-a -t {QUIET} -r {OTHER} -m -w 1\n");
    ours_with(&rules, &["-R"]).expect(0);
}

/// The first words of the rows of the table.
fn names(text: &str) -> Vec<&str> {
    let known = [QUIET, SERVICE, OTHER, SERVER];
    // The lines before the heading are sums.
    let lines = text.lines().skip_while(|line| !line.starts_with("Service, real server"));
    lines.filter_map(|line| line.split_whitespace().find(|word| known.contains(word))).collect()
}

#[test]
fn keys_sort_filter_and_hide_rows() {
    namespace(|| {
        let _traffic = Traffic::start();
        add_quiet_service();
        let by_name = [QUIET, OTHER, SERVICE, SERVER];
        let by_load = [SERVICE, SERVER, QUIET, OTHER];
        let mut top = Terminal::run("$ours top --interval 200ms; echo status $?", &[]);
        let is_busy = |text: &str| row(text, SERVER).get(6).is_some_and(|bits| bits != "0");
        top.wait(|text| is_busy(text) && names(text) == by_name);
        for (keys, expected) in [
            ("b", &by_load[..]),
            ("r", &by_name),
            ("ra", &by_load),
            ("n", &by_name),
            // The filter shows a real server with its service.
            ("/.201", &[QUIET, OTHER]),
            ("\r", &[QUIET, OTHER]),
            ("\x1b", &by_name),
            ("e", &[QUIET, SERVICE]),
            // The first service is selected; Enter opens and closes it.
            ("\r", &[QUIET, OTHER, SERVICE]),
            ("\r", &[QUIET, SERVICE]),
            ("e", &by_name),
        ] {
            top.press(keys);
            top.wait(|text| names(text) == expected);
        }
        top.press("?");
        top.wait_for("show or hide all real servers");
        top.press("x");
        top.wait(|text| names(text) == by_name && !text.contains("show or hide"));
        top.press("q");
        top.ends();
    });
}

#[test]
fn a_real_server_at_its_upper_threshold_is_full() {
    namespace(|| {
        let _traffic = Traffic::start();
        let mut top = Terminal::run("$ours top --interval 200ms; echo status $?", &[]);
        top.wait(|text| row(text, SERVER).get(2).is_some_and(|active| active == "1"));
        ours(&["-e", "-t", SERVICE, "-r", SERVER, "-m", "-x", "1"]).expect(0);
        top.wait(|text| row(text, SERVER).get(1).is_some_and(|mark| mark == "full"));
        top.wait_for("1 full");
        // Its service has no other real server.
        top.wait(|text| text.lines().any(|it| it.contains(SERVICE) && it.contains("down")));
        top.press("q");
        top.ends();
    });
}
