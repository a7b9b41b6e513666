//! The program without a kernel: its help works, and mistakes give one clear line.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use tempfile::NamedTempFile;

fn run_as(name: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .arg0(name)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

#[test]
fn help_and_version_need_no_kernel() {
    for args in [&["-h"][..], &["--help"], &["-h", "-L", "nonsense"]] {
        let output = run_as("ipvsadm", args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(text(&output.stdout).contains("\nUsage:\n"), "{args:?}");
        assert!(output.stderr.is_empty());
    }
    let version = run_as("ipvsadm", &["-v"]);
    assert!(text(&version.stdout).starts_with("ipvsadm v1.31 "));
}

#[test]
fn a_mistake_is_named_with_a_hint() {
    let output = run_as("ipvsadm", &["-A", "-t", "192.0.2.80:80", "--schedular", "rr"]);
    assert_eq!(output.status.code(), Some(255));
    assert_eq!(
        text(&output.stderr),
        "--schedular: unknown option\nhint: did you mean --scheduler?\n"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_mistyped_verb_proposes_a_similar_one() {
    for (line, guess) in [
        ("aply rules", "hint: `aply': did you mean `ipvsadm apply'?"),
        ("rs prepar", "hint: did you mean `ipvsadm rs prepare'?"),
        ("apply --dryrun rules", "hint: did you mean --dry-run?"),
        ("rs prepare --mode drr", "expected dr, tun or nat"),
        ("completions bsh", "hint: did you mean bash?"),
        ("director prepare --vip 192.0.2.80 --iface eth0 --set drop_enty=1", "drop_entry"),
    ] {
        let output = run_as("ipvsadm", &line.split(' ').collect::<Vec<_>>());
        let errors = text(&output.stderr);
        assert!(errors.contains(guess), "{line}: {errors}");
        assert_ne!(output.status.code(), Some(0), "{line}");
    }
}

#[test]
fn the_network_namespace_may_stand_before_the_verb() {
    let absent = "no-such-namespace";
    for line in [
        "--netns no-such-namespace diff a b",
        "--netns=no-such-namespace set -t 192.0.2.80:80 scheduler=rr",
        "--netns no-such-namespace rs status --mode nat",
        "--json --netns no-such-namespace apply a",
        "diff a b --netns no-such-namespace",
    ] {
        let output = run_as("ipvsadm", &line.split(' ').collect::<Vec<_>>());
        let errors = text(&output.stderr);
        let said = format!("cannot enter network namespace `{absent}': ");
        assert!(errors.starts_with(&said), "{line}: {errors}");
        assert_eq!(output.status.code(), Some(2), "{line}");
    }
}

#[test]
fn an_option_before_the_verb_shows_its_place() {
    for (line, hint) in [
        ("--netns gw -X diff a b", "the verb comes first: `ipvsadm diff ... --netns gw'"),
        ("--netns gw nonsense", "`nonsense' is neither a command nor a verb"),
        ("--netns diff", "`--netns' is not a complete command"),
        ("-n diff a", "`-n' is not a complete command"),
    ] {
        let output = run_as("ipvsadm", &line.split(' ').collect::<Vec<_>>());
        let errors = text(&output.stderr);
        assert!(errors.starts_with("Try `ipvsadm -h' or "), "{line}: {errors}");
        assert!(errors.contains(hint), "{line}: {errors}");
        assert_eq!(output.status.code(), Some(255), "{line}");
    }
}

#[test]
fn the_time_to_confirm_is_checked_before_anything_is_done() {
    for (words, part) in [
        (&["apply", "--confirm", "/no-such-file"][..], "--confirm 60 /no-such-file"),
        (&["apply", "--confirm", "rules 1"], "--confirm 60 'rules 1'"),
        (&["apply", "--confirm", "0", "/no-such-file"], "at least 1 s is needed"),
        (&["apply", "--confirm=0s", "/no-such-file"], "at least 1 s is needed"),
        (&["apply", "--confirm", "-5", "/no-such-file"], "-5"),
        (&["apply", "--confirm", "5x", "/no-such-file"], "expected a time such as 60, 90s or 5m"),
        (&["apply", "--wait", "5x", "/no-such-file"], "expected a time such as 60, 90s or 5m"),
    ] {
        let output = run_as("ipvsadm", words);
        let errors = text(&output.stderr);
        assert!(errors.contains(part), "{words:?}: {errors}");
        assert!(!errors.contains("cannot open"), "{words:?}: {errors}");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    for words in [
        &["apply", "/no-such-file", "--confirm"][..],
        &["apply", "--confirm", "--json", "/no-such-file"],
        &["apply", "--confirm", "5m", "/no-such-file"],
        &["apply", "--confirm=90s", "/no-such-file"],
        &["apply", "--confirm", "60", "--wait", "1m", "/no-such-file"],
    ] {
        let errors = run_as("ipvsadm", words).stderr;
        assert!(text(&errors).starts_with("cannot open file /no-such-file\n"), "{words:?}");
    }
}

#[test]
fn options_of_other_tools_propose_ours() {
    for (word, proposal) in [
        ("-n", "--dry-run"),
        ("--check", "--dry-run"),
        ("--undo", "--recover"),
        ("-f", "ipvsadm apply FILE"),
    ] {
        let output = run_as("ipvsadm", &["apply", word, "/no-such-file"]);
        let errors = text(&output.stderr);
        assert!(errors.contains(word) && errors.contains(proposal), "{word}: {errors}");
        assert_eq!(output.status.code(), Some(2), "{word}");
    }
    let help = text(&run_as("ipvsadm", &["apply", "--help"]).stdout);
    assert!(!help.contains("--undo") && !help.contains("--check"), "{help}");
}

#[test]
fn restore_keeps_the_first_line_and_hints_at_further_mistakes() {
    let file = rules("-A -t 192.0.2.80:80 --schedular rr\n-A -f 1\n-A -f x\n-A -q\n");
    for program in ["ipvsadm", "ipvsadm-restore"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipvsadm"));
        let words: &[&str] = if program == "ipvsadm" { &["-R"] } else { &[] };
        let output = command
            .arg0(program)
            .args(words)
            .stdin(std::fs::File::open(file.path()).unwrap())
            .output()
            .expect("the program was built");
        let said = "\
--schedular: unknown option
hint: line 1: -A -t 192.0.2.80:80 --schedular rr
hint: did you mean --scheduler?
hint: line 3: invalid fwmark value `x' specified
hint: line 4: -q: unknown option
hint: nothing was changed
";
        assert_eq!(text(&output.stderr), said);
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn option_6_needs_a_firewall_mark() {
    let set = |service: &str| {
        let words = format!("set {service} -6 weight=1 --netns no-such-namespace");
        let output = run_as("ipvsadm", &words.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2), "{words}");
        text(&output.stderr)
    };
    for service in ["-t 192.0.2.80:80", "-u 192.0.2.80:80", "--sctp-service 192.0.2.80:80"] {
        let errors = set(service);
        assert!(errors.contains("cannot be used with --ipv6"), "{service}: {errors}");
    }
    assert!(set("-f 7").contains("`no-such-namespace'"), "understood");
}

#[test]
fn the_hint_names_the_program_as_it_was_called() {
    let output = run_as("/sbin/ipvsadm", &["list"]);
    let first = "Try `/sbin/ipvsadm -h' or '/sbin/ipvsadm --help' for more information.";
    assert_eq!(text(&output.stderr).lines().next(), Some(first));
}

#[test]
fn save_prints_its_usage() {
    for option in ["--help", "-x"] {
        let output = run_as("/usr/sbin/ipvsadm-save", &[option]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).starts_with("Usage: ipvsadm-save"));
    }
}

#[test]
fn a_bad_rule_file_is_refused_before_the_kernel_is_asked() {
    let file = tempfile::tempfile().expect("a scratch file");
    Write::write_all(&mut &file, b"-A -t 192.0.2.80:80\n\n-a -t 192.0.2.80:80 -w x\n")
        .expect("a writable scratch file");
    std::io::Seek::rewind(&mut &file).expect("a seekable scratch file");
    let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm"))
        .args(["-R"])
        .stdin(file)
        .output()
        .expect("the program was built");
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(errors.starts_with("illegal weight specified\nhint: line 3: "), "{errors}");
    assert!(errors.ends_with("hint: nothing was changed\n"), "{errors}");
}

fn rules(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a scratch file");
    file.write_all(text.as_bytes()).expect("a writable scratch file");
    file
}

/// Runs a shell script; `$ours` is the program.
fn shell(words: &str) -> Output {
    let words = format!("ours={}\n{words}", env!("CARGO_BIN_EXE_ipvsadm"));
    Command::new("sh").args(["-c", &words]).output().expect("there is a shell")
}

#[test]
fn a_closed_pipe_keeps_the_exit_status_of_diff() {
    let mut many = String::new();
    for n in 0..4000 {
        many += &format!("-A -t 10.0.{}.{}:80 -s rr\n", n / 250, n % 250);
    }
    let (many, none) = (rules(&many), rules(""));
    let [many, none] = [&many, &none].map(|file| file.path().display().to_string());
    for (words, status) in [
        (format!("diff {none} {many}"), "1\n"),
        (format!("diff --json {none} {many}"), "1\n"),
        (format!("diff {many} {many}"), "0\n"),
    ] {
        let output = shell(&format!("{{ $ours {words}; echo $? >&2; }} | head -c 1 >/dev/null"));
        assert_eq!(text(&output.stderr), status, "{words}");
    }
}

/// A file that the program opens must not take the place of a closed descriptor, because messages
/// would then be written into the file.
#[test]
fn closed_descriptors_change_neither_the_exit_status_nor_a_file() {
    let (one, none) = (rules("-A -t 192.0.2.80:80 -s rr\n"), rules(""));
    let [one, none] = [&one, &none].map(|file| file.path().display().to_string());
    for (words, status) in [
        ("-h".to_owned(), 0),
        ("-v".to_owned(), 0),
        ("-Q".to_owned(), 255),
        ("-A -t bad".to_owned(), 2),
        (format!("diff {none} {one}"), 1),
        (format!("diff --json {none} {one}"), 1),
        (format!("diff {one} {one}"), 0),
        (format!("diff {one} /no-such-file"), 2),
        (format!("diff {one} -"), 1),
    ] {
        for closed in
            ["<&-", "</dev/null >&-", "</dev/null 2>&-", "</dev/null >&- 2>&-", "<&- >&- 2>&-"]
        {
            let what = format!("{words} {closed}");
            let ended = shell(&format!("chmod 666 {one} {none}; $ours {words} {closed}"));
            assert_eq!(ended.status.code(), Some(status), "{what}: {}", text(&ended.stderr));
            assert!(!text(&ended.stderr).contains("panicked"), "{what}: {}", text(&ended.stderr));
            let read = |path| std::fs::read_to_string(path).expect("a file of rules");
            assert_eq!(
                (read(&one), read(&none)),
                ("-A -t 192.0.2.80:80 -s rr\n".into(), String::new()),
                "{what}"
            );
        }
    }
}

#[test]
fn an_unwritable_diff_is_an_error() {
    let (one, none) = (rules("-A -t 192.0.2.80:80 -s rr\n"), rules(""));
    let [one, none] = [&one, &none].map(|file| file.path().display().to_string());
    for files in [format!("{one} {one}"), format!("{none} {one}")] {
        let output = shell(&format!("$ours diff --json {files} >/dev/full"));
        assert_eq!(text(&output.stderr), "No space left on device\n", "{files}");
        assert_eq!(output.status.code(), Some(2), "{files}");
    }
}

#[test]
fn options_are_refused_without_the_option_they_need() {
    for (words, missing) in [
        ("director status --set drop_entry=1", "--vip"),
        ("director status --scheduler rr", "--vip"),
        ("director status --mode nat", "--vip"),
        ("director status --iface lo", "--vip"),
        ("rs status --vip 192.0.2.80", "--mode"),
        ("rs status --director 192.0.2.1", "--mode"),
        ("rs status --rip 192.0.2.1", "--mode"),
        ("rs status --dev lo", "--mode"),
        ("rs status --iface lo", "--mode"),
        ("rs status --advmss 1400", "--mode"),
        ("rs status --tunnel gre", "--mode"),
        ("rs status --arp nft", "--mode"),
    ] {
        let output = run_as("ipvsadm", &words.split(' ').collect::<Vec<_>>());
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}: {errors}");
        let said = errors.lines().next().unwrap_or_default();
        assert!(said.contains("' needs ") && said.contains(missing), "{words}: {errors}");
    }
    for option in ["--vip 192.0.2.80", "--iface lo", "--arp sysctl"] {
        let words = format!("rs prepare --mode nat {option}");
        let output = run_as("ipvsadm", &words.split(' ').collect::<Vec<_>>());
        let name = option.split(' ').next().unwrap_or_default();
        assert_eq!(text(&output.stderr), format!("{name} is for --mode dr or tun\n"));
        assert_eq!(output.status.code(), Some(2), "{words}");
    }
}

/// Replaces the placeholders in `part`, adds the schema, and writes a file.
fn json_of(part: &str) -> NamedTempFile {
    let json = part
        .replace("SERVER", "SERVICE\"destinations\":[{\"address\":\"192.0.2.1\",\"port\":80,")
        .replace(
            "SERVICE",
            "\"services\":[{\"protocol\":\"tcp\",\"address\":\"192.0.2.80\",\"port\":80,",
        )
        .replace("SIX", "\"services\":[{\"fwmark\":1,\"family\":\"ipv6\",")
        .replace("DAEMON", "\"daemons\":[{\"role\":\"backup\",\"interface\":\"lo\",\"sync_id\":0,");
    rules(&format!("{{\"schema\":1,{json}}}"))
}

#[test]
fn json_has_the_ranges_of_the_kernel() {
    let none = rules("");
    let none = none.path().display();
    for (part, place) in [
        ("SERVICE\"persistence\":42949673}]", "services[0]: persistence: 0 to 42949672"),
        ("SIX\"persistence\":9,\"netmask\":0}]", "services[0]: netmask: 1 to 128"),
        ("SIX\"persistence\":9,\"netmask\":129}]", "services[0]: netmask: 1 to 128"),
        ("SERVICE\"scheduler\":\"rr\\u0000x\"}]", "services[0]: \"rr\\0x\" contains a NUL"),
        ("SERVICE\"scheduler\":\"\"}]", "services[0]: scheduler: the name is empty"),
        ("SERVER\"weight\":2147483648}]}]", "destinations[0]: weight: 0 to 2147483647"),
        ("SERVER\"upper_threshold\":4294967296}]}]", "expected u32"),
        ("SERVER\"upper_threshold\":1,\"lower_threshold\":2}]}]", "destinations[0]"),
        ("DAEMON\"port\":0}]", "daemons[0]: port: 1 to 65535"),
        ("DAEMON\"ttl\":0}]", "daemons[0]: ttl: 1 to 255"),
        ("DAEMON\"max_length\":0}]", "daemons[0]: max_length: 1 to 65507"),
        ("DAEMON\"max_length\":65508}]", "daemons[0]: max_length: 1 to 65507"),
        ("DAEMON\"group\":\"192.0.2.1\"}]", "daemons[0]: group: a multicast address"),
        ("\"timeouts\":{\"tcp\":4294967296}", "expected u32"),
    ] {
        let file = json_of(part);
        let output = shell(&format!("$ours diff {none} {}", file.path().display()));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{part}: {errors}");
        assert!(errors.contains(place), "{part}: {errors}");
    }
    // Values outside the ranges of rule lines.
    for part in [
        "SERVICE\"persistence\":0}]",
        "SERVICE\"persistence\":2678401}]",
        "SERVICE\"persistence\":9,\"netmask\":\"255.0.255.0\"}]",
        "SERVICE\"one_packet\":true}]",
        "SERVER\"upper_threshold\":4294967295,\"lower_threshold\":2147483648}]}]",
        "\"timeouts\":{\"tcp\":2678401}",
    ] {
        let file = json_of(part);
        let output = shell(&format!("$ours diff {none} {}", file.path().display()));
        let errors = text(&output.stderr);
        assert_eq!((output.status.code(), &*errors), (Some(1), ""), "{part}");
    }
}

/// A value that the kernel reports differently from how it was set would always differ.
#[test]
fn json_normalises_equivalent_values() {
    for (part, same) in [
        ("SERVICE\"engine\":\"\"}]", "SERVICE\"flags\":[]}]"),
        (
            "SERVICE\"persistence\":9,\"netmask\":\"255.255.255.255\"}]",
            "SERVICE\"persistence\":9}]",
        ),
        (
            "SERVER\"forwarding\":\"tunnel\",\"tunnel\":0,\"tunnel_checksum\":0}]}]",
            "SERVER\"forwarding\":\"tunnel\"}]}]",
        ),
        (
            "SERVER\"forwarding\":\"tunnel\",\"tunnel\":1,\"tunnel_port\":6080,\
             \"tunnel_checksum\":0}]}]",
            "SERVER\"forwarding\":\"tunnel\",\"tunnel\":\"gue\",\"tunnel_port\":6080}]}]",
        ),
        (
            "SERVER\"forwarding\":\"tunnel\",\"tunnel\":2,\"tunnel_checksum\":1}]}]",
            "SERVER\"forwarding\":\"tunnel\",\"tunnel\":\"gre\",\
             \"tunnel_checksum\":\"full\"}]}]",
        ),
    ] {
        let (file, other) = (json_of(part), json_of(same));
        let paths = [file.path(), other.path()].map(|path| path.display().to_string());
        let output = shell(&format!("$ours diff {}", paths.join(" ")));
        assert_eq!(text(&output.stderr), "", "{part}");
        assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(0), ""), "{part}");
    }
}

#[test]
fn a_missing_namespace_is_named() {
    for args in [["-L", "--netns", "no-such-namespace"], ["--netns", "no-such-namespace", "-L"]] {
        let output = run_as("ipvsadm", &args);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("`no-such-namespace'"));
    }
}
