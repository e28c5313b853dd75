//! Scratch buffers used again once nothing reads them any more. A buffer may be larger than what is in it, so no shader asks for
//! the length of one.

use std::collections::BTreeSet;

use super::{Proxy, Recording, Role};

/// A free buffer for a value: the smallest that holds it and of which it fills most, or else the largest of the smaller ones that
/// need not grow by much. A small value in a large buffer would leave too little for those that do fill it; the bands of one
/// picture, which differ by a few rows, share theirs.
fn best_fit(free: &mut BTreeSet<(u64, Proxy)>, bytes: u64) -> Option<Proxy> {
    let larger = free.range((bytes, Proxy(0))..).next().filter(|(size, _)| *size <= bytes.saturating_add(bytes / 2));
    let smaller = || free.range(..(bytes, Proxy(0))).next_back().filter(|(size, _)| size.saturating_add(size / 2) >= bytes);
    let found = larger.or_else(smaller).copied()?;
    free.remove(&found);
    Some(found.1)
}

impl Recording {
    /// The same work in fewer scratch buffers. Operations run one after the other, so a buffer is free from the operation
    /// after its last use on. It is taken at its first write, in whole or in part.
    #[must_use]
    pub fn share_scratch(mut self) -> Self {
        let uses = |op: &super::Op| op.reads().iter().chain(op.writes()).copied().collect::<BTreeSet<_>>();
        let mut last_use = vec![0; self.buffers.len()];
        for (index, op) in self.ops.iter().enumerate() {
            for proxy in uses(op) {
                last_use[proxy.0] = index;
            }
        }
        let mut place = (0..self.buffers.len()).map(Proxy).collect::<Vec<_>>();
        let mut free: BTreeSet<(u64, Proxy)> = BTreeSet::new();
        let mut placed = vec![false; self.buffers.len()];
        for (index, op) in self.ops.iter().enumerate() {
            for proxy in op.writes() {
                let (bytes, scratch) = (self.buffers[proxy.0].bytes, self.buffers[proxy.0].role == Role::Scratch);
                if !scratch || std::mem::replace(&mut placed[proxy.0], true) {
                    continue;
                }
                if let Some(buffer) = best_fit(&mut free, bytes) {
                    place[proxy.0] = buffer;
                    self.buffers[buffer.0].bytes = self.buffers[buffer.0].bytes.max(bytes);
                }
            }
            for proxy in uses(op) {
                if self.buffers[proxy.0].role == Role::Scratch && last_use[proxy.0] == index {
                    free.insert((self.buffers[place[proxy.0].0].bytes, place[proxy.0]));
                }
            }
        }
        self.rename(&place);
        self
    }

    /// Puts each buffer in its place and drops those that no place names.
    fn rename(&mut self, place: &[Proxy]) {
        let mut kept: Vec<Option<Proxy>> = vec![None; self.buffers.len()];
        let mut buffers = Vec::new();
        for proxy in place {
            kept[proxy.0].get_or_insert_with(|| {
                buffers.push(self.buffers[proxy.0].clone());
                Proxy(buffers.len() - 1)
            });
        }
        let renamed = |proxy: Proxy| kept[place[proxy.0].0].expect("every place was kept in the loop above");
        for proxy in self.ops.iter_mut().flat_map(super::Op::proxies_mut) {
            *proxy = renamed(*proxy);
        }
        (self.input, self.output) = (renamed(self.input), renamed(self.output));
        self.buffers = buffers;
    }
}
