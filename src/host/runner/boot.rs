//! What the next boot does to what is kept over it.

use std::path::Path;

use crate::host::Step;
use crate::system::sysctl_files::read_after;

/// Other files that set a parameter of ours to another value later, a note each.
pub fn overridden<'a>(steps: impl Iterator<Item = &'a Step>) -> Vec<String> {
    let mut notes = Vec::new();
    for step in steps {
        let Step::File { path, content } = step else { continue };
        let Some(name) = path.strip_prefix("/etc/sysctl.d/") else { continue };
        let later = read_after(name);
        for (key, value) in content.lines().filter_map(|line| line.split_once(" = ")) {
            // Of several files the last one counts.
            let last = later.iter().rfind(|it| it.key == key && it.path != Path::new(path));
            if let Some(it) = last.filter(|it| it.value != value) {
                notes.push(format!(
                    "{} sets {key} to {} after {path} has set it to {value}, at every boot and \
                     `sysctl --system': take it out there",
                    it.path.display(),
                    it.value
                ));
            }
        }
    }
    notes.dedup();
    notes
}
