//! One face where a network tells of the same one several times.

use super::decode::Found;

/// Boxes that share more than this of what they cover together are of one face: as YuNet's and Ultra-Light's authors have it.
const SHARED_MAX: f32 = 0.3;
/// The surest that are compared with each other: a network that sees a face in every place is wrong, and must not cost minutes.
const COMPARED_MAX: usize = 1_000;
/// Most faces of one frame: more are a crowd, in which nobody is followed.
pub(super) const FACES_MAX: usize = 64;

/// The surest of those that lie on one another, the surest first.
pub(super) fn suppressed(mut found: Vec<Found>) -> Vec<Found> {
    // Stable, so that equals stay in the network's order on every machine.
    found.sort_by(|left, right| right.score.total_cmp(&left.score));
    found.truncate(COMPARED_MAX);
    let mut kept: Vec<Found> = Vec::new();
    for face in found {
        if kept.len() < FACES_MAX && kept.iter().all(|other| shared(&face.corners, &other.corners) <= SHARED_MAX) {
            kept.push(face);
        }
    }
    kept
}

/// What two boxes share of what they cover together.
fn shared(one: &[f32; 4], other: &[f32; 4]) -> f32 {
    let area = |corners: &[f32; 4]| (corners[2] - corners[0]).max(0.0) * (corners[3] - corners[1]).max(0.0);
    let both = [one[0].max(other[0]), one[1].max(other[1]), one[2].min(other[2]), one[3].min(other[3])];
    let all = area(one) + area(other) - area(&both);
    if all > 0.0 { area(&both) / all } else { 0.0 }
}
