// Numbers without pattern from places: PCG3D (Jarzynski and Olano: Hash Functions for GPU Rendering, JCGT 9(3), 2020). Whole
// numbers only, so that every device finds the same.

const HASH_FACTOR: u32 = 1664525u;
const HASH_ADDEND: u32 = 1013904223u;

fn pcg3d(place: vec3<u32>) -> vec3<u32> {
    var v = place * HASH_FACTOR + HASH_ADDEND;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v ^= v >> vec3<u32>(16u);
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    return v;
}
