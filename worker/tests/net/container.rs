//! The files that `fixtures.py` writes; it describes the format.

/// A named array.
pub(crate) struct Array {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f32>,
}

/// A network with what ONNX Runtime makes of its inputs.
pub(crate) struct Fixture {
    pub(crate) name: String,
    /// An ONNX file; empty where the test makes it.
    pub(crate) model: Vec<u8>,
    pub(crate) inputs: Vec<Array>,
    pub(crate) outputs: Vec<Array>,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn u32(&mut self) -> usize {
        u32::from_le_bytes(self.take(4).try_into().expect("as many as were taken")) as usize
    }

    fn text(&mut self) -> String {
        let size = u16::from_le_bytes(self.take(2).try_into().expect("as many as were taken"));
        String::from_utf8(self.take(usize::from(size)).to_vec()).expect("names are text")
    }

    fn arrays(&mut self) -> Vec<Array> {
        (0..self.u32()).map(|_| self.array()).collect()
    }

    fn array(&mut self) -> Array {
        let name = self.text();
        let rank = self.take(1)[0];
        let shape: Vec<usize> = (0..rank).map(|_| self.u32()).collect();
        let bytes = self.take(4 * shape.iter().product::<usize>());
        let data = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Array { name, shape, data }
    }
}

/// Reads a whole file.
pub(crate) fn read(bytes: &[u8]) -> Vec<Fixture> {
    let mut reader = Reader(bytes);
    assert_eq!(reader.take(8), b"SHOTFIX1");
    let fixtures = (0..reader.u32())
        .map(|_| {
            let name = reader.text();
            let size = reader.u32();
            Fixture { name, model: reader.take(size).to_vec(), inputs: reader.arrays(), outputs: reader.arrays() }
        })
        .collect();
    assert!(reader.0.is_empty());
    fixtures
}

/// The largest difference between two arrays, as a part of the largest number in the expected one.
pub(crate) fn difference(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    let furthest = got.iter().zip(expected).fold(0.0_f32, |furthest, (x, y)| {
        // A number that is none, or is infinite, on one side only is as far away as can be.
        if x.is_finite() && y.is_finite() {
            furthest.max((x - y).abs())
        } else if x == y {
            furthest
        } else {
            f32::INFINITY
        }
    });
    furthest / largest
}
