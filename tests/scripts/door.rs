//! `./x`, the entry for every routine task.

use std::path::Path;
use std::process::Command;

use crate::TOP;

/// Runs `./x` and returns exit status, standard output and standard error.
fn x(words: &[&str], columns: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new("./x");
    let output =
        command.args(words).current_dir(TOP).env("COLUMNS", columns).output().expect("the script");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Each task and the script that does it, from the table in the script itself.
fn tasks() -> Vec<(String, String)> {
    let script = std::fs::read_to_string(Path::new(TOP).join("x")).unwrap();
    let rows = script.lines().filter_map(|line| line.strip_prefix("\t\""));
    let rows = rows.filter_map(|row| {
        let mut cells = row.split('|');
        let (task, script) = (cells.next()?, cells.next()?);
        Some((task.to_owned(), script.split(' ').next()?.to_owned()))
    });
    rows.collect()
}

#[test]
fn help_lists_every_task_and_each_has_a_script() {
    let (status, help, _) = x(&["--help"], "80");
    assert_eq!(status, Some(0));
    assert_eq!(x(&[], "80").1, help);
    assert!(tasks().len() >= 9, "{:?}", tasks());
    for (task, script) in tasks() {
        assert!(help.contains(&format!("\n  {task} ")), "{task}: {help}");
        assert!(Path::new(TOP).join(&script).exists(), "{task}: no {script}");
        let (status, said, _) = x(&[&task, "--help"], "80");
        assert!(status == Some(0) && said.lines().count() > 0, "{task} --help: {said}");
        assert_eq!(x(&["help", &task], "80").1, said);
    }
}

#[test]
fn help_fits_the_terminal() {
    for columns in [30, 59, 60, 80, 200] {
        let (_, help, _) = x(&["--help"], &columns.to_string());
        let long: Vec<&str> = help.lines().filter(|line| line.trim_end().len() > columns).collect();
        assert_eq!(long, [""; 0], "in {columns} columns");
    }
}

#[test]
fn a_mistyped_word_gets_a_proposal_and_the_list() {
    for (words, error, list) in [
        (&["tset"][..], "x: no task 'tset': did you mean test?", "x: the tasks are: test lint"),
        (&["shel"], "x: no task 'shel': did you mean shell?", "x: the tasks are: "),
        (&["xyzzy"], "x: no task 'xyzzy'", "x: the tasks are: "),
        (
            &["test", "kernl"],
            "test.sh: no suite 'kernl': did you mean kernel?",
            "test.sh: the suites are: unit doc",
        ),
        (
            &["test", "--kernel", "trixy"],
            "x: no kernel 'trixy': did you mean trixie?",
            "x: the kernels are: bookworm",
        ),
    ] {
        let (status, out, said) = x(words, "80");
        let mut lines = said.lines();
        assert_eq!((status, out.as_str()), (Some(1), ""), "{words:?}");
        assert_eq!(lines.next(), Some(error), "{words:?}");
        assert!(lines.next().is_some_and(|line| line.starts_with(list)), "{words:?}: {said}");
    }
    let (status, _, said) = x(&["man", "--kernel", "sid"], "80");
    assert!(status == Some(1) && said.contains("man takes no --kernel"), "{said}");
}
