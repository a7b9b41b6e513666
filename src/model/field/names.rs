//! Recognises mistyped names of fields and other names for them.

use super::row::Fields;
use crate::model::{Destination, Service};

/// A field of either table.
#[derive(Clone, Copy)]
struct Named {
    name: &'static str,
    instead: &'static str,
}

/// Every name of every field of `T`; the field's own name comes first.
fn known<T: Fields>() -> impl Iterator<Item = (String, Named)> {
    T::fields().iter().flat_map(|field| {
        let meant = Named { name: field.name, instead: T::INSTEAD };
        let options = field.options.iter().map(|option| option.long.replace('-', "_"));
        let synonyms = field.synonyms.iter().map(|synonym| (*synonym).to_owned());
        let names = [field.name.to_owned()].into_iter().chain(options).chain(synonyms);
        names.map(move |name| (name, meant))
    })
}

/// The field that an unknown name probably means.
fn nearest(name: &str) -> Option<Named> {
    let name = name.trim_start_matches('-').replace('-', "_").to_lowercase();
    let all: Vec<(String, Named)> = known::<Service>().chain(known::<Destination>()).collect();
    let own = || all.iter().filter(|(known, field)| known == field.name);
    let exact = own().chain(&all).find(|(known, _)| *known == name);
    if let Some((_, field)) = exact {
        return Some(*field);
    }
    let mut starts = own().filter(|(known, _)| name.len() >= 3 && known.starts_with(&name));
    if let (Some((_, field)), None) = (starts.next(), starts.next()) {
        return Some(*field);
    }
    all.iter()
        .map(|(known, field)| (strsim::damerau_levenshtein(known, &name), field))
        .filter(|(distance, _)| *distance <= 2 && distance * 2 < name.chars().count())
        .min_by_key(|(distance, field)| (*distance, field.name))
        .map(|(_, field)| *field)
}

/// Proposals for a name that is no field of `T`.
pub(super) fn proposals<T: Fields>(name: &str) -> Vec<String> {
    let names: Vec<&str> = T::fields().iter().map(|field| field.name).collect();
    let legal = format!("the fields of {} are {}", T::NAME, names.join(", "));
    match nearest(name) {
        Some(field) if T::field(field.name).is_none() => {
            vec![format!("{} is {}", field.name, field.instead)]
        }
        Some(field) => vec![format!("did you mean {}=?", field.name), legal],
        None => vec![legal],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn dashes_classic_names_and_mistypings_find_the_field() {
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
            ("sheduler", "scheduler"),
        ] {
            assert_eq!(nearest(name).map(|field| field.name), Some(field), "{name}");
        }
        for name in ["address", "q", "colour"] {
            assert!(nearest(name).is_none(), "{name}");
        }
    }

    #[test]
    fn each_name_means_one_field() {
        let mut seen = BTreeSet::new();
        for (name, field) in known::<Service>().chain(known::<Destination>()) {
            // An option may have the same name as its field.
            assert!(seen.insert(name.clone()) || name == field.name, "{name}");
            assert_eq!(nearest(&name).map(|it| it.name), Some(field.name), "{name}");
        }
    }
}
