//! Why a stretch is framed as it is, in a producer's words: one line.

use shotfarm_shared::track::{Camera, Window};

use super::lettering::{Block, Sort};
use super::subjects::{Kind, Subject};

/// Who or what must stay: "one person", "two people", "a moving subject and what stands out".
pub(super) fn who(subjects: &[Subject]) -> String {
    let count = |kind: Kind| subjects.iter().filter(|subject| subject.kind == kind).count();
    let number = |count: usize| match count {
        1 => "one".to_owned(),
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        more => more.to_string(),
    };
    let mut parts = Vec::new();
    for (kind, one, many) in [
        (Kind::Person, "person", "people"),
        (Kind::Mover, "moving subject", "moving subjects"),
        (Kind::Thing, "subject that stands out", "subjects that stand out"),
    ] {
        match count(kind) {
            0 => {}
            1 => parts.push(format!("one {one}")),
            more => parts.push(format!("{} {many}", number(more))),
        }
    }
    parts.join(" and ")
}

/// What the window does with them.
pub(super) fn moves(camera: Camera, windows: &[Window]) -> String {
    let way = |of: fn(&Window) -> f64| {
        let (low, high) = windows.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        (high - low).max(0.0)
    };
    let way = way(|window| window.x).hypot(way(|window| window.y)).round();
    match camera {
        Camera::Steady => "the window stands".to_owned(),
        Camera::Pan => format!("one sweep over {way} px"),
        Camera::Follow => format!("followed over {way} px"),
        Camera::Hand => "set by hand".to_owned(),
    }
}

/// Words that some window of the stretch cuts, or nothing.
pub(super) fn cut_words(blocks: &[Block], windows: &[Window]) -> Option<String> {
    let is_cut = |block: &&Block| {
        // A letter's border is softer than a cell: what reaches in by less is not cut.
        let slack = block.place.height.min(block.place.width) / 2.0;
        let at = |frame: u64| windows.get(frame as usize).or(windows.last());
        (block.frames.0..block.frames.1)
            .filter_map(at)
            .any(|window| !window.holds(&block.place, slack) && window.overlap(&block.place) > 0.0)
    };
    let cut = blocks.iter().filter(|block| block.sort == Sort::Words).filter(is_cut).collect::<Vec<_>>();
    let first = cut.first()?;
    let (x, y) = first.place.centre();
    let more = if cut.len() > 1 { format!(" and {} more", cut.len() - 1) } else { String::new() };
    Some(format!("burned-in words about ({x:.0}, {y:.0}){more} are cut"))
}

/// What was taken off as bars.
pub(super) fn bars(content: &Window, picture: &Window) -> Option<String> {
    let high = (content.height < picture.height).then(|| format!("{:.0} px above and below", content.y));
    let wide = (content.width < picture.width).then(|| format!("{:.0} px at the sides", content.x));
    let parts = [high, wide].into_iter().flatten().collect::<Vec<_>>();
    (!parts.is_empty()).then(|| format!("bars of {} are left out", parts.join(" and ")))
}

/// Parts of one line.
pub(super) fn line(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
