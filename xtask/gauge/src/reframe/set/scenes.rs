//! The scenarios, class by class: who does what where, and what an editor would make of it.
//!
//! A 9:16 window is 0.316 of a 16:9 picture wide; a figure as high as the picture is about a third of that.

use super::actor::{Actor, Body, Motion};
use super::draw::Stretch;
use super::layer::{Sensor, Style};
use super::overlay::Overlay;
use super::places::Place;
use super::{Class, LARGE, SIZE, Shot, UPRIGHT};
use crate::reframe::truth::Choice::{self, Apart, Follow, Middle, Steady};
use Body::{Boat, Bust, Car, Cyclist, Dog, Lighthouse, Passer, Person, Pillar, Sun, Tree, Van};
use Motion::{About, Between, Line, Still, World};

/// Every scenario.
pub(super) fn all() -> Vec<Shot> {
    [
        one(),
        two(),
        crossing(),
        occlusion(),
        pan(),
        cuts(),
        text(),
        letterbox(),
        drawn(),
        close(),
        distractors(),
        landscape(),
        weak(),
        upright(),
    ]
    .concat()
}

const fn subject(body: Body, height: f32, ground: f32, motion: Motion) -> Actor {
    Actor::subject(body, height, ground, motion)
}

const fn extra(body: Body, height: f32, ground: f32, motion: Motion) -> Actor {
    Actor::extra(body, height, ground, motion)
}

fn at(place: Place, seed: u32, choice: Choice, frames: u32, actors: &[Actor]) -> Stretch {
    Stretch { frames, place, seed, style: Style::Live, pan: 0.0, shake: 0.0, actors: actors.to_vec(), choice, flash: None }
}

impl Stretch {
    fn panned(self, pan: f32) -> Self {
        Self { pan, ..self }
    }

    fn held(self, shake: f32) -> Self {
        Self { shake, ..self }
    }

    fn drawn(self) -> Self {
        Self { style: Style::Drawn, ..self }
    }

    fn flashing(self, frame: u32) -> Self {
        Self { flash: Some(frame), ..self }
    }
}

/// The sensor of an ordinary camera in good light.
const CAMERA: Sensor = Sensor { light: 1.0, noise: 4.0 };
/// Drawn pictures come nearly clean.
const CEL: Sensor = Sensor { light: 1.0, noise: 0.8 };
const NIGHT: Sensor = Sensor { light: 0.3, noise: 5.0 };
const GRAINY: Sensor = Sensor { light: 0.95, noise: 22.0 };

fn shot(name: &'static str, class: Class, stretches: Vec<Stretch>) -> Shot {
    let drawn = stretches.iter().all(|stretch| stretch.style == Style::Drawn);
    let sensor = if drawn { CEL } else { CAMERA };
    Shot { name, class, size: SIZE, stretches, overlays: Vec::new(), bars: 0.0, sensor, crf: 26, seed: 0 }
}

impl Shot {
    fn large(self) -> Self {
        Self { size: LARGE, ..self }
    }

    fn by(self, sensor: Sensor) -> Self {
        Self { sensor, ..self }
    }

    fn with(mut self, overlay: Overlay) -> Self {
        self.overlays.push(overlay);
        self
    }

    fn barred(self, bars: f32) -> Self {
        Self { bars, ..self }
    }

    fn squeezed(self, crf: u32) -> Self {
        Self { crf, ..self }
    }

    fn stood_up(self) -> Self {
        Self { size: UPRIGHT, ..self }
    }
}

fn one() -> Vec<Shot> {
    use Class::{Moving, Still as StillOne};
    vec![
        shot("reader", StillOne, vec![at(Place::Room, 11, Steady, 48, &[subject(Person(3), 0.72, 0.95, Still(0.24))])]),
        shot("anchor", StillOne, vec![at(Place::Office, 12, Steady, 60, &[subject(Bust(4), 0.6, 1.0, Still(0.74))])]).large(),
        shot(
            "waiting-dog",
            StillOne,
            vec![at(Place::Park, 13, Steady, 48, &[subject(Dog(0x8a5a34), 0.24, 0.9, Still(0.7))]).held(1.1)],
        ),
        shot(
            "hand-held",
            StillOne,
            vec![at(Place::Street, 14, Steady, 60, &[subject(Person(8), 0.7, 0.94, Still(0.38))]).held(1.9)],
        ),
        shot("walker", Moving, vec![at(Place::Street, 21, Follow, 72, &[subject(Person(5), 0.7, 0.94, Line(0.12, 0.88))])]),
        shot(
            "two-steps",
            Moving,
            vec![at(Place::Park, 22, Steady, 72, &[subject(Person(6), 0.68, 0.93, Between(0.2, 0.31, (0.25, 0.7)))])],
        ),
        shot(
            "running-dog",
            Moving,
            vec![at(Place::Shore, 23, Follow, 60, &[subject(Dog(0x5a3a26), 0.2, 0.92, Line(0.86, 0.14))])],
        ),
        shot(
            "stop-and-go",
            Moving,
            vec![at(Place::Office, 24, Follow, 84, &[subject(Person(9), 0.7, 0.95, Between(0.18, 0.72, (0.3, 0.75)))])],
        ),
        shot(
            "drive-past",
            Moving,
            vec![at(Place::Street, 25, Follow, 48, &[subject(Car(0x2a6a9c), 0.15, 0.9, Line(0.15, 0.85))])],
        )
        .large(),
    ]
}

fn two() -> Vec<Shot> {
    use Class::{TwoFar, TwoNear};
    let person = |seed, x| subject(Person(seed), 0.7, 0.95, Still(x));
    vec![
        shot("couple", TwoNear, vec![at(Place::Room, 31, Steady, 60, &[person(10, 0.22), person(11, 0.35)])]),
        shot("colleagues", TwoNear, vec![at(Place::Office, 32, Steady, 48, &[person(12, 0.64), person(13, 0.77)])]).large(),
        shot(
            "dog-owner",
            TwoNear,
            vec![at(Place::Park, 33, Steady, 60, &[person(14, 0.3), subject(Dog(0xc0a070), 0.15, 0.95, Still(0.43))])],
        ),
        shot("across-the-room", TwoFar, vec![at(Place::Room, 41, Apart, 60, &[person(15, 0.14), person(16, 0.84)])]),
        shot(
            "interview",
            TwoFar,
            vec![at(
                Place::Office,
                42,
                Apart,
                60,
                &[subject(Bust(2), 0.56, 1.0, Still(0.2)), subject(Bust(3), 0.56, 1.0, Still(0.8))],
            )],
        )
        .large(),
        shot(
            "parting",
            TwoFar,
            vec![at(Place::Street, 43, Apart, 72, &[subject(Person(17), 0.66, 0.94, Line(0.3, 0.12)), person(18, 0.82)])],
        ),
    ]
}

fn crossing() -> Vec<Shot> {
    use Class::Crossing;
    let walks = |seed, from, to| subject(Person(seed), 0.66, 0.94, Line(from, to));
    vec![
        shot("changing-places", Crossing, vec![at(Place::Park, 51, Steady, 60, &[walks(19, 0.2, 0.3), walks(20, 0.3, 0.2)])]),
        shot(
            "against-the-stream",
            Crossing,
            vec![at(
                Place::Street,
                52,
                Follow,
                72,
                &[extra(Passer(61), 0.3, 0.72, Line(0.95, 0.1)), subject(Person(21), 0.74, 0.96, Line(0.15, 0.85))],
            )],
        ),
        shot("strangers", Crossing, vec![at(Place::Shore, 53, Apart, 72, &[walks(22, 0.14, 0.84), walks(23, 0.86, 0.16)])]),
    ]
}

fn occlusion() -> Vec<Shot> {
    use Class::Occlusion;
    let parked = |body, x| extra(body, 0.26, 0.98, Still(x));
    vec![
        shot(
            "behind-parked-cars",
            Occlusion,
            vec![at(
                Place::Street,
                61,
                Follow,
                72,
                &[subject(Cyclist(24), 0.4, 0.86, Line(0.12, 0.88)), parked(Car(0x8c2a2a), 0.34), parked(Car(0xc8c8cc), 0.78)],
            )],
        ),
        shot(
            "behind-pillars",
            Occlusion,
            vec![at(
                Place::Office,
                62,
                Follow,
                72,
                &[
                    subject(Person(25), 0.66, 0.93, Line(0.15, 0.85)),
                    extra(Pillar(0xa8a49c, 14.0), 1.0, 1.0, Still(0.36)),
                    extra(Pillar(0xa8a49c, 14.0), 1.0, 1.0, Still(0.64)),
                ],
            )],
        ),
        shot(
            "behind-the-van",
            Occlusion,
            vec![at(
                Place::Street,
                63,
                Follow,
                84,
                &[subject(Person(26), 0.5, 0.88, Line(0.9, 0.12)), extra(Van(0xd8d4c8), 0.5, 0.98, Still(0.48))],
            )],
        )
        .large(),
        shot(
            "through-the-trees",
            Occlusion,
            vec![at(
                Place::Park,
                64,
                Follow,
                72,
                &[
                    subject(Cyclist(27), 0.36, 0.84, Line(0.88, 0.14)),
                    extra(Tree(3), 0.8, 0.96, Still(0.3)),
                    extra(Tree(4), 0.8, 0.96, Still(0.66)),
                ],
            )],
        ),
    ]
}

fn pan() -> Vec<Shot> {
    use Class::Pan;
    vec![
        shot(
            "walk-along",
            Pan,
            vec![at(Place::Street, 71, Steady, 72, &[subject(Person(28), 0.7, 0.95, Line(0.66, 0.72))]).panned(0.22).held(1.1)],
        ),
        shot(
            "ride-along",
            Pan,
            vec![at(Place::Hills, 72, Steady, 72, &[subject(Cyclist(29), 0.4, 0.93, Line(0.26, 0.3))]).panned(0.4)],
        ),
        shot(
            "found-by-the-pan",
            Pan,
            vec![at(Place::Park, 73, Follow, 72, &[subject(Person(30), 0.68, 0.94, World(0.86, 1.0))]).panned(0.18)],
        ),
        shot(
            "pan-left",
            Pan,
            vec![at(Place::Shore, 74, Steady, 60, &[subject(Dog(0x3a2a20), 0.22, 0.92, Line(0.34, 0.3))]).panned(-0.3)],
        )
        .large(),
    ]
}

fn cuts() -> Vec<Shot> {
    use Class::Cuts;
    let bust = |seed, x| subject(Bust(seed), 0.58, 1.0, Still(x));
    vec![
        shot(
            "three-places",
            Cuts,
            vec![
                at(Place::Room, 81, Steady, 30, &[subject(Person(31), 0.72, 0.95, Still(0.22))]),
                at(Place::Street, 82, Steady, 32, &[subject(Person(32), 0.7, 0.95, Still(0.78))]),
                at(Place::Office, 83, Steady, 28, &[bust(33, 0.4)]),
            ],
        ),
        shot(
            "shot-and-reverse",
            Cuts,
            vec![
                at(Place::Room, 84, Steady, 28, &[bust(34, 0.28)]),
                at(Place::Room, 85, Steady, 26, &[bust(35, 0.72)]),
                at(Place::Room, 84, Steady, 30, &[bust(34, 0.28)]),
            ],
        ),
        shot(
            "flash",
            Cuts,
            vec![
                at(Place::Street, 86, Steady, 44, &[subject(Person(36), 0.7, 0.94, Still(0.3))]).flashing(20),
                at(Place::Street, 87, Steady, 36, &[subject(Person(37), 0.7, 0.94, Still(0.74))]),
            ],
        ),
        shot(
            "quick-four",
            Cuts,
            vec![
                at(Place::Park, 88, Steady, 20, &[subject(Person(38), 0.7, 0.94, Still(0.7))]),
                at(Place::Shore, 89, Steady, 18, &[subject(Dog(0x6a4a30), 0.24, 0.92, Still(0.3))]),
                at(Place::Park, 90, Steady, 22, &[subject(Person(39), 0.7, 0.94, Still(0.28))]),
                at(Place::Hills, 91, Steady, 20, &[subject(Cyclist(40), 0.4, 0.93, Still(0.66))]),
            ],
        ),
        shot(
            "jump-cut",
            Cuts,
            vec![
                at(Place::Office, 92, Steady, 36, &[subject(Person(41), 0.7, 0.95, Still(0.26))]),
                at(Place::Office, 92, Steady, 36, &[subject(Person(41), 0.74, 0.97, Still(0.72))]),
            ],
        ),
    ]
}

fn text() -> Vec<Shot> {
    use Class::Text;
    vec![
        shot("subtitled", Text, vec![at(Place::Room, 101, Steady, 60, &[subject(Person(42), 0.72, 0.95, Still(0.22))])])
            .with(Overlay::Subtitle("I THOUGHT YOU HAD LEFT THE CITY"))
            .with(Overlay::Logo("NINE5", 1)),
        shot("named", Text, vec![at(Place::Office, 102, Steady, 60, &[subject(Person(43), 0.7, 0.95, Still(0.68))])])
            .with(Overlay::Name("DR. LIN", (0.73, 0.5), 0.04)),
        shot("marked-walk", Text, vec![at(Place::Street, 103, Follow, 72, &[subject(Person(44), 0.7, 0.94, Line(0.85, 0.2))])])
            .with(Overlay::Logo("LIVE", 0))
            .with(Overlay::Subtitle("WAIT FOR ME")),
        shot("busy-corners", Text, vec![at(Place::Park, 104, Steady, 48, &[subject(Person(45), 0.66, 0.9, Still(0.6))])])
            .with(Overlay::Logo("CHANNEL 5", 0))
            .with(Overlay::Logo("EP 12", 3)),
    ]
}

fn letterbox() -> Vec<Shot> {
    use Class::Letterbox;
    vec![
        shot("scope-still", Letterbox, vec![at(Place::Room, 111, Steady, 48, &[subject(Person(46), 0.58, 0.84, Still(0.28))])])
            .barred(0.13),
        shot(
            "scope-walk",
            Letterbox,
            vec![at(Place::Street, 112, Follow, 72, &[subject(Person(47), 0.52, 0.85, Line(0.15, 0.82))])],
        )
        .barred(0.12),
        shot(
            "scope-couple",
            Letterbox,
            vec![at(
                Place::Shore,
                113,
                Steady,
                60,
                &[subject(Person(48), 0.5, 0.85, Still(0.66)), subject(Person(49), 0.5, 0.85, Still(0.75))],
            )],
        )
        .barred(0.11),
    ]
}

fn drawn() -> Vec<Shot> {
    use Class::Drawn;
    vec![
        shot("drawn-bust", Drawn, vec![at(Place::Room, 121, Steady, 60, &[subject(Bust(50), 0.6, 1.0, Still(0.7))]).drawn()]),
        shot(
            "drawn-walk",
            Drawn,
            vec![at(Place::Street, 122, Follow, 72, &[subject(Person(51), 0.7, 0.94, Line(0.14, 0.84))]).drawn()],
        ),
        shot(
            "drawn-pair",
            Drawn,
            vec![
                at(
                    Place::Office,
                    123,
                    Steady,
                    60,
                    &[subject(Person(52), 0.7, 0.95, Still(0.24)), subject(Person(53), 0.66, 0.95, Still(0.36))],
                )
                .drawn(),
            ],
        ),
        shot(
            "drawn-reverse",
            Drawn,
            vec![
                at(Place::Night, 124, Steady, 36, &[subject(Bust(54), 0.58, 1.0, Still(0.3))]).drawn(),
                at(Place::Night, 125, Steady, 36, &[subject(Bust(55), 0.58, 1.0, Still(0.72))]).drawn(),
            ],
        ),
    ]
}

fn close() -> Vec<Shot> {
    use Class::Close;
    vec![
        shot(
            "by-the-window",
            Close,
            vec![at(Place::Room, 131, Steady, 60, &[subject(Bust(56), 0.6, 1.0, About(0.3, 0.02, 3.0))])],
        ),
        shot(
            "at-night",
            Close,
            vec![at(Place::Night, 132, Steady, 60, &[subject(Bust(57), 0.58, 1.0, About(0.7, 0.02, 4.0))]).held(0.7)],
        ),
        shot(
            "on-the-beach",
            Close,
            vec![at(Place::Shore, 133, Steady, 48, &[subject(Bust(59), 0.6, 1.0, Still(0.66))]).held(1.5)],
        )
        .large(),
    ]
}

fn distractors() -> Vec<Shot> {
    use Class::Distractors;
    vec![
        shot(
            "windy",
            Distractors,
            vec![at(
                Place::Park,
                141,
                Steady,
                60,
                &[
                    extra(Tree(7), 0.55, 0.8, Still(0.62)),
                    extra(Tree(8), 0.6, 0.82, Still(0.86)),
                    subject(Person(60), 0.7, 0.95, Still(0.24)),
                ],
            )],
        ),
        shot(
            "sails",
            Distractors,
            vec![at(
                Place::Shore,
                142,
                Steady,
                72,
                &[extra(Boat(0x8a3a2a), 0.12, 0.56, Line(0.2, 0.55)), subject(Person(61), 0.66, 0.94, Still(0.74))],
            )],
        ),
        shot(
            "traffic",
            Distractors,
            vec![at(
                Place::Street,
                143,
                Steady,
                60,
                &[
                    extra(Car(0x6a7078), 0.07, 0.69, Line(0.0, 1.0)),
                    extra(Passer(62), 0.24, 0.7, Line(0.95, 0.6)),
                    subject(Person(63), 0.72, 0.96, Still(0.3)),
                ],
            )],
        ),
    ]
}

fn landscape() -> Vec<Shot> {
    use Class::Landscape;
    vec![
        shot("empty-hills", Landscape, vec![at(Place::Hills, 151, Middle, 60, &[]).panned(0.1)]),
        shot("lighthouse", Landscape, vec![at(Place::Shore, 152, Steady, 48, &[subject(Lighthouse, 0.42, 0.52, Still(0.76))])]),
        shot("low-sun", Landscape, vec![at(Place::Hills, 153, Steady, 48, &[subject(Sun, 0.14, 0.3, Still(0.3))])]),
        shot(
            "lone-sail",
            Landscape,
            vec![at(Place::Shore, 154, Steady, 60, &[subject(Boat(0x2a4a7a), 0.22, 0.64, Line(0.2, 0.26))])],
        )
        .large(),
    ]
}

fn weak() -> Vec<Shot> {
    use Class::{Dark, Noise};
    vec![
        shot("dark-street", Dark, vec![at(Place::Night, 161, Steady, 48, &[subject(Person(64), 0.7, 0.95, Still(0.28))])])
            .by(Sensor { light: 0.55, noise: 5.0 }),
        shot("dark-room", Dark, vec![at(Place::Room, 162, Follow, 72, &[subject(Person(65), 0.7, 0.95, Line(0.82, 0.2))])])
            .by(NIGHT),
        shot("dark-bust", Dark, vec![at(Place::Office, 163, Steady, 48, &[subject(Bust(66), 0.58, 1.0, Still(0.7))])]).by(NIGHT),
        shot("grainy-still", Noise, vec![at(Place::Room, 171, Steady, 48, &[subject(Person(67), 0.7, 0.95, Still(0.76))])])
            .by(GRAINY),
        shot("grainy-walk", Noise, vec![at(Place::Park, 172, Follow, 60, &[subject(Person(68), 0.7, 0.94, Line(0.16, 0.8))])])
            .by(GRAINY),
        shot(
            "grainy-cuts",
            Noise,
            vec![
                at(Place::Street, 173, Steady, 30, &[subject(Person(69), 0.7, 0.94, Still(0.3))]),
                at(Place::Shore, 174, Steady, 30, &[subject(Dog(0x8a6040), 0.24, 0.92, Still(0.7))]),
            ],
        )
        .by(GRAINY),
        shot("squeezed", Noise, vec![at(Place::Street, 175, Steady, 48, &[subject(Person(70), 0.7, 0.95, Still(0.26))])])
            .squeezed(36),
    ]
}

fn upright() -> Vec<Shot> {
    use Class::Upright;
    vec![
        shot("phone-walk", Upright, vec![at(Place::Street, 181, Steady, 60, &[subject(Person(71), 0.26, 0.84, Line(0.2, 0.8))])])
            .stood_up(),
        shot(
            "phone-dog",
            Upright,
            vec![at(Place::Park, 182, Steady, 48, &[subject(Dog(0x7a5030), 0.12, 0.9, Still(0.5))]).held(1.1)],
        )
        .stood_up(),
        shot(
            "phone-sail",
            Upright,
            vec![at(Place::Shore, 183, Steady, 60, &[subject(Boat(0x9a2a2a), 0.16, 0.6, Line(0.3, 0.6))])],
        )
        .stood_up(),
        shot("phone-talk", Upright, vec![at(Place::Office, 184, Steady, 48, &[subject(Person(72), 0.27, 0.9, Still(0.4))])])
            .stood_up(),
    ]
}
