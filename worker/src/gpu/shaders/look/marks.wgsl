// What each pixel of the look is a mark of: an edge, skin, an edge that stands still, a stroke; a byte each, lowest first.
//#include shared/look.wgsl

// The least strength of an edge that is followed from frame to frame, and the part of its strength that it may change by.
const EDGE_MIN: i32 = 24;
const STILL_SHARE: i32 = 4;
// Pixels to each side within which luma must come back for a stroke: as wide as a stroke of letters that can be read is here.
const STROKE_REACH: i32 = 3;
// The least height of a stroke, in codes.
const STROKE_MIN: i32 = 20;
// Skin: the ellipse of Hsu, Abdel-Mottaleb and Jain, Face detection in color images, IEEE PAMI 24(5), 2002, without its bend for dark
// and bright pixels, which are left out, as are the greys that it reaches into: stone, sand and paper are warm as well. Centre in
// codes of limited range; the turn of 2.53 radians in 1024ths.
const SKIN_BLUE: i32 = 109;
const SKIN_RED: i32 = 152;
const SKIN_COS: i32 = -839;
const SKIN_SIN: i32 = 588;
// How far from grey skin is at least, in codes of limited range: below it in Cb, above it in Cr.
const SKIN_BLUE_MIN: i32 = 6;
const SKIN_RED_MIN: i32 = 10;
const SKIN_LUMA_MIN: i32 = 48;
const SKIN_LUMA_MAX: i32 = 240;

struct Params {
    // The look.
    width: u32,
    height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read> before: array<u32>;
@group(0) @binding(3) var<storage, read_write> marks: array<u32>;

fn place(x: i32, y: i32) -> u32 {
    let column = u32(clamp(x, 0, i32(params.width) - 1));
    let row = u32(clamp(y, 0, i32(params.height) - 1));
    return row * params.width + column;
}

fn luma(x: i32, y: i32) -> i32 {
    return luma_of(look[place(x, y)]);
}

fn luma_before(x: i32, y: i32) -> i32 {
    return luma_of(before[place(x, y)]);
}

fn strength(edge: vec2<i32>) -> i32 {
    return abs(edge.x) + abs(edge.y);
}

// How far luma at a pixel stands above, or below, luma on both sides of it along x.
fn stroke(x: i32, y: i32) -> i32 {
    let own = luma(x, y);
    var least = vec2<i32>(own);
    var most = vec2<i32>(own);
    for (var away = 1; away <= STROKE_REACH; away++) {
        let sides = vec2<i32>(luma(x - away, y), luma(x + away, y));
        least = min(least, sides);
        most = max(most, sides);
    }
    return max(own - max(least.x, least.y), min(most.x, most.y) - own);
}

fn is_skin(pixel: u32) -> bool {
    let luma = luma_of(pixel);
    // From full to limited range, in 1024ths, and about the ellipse's centre.
    let blue = 900 * (blue_of(pixel) - 128) + 1024 * (128 - SKIN_BLUE);
    let red = 900 * (red_of(pixel) - 128) + 1024 * (128 - SKIN_RED);
    // Along the ellipse's axes in 16ths: its middle lies at (1.60, 2.41), its halves are 25.39 and 14.03.
    let along = (SKIN_COS * (blue / 64) + SKIN_SIN * (red / 64)) / 1024 - 26;
    let across = (SKIN_COS * (red / 64) - SKIN_SIN * (blue / 64)) / 1024 - 39;
    // Parts of a half in 256ths.
    let u = along * 256 / 406;
    let v = across * 256 / 224;
    let coloured = 900 * (128 - blue_of(pixel)) >= 1024 * SKIN_BLUE_MIN && 900 * (red_of(pixel) - 128) >= 1024 * SKIN_RED_MIN;
    return u * u + v * v <= 65536 && coloured && luma >= SKIN_LUMA_MIN && luma <= SKIN_LUMA_MAX;
}

@compute @workgroup_size(8, 8)
fn look_marks(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    let edge = vec2<i32>(luma(x + 1, y) - luma(x - 1, y), luma(x, y + 1) - luma(x, y - 1));
    let edge_before = vec2<i32>(
        luma_before(x + 1, y) - luma_before(x - 1, y),
        luma_before(x, y + 1) - luma_before(x, y - 1),
    );
    let strong = strength(edge);
    let stands = strong >= EDGE_MIN && STILL_SHARE * strength(edge - edge_before) <= strong;
    let high = stroke(x, y);
    let edges = u32(min(strong, 255));
    let skin = select(0u, 255u, is_skin(look[place(x, y)]));
    let still_edges = select(0u, edges, stands);
    let strokes = select(0u, u32(high), high >= STROKE_MIN);
    marks[place(x, y)] = edges | (skin << 8u) | (still_edges << 16u) | (strokes << 24u);
}
