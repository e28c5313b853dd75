// One plane of a raw frame into its byte of the look's pixels: the mean of what a pixel of the look covers of the plane, in codes as
// they are (no light conversion: what is looked at is what was coded), stretched to the full range of 8 bits.
//
// Everything is whole numbers, so that every device finds the same: along an axis of S samples and T pixels, pixel i covers
// i * S .. (i + 1) * S in parts of a T-th of a sample. Sums stay below 2^32 for sides up to 16,384 samples of 10 bits.
//#include shared/look.wgsl

struct Params {
    // Where the plane begins in the buffer, in samples, and its size.
    first_sample: u32,
    source_width: u32,
    source_height: u32,
    // A word holds 2 to the power of this many samples: divisions of every sample's place are slow.
    word_log2: u32,
    code_mask: u32,
    // The size of the look.
    width: u32,
    height: u32,
    // 64 times the code of the value 0, and of the span to the value 1.
    code_zero: i32,
    code_span: i32,
    // The byte of the value 0, and where the byte lies in its word: the first plane, at bit 0, begins the word.
    byte_zero: i32,
    byte_bit: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> frame: array<u32>;
@group(0) @binding(2) var<storage, read_write> look: array<u32>;

fn code(sample: u32) -> u32 {
    let in_word = sample & ((1u << params.word_log2) - 1u);
    return (frame[sample >> params.word_log2] >> (in_word * (32u >> params.word_log2))) & params.code_mask;
}

// How much of sample `index` lies in the pixel that covers `begin .. end`, in parts of a `parts`-th.
fn covered(index: u32, parts: u32, begin: u32, end: u32) -> u32 {
    return min(end, (index + 1u) * parts) - max(begin, index * parts);
}

// 64 times the mean code of a row of samples.
fn across(row: u32, begin: u32, end: u32) -> u32 {
    let first = params.first_sample + row * params.source_width;
    var sum = 0u;
    for (var index = begin / params.width; index * params.width < end; index++) {
        sum += covered(index, params.width, begin, end) * code(first + index);
    }
    return (64u * sum + params.source_width / 2u) / params.source_width;
}

@compute @workgroup_size(8, 8)
fn look_shrink(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let left = id.x * params.source_width;
    let top = id.y * params.source_height;
    let bottom = top + params.source_height;
    var sum = 0u;
    for (var row = top / params.height; row * params.height < bottom; row++) {
        sum += covered(row, params.height, top, bottom) * across(row, left, left + params.source_width);
    }
    let mean = i32((sum + params.source_height / 2u) / params.source_height);
    let place = 255 * (mean - params.code_zero) + params.byte_zero * params.code_span + params.code_span / 2;
    let byte = u32(clamp(place, 0, 255 * params.code_span) / params.code_span) << params.byte_bit;
    let at = id.y * params.width + id.x;
    var pixel = byte;
    if (params.byte_bit > 0u) {
        pixel |= look[at];
    }
    look[at] = pixel;
}
