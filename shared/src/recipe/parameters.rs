//! The words after a step's name: at most one bare word, then `name=value` in any order, each at most once.

use super::error::InvalidRecipe;
use super::size::{decimal, write_decimal};

/// A number that a step takes by name, in units of its last decimal place.
pub(super) struct Number {
    pub(super) name: &'static str,
    /// Decimal places that may be written.
    pub(super) places: usize,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) default: u32,
}

/// The words that nobody has taken yet.
pub(super) struct Parameters<'a> {
    words: Vec<&'a str>,
}

impl<'a> Parameters<'a> {
    /// A step's name and the rest of it.
    pub(super) fn split(step: &'a str) -> Result<(&'a str, Self), InvalidRecipe> {
        let mut words = step.split_whitespace();
        let name = words.next().ok_or(InvalidRecipe::Empty)?;
        Ok((name, Self { words: words.collect() }))
    }

    /// The first word, unless it is named.
    pub(super) fn positional(&mut self) -> Option<&'a str> {
        let first = self.words.first()?;
        (!first.contains('=')).then(|| self.words.remove(0))
    }

    /// The value of a name; `None` when it is not given.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<&'a str>, InvalidRecipe> {
        let value = |word: &&'a str| word.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value);
        let Some(index) = self.words.iter().position(|word| value(word).is_some()) else { return Ok(None) };
        let word = self.words.remove(index);
        if let Some(again) = self.words.iter().find(|word| value(word).is_some()) {
            return Err(InvalidRecipe::RepeatedParameter((*again).to_owned()));
        }
        Ok(value(&word))
    }

    /// The number that is given, or its default.
    pub(super) fn number(&mut self, number: &Number) -> Result<u32, InvalidRecipe> {
        let Some(text) = self.take(number.name)? else { return Ok(number.default) };
        let found = decimal(text, number.places).filter(|value| (number.min..=number.max).contains(value));
        found.ok_or_else(|| InvalidRecipe::Number {
            name: number.name,
            text: text.to_owned(),
            kind: if number.places == 0 {
                "a whole number".to_owned()
            } else {
                format!("a number of up to {} decimals", number.places)
            },
            min: write_decimal(number.min, number.places),
            max: write_decimal(number.max, number.places),
        })
    }

    /// Refuses what is left; `known` lists what could have been written.
    pub(super) fn finish(self, known: &'static str) -> Result<(), InvalidRecipe> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(InvalidRecipe::UnknownParameter { word: (*word).to_owned(), known }),
        }
    }
}
