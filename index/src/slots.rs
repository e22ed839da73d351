//! A set of slots, one bit each: the removed rows, and the nodes a search has seen.

/// A set of slots. Copying it for 100,000 rows moves 12.5 kB.
#[derive(Clone, Default)]
pub(crate) struct SlotSet {
    words: Vec<u64>,
    len: usize,
}

impl SlotSet {
    /// Rebuilds a set from [`words`](Self::words).
    pub(crate) fn from_words(words: Vec<u64>) -> Self {
        let len = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words, len }
    }

    /// Bit `slot % 64` of word `slot / 64`; words beyond the end count as 0.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.words.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Adds a slot; false if it was there.
    #[inline]
    pub(crate) fn insert(&mut self, slot: u32) -> bool {
        let word = slot as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (slot % 64);
        let added = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.len += usize::from(added);
        added
    }

    /// Slots in the set that are less than `end`.
    pub(crate) fn count_below(&self, end: usize) -> usize {
        let whole = (end / 64).min(self.words.len());
        let count: u32 = self.words[..whole].iter().map(|word| word.count_ones()).sum();
        let part = self.words.get(end / 64).map_or(0, |word| (word & ((1 << (end % 64)) - 1)).count_ones());
        (count + part) as usize
    }

    /// Empties it, with room for slots below `capacity`.
    pub(crate) fn reset(&mut self, capacity: usize) {
        self.words.clear();
        self.words.resize(capacity.div_ceil(64), 0);
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_counted_up_to_any_end() {
        let mut set = SlotSet::default();
        for slot in [0, 63, 64, 130] {
            assert!(set.insert(slot));
            assert!(!set.insert(slot));
        }
        let counts = [0, 1, 63, 64, 65, 130, 131, 1000].map(|end| set.count_below(end));
        assert_eq!(counts, [0, 1, 1, 2, 3, 3, 4, 4]);
        assert_eq!((set.len(), set.contains(130), set.contains(131)), (4, true, false));
        set.reset(10);
        assert_eq!((set.is_empty(), set.contains(0)), (true, false));
    }
}
