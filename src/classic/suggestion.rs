//! Proposes an option for an unknown one.

use super::options::{COMMANDS, OPTIONS};

/// Names that other programs use for options.
const SYNONYMS: [(&str, &str); 14] = [
    ("algorithm", "--scheduler"),
    ("direct", "--gatewaying (-g)"),
    ("dr", "--gatewaying (-g)"),
    ("gateway", "--gatewaying (-g)"),
    ("masq", "--masquerading (-m)"),
    ("masquerade", "--masquerading (-m)"),
    ("nat", "--masquerading (-m)"),
    ("output", "--json"),
    ("format", "--json"),
    ("persist", "--persistent"),
    ("persistence", "--persistent"),
    ("server", "--real-server"),
    ("tunnel", "--ipip (-i)"),
    ("tunneling", "--ipip (-i)"),
];

/// The option whose name is most similar to an unknown one.
pub(super) fn suggestion(word: &str) -> Option<String> {
    let name = word.strip_prefix("--")?.split('=').next()?;
    if let Some((_, known)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name) {
        return Some((*known).to_owned());
    }
    let names = COMMANDS.iter().map(|row| row.long).chain(OPTIONS.iter().map(|row| row.long));
    names
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .chain(unique_start(name).map(|known| (0, known)))
        .filter(|(distance, _)| *distance <= 2 && *distance < name.len())
        .min()
        .map(|(_, known)| format!("--{known}"))
}

/// The only option that begins with `name`. popt accepts no abbreviations, but people type them.
fn unique_start(name: &str) -> Option<&'static str> {
    let mut starts = COMMANDS
        .iter()
        .map(|row| row.long)
        .chain(OPTIONS.iter().map(|row| row.long))
        .filter(|known| name.len() >= 3 && known.starts_with(name));
    let first = starts.next()?;
    starts.next().is_none().then_some(first)
}

#[test]
fn near_names_are_suggested() {
    assert_eq!(suggestion("--schedular=rr").as_deref(), Some("--scheduler"));
    assert_eq!(suggestion("--num").as_deref(), Some("--numeric"));
    assert_eq!(suggestion("--banana"), None);
}
