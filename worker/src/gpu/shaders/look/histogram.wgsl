// How many pixels of the look have each colour, and how many have another one than in the frame before: half of the sum of the
// histograms' differences, which is what their intersection leaves (Swain, Ballard: Color indexing, 1991). One workgroup counts all.
//#include shared/look.wgsl

// Bins: 16 of luma, 8 of Cb, 8 of Cr. Few pictures have chroma beyond half of its range, so the bins share that half.
const LUMA_BITS: u32 = 4u;
const CHROMA_BINS: i32 = 8;
const CHROMA_STEP: i32 = 16;
const BINS: u32 = 1024u;

struct Params {
    // The look.
    width: u32,
    height: u32,
    // The word that is written.
    word: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read> before: array<u32>;
@group(0) @binding(3) var<storage, read_write> features: array<u32>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;

var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> others: atomic<u32>;

fn chroma_bin(value: i32) -> u32 {
    return u32(clamp((value - 128 + CHROMA_STEP * CHROMA_BINS / 2) / CHROMA_STEP, 0, CHROMA_BINS - 1));
}

@compute @workgroup_size(256)
fn look_histogram(@builtin(local_invocation_index) own: u32) {
    for (var bin = own; bin < BINS; bin += 256u) {
        atomicStore(&bins[bin], 0u);
    }
    if (own == 0u) {
        atomicStore(&others, 0u);
    }
    workgroupBarrier();
    for (var at = own; at < params.width * params.height; at += 256u) {
        let pixel = look[at];
        let luma = (pixel & 0xffu) >> (8u - LUMA_BITS);
        atomicAdd(&bins[(luma * 8u + chroma_bin(blue_of(pixel))) * 8u + chroma_bin(red_of(pixel))], 1u);
    }
    workgroupBarrier();
    var apart = 0u;
    for (var bin = own; bin < BINS; bin += 256u) {
        let count = atomicLoad(&bins[bin]);
        counts[bin] = count;
        // What is here and was not: over all bins as much as what was and is not.
        apart += max(count, before[bin]) - before[bin];
    }
    atomicAdd(&others, apart);
    workgroupBarrier();
    if (own == 0u) {
        features[params.word] = atomicLoad(&others);
    }
}
