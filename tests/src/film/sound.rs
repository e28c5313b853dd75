//! The episode's sound: pads, rain, footsteps, a bell and two-tone voices, synthesised sample by sample from the shot alone.
//!
//! Stereo, 48 kHz, 16 bit. A soundtrack has exactly as many samples as its frames last, so sound and picture end together.

use super::canvas::{chance, ease};
use super::{FRAMES_PER_SECOND, Shot};

/// Samples per second and channel.
pub const SAMPLE_RATE_HZ: u32 = 48_000;
const CHANNELS: u32 = 2;
/// Left and right.
type Stereo = (f32, f32);

/// Interleaved left and right samples for the first `frames` frames of a shot, or nothing: the title card is silent.
#[must_use]
pub fn soundtrack(shot: Shot, frames: u32) -> Option<Vec<i16>> {
    let voice: fn(u32, f32) -> Stereo = match shot {
        Shot::Title => return None,
        Shot::Mountains => mountains,
        Shot::Street => street,
        Shot::She => she,
        Shot::He => he,
        Shot::Rooftop => rooftop,
    };
    let samples = frames * (SAMPLE_RATE_HZ / FRAMES_PER_SECOND);
    let length = samples as f32 / SAMPLE_RATE_HZ as f32;
    let mut pcm = Vec::with_capacity((samples * CHANNELS) as usize);
    for index in 0..samples {
        let seconds = index as f32 / SAMPLE_RATE_HZ as f32;
        let edges = ease(0.0, 0.04, seconds) * (1.0 - ease(length - 0.06, length, seconds));
        let (left, right) = voice(index, seconds);
        pcm.extend([left, right].map(|level| ((level * edges).tanh() * 28_000.0) as i16));
    }
    Some(pcm)
}

/// The samples as a WAV file (RIFF, PCM, stereo, 48 kHz).
#[must_use]
pub fn wav_bytes(pcm: &[i16]) -> Vec<u8> {
    let data_bytes = (pcm.len() * 2) as u32;
    let bytes_per_frame = CHANNELS * 2;
    let mut wav = Vec::with_capacity(44 + pcm.len() * 2);
    wav.extend(b"RIFF");
    wav.extend((36 + data_bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend((CHANNELS as u16).to_le_bytes());
    wav.extend(SAMPLE_RATE_HZ.to_le_bytes());
    wav.extend((SAMPLE_RATE_HZ * bytes_per_frame).to_le_bytes());
    wav.extend((bytes_per_frame as u16).to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(data_bytes.to_le_bytes());
    wav.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

fn sine(hertz: f32, seconds: f32) -> f32 {
    ((f64::from(hertz) * f64::from(seconds)).fract() * std::f64::consts::TAU).sin() as f32
}

/// A soft chord; the two sides are tuned a hair apart, which makes it wide.
fn pad(notes: &[f32], seconds: f32) -> Stereo {
    let swell = 0.75 + 0.25 * (seconds * 0.9).sin();
    let side = |detune: f32| {
        notes
            .iter()
            .map(|&note| {
                sine(note * detune, seconds) + 0.3 * sine(note * 2.0 * detune, seconds) + 0.12 * sine(note * 3.0, seconds)
            })
            .sum::<f32>()
    };
    let level = 0.16 * swell / (notes.len() as f32).sqrt();
    (side(0.9985) * level, side(1.0015) * level)
}

/// White noise averaged over the last few samples: longer is darker.
fn noise(seed: u32, index: u32, span: u32) -> f32 {
    let sum: f32 = (0..span).map(|back| chance(seed, index.wrapping_sub(back)) - 0.5).sum();
    sum / (span as f32).sqrt()
}

fn rain(index: u32, seconds: f32, level: f32) -> Stereo {
    let gust = level * (0.8 + 0.2 * (seconds * 1.9).sin());
    let drops = |seed: u32| {
        let cell = index / 1_900;
        let age = (index % 1_900) as f32 / SAMPLE_RATE_HZ as f32;
        let tone = 1_400.0 + 2_600.0 * chance(seed, cell);
        if chance(seed + 9, cell) > 0.55 { 0.22 * (-age * 240.0).exp() * sine(tone, age) } else { 0.0 }
    };
    (gust * (noise(31, index, 3) + drops(33)), gust * (noise(32, index, 3) + drops(34)))
}

/// A struck bell: inharmonic partials, the high ones die first (ratios of a minor-third bell).
fn bell(since: f32, hertz: f32) -> f32 {
    if since < 0.0 {
        return 0.0;
    }
    [(0.5, 0.5, 0.7), (1.0, 1.0, 1.1), (1.2, 0.6, 1.7), (1.5, 0.4, 2.3), (2.0, 0.7, 2.6), (2.67, 0.3, 4.2), (3.01, 0.2, 5.5)]
        .iter()
        .map(|&(ratio, level, decay)| level * (-since * decay).exp() * sine(hertz * ratio, since))
        .sum::<f32>()
        * 0.16
}

/// A voice of two formant tones over a buzzing pitch, open while `from..to` lasts, in syllables.
fn talk(seconds: f32, (from, to): (f32, f32), pitch: f32, seed: u32) -> f32 {
    if seconds < from || seconds > to {
        return 0.0;
    }
    let beat = seconds * 6.2;
    let open =
        (beat.fract() * std::f32::consts::PI).sin() * ease(from, from + 0.08, seconds) * (1.0 - ease(to - 0.1, to, seconds));
    let lilt = pitch * (1.0 + 0.06 * (chance(seed, beat as u32) - 0.5) + 0.02 * sine(5.2, seconds));
    let (low, high) = (380.0 + 420.0 * chance(seed + 1, beat as u32), 1_200.0 + 900.0 * chance(seed + 2, beat as u32));
    (1..14)
        .map(|harmonic| {
            let hertz = lilt * harmonic as f32;
            let near = |formant: f32, width: f32| (-((hertz - formant) / width).powi(2)).exp();
            (0.08 + near(low, 160.0) + 0.5 * near(high, 260.0)) * sine(hertz, seconds) / (harmonic as f32).sqrt()
        })
        .sum::<f32>()
        * open
        * 0.2
}

fn mix(parts: &[Stereo]) -> Stereo {
    parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
}

fn mountains(index: u32, seconds: f32) -> Stereo {
    let strike = bell(seconds - 0.3, 196.0) + bell(seconds - 2.1, 146.8) * 0.8;
    let wind = noise(41, index, 24) * 0.05 * (0.6 + 0.4 * (seconds * 0.8).sin());
    mix(&[pad(&[98.0, 146.8, 220.0, 293.7], seconds), (strike * 1.0, strike * 0.8), (wind, wind * 0.8)])
}

fn street(index: u32, seconds: f32) -> Stereo {
    // The car comes from the left and falls in pitch as it passes.
    let place = seconds * 270.0 / 640.0 - 0.4;
    let near = (-(place - 0.5).powi(2) * 9.0).exp();
    let engine = near * 0.3 * (sine(74.0 - 14.0 * ease(0.3, 0.8, place), seconds) + 0.6 * noise(51, index, 18));
    let pan = place.clamp(0.0, 1.0);
    mix(&[rain(index, seconds, 0.30), pad(&[110.0, 164.8, 261.6], seconds), (engine * (1.0 - pan), engine * pan)])
}

fn she(index: u32, seconds: f32) -> Stereo {
    let voice = talk(seconds, (0.25, 1.35), 232.0, 61) + talk(seconds, (2.0, 3.0), 214.0, 62) * 0.8;
    mix(&[rain(index, seconds, 0.09), pad(&[130.8, 196.0, 311.1], seconds), (voice * 0.9, voice * 0.7)])
}

fn he(index: u32, seconds: f32) -> Stereo {
    let voice = talk(seconds, (0.7, 1.6), 118.0, 71) + talk(seconds, (2.1, 3.1), 112.0, 72);
    mix(&[rain(index, seconds, 0.05), pad(&[103.8, 155.6, 246.9], seconds), (voice * 0.7, voice * 0.9)])
}

fn rooftop(index: u32, seconds: f32) -> Stereo {
    let steps = seconds * 3.1;
    let since = steps.fract() / 3.1;
    let thud = (-since * 34.0).exp() * (0.5 * sine(86.0 - since * 300.0, since) + 0.25 * noise(81, index, 5));
    let side = if (steps as u32).is_multiple_of(2) { (0.9, 0.6) } else { (0.6, 0.9) };
    let wind = noise(82, index, 30) * 0.08;
    let pulse = pad(&[73.4, 110.0, 146.8, 220.0], seconds);
    mix(&[pulse, (thud * side.0, thud * side.1), (wind, wind * 0.9)])
}
