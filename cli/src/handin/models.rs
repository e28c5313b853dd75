//! The networks that shots name, held to those of the farm: each is pinned to what its name means now, so that the hand-in's
//! token says which bytes are meant.

use std::collections::BTreeMap;

use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::ListModelsRequest;
use shotfarm_shared::manifest::Fault;
use shotfarm_shared::model::{Catalogue, ModelVersion};

use super::request::{Request, RequestedShot};
use crate::connect::refusal;
use crate::error::CliError;

/// Whether any shot names a network.
pub(crate) fn any(request: &Request) -> bool {
    request.shots.iter().any(|requested| requested.shot.recipe.models().next().is_some())
}

/// The networks of the farm.
pub(crate) async fn catalogue(farm: &Connection) -> Result<Catalogue, CliError> {
    let reply = farm.studio().list_models(ListModelsRequest {}).await.map_err(|status| refusal(&status))?.into_inner();
    let read = |version| ModelVersion::try_from(version).map_err(|error| of_another_version(&error));
    reply.versions.into_iter().map(read).collect()
}

/// What the farm says of networks cannot be read.
pub(crate) fn of_another_version(error: &dyn std::fmt::Display) -> CliError {
    CliError::refused(format!("the farm's answer about models cannot be read: {error}"))
        .hint("client and farm are of different versions; install the same on both")
}

/// Pins the networks of every shot; the faults of those that cannot be had, each with the shot's place.
pub(crate) fn pin(request: &mut Request, catalogue: &Catalogue) -> Vec<Fault> {
    let mut faults = Vec::new();
    for RequestedShot { shot, .. } in &mut request.shots {
        if let Err(fault) = catalogue.pin(&mut shot.recipe) {
            faults.push(Fault { place: shot.place.clone(), message: fault.to_string() });
        }
    }
    faults
}

/// The networks that the shots of a pinned request use, each with the number of its shots.
pub(crate) fn used<'a>(request: &Request, catalogue: &'a Catalogue) -> Vec<(&'a ModelVersion, u64)> {
    let mut shots: BTreeMap<String, (&ModelVersion, u64)> = BTreeMap::new();
    for RequestedShot { shot, .. } in &request.shots {
        let mut named: Vec<_> = shot.recipe.models().collect();
        named.sort();
        named.dedup();
        for version in named.into_iter().filter_map(|model| catalogue.find(model).ok()) {
            let key = format!("{}@{}", version.model.name, version.model.files.digest());
            shots.entry(key).or_insert((version, 0)).1 += 1;
        }
    }
    shots.into_values().collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use shotfarm_shared::digest::Digest;
    use shotfarm_shared::model::{Model, ModelFacts, ModelFiles, Upscaling};
    use shotfarm_shared::time::Timestamp;

    use super::*;
    use crate::args::WorkArgs;
    use crate::handin::{request, token};

    /// One network that doubles.
    pub(crate) fn compact() -> ModelVersion {
        let model = Model {
            name: "compact".parse().expect("a name"),
            files: ModelFiles::Onnx { file: Digest::of(b"net") },
            bytes: 2_400_000,
            licence: "BSD-3-Clause".into(),
            source: "https://example.org/compact".into(),
            facts: ModelFacts {
                upscaling: Some(Upscaling { factor: 2, channels: 3, radius_pixels: Some(18) }),
                inputs: vec!["input: 1 x 3 x H x W".into()],
                outputs: vec!["output".into()],
                parameters: 621_000,
                ..ModelFacts::default()
            },
        };
        ModelVersion { number: 1, added: Timestamp(0), model }
    }

    pub(crate) fn request(rows: &str) -> Request {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("ep01.csv");
        std::fs::write(&file, format!("show,episode,shot,source,steps\n{rows}")).expect("written");
        request::read(&file, &WorkArgs::default(), jiff::civil::Date::constant(2026, 1, 1)).expect("a manifest")
    }

    #[test]
    fn what_the_farm_lacks_is_a_fault_of_its_row() {
        let catalogue: Catalogue = [compact()].into_iter().collect();
        let mut request =
            request("s,e,1,a.mp4,upscale 2x model=compact\ns,e,2,b.mp4,upscale 2x model=x\ns,e,3,c.mp4,upscale 2x\n");
        let faults: Vec<String> = pin(&mut request, &catalogue).iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["row 3: the farm has no model `x`; it has compact"]);
        let used: Vec<(&str, u64)> =
            used(&request, &catalogue).into_iter().map(|(version, shots)| (version.model.name.as_str(), shots)).collect();
        assert_eq!(used, [("compact", 1)]);
    }

    #[test]
    fn other_bytes_under_the_same_name_are_another_hand_in() {
        let token = |bytes: &[u8]| {
            let mut version = compact();
            version.model.files = ModelFiles::Onnx { file: Digest::of(bytes) };
            let mut request = request("s,e,1,a.mp4,upscale 2x model=compact\n");
            assert_eq!(pin(&mut request, &[version].into_iter().collect()), []);
            let shot = &request.shots[0].shot;
            let (label, source) = (shot.label.clone(), Digest::of(b"clip"));
            let (recipe, output) = (shot.recipe.clone(), shot.output.clone());
            token::of_shots(&[shotfarm_shared::shot::Shot { label, source, source_name: String::new(), recipe, output }])
        };
        assert_eq!(token(b"net"), token(b"net"));
        assert_ne!(token(b"net"), token(b"other"));
    }
}
