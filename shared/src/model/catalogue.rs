//! The networks that a farm has, by name and by digest, and what a recipe's name for one comes to.
//!
//! Invariants ([`Catalogue::check_invariants`]): no name without a version; numbers grow from version to version; no name has
//! the same bytes twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DIGITS_SHOWN, Model, ModelName, ModelRef, ModelVersion};
use crate::digest::Digest;
use crate::limits::{MODEL_VERSIONS_MAX, MODELS_MAX};
use crate::recipe::Recipe;
use crate::time::Timestamp;

/// Names told to somebody who asked for another one.
const NAMES_TOLD_MAX: usize = 20;

/// All networks of a farm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Catalogue {
    /// The versions of each name, the one that the name means now last.
    models: BTreeMap<ModelName, Vec<ModelVersion>>,
}

/// Why a recipe's network cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelFault {
    /// Nothing goes by that name.
    #[error("the farm has no model `{name}`; {known}")]
    Unknown {
        /// The name.
        name: ModelName,
        /// What it has, as a clause.
        known: String,
    },
    /// The name never meant these bytes, or they are forgotten.
    #[error("the farm does not have the bytes {wanted} of model `{name}`; it has {kept}")]
    OtherBytes {
        /// The name.
        name: ModelName,
        /// First digits of the digest that was pinned.
        wanted: String,
        /// First digits of those that are there.
        kept: String,
    },
    /// It cannot enlarge.
    #[error("model `{0}` is no upscaler; `shotfarm model inspect {0}` says what it is")]
    NoUpscaler(ModelName),
    /// It finds nothing that a reframe looks for.
    #[error("model `{0}` finds no faces; `shotfarm model inspect {0}` says what it is")]
    NoDetector(ModelName),
}

/// Why a network is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddFault {
    /// The name means other bytes.
    #[error(
        "model `{name}` is {kept} already, and this is {given}; add it under another name, or with --replace: jobs under way keep \
         what they have"
    )]
    Taken {
        /// The name.
        name: ModelName,
        /// First digits of what it means.
        kept: String,
        /// First digits of what was given.
        given: String,
    },
    /// Too many names.
    #[error("the farm has {MODELS_MAX} models, as many as it takes; remove one that nobody uses")]
    Full,
    /// Too many versions of one name.
    #[error("model `{0}` has meant {MODEL_VERSIONS_MAX} networks, as many as are kept; use a new name")]
    Worn(ModelName),
}

impl Catalogue {
    /// The names in order, each with what it means now.
    pub fn iter(&self) -> impl Iterator<Item = &ModelVersion> {
        self.models.values().filter_map(|versions| versions.last())
    }

    /// Every version of every name; of one name the newest last.
    pub fn all(&self) -> impl Iterator<Item = &ModelVersion> {
        self.models.values().flatten()
    }

    /// All that `name` has meant, the newest last; empty when it means nothing.
    #[must_use]
    pub fn versions(&self, name: &ModelName) -> &[ModelVersion] {
        self.models.get(name).map_or(&[], Vec::as_slice)
    }

    /// The network that a recipe names.
    ///
    /// # Errors
    /// When there is none, with what there is.
    pub fn find(&self, wanted: &ModelRef) -> Result<&ModelVersion, ModelFault> {
        let versions = self.versions(&wanted.name);
        let Some(newest) = versions.last() else { return Err(self.unknown(&wanted.name)) };
        let Some(digest) = wanted.digest else { return Ok(newest) };
        versions.iter().find(|version| version.model.files.digest() == digest).ok_or_else(|| ModelFault::OtherBytes {
            name: wanted.name.clone(),
            wanted: digits(digest),
            kept: versions.iter().rev().map(|version| digits(version.model.files.digest())).collect::<Vec<_>>().join(", "),
        })
    }

    /// Pins every network of `recipe` to what its name means now, and sees that each can do what the recipe asks of it.
    ///
    /// # Errors
    /// The first that cannot be had.
    pub fn pin(&self, recipe: &mut Recipe) -> Result<(), ModelFault> {
        for wanted in recipe.renderers() {
            let found = self.find(wanted)?;
            found.model.facts.upscaling.ok_or_else(|| ModelFault::NoUpscaler(wanted.name.clone()))?;
        }
        for wanted in recipe.detectors() {
            if self.find(wanted)?.model.facts.detector.is_none() {
                return Err(ModelFault::NoDetector(wanted.name.clone()));
            }
        }
        recipe.pin(|wanted| Ok(self.find(wanted)?.model.files.digest()))
    }

    /// The fault of a name that nothing goes by.
    #[must_use]
    pub fn unknown(&self, name: &ModelName) -> ModelFault {
        let names: Vec<&str> = self.models.keys().map(ModelName::as_str).take(NAMES_TOLD_MAX).collect();
        let known = match self.models.len().saturating_sub(names.len()) {
            _ if names.is_empty() => "it has none: add it with `shotfarm model add`".to_owned(),
            0 => format!("it has {}", names.join(", ")),
            more => format!("it has {} and {more} more", names.join(", ")),
        };
        ModelFault::Unknown { name: name.clone(), known }
    }

    /// Whether `model` is exactly what its name means now.
    #[must_use]
    pub fn has(&self, model: &Model) -> bool {
        self.versions(&model.name).last().is_some_and(|newest| newest.model == *model)
    }

    /// Whether `model` may be added. With `replace`, other bytes may take the name, or other words be said of the same bytes.
    ///
    /// # Errors
    /// Why not.
    pub fn may_add(&self, model: &Model, replace: bool) -> Result<(), AddFault> {
        let versions = self.versions(&model.name);
        let digest = model.files.digest();
        match versions.last() {
            None if self.models.len() >= MODELS_MAX => Err(AddFault::Full),
            None => Ok(()),
            Some(newest) if !replace && newest.model.files.digest() != digest => Err(AddFault::Taken {
                name: model.name.clone(),
                kept: digits(newest.model.files.digest()),
                given: digits(digest),
            }),
            Some(_) => {
                let is_kept = versions.iter().any(|version| version.model.files.digest() == digest);
                if !is_kept && versions.len() >= MODEL_VERSIONS_MAX { Err(AddFault::Worn(model.name.clone())) } else { Ok(()) }
            }
        }
    }

    /// From now on the name means `model`. Bytes that it meant before become its newest version again; new words about the
    /// newest leave its number as it is.
    pub fn add(&mut self, model: Model, now: Timestamp) {
        let versions = self.models.entry(model.name.clone()).or_default();
        let digest = model.files.digest();
        let number = match versions.last() {
            None => 1,
            Some(newest) if newest.model.files.digest() == digest => newest.number,
            Some(newest) => newest.number + 1,
        };
        versions.retain(|version| version.model.files.digest() != digest);
        versions.push(ModelVersion { number, added: now, model });
    }

    /// The name means nothing any more.
    pub fn remove(&mut self, name: &ModelName) {
        self.models.remove(name);
    }

    /// Checks what is said at the head of this file.
    ///
    /// # Errors
    /// The first that is broken, in words.
    pub fn check_invariants(&self) -> Result<(), String> {
        for (name, versions) in &self.models {
            if versions.is_empty() {
                return Err(format!("model {name} has no version"));
            }
            if !versions.is_sorted_by(|left, right| left.number < right.number) {
                return Err(format!("the versions of model {name} are out of order"));
            }
            let digests: std::collections::BTreeSet<Digest> =
                versions.iter().map(|version| version.model.files.digest()).collect();
            if digests.len() != versions.len() {
                return Err(format!("model {name} has the same bytes twice"));
            }
            if versions.iter().any(|version| version.model.name != *name) {
                return Err(format!("a version of model {name} has another name"));
            }
        }
        Ok(())
    }
}

impl FromIterator<ModelVersion> for Catalogue {
    /// The catalogue of these versions, as a farm lists them: of one name the newest last.
    fn from_iter<T: IntoIterator<Item = ModelVersion>>(versions: T) -> Self {
        let mut models: BTreeMap<ModelName, Vec<ModelVersion>> = BTreeMap::new();
        for version in versions {
            models.entry(version.model.name.clone()).or_default().push(version);
        }
        Self { models }
    }
}

fn digits(digest: Digest) -> String {
    digest.to_string()[..DIGITS_SHOWN].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{ModelFacts, ModelFiles, Upscaling};
    use super::*;
    use crate::recipe::{Profile, read_steps};

    fn model(name: &str, bytes: u8) -> Model {
        let upscaling = Some(Upscaling { factor: 2, channels: 3, radius_pixels: Some(8) });
        Model {
            name: name.parse().expect("a name"),
            files: ModelFiles::Onnx { file: Digest::of(&[bytes]) },
            bytes: 1,
            licence: "MIT".into(),
            source: "here".into(),
            facts: ModelFacts { upscaling, ..ModelFacts::default() },
        }
    }

    fn catalogue(models: &[(&str, u8)]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (name, bytes) in models {
            catalogue.add(model(name, *bytes), Timestamp(7));
        }
        catalogue
    }

    fn pinned(catalogue: &Catalogue, steps: &str) -> Result<Vec<Digest>, String> {
        let mut recipe = Recipe { steps: read_steps(steps).expect("steps"), profile: Profile::Review };
        catalogue.pin(&mut recipe).map_err(|fault| fault.to_string())?;
        Ok(recipe.models().filter_map(|model| model.digest).collect())
    }

    #[test]
    fn a_name_means_its_newest_bytes_and_a_digest_its_own() {
        let catalogue = catalogue(&[("a", 1), ("a", 2), ("b", 3)]);
        let (old, new) = (Digest::of(&[1]), Digest::of(&[2]));
        assert_eq!(pinned(&catalogue, "upscale 2x model=a"), Ok(vec![new]));
        assert_eq!(pinned(&catalogue, &format!("upscale 2x model=a@{old}")), Ok(vec![old]));
        let other = Digest::of(&[3]);
        let error = pinned(&catalogue, &format!("upscale 2x model=a@{other}")).expect_err("the bytes of b");
        let kept = format!("{}, {}", digits(new), digits(old));
        assert_eq!(error, format!("the farm does not have the bytes {} of model `a`; it has {kept}", digits(other)));
        assert_eq!(pinned(&catalogue, "upscale 2x model=c"), Err("the farm has no model `c`; it has a, b".to_owned()));
        let none = pinned(&Catalogue::default(), "upscale 2x model=c").expect_err("it has none");
        assert_eq!(none, "the farm has no model `c`; it has none: add it with `shotfarm model add`");
    }

    #[test]
    fn a_network_is_taken_for_what_it_can_do_alone() {
        let mut catalogue = catalogue(&[("large", 2)]);
        let facts = ModelFacts { detector: Some("YuNet".to_owned()), ..ModelFacts::default() };
        catalogue.add(Model { facts, ..model("faces", 1) }, Timestamp(1));
        let error = pinned(&catalogue, "upscale 2x model=faces").expect_err("a detector");
        assert_eq!(error, "model `faces` is no upscaler; `shotfarm model inspect faces` says what it is");
        let error = pinned(&catalogue, "reframe 9:16 model=large").expect_err("an upscaler");
        assert_eq!(error, "model `large` finds no faces; `shotfarm model inspect large` says what it is");
        let both = pinned(&catalogue, "reframe 9:16 model=faces | upscale 2x model=large");
        assert_eq!(both, Ok(vec![Digest::of(&[1]), Digest::of(&[2])]));
    }

    #[test]
    fn other_bytes_need_leave_and_the_same_do_not() {
        let kept = catalogue(&[("a", 1)]);
        assert!(kept.has(&model("a", 1)));
        assert_eq!(kept.may_add(&model("a", 1), false), Ok(()));
        let error = kept.may_add(&model("a", 2), false).expect_err("the name is taken").to_string();
        assert!(error.starts_with("model `a` is ") && error.contains("--replace"), "{error}");
        assert_eq!(kept.may_add(&model("a", 2), true), Ok(()));
        let worn: Vec<(&str, u8)> = (0..MODEL_VERSIONS_MAX as u8).map(|bytes| ("a", bytes)).collect();
        let worn = catalogue(&worn);
        assert_eq!(worn.may_add(&model("a", 200), true), Err(AddFault::Worn("a".parse().expect("a name"))));
        assert_eq!(worn.may_add(&model("a", 0), true), Ok(()), "bytes that are kept take no more room");
    }

    proptest! {
        #[test]
        fn whatever_is_added_the_catalogue_holds_together(adds in proptest::collection::vec((0_u8..3, 0_u8..4), 0..40)) {
            let mut catalogue = Catalogue::default();
            for (name, bytes) in adds {
                let model = model(["a", "b", "c"][name as usize], bytes);
                catalogue.add(model.clone(), Timestamp(u64::from(bytes)));
                prop_assert_eq!(catalogue.check_invariants(), Ok(()));
                prop_assert!(catalogue.has(&model));
            }
            prop_assert_eq!(catalogue.all().cloned().collect::<Catalogue>(), catalogue);
        }
    }
}
