//! The overlay preview clip: the whole shot small, with its windows moving over it, what will be shown beside it, the path
//! beneath, and the source's sound. It plays anywhere: H.264 of 8 bits in an MP4, BT.709.

use std::path::Path;

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::Profile;
use shotfarm_shared::track::Window;

use super::canvas::{Canvas, area};
use super::overlay::{draw, draw_result};
use super::strip::{Strip, words};
use super::{Shot, fitted, ink};
use crate::media::accompany::accompany;
use crate::media::{Cancel, EncodeSettings, Encoder, MediaError, Tools};

/// Largest picture of the source in it.
const PICTURE_MAX: (f64, f64) = (640.0, 640.0);
/// Widest picture of the result beside it.
const RESULT_WIDTH_MAX: f64 = 400.0;
/// Between both. Even, like every length here: 4:2:0 needs it.
const BESIDE: u32 = 4;
const CAPTION_HEIGHT: u32 = 24;
const STRIP_HEIGHT: u32 = 64;
/// Columns that the caption needs to be read.
const WIDTH_MIN: u32 = 480;

/// The size of the pictures of the source that a clip is made from.
pub(super) fn picture_extent(shot: &Shot<'_>) -> Extent {
    fitted(shot.shown_aspect(), PICTURE_MAX)
}

/// A clip that is being made.
pub(super) struct Clip<'a> {
    shot: &'a Shot<'a>,
    /// What is the same in every frame.
    ground: Canvas,
    picture: Extent,
    result: Extent,
    encoder: Encoder,
    bytes: Vec<u8>,
}

impl<'a> Clip<'a> {
    /// Begins a clip whose picture is put at `out`.
    pub(super) fn start(tools: &Tools, shot: &'a Shot<'a>, out: &Path, cancel: &Cancel) -> Result<Self, MediaError> {
        let picture = picture_extent(shot);
        let result = fitted(shot.target_aspect(), (RESULT_WIDTH_MAX, f64::from(picture.height)));
        let width = (picture.width + BESIDE + result.width).max(WIDTH_MIN);
        let extent = Extent::new(width, picture.height + CAPTION_HEIGHT + STRIP_HEIGHT);
        let mut ground = Canvas::new(extent, ink::GROUND);
        strip(shot, extent).draw(&mut ground, []);
        let layout = layout(extent);
        let settings = EncodeSettings { profile: Profile::Review, layout, rate: shot.facts.rate, pixel_aspect: (1, 1) };
        let encoder = Encoder::start(tools, &settings, out, cancel)?;
        Ok(Self { shot, ground, picture, result, encoder, bytes: Vec::new() })
    }

    /// Adds the next frame.
    pub(super) fn add(&mut self, frame: u64, picture: &Canvas) -> Result<(), MediaError> {
        let extent = self.ground.extent();
        let mut canvas = self.ground.clone();
        let at = Window::whole(self.picture);
        canvas.show(picture, Window::whole(picture.extent()), at);
        draw(&mut canvas, at, self.shot, frame);
        let (width, height) = (f64::from(self.result.width), f64::from(self.result.height));
        draw_result(&mut canvas, area(at.right() + f64::from(BESIDE), 0.0, width, height), self.shot, frame, picture);
        self.draw_caption(&mut canvas, frame);
        strip(self.shot, extent).draw_now(&mut canvas, frame);
        write_yuv420(&canvas, &mut self.bytes);
        self.encoder.write_frame(&self.bytes)
    }

    /// Ends the picture and gives the number of its frames.
    pub(super) fn finish(self) -> Result<u64, MediaError> {
        self.encoder.finish()
    }

    fn draw_caption(&self, canvas: &mut Canvas, frame: u64) {
        let shot = self.shot;
        let stretch = shot.track.stretch_at(frame);
        let (words, why) = stretch.map(|stretch| (words(stretch), stretch.why.as_str())).unwrap_or_default();
        let seconds = shot.facts.rate.seconds(frame);
        let text = format!("{frame:>4} of {}   {seconds:>6.2} s   {words}   {why}", shot.facts.frames);
        let room = f64::from(canvas.extent().width) - 16.0;
        canvas.write(&text, (8.0, f64::from(self.picture.height) + 8.0), 8.5, room, ink::TEXT);
    }
}

/// Puts the clip whose picture is at `picture` at `out`, with the source's sound.
pub(super) fn add_sound(tools: &Tools, shot: &Shot<'_>, picture: &Path, out: &Path, cancel: &Cancel) -> Result<(), MediaError> {
    accompany(tools, picture, shot.source, shot.facts, out, cancel)
}

fn strip<'a>(shot: &'a Shot<'a>, clip: Extent) -> Strip<'a> {
    let top = f64::from(clip.height - STRIP_HEIGHT);
    Strip::new(shot, area(0.0, top, f64::from(clip.width), f64::from(STRIP_HEIGHT)))
}

fn layout(extent: Extent) -> FrameLayout {
    let word = || Some("bt709".to_owned());
    let tags = ColourTags {
        matrix: word(),
        primaries: word(),
        transfer: word(),
        range: Some("tv".to_owned()),
        site: Some("left".to_owned()),
    };
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags };
    FrameLayout { extent, format: PixelFormat::Yuv420p, colour }
}

/// The canvas as 4:2:0 of 8 bits by BT.709 of limited range, each chroma sample the mean of its four pixels. Both sides are even.
fn write_yuv420(canvas: &Canvas, bytes: &mut Vec<u8>) {
    let Extent { width, height } = canvas.extent();
    let (width, height) = (width as usize, height as usize);
    let pixels = canvas.rgba();
    let (red_weight, blue_weight) = Matrix::Bt709.luma_weights();
    let (kr, kb) = (red_weight as f32, blue_weight as f32);
    let luma = |red: f32, green: f32, blue: f32| kr * red + (1.0 - kr - kb) * green + kb * blue;
    bytes.clear();
    bytes.extend(pixels.chunks_exact(4).map(|pixel| {
        let [red, green, blue] = [0, 1, 2].map(|channel| f32::from(pixel[channel]));
        (16.5 + luma(red, green, blue) * (219.0 / 255.0)) as u8
    }));
    let chroma = (width / 2) * (height / 2);
    bytes.resize(width * height + 2 * chroma, 0);
    let (blues, reds) = bytes[width * height..].split_at_mut(chroma);
    for (index, (out_blue, out_red)) in blues.iter_mut().zip(reds).enumerate() {
        let corner = (index / (width / 2) * 2 * width + index % (width / 2) * 2) * 4;
        let mean = |channel: usize| {
            let sum: u32 = [0, 4, width * 4, width * 4 + 4].iter().map(|step| u32::from(pixels[corner + step + channel])).sum();
            sum as f32 / 4.0
        };
        let (red, blue) = (mean(0), mean(2));
        let y = luma(red, mean(1), blue);
        let scale = 112.0 / 255.0;
        *out_blue = (128.5 + (blue - y) / (1.0 - kb) * scale) as u8;
        *out_red = (128.5 + (red - y) / (1.0 - kr) * scale) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_coded_as_bt709_says() {
        let code = |rgb: u32| {
            let mut bytes = Vec::new();
            write_yuv420(&Canvas::new(Extent::new(2, 2), rgb), &mut bytes);
            assert_eq!(bytes.len(), 6);
            [bytes[0], bytes[4], bytes[5]]
        };
        assert_eq!(code(0xff_ffff), [235, 128, 128]);
        assert_eq!(code(0x00_0000), [16, 128, 128]);
        assert_eq!(code(0xff_0000), [63, 102, 240]);
        assert_eq!(code(0x00_00ff), [32, 240, 118]);
    }
}
