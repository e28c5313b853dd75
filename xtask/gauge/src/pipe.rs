//! `gauge pipe`: raw frames from standard input through steps to standard output, the way ffmpeg is clocked.

use std::io::{self, Read, Write};

use shotfarm_shared::media::PixelFormat;
use shotfarm_shared::recipe::Target;

use crate::device::DeviceName;
use crate::error::GaugeError;
use crate::ours::Ours;
use crate::ycbcr::layout;

#[derive(clap::Args)]
pub(crate) struct PipeArguments {
    #[arg(long, default_value = "software")]
    gpu: DeviceName,
    /// The size of the frames that come in
    #[arg(long)]
    size: Target,
    /// Their pixel format
    #[arg(long, default_value = "yuv420p")]
    format: PixelFormat,
    /// What is done to them
    #[arg(long)]
    steps: String,
}

/// Runs until the input ends.
pub(crate) fn run(arguments: &PipeArguments) -> Result<(), GaugeError> {
    let Target::Size(extent) = arguments.size else {
        return Err(GaugeError::Argument("write the size as WIDTHxHEIGHT".to_owned()));
    };
    let ours = Ours::new(&arguments.steps, &layout(extent, arguments.format))?;
    let mut graph = ours.graph(&arguments.gpu.open()?)?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let (mut frame, mut out) = (vec![0; ours.input.frame_bytes()], Vec::new());
    let mut number = 0;
    while read_frame(&mut input, &mut frame)? {
        if graph.is_full() {
            graph.next(&mut out)?;
            output.write_all(&out).map_err(GaugeError::Pipe)?;
        }
        graph.submit(&frame, number)?;
        number += 1;
    }
    while graph.in_flight() > 0 {
        graph.next(&mut out)?;
        output.write_all(&out).map_err(GaugeError::Pipe)?;
    }
    output.flush().map_err(GaugeError::Pipe)
}

/// `false` when the input ends between two frames.
fn read_frame(input: &mut impl Read, frame: &mut [u8]) -> Result<bool, GaugeError> {
    match input.read_exact(&mut frame[..1]) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        other => other.map_err(GaugeError::Pipe)?,
    }
    input.read_exact(&mut frame[1..]).map_err(GaugeError::Pipe)?;
    Ok(true)
}
