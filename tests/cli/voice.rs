//! Every error message is one line that names the mistake, followed by hints about valid values and
//! what was probably meant.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use tempfile::NamedTempFile;

const TRY: &str = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n";

fn run<S: AsRef<str>>(words: &[S]) -> Output {
    use std::os::unix::process::CommandExt;
    Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .arg0("ipvsadm")
        .args(words.iter().map(AsRef::as_ref))
        .stdin(Stdio::null())
        .output()
        .expect("the program was built")
}

/// Error messages and exit status of a refused command line.
fn refused(line: &str) -> (String, i32) {
    let output = run(&line.split(' ').collect::<Vec<_>>());
    assert!(output.stdout.is_empty(), "{line}: {output:?}");
    let text = String::from_utf8(output.stderr).expect("messages are UTF-8");
    for (number, line) in text.lines().enumerate() {
        assert_eq!(number > 0, line.starts_with("hint: "), "{text}");
    }
    for foreign in ["tip:", "use '--", "error:", "Usage:", "For more information, try"] {
        assert!(!text.contains(foreign), "{line}: {text}");
    }
    (text, output.status.code().expect("an exit status"))
}

/// Checks the first line, the exit status, and that the hints contain `hint`.
fn check(line: &str, status: i32, first: &str, hint: &str) {
    let (text, code) = refused(line);
    let (said, hints) = text.split_once('\n').expect("a line");
    assert_eq!((said, code), (first, status), "{line}");
    assert!(hints.contains(hint), "{line}: {text}");
}

#[test]
fn an_unknown_first_word_is_named_itself() {
    for (line, hint) in [
        (
            "disable -t 192.0.2.80:80",
            "`disable': to send a real server no new connections: ipvsadm drain",
        ),
        ("sett -t 192.0.2.80:80", "`sett': did you mean `ipvsadm set'?"),
        ("delete -t 192.0.2.80:80", "`delete': -D deletes a service, -d a real server"),
        ("remove -t 192.0.2.80:80", "`remove': -D deletes a service, -d a real server"),
        ("list", "`list': did you mean -L (--list)?"),
        ("show -n", "`show': did you mean -L (--list)?"),
        ("clean", "`clean': did you mean -C (--clear), which deletes every service?"),
        ("flush", "`flush': did you mean -C (--clear), which deletes every service?"),
        ("status", "`status': -L lists the table; `ipvsadm rs status'"),
        ("version", "`version': did you mean -v (--version)?"),
        ("monitor", "`monitor': to see the rates as they change: ipvsadm top"),
        ("-V", "`-V': did you mean -v (--version)?"),
        ("--hepl", "`--hepl': did you mean -h (--help)?"),
        ("hepl", "`hepl': did you mean `ipvsadm help'?"),
        ("--start-deamon master", "`--start-deamon': did you mean --start-daemon?"),
        ("-save", "`-save': did you mean -S (--save)?"),
        ("-set 1 1 1", "`-set': did you mean --set?"),
        ("a -t 192.0.2.80:80 -r 192.0.2.1", "`a': did you mean -a (--add-server)?"),
        (
            "--netns gw frobnicate -n",
            "`frobnicate' is neither a command nor a verb of this version",
        ),
        ("-n -L", "`-n' is not a complete command; give a command first, for example -L"),
        ("-P -t 192.0.2.80:80 -z 192.0.2.1", "`-P': it belongs to the full NAT of other forks"),
    ] {
        let (text, status) = refused(line);
        assert_eq!(status, 255, "{line}");
        assert!(text.starts_with(&format!("{TRY}hint: {hint}")), "{line}: {text}");
        assert_eq!(text.lines().count(), 2, "{line}: {text}");
    }
}

#[test]
fn daemons_ask_for_their_role() {
    for option in ["--start-daemon", "--stop-daemon"] {
        let hint = format!("`{option}': it needs a value: master|backup");
        check(option, 255, TRY.trim_end(), &hint);
    }
    check("-A -t", 255, "-t: missing argument", "hint: -t needs VIP[:PORT]\n");
}

#[test]
fn help_works_as_a_word() {
    let help = run(&["-h"]);
    let words = run(&["help"]);
    assert_eq!((words.status.code(), words.stdout), (Some(0), help.stdout));
    for (line, same) in [
        ("help apply", "apply --help"),
        ("help rs prepare", "rs prepare --help"),
        ("apply help", "apply --help"),
        ("diff help", "diff --help"),
        ("set help", "set --help"),
        ("rs help", "rs --help"),
        ("director prepare help", "director prepare --help"),
    ] {
        let [words, help] = [line, same].map(|it| run(&it.split(' ').collect::<Vec<_>>()));
        assert_eq!((words.status.code(), words.stdout), (Some(0), help.stdout), "{line}");
        assert!(words.stderr.is_empty(), "{line}");
    }
    check("help frob", 2, "there is no verb `frob'", "hint: the verbs are apply, ");
}

#[test]
fn a_verb_says_what_is_legal_and_what_was_meant() {
    for (line, first, hint) in [
        ("rs", "`rs' needs a subcommand", "hint: give prepare, undo or status; "),
        ("rs start", "`rs' has no subcommand `start'", "did you mean `ipvsadm rs prepare'?"),
        ("rs stop", "`rs' has no subcommand `stop'", "did you mean `ipvsadm rs undo'?"),
        ("director list", "`director' has no subcommand `list'", "`ipvsadm director status'?"),
        ("rs --netns gw prepare", "`rs prepare' needs --mode MODE", "hint: --mode dr: "),
        ("rs prepar", "`rs' has no subcommand `prepar'", "did you mean `ipvsadm rs prepare'?"),
        ("apply", "`apply' needs FILE", "hint: FILE: a file of rule lines, or JSON"),
        ("apply --dryrun f", "`apply' has no option `--dryrun'", "did you mean --dry-run?"),
        ("apply -n f", "`apply' has no option `-n'", "hint: the options are --dry-run, "),
        ("apply --accept f", "--accept cannot be used with FILE", ""),
        ("apply --dry-run=3 f", "--dry-run takes no value, but has `3'", ""),
        ("diff a b c", "unexpected argument `c'", "hint: FILE: "),
        ("rs prepare dr", "unexpected argument `dr'", "did you mean --mode dr?"),
        ("rs prepare 192.0.2.80", "unexpected argument `192.0.2.80'", "--vip 192.0.2.80?"),
        ("rs prepare --mode dr -o json", "`rs prepare' has no option `-o'", "mean --json?"),
        ("rs prepare --mode dr --mode nat", "--mode is given twice", ""),
        ("rs prepare --vip", "--vip needs a value: ADDR", "hint: --vip: virtual addresses"),
        ("rs prepare --mode nat --vip 192.0.2.80", "--vip is for --mode dr or tun", ""),
        ("rs prepare --mode dr", "--mode dr and --mode tun need --vip", ""),
        (
            "set weight=1",
            "`set' needs a service",
            "hint: name the service with -t, -u or --sctp-service",
        ),
        ("set -t 192.0.2.80:80", "`set' needs FIELD=VALUE", "hint: for example weight=0; "),
        (
            "completions bsh",
            "`bsh' is not a valid value of SHELL: expected bash, zsh or fish",
            "did you mean bash?",
        ),
        ("rs prepare --advmss 1", "`1' is not a valid value of --advmss: expected 88 to 65495", ""),
        ("rs prepare --rip x", "`x' is not a valid value of --rip: expected an IP address", ""),
    ] {
        check(line, 2, first, hint);
    }
}

#[test]
fn rs_prepare_explains_its_modes() {
    let (text, status) = refused("rs prepare");
    assert_eq!(status, 2);
    assert!(text.starts_with("`rs prepare' needs --mode MODE\n"), "{text}");
    for mode in ["dr: direct routing (-g)", "tun: tunnelling (-i)", "nat: masquerading (-m)"] {
        assert!(text.contains(&format!("hint: --mode {mode}")), "{text}");
    }
    assert_eq!(refused("rs prepare --mode drr").0.lines().count(), 5, "with what was meant");
}

#[test]
fn pasted_arguments_of_verbs_are_recognised() {
    let director = "director prepare --vip 192.0.2.80 --iface eth0";
    for (line, hint) in [
        ("rs prepare --vip 192.0.2.80/24".to_owned(), "without a prefix length: 192.0.2.80\n"),
        ("rs prepare --vip 192.0.2.80:80".to_owned(), "without a port: 192.0.2.80\n"),
        ("rs prepare --vip [2001:db8::80]".to_owned(), "without brackets: 2001:db8::80\n"),
        ("rs prepare --vip x@192.0.2.80".to_owned(), "an address has no `@'"),
        ("rs prepare --vip 192.0.2.80-90".to_owned(), "there are no ranges"),
        ("rs prepare --vip $VIP".to_owned(), "no shell reads this"),
        ("rs prepare --dev lo:0".to_owned(), "names an address, not an interface: write lo\n"),
        (format!("{director}:1"), "write eth0\n"),
        (format!("{director} --set net.ipv4.vs.conntrack=1"), "net.ipv4.vs: conntrack=1\n"),
        (format!("{director} --set net.ipv4.ip_forward=1"), "for others, use sysctl -w\n"),
        ("rs \u{2013}\u{2013}help".to_owned(), "U+2013 (en dash)"),
        ("rs prepare \u{2014}mode dr".to_owned(), "U+2014 (em dash)"),
        ("apply --fullnat f".to_owned(), "not in the mainline kernel"),
        ("set -f 0x10 weight=1".to_owned(), "written in decimal: 16\n"),
        ("set -t 2001:db8::80:http weight=1".to_owned(), "brackets: [2001:db8::80]:http\n"),
        ("set 192.0.2.80:80 weight=1".to_owned(), "-t 192.0.2.80:80 or -r 192.0.2.80:80\n"),
        ("set -t 192.0.2.80 80 weight=1".to_owned(), "without a space: ADDR:80\n"),
        ("set -t 192.0.2.80:80 weight 2".to_owned(), "hint: for example weight=0; "),
        ("drain 192.0.2.1".to_owned(), "option before it: -t 192.0.2.1 or -r 192.0.2.1\n"),
        ("drain -t 192.0.2.80 80 -r 192.0.2.1".to_owned(), "without a space: ADDR:80\n"),
    ] {
        let (text, status) = refused(&line);
        assert_eq!(status, 2, "{line}");
        assert!(text.contains(hint), "{line}: {text}");
    }
}

#[test]
fn pasted_words_of_the_classic_language_are_recognised() {
    let service = "illegal virtual server address[:port] specified";
    for (line, status, first, hint) in [
        ("-A -t 192.0.2.80 80", 2, "unexpected argument 80", "without a space: ADDRESS:80"),
        ("-A 192.0.2.80:80", 2, "unexpected argument 192.0.2.80:80", "-t 192.0.2.80:80\n"),
        ("-A -t 192.0.2.80:80 rr", 2, "unexpected argument rr", "an option before it: -s rr\n"),
        (
            "-a -t 192.0.2.80:80 192.0.2.1",
            2,
            "unexpected argument 192.0.2.1",
            "-t 192.0.2.1 or -r 192.0.2.1\n",
        ),
        ("-L -o json", 2, "unexpected argument json", "--json prints JSON"),
        ("-A -t 192.0.2.80:80-90", 2, service, "balance them with -f MARK"),
        ("-A -t 192.0.2.80:80,443", 2, service, "balance them with -f MARK"),
        ("-A -t 192.0.2.80-90:80", 2, service, "there are no ranges"),
        ("-A -t x@192.0.2.80:80", 2, service, "an address has no `@'"),
        ("-A -t http://192.0.2.80", 2, service, "this is a URL"),
        ("-A -t $VIP:80", 2, service, "no shell reads this"),
        ("-A -t 2001:db8::80:http", 2, service, "brackets: [2001:db8::80]:http"),
        (
            "-A -t 2001:db8::80:80",
            2,
            "Zero port specified for non-persistent service",
            "brackets: [2001:db8::80]:80; ",
        ),
        ("-A -f 0x10", 2, "invalid fwmark value `0x10' specified", "in decimal: 16"),
        ("-A -f 1/0xff", 2, "invalid fwmark value `1/0xff' specified", "has no mask here"),
        (
            "-a -t 192.0.2.80:80 -r 192.0.2.1 --masquerade",
            255,
            "--masquerade: unknown option",
            "did you mean --masquerading (-m)?",
        ),
        (
            "-a -t 192.0.2.80:80 -r 192.0.2.1 --fullnat",
            255,
            "--fullnat: unknown option",
            "not in the mainline kernel",
        ),
        ("-L \u{2013}n", 2, "unexpected argument \u{2013}n", "U+2013 (en dash)"),
        (
            "-a -t 192.0.2.80:80",
            2,
            "You need to supply the 'real-server' option for the 'add-server' command",
            "name the real server: -r RIP[:PORT]",
        ),
    ] {
        check(line, status, first, hint);
    }
}

fn diff_of(rules: &str) -> Output {
    let mut file = NamedTempFile::new().expect("a scratch file");
    file.write_all(rules.as_bytes()).expect("a writable scratch file");
    let path = file.path().display().to_string();
    run(&["diff", &path, &path])
}

#[test]
fn pasted_rule_lines_are_recognised() {
    for (rules, hint) in [
        ("-A -t 192.0.2.80:80 -s rr \\\n -p 300\n", "write the rule on one line"),
        ("\u{feff}-A -t 192.0.2.80:80 -s rr\n", "U+FEFF (byte order mark)"),
        ("-A\u{a0}-t 192.0.2.80:80 -s rr\n", "U+00A0 (no-break space)"),
        ("-a -t 192.0.2.80:80 -r 192.0.2.1 -w \u{201c}3\u{201d}\n", "U+201C (typographic quote)"),
        ("-A \u{2013}t 192.0.2.80:80\n", "U+2013 (en dash)"),
        ("VIP=192.0.2.80\n-A -t $VIP:80\n", "`VIP=192.0.2.80': no shell reads this"),
        ("-A -t \"192.0.2.80:80\"\n", "quotes have no meaning here"),
        ("if true\n", "`if': no shell reads this"),
        ("sudo ipvsadm -A -t 192.0.2.80:80\n", "`sudo': leave it out"),
        ("$IPVSADM -A -t 192.0.2.80:80\n", "no shell reads this"),
        ("a -t 192.0.2.80:80 -r 192.0.2.1\n", "`a': did you mean -a (--add-server)?"),
        ("-R\n", "`-R': not allowed in a rule file"),
    ] {
        let output = diff_of(rules);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{rules}: {text}");
        let in_form = |line: &str| line.starts_with("hint: ") || line.contains(".tmp");
        assert!(text.lines().all(in_form), "{text}");
        assert!(text.contains(hint), "{rules}: {text}");
    }
}

#[test]
fn a_rule_line_may_begin_with_the_path_of_the_program() {
    for path in ["ipvsadm", "/sbin/ipvsadm", "/usr/sbin/ipvsadm"] {
        let output = diff_of(&format!("{path} -A -t 192.0.2.80:80 -s rr\n"));
        assert_eq!(output.status.code(), Some(0), "{path}: {output:?}");
    }
    assert_eq!(diff_of("/sbin/ipvsadm-save -n\n").status.code(), Some(2));
}

#[test]
fn hints_bring_no_command_from_outside() {
    let output = run(&["-L", "\u{2014}$(id)"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.ends_with("write '-$(id)'\n"), "{text}");
    let output = run(&["rs", "prepare", "--dev", "$(id):0"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.ends_with("write '$(id)'\n"), "{text}");
    let output = run(&["rs", "pre\nhint: run x"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("`rs' has no subcommand `pre\\nhint: run x'\n"), "{text}");
}

#[test]
fn status_names_the_problems_first_and_how_to_mend_them() {
    let words = ["rs", "status", "--mode", "nat", "--director", "192.0.2.99"];
    let output = run(&words);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "real server: 1 problem, 0 checks passed");
    assert!(lines[1].starts_with("WRONG    "), "{text}");
    assert_eq!(lines[2], "fix:     ipvsadm rs prepare --mode nat --director 192.0.2.99");
    let quiet = run(&[&words[..], &["-q"]].concat());
    assert_eq!(quiet.status.code(), Some(1));
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty(), "{quiet:?}");
}
