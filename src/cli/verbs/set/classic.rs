//! Classic options that set a field, as arguments of `set`.

use clap::{Arg, ArgAction, ArgMatches};

use crate::classic::options::{OptionRow, Takes, option_named};
use crate::model::field::{Assignment, FieldOption, Fields, Shape};
use crate::model::{Destination, Service};

const HEADING: &str = "Fields, as in the classic language";

/// Persistence timeout in seconds for `-p` without a value, as in the classic language.
const DEFAULT_PERSISTENCE: &str = "360";

/// An option and the field that it sets.
struct Given {
    field: &'static str,
    option: FieldOption,
    shape: Shape,
    row: &'static OptionRow,
}

fn given<T: Fields>() -> impl Iterator<Item = Given> {
    T::fields().iter().flat_map(|field| {
        let known = |option: &FieldOption| Some((*option, option_named(option.long)?));
        field.options.iter().filter_map(known).map(|(option, row)| Given {
            field: field.name,
            option,
            shape: field.shape,
            row,
        })
    })
}

/// Names of these options in clap.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    given::<Service>().chain(given::<Destination>()).map(|it| it.option.long)
}

/// The options of a service, followed by those of a real server.
pub(super) fn options() -> Vec<Arg> {
    let service = given::<Service>().map(|it| it.arg().conflicts_with("server"));
    let server = given::<Destination>().map(|it| it.arg().requires("server"));
    service.chain(server).collect()
}

impl Given {
    fn arg(&self) -> Arg {
        let long = self.option.long;
        let arg = Arg::new(long).long(long).short(self.row.short).help_heading(HEADING);
        let help = |value: &str| format!("{}={value}", self.field);
        match (self.option.fixed, self.row.takes) {
            (Some(value), _) => arg.help(help(value)).action(ArgAction::SetTrue),
            (None, Takes::Perhaps(name)) => arg
                .help(help(name) + &format!("; {DEFAULT_PERSISTENCE} without a value"))
                .value_name(name)
                .num_args(0..=1)
                .default_missing_value(DEFAULT_PERSISTENCE),
            (None, Takes::Value(name)) => {
                let arg = arg.help(help(name)).value_name(name).allow_hyphen_values(true);
                match self.shape {
                    Shape::Choice(words) => arg.value_parser(words.to_vec()),
                    _ => arg,
                }
            }
            (None, Takes::Nothing) => arg,
        }
    }

    fn value(&self, matches: &ArgMatches) -> Option<String> {
        match self.option.fixed {
            Some(value) => matches.get_flag(self.option.long).then(|| value.to_owned()),
            None => matches.get_one::<String>(self.option.long).cloned(),
        }
    }
}

/// The assignments that the given options stand for.
pub(super) fn assignments(matches: &ArgMatches) -> Vec<Assignment> {
    let options = given::<Service>().chain(given::<Destination>());
    let assignment = |it: Given| {
        let value = it.value(matches)?;
        Some(Assignment { key: it.field.to_owned(), value })
    };
    options.filter_map(assignment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_a_field_is_one_of_the_classic_language() {
        fn options<T: Fields>() -> usize {
            T::fields().iter().map(|field| field.options.len()).sum()
        }
        assert_eq!(ids().count(), options::<Service>() + options::<Destination>());
        let fixed = given::<Service>().chain(given::<Destination>());
        for it in fixed {
            assert_eq!(it.option.fixed.is_some(), it.row.takes == Takes::Nothing, "{}", it.field);
        }
    }
}
