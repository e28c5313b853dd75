//! The engine: frames in flight, their order, and what it says when something is wrong.

use crate::common::{layout, noise, reached, recording, software_gpu};
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::limits::FRAMES_IN_FLIGHT;
use shotfarm_shared::media::PixelFormat;
use shotfarm_worker::gpu::{GpuError, Graph, twins};

#[test]
fn frames_come_out_in_order_however_many_are_in_flight() {
    let gpu = software_gpu();
    let input = layout(17, 11, PixelFormat::Yuv420p);
    let text = "upscale 2x filter=lanczos";
    let recording = recording(text, &input, &reached(text, &input, PixelFormat::Yuv420p));
    let mut graph = Graph::new(&gpu, &recording).expect("compiles");
    let frames = (0..11).map(|seed| noise(&input, seed)).collect::<Vec<_>>();
    let (mut found, mut out, mut most) = (Vec::new(), Vec::new(), 0);
    for (number, frame) in (0..).zip(&frames) {
        if graph.is_full() {
            graph.next(&mut out).expect("a frame");
            found.push(out.clone());
        }
        graph.submit(frame, number).expect("submits");
        most = most.max(graph.in_flight());
    }
    while graph.in_flight() > 0 {
        graph.next(&mut out).expect("a frame");
        found.push(out.clone());
    }
    assert_eq!(most, FRAMES_IN_FLIGHT);
    assert_eq!(graph.times().frames, 11);
    assert_eq!(found.len(), frames.len());
    for (index, (frame, found)) in frames.iter().zip(&found).enumerate() {
        let expected = twins::run(&recording, frame);
        let apart = expected.iter().zip(found).filter(|(expected, found)| expected.abs_diff(**found) > 1).count();
        assert_eq!(apart, 0, "frame {index} is another frame's");
    }
}

#[test]
fn misuse_is_refused_and_the_graph_goes_on() {
    let gpu = software_gpu();
    let input = layout(16, 8, PixelFormat::Yuv420p);
    let mut graph = Graph::new(&gpu, &recording("", &input, &input)).expect("compiles");
    let (frame, mut out) = (noise(&input, 1), Vec::new());
    assert_eq!(graph.next(&mut out), Err(GpuError::Empty));
    assert_eq!(graph.submit(&frame[1..], 0), Err(GpuError::FrameBytes { expected: 192, got: 191 }));
    for _ in 0..FRAMES_IN_FLIGHT {
        graph.submit(&frame, 0).expect("a free slot");
    }
    assert_eq!(graph.submit(&frame, 0), Err(GpuError::Full(FRAMES_IN_FLIGHT)));
    graph.next(&mut out).expect("a frame");
    assert_eq!(out, frame);
    graph.submit(&frame, 0).expect("a free slot again");
}

#[test]
fn what_is_too_large_for_the_device_is_refused_before_it_is_tried() {
    let gpu = software_gpu();
    let limit = gpu.limits().binding_bytes_max.min(gpu.limits().buffer_bytes_max);
    let input = layout(16, 8, PixelFormat::Yuv420p);
    let mut recording = recording("", &input, &input);
    recording.buffers[0].bytes = limit + 4;
    let error = Graph::new(&gpu, &recording).map(|_| ()).expect_err("too large");
    assert_eq!(error.class(), FailureClass::Environment);
    assert!(error.to_string().contains("the buffer `input frame` needs"), "{error}");
}

#[test]
fn passes_run_alone_for_measuring() {
    let gpu = software_gpu();
    let input = layout(16, 8, PixelFormat::Yuv420p);
    let text = "upscale 2x";
    let mut graph = Graph::new(&gpu, &recording(text, &input, &reached(text, &input, PixelFormat::Yuv420p))).expect("compiles");
    assert!(graph.run_ops(20).expect("runs").as_nanos() > 0);
    let timings = graph.timings(3).expect("runs");
    assert!(timings.iter().any(|timing| timing.name == "ewa"), "{timings:?}");
    assert!(timings.iter().any(|timing| timing.median.as_nanos() > 0), "{timings:?}");
    assert_eq!((graph.in_flight(), graph.times().frames), (0, 0));
}
