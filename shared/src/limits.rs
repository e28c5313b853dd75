//! Every bound of the farm, with its reason. A number that limits something stands here and nowhere else.

/// Longest side of a frame, in or out. Vulkan's guaranteed 2D limit on the devices we meet; 8K UHD is 7680.
pub const FRAME_SIDE_MAX: u32 = 16_384;
/// Most pixels of one frame: 8K UHD twice over. Keeps one f32 plane of a frame under 256 MiB.
pub const FRAME_PIXELS_MAX: u64 = 7_680 * 4_320 * 2;
/// Most frames of one shot: an hour at 60 fps. Micro-drama shots have 72 to 360.
pub const SHOT_FRAMES_MAX: u64 = 216_000;
/// Largest source blob: 64 GiB, above any ProRes shot of an hour.
pub const BLOB_BYTES_MAX: u64 = 64 << 30;
/// Shots in one batch: four seasons of a hundred episodes.
pub const BATCH_SHOTS_MAX: usize = 10_000;
/// Steps in one recipe.
pub const RECIPE_STEPS_MAX: usize = 16;
/// Largest manifest file read: 10,000 rows of 6 KiB.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 20;
/// Longest label (show, episode or shot), in bytes: what file systems take as a name, with room for an ending.
pub const LABEL_BYTES_MAX: usize = 200;
/// Longest failure message kept, in bytes: a sentence and the tail of ffmpeg's own words.
pub const MESSAGE_BYTES_MAX: usize = 4_096;

/// Largest network, all of its files together. The largest that upscale or interpolate are under 200 MiB.
pub const MODEL_BYTES_MAX: u64 = 1 << 30;
/// Networks of one farm. A studio uses a handful; their facts travel in one message.
pub const MODELS_MAX: usize = 500;
/// Networks that one name has meant and that are kept, for recipes that pinned them.
pub const MODEL_VERSIONS_MAX: usize = 20;
/// Longest licence, source or other text about a network, in bytes: a sentence or an address.
pub const MODEL_TEXT_BYTES_MAX: usize = 1_000;
/// Inputs, and outputs, written down of one network.
pub const MODEL_PORTS_MAX: usize = 64;
/// Distinct operators written down of one network; ONNX has about 200.
pub const MODEL_OPERATORS_MAX: usize = 256;
/// Most times that one step runs its network over a frame: a 2x network reaches [`SCALE_FACTOR_MAX`] in four.
pub const MODEL_RUNS_MAX: u32 = 4;

/// Greatest enlargement or reduction of one upscale step along one axis.
pub const SCALE_FACTOR_MAX: u32 = 16;

/// Widest and narrowest aspect of a reframed picture, to one: 32:9 and its like stay below.
pub const ASPECT_MAX: u32 = 4;
/// Rows of one table of keep-out zones.
pub const ZONES_MAX: usize = 1_000;
/// Largest file of a track, or of zones, that is read: an hour at 60 frames a second, a window for every frame.
pub const TRACK_BYTES_MAX: u64 = 64 << 20;
/// Stretches of one track, and keys set by hand: more cuts than a shot of an hour has.
pub const TRACK_STRETCHES_MAX: usize = 10_000;
/// Least side of a window, as a part of the picture's: below it there is nothing to enlarge.
pub const WINDOW_PART_MIN: u32 = 16;
/// Stretches of a track that are told to people one by one; a shot has a handful.
pub const STRETCHES_TOLD_MAX: usize = 200;
/// Files that come with an output: its track and the pictures of it.
pub const EXTRAS_MAX: usize = 8;

/// Frames between two points at which a shot may be cut into tasks, and the closed GOP of every segment. Ranges always start
/// on this grid, so the encoder sees the same groups of pictures however a shot is split, and a split leaves no seam.
pub const GRID_FRAMES: u64 = 48;
/// Every so-manieth frame of a shot is compared with its source: twice in each cell of the grid, once a second at 24 frames a
/// second, so that what it costs does not show in a render's time.
pub const FIDELITY_SAMPLE_FRAMES: u64 = 24;
/// What frames without any difference count as, in hundredths of a decibel: above anything that 10 bits can tell apart.
pub const FIDELITY_HUNDREDTHS_MAX: u32 = 10_000;
/// Cells of the grid that one analysis task looks at: small frames go through it several times faster than through a render,
/// and a killed worker still loses little.
pub const ANALYSIS_CELLS: u64 = 5;
/// Seconds of work that a render task aims at, once a worker's speed is known. Long enough that starting costs little, short
/// enough that a killed worker loses little.
pub const TASK_SECONDS_AIM: f64 = 30.0;

/// One message on the wire. Tonic's own default, kept because everything larger is a blob and moves in chunks.
pub const WIRE_MESSAGE_BYTES_MAX: usize = 4 << 20;
/// A manifest in one submit call: 10,000 shots of about 1.5 KiB.
pub const SUBMIT_MESSAGE_BYTES_MAX: usize = 32 << 20;
/// Bytes of a blob in one message.
pub const BLOB_CHUNK_BYTES: usize = 512 << 10;
/// A blob transfer in which nothing moves for this long is given up; it can be resumed. Far above any pause of a busy disk.
pub const BLOB_IDLE_MILLIS_MAX: u64 = 60_000;

/// A farm that does not take a connection for this long is reported as not answering.
pub const CONNECT_MILLIS_MAX: u64 = 5_000;
/// A connection on which nothing moves is asked for a sign of life this often, and given up when none comes for as long.
pub const KEEP_ALIVE_MILLIS: u64 = 5_000;

/// A lease not renewed for this long is over, and its task is queued again.
pub const LEASE_MILLIS: u64 = 15_000;
/// A worker names its leases and its progress this often: several beats fit into a lease, and a progress bar moves smoothly.
pub const HEARTBEAT_MILLIS: u64 = 2_000;
/// A lease whose worker's stream broke ends this soon unless the worker comes back and names it.
pub const RECONNECT_GRACE_MILLIS: u64 = 6_000;
/// Waits between reconnects grow from the first to the second, with jitter.
pub const RECONNECT_WAIT_MILLIS_MIN: u64 = 200;
/// See [`RECONNECT_WAIT_MILLIS_MIN`].
pub const RECONNECT_WAIT_MILLIS_MAX: u64 = 5_000;

/// Attempts that may fail by the job's own fault before the job fails.
pub const JOB_FAULTS_MAX: u32 = 2;
/// Attempts of one task that may be lost or fail by other faults before the job fails: a poison shot kills workers, it is
/// never "the job's fault" in anybody's report.
pub const ATTEMPTS_MAX: u32 = 12;
/// Waits before a task is tried again after a failure of the environment double from the first to the second.
pub const BACKOFF_MILLIS_MIN: u64 = 1_000;
/// See [`BACKOFF_MILLIS_MIN`].
pub const BACKOFF_MILLIS_MAX: u64 = 60_000;
/// Attempts remembered for each job's log.
pub const JOB_LOG_LINES_MAX: usize = 1_000;

/// A child process that neither reads, writes nor ends for this long is stopped.
pub const CHILD_IDLE_MILLIS_MAX: u64 = 120_000;
/// Bytes of a child's standard error that are kept: its end, where the reason stands.
pub const CHILD_STDERR_BYTES_MAX: usize = 16 << 10;
/// Address space of a child process: room for 8K frames in a threaded decoder, an end for one that a hostile file drives.
pub const CHILD_ADDRESS_BYTES_MAX: u64 = 32 << 30;
/// Frames in flight between two stages of the render pipeline: enough that each stage always finds work, few enough that 8K
/// frames fit into memory.
pub const FRAMES_IN_FLIGHT: usize = 4;
/// A GPU that does not finish a frame within this is given up. The slowest known, 8K by ewa-lanczos on the software device,
/// takes tens of seconds (scaled up from 720p), and waits behind the frames in flight before it.
pub const GPU_FRAME_MILLIS_MAX: u64 = 300_000;

const _: () = assert!(GRID_FRAMES.is_multiple_of(FIDELITY_SAMPLE_FRAMES));
const _: () = assert!(HEARTBEAT_MILLIS * 3 < LEASE_MILLIS);
const _: () =
    assert!(MODELS_MAX * MODEL_VERSIONS_MAX * (2 * MODEL_TEXT_BYTES_MAX + 3 * LABEL_BYTES_MAX) < SUBMIT_MESSAGE_BYTES_MAX);
const _: () = assert!(SCALE_FACTOR_MAX <= 1 << MODEL_RUNS_MAX);
const _: () = assert!(BLOB_CHUNK_BYTES * 2 < WIRE_MESSAGE_BYTES_MAX);
const _: () = assert!(RECONNECT_GRACE_MILLIS < LEASE_MILLIS);
