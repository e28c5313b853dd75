// A pixel of the look: luma, Cb and Cr as the bytes of a word, lowest first, full range whatever the source's. All that is done
// with them is done in whole numbers, so that every device finds the same.

// Side of a cell in pixels.
const LOOK_CELL: u32 = 8u;
// Side of the blocks in which motion is first searched, in pixels of the quarter picture.
const LOOK_BLOCK: u32 = 4u;
// Pixels of the look to a pixel of the quarter picture.
const LOOK_QUARTER: u32 = 4u;
// Units of motion in a pixel.
const LOOK_MOTION_UNITS: i32 = 4;

fn luma_of(pixel: u32) -> i32 {
    return i32(pixel & 0xffu);
}

fn blue_of(pixel: u32) -> i32 {
    return i32((pixel >> 8u) & 0xffu);
}

fn red_of(pixel: u32) -> i32 {
    return i32((pixel >> 16u) & 0xffu);
}

// How far two pixels are from each other, over luma, Cb and Cr.
fn look_apart(left: u32, right: u32) -> u32 {
    let luma = abs(luma_of(left) - luma_of(right));
    let blue = abs(blue_of(left) - blue_of(right));
    let red = abs(red_of(left) - red_of(right));
    return u32(luma + blue + red);
}
