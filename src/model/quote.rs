//! Quotes text from outside as one word of a shell, a systemd unit or an nft script.

use std::borrow::Cow;

use super::printable::is_harmful;

/// Quotes `word` as one word of a POSIX shell, of bash, zsh and fish. A plain word stays as it is.
/// The shell runs and expands nothing in it, and a terminal that shows the command acts on nothing
/// in it.
pub fn shell(word: &str) -> Cow<'_, str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    // zsh expands `=ls` to the path of ls, and an empty word would disappear.
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    let mut quoted = "'".to_owned();
    for letter in word.chars() {
        match letter {
            '\'' => quoted.push_str("'\\''"),
            // fish interprets backslashes even inside single quotes.
            '\\' => quoted.push_str("'\\\\'"),
            '\n' | '\t' => quoted.push(letter),
            _ if is_harmful(letter) => {
                let bytes = letter.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
                let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
                quoted.push_str(&format!("'\"$(printf '{octal}')\"'"));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('\'');
    Cow::Owned(quoted)
}

/// Quotes each word of `text`. Words are separated by single blanks, which the kernel does not
/// permit in interface names.
pub fn shell_words(text: &str) -> String {
    text.split(' ').map(shell).collect::<Vec<_>>().join(" ")
}

/// Quotes an option and its value. A value that begins with a dash is joined with `=`, so that it
/// is not taken for an option.
pub fn shell_option(name: &str, value: &str) -> String {
    option(name, value).iter().map(|word| shell(word)).collect::<Vec<_>>().join(" ")
}

/// The words of an option and its value, not quoted.
pub fn option(name: &str, value: &str) -> Vec<String> {
    if value.starts_with('-') {
        vec![format!("{name}={value}")]
    } else {
        vec![name.to_owned(), value.to_owned()]
    }
}

/// Quotes `word` as one argument of `ExecStart=` in a systemd unit, and escapes `%`, `$` and `\`
/// (systemd.unit(5), systemd.service(5)).
pub fn unit(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_@+=:,./-".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut quoted = "\"".to_owned();
    for letter in word.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '%' => quoted.push_str("%%"),
            '$' => quoted.push_str("$$"),
            _ if is_harmful(letter) => {
                let bytes = letter.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
                quoted.extend(bytes.iter().map(|byte| format!("\\x{byte:02x}")));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Path of a program at the start of `ExecStart=`. `None` if systemd refuses the path: quotes,
/// backslashes and control characters are not permitted there, even escaped.
pub fn unit_program(path: &str) -> Option<String> {
    let fits = |letter: char| !is_harmful(letter) && !"'\"\\$".contains(letter);
    (path.starts_with('/') && path.chars().all(fits)).then(|| unit(path))
}

/// Quotes `name` as a string of nft. `None` if nft cannot express it: its strings have no escapes,
/// and a final `*` is a wildcard.
pub fn nft(name: &str) -> Option<String> {
    let fits = |letter: char| !is_harmful(letter) && !"\"\\".contains(letter);
    (!name.is_empty() && !name.ends_with('*') && name.chars().all(fits))
        .then(|| format!("\"{name}\""))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_words_are_not_quoted() {
        for word in ["eth0", "br-1a2b.100", "192.0.2.80/32", "--dev=x", "2001:db8::1"] {
            assert_eq!(shell(word), word);
            assert_eq!(unit(word), word);
        }
        assert_eq!(shell("$(id>&2)"), "'$(id>&2)'");
        assert_eq!(shell("it's"), "'it'\\''s'");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("=ls"), "'=ls'");
        assert_eq!(shell_option("--dev", "-x y"), "'--dev=-x y'");
    }

    #[test]
    fn unit_escapes_percent_dollar_and_quotes() {
        assert_eq!(unit("a b"), "\"a b\"");
        assert_eq!(unit("q\"x\\"), "\"q\\\"x\\\\\"");
        assert_eq!(unit("50%$HOME"), "\"50%%$$HOME\"");
        assert_eq!(unit(";"), "\";\"");
        assert_eq!(unit("a\nb"), "\"a\\x0ab\"");
        assert_eq!(unit_program("/opt/a b/ipvsadm").as_deref(), Some("\"/opt/a b/ipvsadm\""));
        for path in ["ipvsadm", "/a\"b", "/a'b", "/a\\b", "/$a", "/a\nb"] {
            assert_eq!(unit_program(path), None, "{path}");
        }
    }

    #[test]
    fn nft_refuses_names_it_cannot_express() {
        assert_eq!(nft("$(id>&2)").as_deref(), Some("\"$(id>&2)\""));
        for name in ["", "eth*", "a\"b", "a\\b", "a\nb", "a\x1bb"] {
            assert_eq!(nft(name), None, "{name}");
        }
    }

    fn printed_by(shell: &str, word: &str) -> String {
        let script = format!("printf %s {word}");
        let output = Command::new(shell).args(["-c", &script]).output().unwrap();
        assert!(output.stderr.is_empty(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_shell_reads_the_quoted_word_unchanged(
            word in "[^\\x00]{0,12}|[ -~\\n\\t]{0,12}|[$`\"'\\\\(){}<>|&;*?~!#= \\x1b\u{9b}]{0,12}"
        ) {
            let quoted = shell(&word).into_owned();
            prop_assert_eq!(printed_by("sh", &quoted), word);
            let shown = |letter: char| matches!(letter, '\n' | '\t') || !is_harmful(letter);
            prop_assert!(quoted.chars().all(shown), "{}", quoted);
        }

        #[test]
        fn a_unit_line_stays_one_line_of_balanced_quotes(word in "[^\\x00]{0,12}|[ -~]{0,12}") {
            let quoted = unit(&word);
            prop_assert!(!quoted.contains(is_harmful), "{}", quoted);
            prop_assert_eq!(read_as_systemd_does(&quoted), word.as_str());
        }
    }

    /// Reads one word by the rules of systemd.service(5), section "Command lines".
    fn read_as_systemd_does(quoted: &str) -> String {
        let Some(text) = quoted.strip_prefix('"') else { return quoted.to_owned() };
        let text = text.strip_suffix('"').unwrap();
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            let second = match byte {
                b'%' | b'$' => rest.next().filter(|it| *it == byte).expect("a doubled sign"),
                b'\\' => match rest.next().unwrap() {
                    b'x' => {
                        let digits = [rest.next().unwrap(), rest.next().unwrap()];
                        let digits = str::from_utf8(&digits).unwrap().to_owned();
                        u8::from_str_radix(&digits, 16).unwrap()
                    }
                    other => other,
                },
                b'"' => panic!("{quoted}: the quotes end early"),
                byte => byte,
            };
            bytes.push(second);
        }
        String::from_utf8(bytes).unwrap()
    }
}
