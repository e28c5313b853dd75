//! Twin of `ewa`.

use super::position::{Position, source_position};
use super::{Bound, planes_mut};
use crate::gpu::shaders::ewa::{ANTIRING_BIAS, Params};

fn pow32(x: f32) -> f32 {
    (0..5).fold(x, |power, _| power * power)
}

fn weight_at(params: &Params, table: &[[f32; 2]], distance_squared: f32) -> f32 {
    let place = distance_squared * params.table_scale;
    let entry = table[place as usize];
    entry[0] + place.fract() * entry[1]
}

/// The source around one output sample.
struct Place<'a> {
    params: &'a Params,
    table: &'a [[f32; 2]],
    planes: [&'a [f32]; 3],
    x: Position,
    y: Position,
}

impl Place<'_> {
    fn texel(&self, column: i32, row: i32) -> [f32; 3] {
        let (right, bottom) = (self.params.source_width as i32 - 1, self.params.source_height as i32 - 1);
        let line = (self.y.whole + row).clamp(0, bottom) as u32 * self.params.source_width;
        let i = line + (self.x.whole + column).clamp(0, right) as u32;
        self.planes.map(|plane| plane[i as usize])
    }

    fn result(&self) -> [f32; 3] {
        let Self { params, x, y, .. } = self;
        let reach_y = params.radius_squared.sqrt() / params.shrink_y;
        let (mut sum, mut weights) = ([0.0; 3], 0.0);
        for row in (y.fraction - reach_y).ceil() as i32..=(y.fraction + reach_y).floor() as i32 {
            let down = (row as f32 - y.fraction) * params.shrink_y;
            let reach_x = (params.radius_squared - down * down).max(0.0).sqrt() / params.shrink_x;
            for column in (x.fraction - reach_x).ceil() as i32..=(x.fraction + reach_x).floor() as i32 {
                let across = (column as f32 - x.fraction) * params.shrink_x;
                let weight = weight_at(params, self.table, across * across + down * down);
                let colour = self.texel(column, row);
                sum = [0, 1, 2].map(|c| sum[c] + weight * colour[c]);
                weights += weight;
            }
        }
        let result = sum.map(|sum| sum / weights);
        if params.antiring <= 0.0 {
            return result;
        }
        let (low, high) = self.soft_extremes();
        [0, 1, 2].map(|c| {
            let clamped = result[c].max(low[c]).min(high[c]);
            result[c] + params.antiring * (clamped - result[c])
        })
    }

    fn soft_extremes(&self) -> ([f32; 3], [f32; 3]) {
        let Self { params, x, y, .. } = self;
        let reach_y = params.antiring_radius_squared.sqrt();
        let (mut high, mut high_weights, mut low, mut low_weights) = ([0.0; 3], [0.0; 3], [0.0; 3], [0.0; 3]);
        for row in (y.fraction - reach_y).ceil() as i32..=(y.fraction + reach_y).floor() as i32 {
            let down = row as f32 - y.fraction;
            let reach_x = (params.antiring_radius_squared - down * down).max(0.0).sqrt();
            for column in (x.fraction - reach_x).ceil() as i32..=(x.fraction + reach_x).floor() as i32 {
                let across = column as f32 - x.fraction;
                let weight = weight_at(params, self.table, across * across + down * down).max(0.0);
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
        }
        ([0, 1, 2].map(|c| low[c] / low_weights[c]), [0, 1, 2].map(|c| high[c] / high_weights[c]))
    }
}

pub(super) fn ewa(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (table, planes) = (bound.read::<[f32; 2]>(0), bound.read_planes(1));
    let mut scaled = planes_mut(&mut writes);
    for row in 0..params.target_height {
        for column in 0..params.target_width {
            let x = source_position(column, params.source_width, params.target_width);
            let y = source_position(row, params.source_height, params.target_height);
            let result = Place { params: &params, table, planes, x, y }.result();
            for (plane, value) in scaled.iter_mut().zip(result) {
                plane[(row * params.target_width + column) as usize] = value;
            }
        }
    }
    bound.writes = writes;
}
