//! Twin of `ewa`.

use super::position::source_position;
use super::{Bound, planes_mut};
use crate::gpu::shaders::ewa::{ANTIRING_BIAS, Params};

fn pow32(x: f32) -> f32 {
    (0..5).fold(x, |power, _| power * power)
}

/// Running sums of one output sample's three channels.
#[derive(Default)]
struct Sums {
    colour: [f32; 3],
    weights: f32,
    high: [f32; 3],
    high_weights: [f32; 3],
    low: [f32; 3],
    low_weights: [f32; 3],
}

impl Sums {
    fn add(&mut self, weight: f32, colour: [f32; 3], near: bool) {
        self.weights += weight;
        for (c, &value) in colour.iter().enumerate() {
            self.colour[c] += weight * value;
            if near {
                let held = value.clamp(0.0, 1.0);
                let bright = weight * pow32(held + ANTIRING_BIAS);
                let dark = weight * pow32(1.0 - held + ANTIRING_BIAS);
                self.high[c] += bright * value;
                self.high_weights[c] += bright;
                self.low[c] += dark * value;
                self.low_weights[c] += dark;
            }
        }
    }

    fn result(&self, c: usize, antiring: f32) -> f32 {
        let result = self.colour[c] / self.weights;
        if antiring <= 0.0 {
            return result;
        }
        let clamped = result.max(self.low[c] / self.low_weights[c]).min(self.high[c] / self.high_weights[c]);
        result + antiring * (clamped - result)
    }
}

pub(super) fn ewa(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (table, planes) = (bound.read::<[f32; 2]>(0), bound.read_planes(1));
    let mut scaled = planes_mut(&mut writes);
    for y in 0..params.target_height {
        for x in 0..params.target_width {
            let sums = sample(&params, table, planes, x, y);
            for (c, plane) in scaled.iter_mut().enumerate() {
                plane[(y * params.target_width + x) as usize] = sums.result(c, params.antiring);
            }
        }
    }
    bound.writes = writes;
}

fn sample(params: &Params, table: &[[f32; 2]], planes: [&[f32]; 3], x: u32, y: u32) -> Sums {
    let x = source_position(x, params.source_width, params.target_width);
    let y = source_position(y, params.source_height, params.target_height);
    let (right, bottom) = (params.source_width as i32 - 1, params.source_height as i32 - 1);
    let reach_y = params.radius_squared.sqrt() / params.shrink_y;
    let mut sums = Sums::default();
    for row in (y.fraction - reach_y).ceil() as i32..=(y.fraction + reach_y).floor() as i32 {
        let down = (row as f32 - y.fraction) * params.shrink_y;
        let line = (y.whole + row).clamp(0, bottom) as u32 * params.source_width;
        let reach_x = (params.radius_squared - down * down).max(0.0).sqrt() / params.shrink_x;
        for column in (x.fraction - reach_x).ceil() as i32..=(x.fraction + reach_x).floor() as i32 {
            let across = (column as f32 - x.fraction) * params.shrink_x;
            let distance_squared = across * across + down * down;
            let place = distance_squared * params.table_scale;
            let entry = table[place as usize];
            let weight = entry[0] + place.fract() * entry[1];
            let i = (line + (x.whole + column).clamp(0, right) as u32) as usize;
            let colour = planes.map(|plane| plane[i]);
            sums.add(weight, colour, distance_squared < params.antiring_radius_squared);
        }
    }
    sums
}
