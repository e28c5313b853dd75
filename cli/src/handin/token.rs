//! The token of a hand-in. Made from the shots themselves, so that the same hand-in twice is one batch, also from another
//! machine or under another file name.

use shotfarm_shared::recipe::write_steps;
use shotfarm_shared::shot::Shot;

/// Part of every token: raise it when the fields below change.
const TOKEN_VERSION: &str = "shotfarm hand-in 1";

/// The token of these shots, in this order.
pub(crate) fn of_shots(shots: &[Shot]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut field = |text: &str| {
        // The length goes first, so that no two lists of fields read the same.
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    field(TOKEN_VERSION);
    for shot in shots {
        field(shot.label.show());
        field(shot.label.episode());
        field(shot.label.shot());
        field(&shot.source.to_string());
        field(&write_steps(&shot.recipe.steps));
        field(shot.recipe.profile.name());
        field(shot.output.as_str());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::digest::Digest;
    use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
    use shotfarm_shared::shot::OutputName;

    use super::*;

    fn shot(steps: &str) -> Shot {
        Shot {
            label: "九五/01/1".parse().expect("a label"),
            source: Digest::of(b"clip"),
            source_name: "a.mp4".into(),
            recipe: Recipe { steps: read_steps(steps).expect("steps"), profile: Profile::Review },
            output: OutputName::new("out.mp4").expect("a name"),
        }
    }

    /// A change of this value makes every studio's next hand-in a new batch: change [`TOKEN_VERSION`] knowingly.
    #[test]
    fn the_token_stays_what_it_was() {
        let token = of_shots(&[shot("upscale 2x")]);
        assert_eq!(token, "039231dd24c8bd81cc00469490b618a549ad4d17aab7f70618f918326eadcf8e");
    }

    #[test]
    fn what_means_the_same_has_the_same_token() {
        let token = of_shots(&[shot("upscale 2x")]);
        assert_eq!(of_shots(&[shot("upscale  2.0x  filter=ewa-lanczos")]), token);
        assert_eq!(of_shots(&[Shot { source_name: "moved/a.mp4".into(), ..shot("upscale 2x") }]), token);
        assert_ne!(of_shots(&[shot("upscale 3x")]), token);
        assert_ne!(of_shots(&[Shot { source: Digest::of(b"other"), ..shot("upscale 2x") }]), token);
        assert_ne!(of_shots(&[Shot { label: "九/五01/1".parse().expect("a label"), ..shot("upscale 2x") }]), token);
        assert_ne!(of_shots(&[]), token);
    }
}
