//! A row of the table, and the values of a thing by its rows.

use std::borrow::Cow;
use std::fmt;

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// True or false.
    Switch(bool),
    /// A number, or the kernel's number for something that has no name.
    Number(u32),
    /// A name or an address.
    Text(Cow<'a, str>),
    /// Several names.
    List(Vec<Cow<'a, str>>),
}

impl Value<'_> {
    /// The same value, which borrows from nothing.
    pub fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'_, str>| -> Cow<'static, str> {
            match text {
                Cow::Borrowed(text) => Cow::Owned(text.to_owned()),
                Cow::Owned(text) => Cow::Owned(text),
            }
        };
        match self {
            Self::Switch(on) => Value::Switch(on),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::Text(owned(text)),
            Self::List(list) => Value::List(list.into_iter().map(owned).collect()),
        }
    }

    /// The name, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

/// As people write it: `80`, `wlc`, `sh-port,sh-fallback`.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(on) => on.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::List(list) => f.write_str(&list.join(",")),
        }
    }
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share, without a unit.
    One,
    /// Connections; 0 means "no limit".
    Limit,
    /// Seconds.
    Seconds,
}

/// The numbers of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The least number of the classic language.
    pub least: u32,
    /// The greatest number of the classic language.
    pub most: u32,
    /// The greatest number that a kernel can hold; the least is 0.
    pub most_possible: u32,
    /// What is counted.
    pub unit: Unit,
}

/// Which values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// True or false.
    Switch,
    /// A number.
    Number(Numbers),
    /// A port of 1 to 65535.
    Port,
    /// The name of a scheduler.
    Scheduler,
    /// The name of a persistence engine.
    Engine,
    /// One of these words. JSON knows more for some fields, and the kernel's numbers.
    Choice(&'static [&'static str]),
    /// Flags of the scheduler.
    Flags,
    /// An IPv4 mask or an IPv6 prefix length.
    Mask,
}

impl Shape {
    /// The value in help texts: `N`, `true|false`.
    pub fn placeholder(self) -> Cow<'static, str> {
        match self {
            Self::Switch => "true|false".into(),
            Self::Number(Numbers { unit: Unit::Seconds, .. }) => "SECONDS".into(),
            Self::Number(_) | Self::Port => "N".into(),
            Self::Scheduler | Self::Engine => "NAME".into(),
            Self::Choice(words) => words.join("|").into(),
            Self::Flags => "WORD,WORD".into(),
            Self::Mask => "MASK".into(),
        }
    }
}

/// An option of the classic language that gives a field its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldOption {
    /// The long name.
    pub long: &'static str,
    /// The field's value if the option takes none.
    pub fixed: Option<&'static str>,
}

impl FieldOption {
    /// An option with the value of the field.
    pub const fn value(long: &'static str) -> Self {
        Self { long, fixed: None }
    }

    /// An option that stands for a value of the field.
    pub const fn fixed(long: &'static str, value: &'static str) -> Self {
        Self { long, fixed: Some(value) }
    }
}

/// How a row sets its field of a thing, given all values of that thing.
pub type Setter<T> = fn(&mut T, Option<&Value<'_>>, &Record<T>) -> Result<(), String>;

/// A row: an attribute of a `T`.
pub struct Field<T: 'static> {
    /// Its name in JSON, in `set` and in remarks.
    pub name: &'static str,
    /// Other usual names, with `_` for `-`. The names of the options need not be repeated.
    pub synonyms: &'static [&'static str],
    /// The options of the classic language.
    pub options: &'static [FieldOption],
    /// Its legal values.
    pub shape: Shape,
    /// The value if a file does not mention the field. `None`: the field has no value then, and JSON
    /// may have `null`.
    pub absent: Option<Value<'static>>,
    /// The value; `None` is left out of JSON.
    pub get: fn(&T) -> Option<Value<'_>>,
    /// Sets the value. The rows above are set first.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub set: Setter<T>,
}

impl<T: Fields> Field<T> {
    /// The long name of the option that turns this field on; `None` if its options take values.
    pub fn switch(&self) -> Option<&'static str> {
        match (self.shape, self.options) {
            (Shape::Switch, [option]) => Some(option.long),
            _ => None,
        }
    }

    /// Turns on a field that [`switch`](Self::switch) finds an option for.
    pub fn turn_on(&self, thing: &mut T) {
        // A switch accepts both of its values.
        let _ = (self.set)(thing, Some(&Value::Switch(true)), &Record::default());
    }
}

/// A thing with a table of fields.
pub trait Fields: Sized + Clone + 'static {
    /// What it is called in messages: `a service`.
    const NAME: &'static str;
    /// What a message says about a field of this table if the user names it for the other kind of
    /// object.
    const INSTEAD: &'static str;

    /// The table, in the order of JSON.
    fn fields() -> &'static [Field<Self>];

    /// The row of this name.
    fn field(name: &str) -> Option<&'static Field<Self>> {
        Self::fields().iter().find(|field| field.name == name)
    }

    /// The long names of the options whose fields are on.
    fn switched_on(&self) -> impl Iterator<Item = &'static str> {
        Self::fields().iter().filter_map(|field| {
            let long = field.switch()?;
            ((field.get)(self) == Some(Value::Switch(true))).then_some(long)
        })
    }

    /// The current values, to which assignments are then made. `assigned` returns the new value of a
    /// field: some assignments change what the other fields mean.
    ///
    /// # Errors
    /// What is wrong with an assignment, in words.
    fn record_for(&self, assigned: &dyn Fn(&str) -> Option<String>)
    -> Result<Record<Self>, String>;
}

/// The values of a thing, in the order of its table.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<T> {
    values: Vec<Option<Value<'static>>>,
    thing: std::marker::PhantomData<fn() -> T>,
}

impl<T: Fields> Clone for Record<T> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), thing: self.thing }
    }
}

/// No value at all.
impl<T: Fields> Default for Record<T> {
    fn default() -> Self {
        Self { values: vec![None; T::fields().len()], thing: std::marker::PhantomData }
    }
}

impl<T: Fields> From<&T> for Record<T> {
    fn from(thing: &T) -> Self {
        let value = |field: &Field<T>| (field.get)(thing).map(Value::into_owned);
        Self { values: T::fields().iter().map(value).collect(), thing: std::marker::PhantomData }
    }
}

impl<T: Fields> Record<T> {
    /// The values of a file that mentions no field.
    pub fn absent() -> Self {
        let values = T::fields().iter().map(|field| field.absent.clone()).collect();
        Self { values, thing: std::marker::PhantomData }
    }

    /// The value of the field of this name.
    pub fn get(&self, name: &str) -> Option<&Value<'static>> {
        let place = T::fields().iter().position(|field| field.name == name)?;
        self.values.get(place)?.as_ref()
    }

    /// Replaces the value of the field at this place of the table.
    pub fn put(&mut self, place: usize, value: Option<Value<'static>>) {
        if let Some(slot) = self.values.get_mut(place) {
            *slot = value;
        }
    }

    /// Replaces the value of the field of this name.
    pub fn put_named(&mut self, name: &str, value: Option<Value<'static>>) {
        if let Some(place) = T::fields().iter().position(|field| field.name == name) {
            self.put(place, value);
        }
    }

    /// Names and values of the fields that have one.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value<'static>)> {
        let fields = T::fields().iter().zip(&self.values);
        fields.filter_map(|(field, value)| Some((field.name, value.as_ref()?)))
    }

    /// Gives `thing` these values; they may be out of range.
    ///
    /// # Errors
    /// What is wrong with the first that it cannot have, in words.
    pub fn give(&self, mut thing: T) -> Result<T, String> {
        for (field, value) in T::fields().iter().zip(&self.values) {
            (field.set)(&mut thing, value.as_ref(), self)?;
        }
        Ok(thing)
    }
}

/// The value of a word in a table; `key` is the field, for the message.
pub fn find<T: Copy>(key: &str, word: &str, table: &[(&str, T)]) -> Result<T, String> {
    let found = table.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("{key}: `{word}' is none of {}", names.join(", "))
    })
}
