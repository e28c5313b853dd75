//! Numbers as people read them: counts with their noun, lengths of time, sizes, times of day. Pure: `now` is passed in.

use jiff::{SignedDuration, Zoned};

/// `1 shot`, `2 shots`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A length of time in its two largest units: `7 s`, `12 min`, `2 h 05 min`, `3 d 4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.max(0.0).round() as u64 } else { return "unknown".to_owned() };
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => format!("{minutes} min {:02} s", seconds % 60),
        600..3_600 => format!("{minutes} min"),
        3_600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// A size in decimal units, as disks are sold: `512 B`, `1.4 MB`, `12 GB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1e3, 0);
    // 999.5 and above would be written `1000`; the next unit says it as `1.0`.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A large number in three digits or so: `950`, `621 k`, `1.2 M`, `37 G`.
pub(crate) fn large(number: u64) -> String {
    let text = bytes(number);
    text.strip_suffix('B').unwrap_or(&text).trim_end().to_owned()
}

/// Seconds of picture as a producer says them: `42.5 s`, `3 min 12 s`.
pub(crate) fn picture(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.1} s") } else { duration(seconds) }
}

/// The time of day `seconds` after `now`: `21:42`, `tomorrow 03:10`, `Thu 26 Nov 03:10`.
pub(crate) fn clock(now: &Zoned, seconds: f64) -> String {
    let ahead = SignedDuration::try_from_secs_f64(seconds.max(0.0)).ok();
    let Some(then) = ahead.and_then(|ahead| now.checked_add(ahead).ok()) else {
        return "in the far future".to_owned();
    };
    let time = then.strftime("%H:%M");
    if then.date() == now.date() {
        time.to_string()
    } else if now.tomorrow().is_ok_and(|tomorrow| tomorrow.date() == then.date()) {
        format!("tomorrow {time}")
    } else {
        format!("{} {time}", then.strftime("%a %-d %b"))
    }
}

/// The moment `millis` after the epoch in the time zone of `now`: `2026-11-22 21:42:07`.
pub(crate) fn moment(now: &Zoned, millis: u64) -> String {
    let timestamp = i64::try_from(millis).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    let zoned = timestamp.map(|timestamp| timestamp.to_zoned(now.time_zone().clone()));
    zoned.map_or_else(|| "unknown time".to_owned(), |zoned| zoned.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!([count(0, "shot"), count(1, "shot"), count(12, "frame")], ["0 shots", "1 shot", "12 frames"]);
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let cases = [(0.4, "0 s"), (59.6, "1 min 00 s"), (125.0, "2 min 05 s"), (719.0, "11 min"), (7_500.0, "2 h 05 min")];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(duration(273_600.0), "3 d 4 h");
        assert_eq!(duration(f64::INFINITY), "unknown");
        assert_eq!(duration(-3.0), "0 s");
    }

    #[test]
    fn sizes_do_not_jump_between_units() {
        for (size, text) in [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (9_949, "9.9 kB"), (9_960, "10 kB")] {
            assert_eq!(bytes(size), text);
        }
        assert_eq!(bytes(999_600), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "18447 PB");
        assert_eq!([large(950), large(621_000), large(1_240_000)], ["950", "621 k", "1.2 M"]);
    }

    #[test]
    fn times_of_day_name_the_day_when_it_is_another() {
        let now: Zoned = "2026-11-22T21:30:00+08:00[Asia/Shanghai]".parse().expect("a time");
        assert_eq!(clock(&now, 720.0), "21:42");
        assert_eq!(clock(&now, 4.0 * 3_600.0), "tomorrow 01:30");
        assert_eq!(clock(&now, 3.0 * 86_400.0), "Wed 25 Nov 21:30");
        assert_eq!(clock(&now, 1e300), "in the far future");
        assert_eq!(moment(&now, 0), "1970-01-01 08:00:00");
    }
}
