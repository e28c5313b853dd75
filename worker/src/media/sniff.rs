//! What container a file is, told by its first bytes and never by its name or by ffmpeg's guess: a playlist dressed as a film
//! would make ffmpeg open files and addresses of its author's choosing.

/// Bytes of the head of a file that are looked at: three MPEG-TS packets and a little more.
pub const HEAD_BYTES: usize = 1_024;

/// ffmpeg's name of the one demuxer that may open a file which begins with `head`; `Err` says what the file seems to be.
///
/// # Errors
/// One clause that completes "... cannot be taken: ".
pub fn demuxer(head: &[u8]) -> Result<&'static str, String> {
    const TS_PACKET_BYTES: usize = 188;
    const TS_SYNC: u8 = 0x47;

    if head.is_empty() {
        return Err("the file is empty; copy or export it again".to_owned());
    }
    let box_type = head.get(4..8).unwrap_or_default();
    if [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].iter().any(|known| box_type == *known) {
        return Ok("mov");
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ") {
        return Ok("avi");
    }
    let magics: [(&[u8], &'static str); 5] = [
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"nut/multimedia container\0", "nut"),
        (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", "mxf"),
        (b"FLV\x01", "flv"),
        (b"YUV4MPEG2 ", "yuv4mpegpipe"),
    ];
    if let Some((_, demuxer)) = magics.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Ok(demuxer);
    }
    if (0..3).all(|packet| head.get(packet * TS_PACKET_BYTES) == Some(&TS_SYNC)) {
        return Ok("mpegts");
    }
    let text = std::str::from_utf8(head).map_or_else(|error| error.valid_up_to() + 4 > head.len(), |_| true);
    if text && !head.contains(&0) {
        return Err("it is a text file, not a video; hand in the video itself (playlists are not followed)".to_owned());
    }
    Err("its container is not known; export it as MP4, MOV or MKV".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn containers_are_told_by_their_first_bytes() {
        let ts: Vec<u8> = (0..600).map(|at| if at % 188 == 0 { 0x47 } else { 0 }).collect();
        for (head, name) in [
            (&b"\0\0\0\x20ftypisom"[..], "mov"),
            (b"\0\0\0\x08wide\0\0", "mov"),
            (b"\x1a\x45\xdf\xa3\x01", "matroska"),
            (b"RIFF\x10\0\0\0AVI LIST", "avi"),
            (b"YUV4MPEG2 W16 H16", "yuv4mpegpipe"),
            (&ts, "mpegts"),
        ] {
            assert_eq!(demuxer(head), Ok(name));
        }
    }

    #[test]
    fn what_is_no_film_is_named() {
        for (head, part) in [
            (&b""[..], "empty"),
            (b"#EXTM3U\nhttp://10.0.0.1/secret\n", "text file"),
            (b"ffconcat version 1.0\nfile x.mp4\n", "text file"),
            ("镜头一".as_bytes(), "text file"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "not known"),
            (b"\x89PNG\r\n\x1a\n\0\0", "not known"),
        ] {
            let reason = demuxer(head).expect_err("no container");
            assert!(reason.contains(part), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn no_head_panics(head in proptest::collection::vec(any::<u8>(), 0..700)) {
            let _ = demuxer(&head);
        }
    }
}
