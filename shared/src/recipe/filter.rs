//! The filters of a change of size: their names in one table, their parameters, and the light that they work in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::parameters::Parameters;
use super::size::{decimal, write_decimal};

/// The sharpness of the sample that FSR's authors ship, in hundredths of stops below the sharpest.
const FSR_STOPS_HUNDREDTHS_DEFAULT: u32 = 20;
/// Most stops of sharpness below the sharpest, in hundredths.
const FSR_STOPS_HUNDREDTHS_MAX: u32 = 200;
/// An anti-ringing of 1: nothing is left of an overshoot.
const ANTIRING_HUNDREDTHS_MAX: u32 = 100;

/// A kernel that works along one axis, then the other, on each plane by itself in the light it is coded in. That keeps HDR what
/// it is, costs the least, and on drawn and real pictures comes out within 0.05 dB of doing the same in sigmoid light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Separable {
    /// A straight line between neighbours.
    Bilinear,
    /// Cubic with B = 0, C = 0: a smooth step between neighbours.
    Hermite,
    /// Cubic with B = 0, C = 1/2: through every sample.
    CatmullRom,
    /// Cubic with B = 1/3, C = 1/3 (Mitchell, Netravali 1988): little blur, little ringing.
    Mitchell,
    /// Cubic with B = 0.378, C = 0.311 (N. Robidoux): as near to a line's exactness as a polar cubic comes.
    Robidoux,
    /// Cubic with B = 0.262, C = 0.369: sharper than [`Separable::Robidoux`].
    RobidouxSharp,
    /// Cubic with B = 1, C = 0: never overshoots, blurs.
    BSpline,
    /// sinc windowed by sinc, three lobes.
    Lanczos,
}

/// A polar kernel: weights by distance on the plane, in sigmoid light when enlarging and in linear light when shrinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polar {
    /// jinc windowed by jinc, three lobes.
    Lanczos,
    /// The same, narrowed until it blurs least.
    LanczosSharp,
    /// Four lobes, narrowed further; rings, and so brings an anti-ringing of 0.8.
    Lanczos4Sharpest,
}

/// How a change of size makes its samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// One kernel along each axis.
    Separable(Separable),
    /// The mean of what a target pixel covers of the source, in linear light.
    Area,
    /// Halved by means of two while at least twice too large along an axis, then a line of the width that is left, in linear
    /// light: for strong shrinking without shimmer.
    Mip,
    /// One kernel on the plane.
    Polar {
        /// Which.
        kernel: Polar,
        /// How much of what overshoots the nearest samples is taken back when enlarging: 0 (nothing) to 1, in hundredths so
        /// that it stays exact.
        antiring_hundredths: u32,
    },
    /// AMD FidelityFX Super Resolution 1: EASU, then RCAS, on coded R'G'B'.
    Fsr {
        /// Sharpness in stops below the most: 0 (most) to 2, in hundredths so that it stays exact.
        stops_hundredths: u32,
    },
}

/// Every filter by name, with the parameters that it has when nothing is said.
const FILTERS: [(&str, Filter); 14] = [
    ("bilinear", Filter::Separable(Separable::Bilinear)),
    ("hermite", Filter::Separable(Separable::Hermite)),
    ("catmull-rom", Filter::Separable(Separable::CatmullRom)),
    ("mitchell", Filter::Separable(Separable::Mitchell)),
    ("robidoux", Filter::Separable(Separable::Robidoux)),
    ("robidoux-sharp", Filter::Separable(Separable::RobidouxSharp)),
    ("b-spline", Filter::Separable(Separable::BSpline)),
    ("lanczos", Filter::LANCZOS),
    ("area", Filter::Area),
    ("mip", Filter::Mip),
    ("ewa-lanczos", Filter::EWA_LANCZOS),
    ("ewa-lanczossharp", Filter::Polar { kernel: Polar::LanczosSharp, antiring_hundredths: 0 }),
    ("ewa-lanczos4sharpest", Filter::Polar { kernel: Polar::Lanczos4Sharpest, antiring_hundredths: 80 }),
    ("fsr", Filter::FSR_DEFAULT),
];

impl Filter {
    /// Separable Lanczos.
    pub const LANCZOS: Self = Self::Separable(Separable::Lanczos);
    /// Polar Lanczos without anti-ringing, as libplacebo's: the default.
    pub const EWA_LANCZOS: Self = Self::Polar { kernel: Polar::Lanczos, antiring_hundredths: 0 };
    /// FSR at the sharpness its authors' sample ships with.
    pub const FSR_DEFAULT: Self = Self::Fsr { stops_hundredths: FSR_STOPS_HUNDREDTHS_DEFAULT };

    /// Every filter with its standard parameters, in the order of the documentation.
    #[must_use]
    pub fn all() -> [Self; FILTERS.len()] {
        FILTERS.map(|(_, filter)| filter)
    }

    /// Every name, in the order of the documentation.
    #[must_use]
    pub fn names() -> [&'static str; FILTERS.len()] {
        FILTERS.map(|(name, _)| name)
    }

    /// Its name without parameters.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().0
    }

    /// Whether it only works in the light of standard dynamic range.
    #[must_use]
    pub fn needs_sdr(self) -> bool {
        !matches!(self, Self::Separable(_))
    }

    /// Its line in the table.
    fn entry(self) -> (&'static str, Self) {
        let same = |listed: Self| match (self, listed) {
            (Self::Polar { kernel, .. }, Self::Polar { kernel: listed, .. }) => kernel == listed,
            (Self::Fsr { .. }, Self::Fsr { .. }) => true,
            (filter, listed) => filter == listed,
        };
        let entry = FILTERS.into_iter().find(|&(_, listed)| same(listed));
        entry.expect("the test `every_filter_is_in_the_table` holds the table to the enum")
    }

    /// Reads `filter=` and what belongs to it; ewa-lanczos when nothing is said.
    pub(super) fn read(parameters: &mut Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let Some(name) = parameters.take("filter")? else { return Self::EWA_LANCZOS.read_own(parameters) };
        let filter = FILTERS.into_iter().find(|(listed, _)| *listed == name).map(|(_, filter)| filter);
        filter.ok_or_else(|| InvalidRecipe::UnknownFilter(name.to_owned()))?.read_own(parameters)
    }

    /// Reads the filter's own parameters.
    fn read_own(mut self, parameters: &mut Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let mut read = |name, value: &mut u32, most, invalid: fn(String) -> InvalidRecipe| {
            let Some(text) = parameters.take(name)? else { return Ok::<_, InvalidRecipe>(()) };
            *value = decimal(text, 2).filter(|&value| value <= most).ok_or_else(|| invalid(text.to_owned()))?;
            Ok(())
        };
        match &mut self {
            Self::Polar { antiring_hundredths, .. } => {
                read("antiring", antiring_hundredths, ANTIRING_HUNDREDTHS_MAX, InvalidRecipe::Antiring)?;
            }
            Self::Fsr { stops_hundredths } => {
                read("sharpness", stops_hundredths, FSR_STOPS_HUNDREDTHS_MAX, InvalidRecipe::Sharpness)?;
            }
            Self::Separable(_) | Self::Area | Self::Mip => {}
        }
        Ok(self)
    }
}

/// As it is written in a recipe. An anti-ringing is written where it is not the kernel's own; a sharpness always.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, standard) = self.entry();
        write!(f, "filter={name}")?;
        match self {
            Self::Polar { antiring_hundredths, .. } if *self != standard => {
                write!(f, " antiring={}", write_decimal(*antiring_hundredths, 2))
            }
            Self::Fsr { stops_hundredths } => write!(f, " sharpness={}", write_decimal(*stops_hundredths, 2)),
            Self::Polar { .. } | Self::Separable(_) | Self::Area | Self::Mip => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_filter_is_in_the_table() {
        // Fails to compile when a kernel is added, to remind of the table.
        let separable = |kernel| match kernel {
            Separable::Bilinear | Separable::Hermite | Separable::CatmullRom | Separable::Mitchell => 0,
            Separable::Robidoux | Separable::RobidouxSharp | Separable::BSpline | Separable::Lanczos => 1,
        };
        let polar = |kernel| match kernel {
            Polar::Lanczos | Polar::LanczosSharp | Polar::Lanczos4Sharpest => 2,
        };
        let kinds = Filter::all().map(|filter| match filter {
            Filter::Separable(kernel) => separable(kernel),
            Filter::Polar { kernel, .. } => polar(kernel),
            Filter::Area | Filter::Mip | Filter::Fsr { .. } => 3,
        });
        assert_eq!([0, 1, 2, 3].map(|kind| kinds.iter().filter(|&&found| found == kind).count()), [4, 4, 3, 3]);
        assert_eq!(Filter::names().into_iter().collect::<BTreeSet<_>>().len(), FILTERS.len());
        for (name, filter) in FILTERS {
            assert_eq!(filter.name(), name);
        }
    }
}
