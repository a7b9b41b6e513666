//! The names of the fields that `set` changes, and what people write instead.

/// What can be set of a service.
pub const SERVICE_FIELDS: [&str; 6] =
    ["scheduler", "flags", "persistence", "netmask", "engine", "one_packet"];

/// What can be set of a real server.
pub const SERVER_FIELDS: [&str; 7] = [
    "weight",
    "forwarding",
    "upper_threshold",
    "lower_threshold",
    "tunnel",
    "tunnel_port",
    "tunnel_checksum",
];

/// Names of the classic options and other usual names, with the field. `_` stands for `-`.
const SYNONYMS: [(&str, &str); 28] = [
    ("w", "weight"),
    ("x", "upper_threshold"),
    ("u_threshold", "upper_threshold"),
    ("y", "lower_threshold"),
    ("l_threshold", "lower_threshold"),
    ("g", "forwarding"),
    ("gatewaying", "forwarding"),
    ("i", "forwarding"),
    ("ipip", "forwarding"),
    ("m", "forwarding"),
    ("masquerading", "forwarding"),
    ("method", "forwarding"),
    ("tun_type", "tunnel"),
    ("tun_port", "tunnel_port"),
    ("tun_csum", "tunnel_checksum"),
    ("tun_nocsum", "tunnel_checksum"),
    ("tun_remcsum", "tunnel_checksum"),
    ("s", "scheduler"),
    ("b", "flags"),
    ("sched_flags", "flags"),
    ("p", "persistence"),
    ("persistent", "persistence"),
    ("timeout", "persistence"),
    ("mask", "netmask"),
    ("pe", "engine"),
    ("persistence_engine", "engine"),
    ("o", "one_packet"),
    ("ops", "one_packet"),
];

/// The field that was probably meant by a name that is none.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.trim_start_matches('-').replace('-', "_").to_lowercase();
    let fields = || SERVICE_FIELDS.into_iter().chain(SERVER_FIELDS);
    if let Some(field) = fields().find(|field| *field == name) {
        return Some(field);
    }
    if let Some((_, field)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name) {
        return Some(field);
    }
    let mut starts = fields().filter(|field| name.len() >= 3 && field.starts_with(&name));
    if let (Some(field), None) = (starts.next(), starts.next()) {
        return Some(field);
    }
    let names = fields().map(|field| (field, field)).chain(SYNONYMS);
    names
        .map(|(known, field)| (strsim::damerau_levenshtein(known, &name), field))
        .filter(|(distance, _)| *distance <= 2 && distance * 2 < name.chars().count())
        .min()
        .map(|(_, field)| field)
}

/// What to tell somebody who named a field that is not among `known`.
pub(super) fn proposals(name: &str, known: &[&str]) -> Vec<String> {
    let of = if known == SERVER_FIELDS { "a real server" } else { "a service" };
    let legal = format!("the fields of {of} are {}", known.join(", "));
    match nearest(name) {
        Some(field) if !known.contains(&field) && known == SERVER_FIELDS => {
            vec![format!("{field} is a field of the service: leave -r out")]
        }
        Some(field) if !known.contains(&field) => {
            vec![format!("{field} is a field of a real server: name it with -r RIP:PORT")]
        }
        Some(field) => vec![format!("did you mean {field}=?"), legal],
        None => vec![legal],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_classic_names_and_slips_find_the_field() {
        for (name, field) in [
            ("u-threshold", "upper_threshold"),
            ("--u-threshold", "upper_threshold"),
            ("upper-threshold", "upper_threshold"),
            ("upper", "upper_threshold"),
            ("wieght", "weight"),
            ("Weight", "weight"),
            ("w", "weight"),
            ("-y", "lower_threshold"),
            ("tun-type", "tunnel"),
            ("persistent", "persistence"),
            ("persistance", "persistence"),
            ("ops", "one_packet"),
            ("sheduler", "scheduler"),
        ] {
            assert_eq!(nearest(name), Some(field), "{name}");
        }
        for name in ["address", "q", "colour"] {
            assert_eq!(nearest(name), None, "{name}");
        }
    }
}
