//! A row of the table of fields, and the values of an object by its rows.

use std::borrow::Cow;
use std::fmt;

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// True or false.
    Switch(bool),
    /// A number, or the kernel's number for a value without a name.
    Number(u32),
    /// A name or an address.
    Text(Cow<'a, str>),
    /// Several names.
    List(Vec<Cow<'a, str>>),
}

impl Value<'_> {
    /// Copies borrowed text, so that the value has no lifetime.
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

    /// The text of a [`Self::Text`].
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a [`Self::Number`].
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

/// Writes text for people: `80`, `wlc`, `sh-port,sh-fallback`.
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
    /// A weight, which has no unit.
    One,
    /// Number of connections; 0 means "no limit".
    Limit,
    /// Seconds.
    Seconds,
}

/// Range and unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Smallest number in the classic language.
    pub least: u32,
    /// Largest number in the classic language.
    pub most: u32,
    /// Largest number that a kernel can hold; the smallest is 0.
    pub most_possible: u32,
    /// What the number counts.
    pub unit: Unit,
}

/// Kind of the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// True or false.
    Switch,
    /// A number in a range.
    Number(Numbers),
    /// A port, 1 to 65535.
    Port,
    /// Name of a scheduler.
    Scheduler,
    /// Name of a persistence engine.
    Engine,
    /// One of these words. For some fields JSON accepts more words, and the kernel's numbers.
    Choice(&'static [&'static str]),
    /// Flags of the scheduler.
    Flags,
    /// An IPv4 mask or an IPv6 prefix length.
    Mask,
}

impl Shape {
    /// Placeholder of the value in help texts, such as `N` or `true|false`.
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

/// A classic option that sets a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldOption {
    /// Long name, without its dashes.
    pub long: &'static str,
    /// Value that the option stands for, if it takes none.
    pub fixed: Option<&'static str>,
}

impl FieldOption {
    /// An option that takes the value of the field.
    pub const fn value(long: &'static str) -> Self {
        Self { long, fixed: None }
    }

    /// An option that stands for this value.
    pub const fn fixed(long: &'static str, value: &'static str) -> Self {
        Self { long, fixed: Some(value) }
    }
}

/// Function that sets a field of an object, given all values of that object.
pub type Setter<T> = fn(&mut T, Option<&Value<'_>>, &Record<T>) -> Result<(), String>;

/// A row of the table: one field of a `T`.
pub struct Field<T: 'static> {
    /// Name in JSON, in `set`, and in the output of `diff` and `-e`.
    pub name: &'static str,
    /// Other usual names, with `_` for `-`. The names of options are added automatically.
    pub synonyms: &'static [&'static str],
    /// Classic options that set the field.
    pub options: &'static [FieldOption],
    /// Kind of its values.
    pub shape: Shape,
    /// The value if a file does not mention the field. `None`: the field has no value then, and JSON
    /// may have `null`.
    pub absent: Option<Value<'static>>,
    /// Reads the value; `None` is left out of JSON.
    pub get: fn(&T) -> Option<Value<'_>>,
    /// Sets the value. The rows above are set first.
    ///
    /// # Errors
    /// The mistake, as the text of a message.
    pub set: Setter<T>,
}

impl<T: Fields> Field<T> {
    /// Long name of the option that sets this field to true; `None` if its options take values.
    pub fn switch(&self) -> Option<&'static str> {
        match (self.shape, self.options) {
            (Shape::Switch, [option]) => Some(option.long),
            _ => None,
        }
    }

    /// Whether the field is a switch that is on.
    pub fn is_on(&self, thing: &T) -> bool {
        (self.get)(thing) == Some(Value::Switch(true))
    }

    /// Sets a field to true for which [`switch`](Self::switch) finds an option.
    pub fn turn_on(&self, thing: &mut T) {
        // A switch accepts both values, so there is no error.
        let _ = (self.set)(thing, Some(&Value::Switch(true)), &Record::default());
    }
}

/// A type with a table of fields.
pub trait Fields: Sized + Clone + 'static {
    /// Name of the type in messages, such as `a service`.
    const NAME: &'static str;
    /// Text of the hint for a user who gives a field of this table to the other kind of object.
    const INSTEAD: &'static str;

    /// The table, in the order of JSON.
    fn fields() -> &'static [Field<Self>];

    /// A quick check that every number is in the range of its field. `false`: look at the fields.
    fn is_usual(&self) -> bool;

    /// Finds a row by the name of its field.
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
    /// The mistake in an assignment, as the text of a message.
    fn record_for(&self, assigned: &dyn Fn(&str) -> Option<String>)
    -> Result<Record<Self>, String>;
}

/// The values of an object, in the order of its table.
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

/// A record in which no field has a value.
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

    /// Value of the field with this name.
    pub fn get(&self, name: &str) -> Option<&Value<'static>> {
        let place = T::fields().iter().position(|field| field.name == name)?;
        self.values.get(place)?.as_ref()
    }

    /// Replaces the value of the field at this index of the table.
    pub fn put(&mut self, place: usize, value: Option<Value<'static>>) {
        if let Some(slot) = self.values.get_mut(place) {
            *slot = value;
        }
    }

    /// Replaces the value of the field with this name.
    pub fn put_named(&mut self, name: &str, value: Option<Value<'static>>) {
        if let Some(place) = T::fields().iter().position(|field| field.name == name) {
            self.put(place, value);
        }
    }

    /// Names and values of the fields that have a value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value<'static>)> {
        let fields = T::fields().iter().zip(&self.values);
        fields.filter_map(|(field, value)| Some((field.name, value.as_ref()?)))
    }

    /// Sets these values in `thing`. They may be out of range.
    ///
    /// # Errors
    /// Reason why the object cannot have one of the values.
    pub fn give(&self, mut thing: T) -> Result<T, String> {
        for (field, value) in T::fields().iter().zip(&self.values) {
            (field.set)(&mut thing, value.as_ref(), self)?;
        }
        Ok(thing)
    }
}

/// Looks up the value with the name `word`; `key` is the field's name for the error text.
pub fn find<T: Copy>(key: &str, word: &str, table: &[(&str, T)]) -> Result<T, String> {
    let found = table.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("{key}: `{word}' is not one of {}", names.join(", "))
    })
}
