//! Twin of `ewa`, output by output.

use super::curves::out_of_light;
use super::{Bound, planes_mut};
use crate::gpu::shaders::ewa::{ANTIRING_BIAS, BLOCK_HEIGHT, BLOCK_WIDTH_MAX, Params};

/// What a pass sets.
pub(super) struct Constants {
    pub(super) antiring: bool,
    pub(super) curve: u32,
    pub(super) block_width: u32,
    pub(super) shared_columns: u32,
    pub(super) shared_rows: u32,
}

fn pow32(x: f32) -> f32 {
    (0..5).fold(x, |power, _| power * power)
}

fn weight_at(params: &Params, squared: f32) -> f32 {
    if squared >= params.radius_squared {
        return 0.0;
    }
    let p = params;
    let powers = [p.c12, p.c11, p.c10, p.c9, p.c8, p.c7, p.c6, p.c5, p.c4, p.c3, p.c2, p.c1, p.c0];
    let u = squared * params.unit - 1.0;
    powers.into_iter().reduce(|sum, power| sum * u + power).unwrap_or_default()
}

/// The source around one output: the block's first texel, and how far beyond it the output lies.
struct Place<'a> {
    params: &'a Params,
    planes: [&'a [f32]; 3],
    first: [i32; 2],
    offset: [f32; 2],
    /// Texels to kernel units along each axis.
    shrink: [f32; 2],
}

impl Place<'_> {
    fn texel(&self, column: i32, row: i32) -> [f32; 3] {
        let (right, bottom) = (self.params.source_width as i32 - 1, self.params.source_height as i32 - 1);
        let line = (self.first[1] + row).clamp(0, bottom) as u32 * self.params.source_width;
        let i = line + (self.first[0] + column).clamp(0, right) as u32;
        self.planes.map(|plane| plane[i as usize])
    }

    /// With the weights of a shared table that belong to `output` of the block's `turn`.
    fn by_table(&self, constants: &Constants, table: &[[f32; 4]], turn: u32, output: u32) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for row in 0..constants.shared_rows {
            for column in 0..constants.shared_columns {
                let place = (row * constants.shared_columns + column) * BLOCK_HEIGHT + turn;
                let weight = table[place as usize][output as usize];
                let colour = self.texel(column as i32, row as i32);
                sum = [0, 1, 2].map(|c| sum[c] + weight * colour[c]);
            }
        }
        sum
    }

    fn by_polynomial(&self) -> [f32; 3] {
        let params = self.params;
        let (mut sum, mut weights) = ([0.0; 3], 0.0);
        for row in 0..params.rows as i32 {
            let dy = (row as f32 - self.offset[1]) * self.shrink[1];
            for column in 0..params.columns as i32 {
                let dx = (column as f32 - self.offset[0]) * self.shrink[0];
                let weight = weight_at(params, dx * dx + dy * dy);
                let colour = self.texel(column, row);
                sum = [0, 1, 2].map(|c| sum[c] + weight * colour[c]);
                weights += weight;
            }
        }
        sum.map(|sum| sum / weights)
    }

    fn held(&self, result: [f32; 3]) -> [f32; 3] {
        let (low, high) = self.soft_extremes();
        [0, 1, 2].map(|c| {
            let clamped = result[c].max(low[c]).min(high[c]);
            result[c] + self.params.antiring * (clamped - result[c])
        })
    }

    fn soft_extremes(&self) -> ([f32; 3], [f32; 3]) {
        let Self { params, offset, .. } = self;
        let reach = params.antiring_radius_squared.sqrt();
        let (mut high, mut high_weights, mut low, mut low_weights) = ([0.0; 3], [0.0; 3], [0.0; 3], [0.0; 3]);
        let near = |place: f32| (place - reach).ceil() as i32..=(place + reach).floor() as i32;
        for (row, column) in near(offset[1]).flat_map(|row| near(offset[0]).map(move |column| (row, column))) {
            let (dx, dy) = (column as f32 - offset[0], row as f32 - offset[1]);
            let squared = dx * dx + dy * dy;
            if squared > params.antiring_radius_squared {
                continue;
            }
            let weight = weight_at(params, squared).max(0.0);
            for (c, value) in self.texel(column, row).into_iter().enumerate() {
                let held = value.clamp(0.0, 1.0);
                let bright = weight * pow32(held + ANTIRING_BIAS);
                let dark = weight * pow32(1.0 - held + ANTIRING_BIAS);
                high[c] += bright * value;
                high_weights[c] += bright;
                low[c] += dark * value;
                low_weights[c] += dark;
            }
        }
        ([0, 1, 2].map(|c| low[c] / low_weights[c]), [0, 1, 2].map(|c| high[c] / high_weights[c]))
    }
}

pub(super) fn ewa(params: Params, constants: &Constants, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (first_columns, first_rows) = (bound.read::<i32>(0), bound.read::<i32>(1));
    let (columns, rows) = (bound.read::<f32>(2), bound.read::<f32>(3));
    let (table, planes) = (bound.read::<[f32; 4]>(4), bound.read_planes(5));
    let [luma, chroma_blue, chroma_red] = planes_mut(&mut writes);
    let blocks = [params.target_width.div_ceil(constants.block_width), params.target_height.div_ceil(BLOCK_HEIGHT)];
    let shrink = [columns[(blocks[0] * BLOCK_WIDTH_MAX) as usize], rows[(blocks[1] * BLOCK_HEIGHT) as usize]];
    for y in 0..params.target_height {
        for x in 0..params.target_width {
            let (block, output) = (x / constants.block_width, x % constants.block_width);
            let first = [first_columns[block as usize], first_rows[(y / BLOCK_HEIGHT) as usize]];
            let offset = [columns[(block * BLOCK_WIDTH_MAX + output) as usize], rows[y as usize]];
            let place = Place { params: &params, planes, first, offset, shrink };
            let mut result = match constants.shared_rows {
                0 => place.by_polynomial(),
                _ => place.by_table(constants, table, y % BLOCK_HEIGHT, output),
            };
            if constants.antiring {
                result = place.held(result);
            }
            let [r, g, b] = result.map(|value| out_of_light(value, constants.curve));
            let o = (y * params.target_width + x) as usize;
            luma[o] = g + params.luma_from_red * (r - g) + params.luma_from_blue * (b - g);
            chroma_blue[o] = (b - luma[o]) * params.cb_scale;
            chroma_red[o] = (r - luma[o]) * params.cr_scale;
        }
    }
    bound.writes = writes;
}
