//! The networks of a recipe: how they are pinned to their bytes, and how often a step runs one.

use super::{Recipe, Step};
use crate::digest::Digest;
use crate::limits::MODEL_RUNS_MAX;
use crate::media::Extent;
use crate::model::ModelRef;

impl Recipe {
    /// All its networks, in order; one may stand there more than once.
    pub fn models(&self) -> impl Iterator<Item = &ModelRef> {
        self.steps.iter().filter_map(|step| step.model().or_else(|| step.detector()))
    }

    /// Those that look at the source before anything is rendered.
    pub fn detectors(&self) -> impl Iterator<Item = &ModelRef> {
        self.steps.iter().filter_map(Step::detector)
    }

    /// Those that are run over the frames on their way to the output.
    pub fn renderers(&self) -> impl Iterator<Item = &ModelRef> {
        self.steps.iter().filter_map(Step::model)
    }

    /// Gives every network without a digest the one that `resolve` finds.
    ///
    /// # Errors
    /// The first refusal of `resolve`, which hears of pinned networks too; the networks before it are pinned then.
    pub fn pin<E>(&mut self, mut resolve: impl FnMut(&ModelRef) -> Result<Digest, E>) -> Result<(), E> {
        for model in self.steps.iter_mut().filter_map(Step::model_mut) {
            model.digest = Some(resolve(model)?);
        }
        Ok(())
    }

    /// Whether `self`, which is pinned, is what `asked` comes to: the same but for digests that `asked` leaves open.
    #[must_use]
    pub fn answers(&self, asked: &Self) -> bool {
        let mut mine = self.models();
        let mut pinned = asked.clone();
        let filled = pinned.pin(|model| match (model.digest, mine.next()) {
            (Some(digest), _) => Ok(digest),
            (None, Some(mine)) if mine.name == model.name => mine.digest.ok_or(()),
            (None, _) => Err(()),
        });
        filled.is_ok() && pinned == *self
    }
}

/// How often a network that enlarges by `factor` is run over a frame of `source` that is to reach `target`: the fewest runs
/// whose result is nowhere smaller than the target, so that the filter after it has only to shrink. At least one, since the
/// network was asked for; at most [`MODEL_RUNS_MAX`], and no more than the bounds on frames allow. A network of factor 1
/// restores, and runs once.
///
/// # Errors
/// The first run's result is already outside the bounds on frames.
pub fn model_runs(factor: u32, source: Extent, target: Extent) -> Result<u32, crate::media::ExtentOutOfBounds> {
    let grown = |extent: Extent| {
        let grown = Extent::new(extent.width.saturating_mul(factor), extent.height.saturating_mul(factor));
        grown.check().map(|()| grown)
    };
    let (mut reached, mut runs) = (grown(source)?, 1);
    while factor > 1 && runs < MODEL_RUNS_MAX && (reached.width < target.width || reached.height < target.height) {
        let Ok(next) = grown(reached) else { break };
        reached = next;
        runs += 1;
    }
    Ok(runs)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::{Profile, read_steps};
    use super::*;

    /// Any network, pinned or not.
    pub(in crate::recipe) fn model_ref() -> impl Strategy<Value = ModelRef> {
        ("[a-z影][a-z0-9._-]{0,12}", proptest::option::of(any::<[u8; 32]>()))
            .prop_map(|(name, digest)| ModelRef { name: name.parse().expect("letters make a name"), digest: digest.map(Digest) })
    }

    fn recipe(steps: &str) -> Recipe {
        Recipe { steps: read_steps(steps).expect("steps"), profile: Profile::Review }
    }

    #[test]
    fn pinning_gives_every_network_its_digest_and_the_recipe_another() {
        let asked = recipe("upscale 2x model=a | upscale 3x filter=lanczos | upscale 2x model=b");
        let mut pinned = asked.clone();
        pinned.pin(|model| Ok::<_, ()>(Digest::of(model.name.as_str().as_bytes()))).expect("both are known");
        let digests: Vec<_> = pinned.models().map(|model| model.digest).collect();
        assert_eq!(digests, [Some(Digest::of(b"a")), Some(Digest::of(b"b"))]);
        assert_ne!(pinned.digest(), asked.digest());
        let mut other = asked.clone();
        other.pin(|_| Ok::<_, ()>(Digest::of(b"other bytes"))).expect("known");
        assert_ne!(other.digest(), pinned.digest(), "other bytes are another recipe");
        assert!(pinned.answers(&asked) && pinned.answers(&pinned) && !pinned.answers(&other));
        assert!(!pinned.answers(&recipe("upscale 2x model=a | upscale 3x filter=lanczos | upscale 2x model=c")));
        assert!(!pinned.answers(&recipe("upscale 2x model=a")));
        assert_eq!(asked.clone().pin(|model| Err::<Digest, _>(model.name.to_string())), Err("a".to_owned()));
    }

    #[test]
    fn a_network_runs_until_the_target_is_reached() {
        let runs = |factor, target: (u32, u32)| model_runs(factor, Extent::new(640, 360), Extent::new(target.0, target.1));
        assert_eq!(runs(2, (1280, 720)), Ok(1));
        assert_eq!(runs(2, (1282, 720)), Ok(2));
        assert_eq!(runs(4, (1280, 720)), Ok(1), "it passes the target, and the filter shrinks");
        assert_eq!(runs(2, (320, 180)), Ok(1), "asked for, so it runs");
        assert_eq!(runs(1, (1280, 720)), Ok(1), "it restores, and the filter enlarges");
        assert_eq!(runs(2, (16_000, 9_000)), Ok(4), "bounded by the frame: five would pass its limits");
        assert!(model_runs(4, Extent::new(7680, 4320), Extent::new(7680, 4320)).is_err());
    }

    proptest! {
        #[test]
        fn runs_are_the_fewest_that_reach(factor in 1_u32..=8, width in 2_u32..4_000, height in 2_u32..4_000, times in 1_u32..=16) {
            let (source, target) = (Extent::new(width, height), Extent::new(width * times, height * times));
            if let Ok(runs) = model_runs(factor, source, target) {
                prop_assert!((1..=MODEL_RUNS_MAX).contains(&runs));
                prop_assert!(runs == 1 || u64::from(factor).pow(runs - 1) < u64::from(times), "one run fewer would do");
                let grown = u64::from(factor).pow(runs);
                let next = grown * u64::from(factor);
                let fits = Extent::new((u64::from(width) * next).min(1 << 20) as u32, (u64::from(height) * next).min(1 << 20) as u32);
                prop_assert!(
                    grown >= u64::from(times) || factor == 1 || runs == MODEL_RUNS_MAX || fits.check().is_err(),
                    "it stopped early"
                );
            }
        }
    }
}
