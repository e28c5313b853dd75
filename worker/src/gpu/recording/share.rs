//! Scratch buffers used again once nothing reads them any more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Proxy, Recording, Role};

/// A free buffer serves a value that is smaller by up to a third of the buffer: keeping more of it busy would leave too little for the
/// values that do fill it.
fn best_fit(free: &mut BTreeMap<u64, Vec<Proxy>>, bytes: u64) -> Option<Proxy> {
    let (_, buffers) = free.range_mut(bytes..=bytes.saturating_add(bytes / 2)).find(|(_, buffers)| !buffers.is_empty())?;
    buffers.pop()
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
        let mut free: BTreeMap<u64, Vec<Proxy>> = BTreeMap::new();
        let mut placed = vec![false; self.buffers.len()];
        for (index, op) in self.ops.iter().enumerate() {
            for proxy in op.writes() {
                let spec = &self.buffers[proxy.0];
                if spec.role == Role::Scratch && !std::mem::replace(&mut placed[proxy.0], true) {
                    place[proxy.0] = best_fit(&mut free, spec.bytes).unwrap_or(*proxy);
                }
            }
            for proxy in uses(op) {
                let spec = &self.buffers[proxy.0];
                if spec.role == Role::Scratch && last_use[proxy.0] == index {
                    // It is as large as the buffer that it was first made as.
                    free.entry(self.buffers[place[proxy.0].0].bytes).or_default().push(place[proxy.0]);
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
