//! Formats text for man(7).

const WIDTH: usize = 78;

/// Formats literal text in bold.
pub fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", text.replace('\\', "\\e").replace('-', "\\-"))
}

/// Formats a value: words in capitals are italic, literal text is bold.
pub fn value(text: &str) -> String {
    let mut made = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_alphanumeric() || c == '-' || c == '_' {
            word.push(c);
            continue;
        }
        if word.chars().any(char::is_uppercase) {
            made += &format!("\\fI{word}\\fR");
        } else if !word.is_empty() {
            made += &bold(&word);
        }
        word.clear();
        if c != '\0' {
            made.push(c);
        }
    }
    made
}

/// Formats sentences as lines of source. Text in backticks (or a backtick and an apostrophe),
/// options and references to pages are bold.
pub fn text(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('`') {
        let (inside, after) = behind.split_once(['`', '\'']).expect("an end of the quotation");
        words.extend(plain(before));
        push(&mut words, before, &bold(&inside.replace(' ', "\u{a0}")));
        rest = after;
        let glued = rest.find(char::is_whitespace).unwrap_or(rest.len());
        if let Some(last) = words.last_mut() {
            last.push_str(&rest[..glued]);
        }
        rest = &rest[glued..];
    }
    words.extend(plain(rest));
    fill(words)
}

/// Appends a quotation; it joins the previous word if that ends with an opening bracket.
fn push(words: &mut Vec<String>, before: &str, word: &str) {
    match words.last_mut() {
        Some(last) if !before.is_empty() && !before.ends_with(char::is_whitespace) => {
            last.push_str(word);
        }
        _ => words.push(word.to_owned()),
    }
}

fn plain(text: &str) -> Vec<String> {
    text.split_whitespace().map(word).collect()
}

fn word(word: &str) -> String {
    let core = word.trim_matches(|c: char| "(),.;:[]".contains(c));
    let page =
        core.split_once('(').is_some_and(|(_, section)| section.chars().all(char::is_numeric));
    if core.starts_with('-') && core.len() > 1 {
        return word.replacen(core, &bold(core), 1);
    }
    if page && word.contains(')') {
        let name = core.split('(').next().unwrap_or(core);
        return word.replacen(name, &bold(name), 1);
    }
    word.replace('\\', "\\e").replace('~', "\\(ti").replace('^', "\\(ha")
}

fn fill(words: Vec<String>) -> String {
    let mut lines = vec![String::new()];
    for word in words {
        let word = word.replace('\u{a0}', " ");
        let line = lines.last_mut().expect("a line");
        if line.is_empty() {
            *line = word;
        } else if line.len() + word.len() + 1 > WIDTH {
            lines.push(word);
        } else {
            line.push(' ');
            line.push_str(&word);
        }
    }
    let guarded = lines.into_iter().map(|line| {
        if line.starts_with(['.', '\'']) { format!("\\&{line}\n") } else { format!("{line}\n") }
    });
    guarded.collect()
}

/// Makes a sentence: starts it with a capital letter and ends it with a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', ')']) && text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
