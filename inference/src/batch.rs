//! Which waiting sentences form the next batch. Pure: lengths in, positions out. Called by the queue
//! and the reranker's workers.

use crate::DeviceChoice;

/// Differences of length up to this many tokens always share a batch: padding them costs less than another pass
/// through the model.
const SIMILAR_LENGTH: usize = 16;

/// Padded tokens of a batch where none are configured: 256 on a processor, 3 to 10 milliseconds of all-MiniLM-L6-v2 on a core
/// with AVX-512. Larger batches take as long for each text there, and a customer's question waits until one that has begun is
/// done. 16 384 on an NVIDIA card, 512 questions of 32 tokens, so that its thousands
/// of lanes have work while the next batch is tokenized; this one is an estimate and has not been measured.
pub(crate) fn default_token_budget(device: DeviceChoice) -> usize {
    match device {
        DeviceChoice::Cpu | DeviceChoice::Metal(_) => 256,
        DeviceChoice::Cuda(_) => 16_384,
    }
}

/// Chooses the next batch among waiting sentences, given their lengths in tokens in the order in which they are served.
///
/// Returns positions in `lengths`, ascending. The first sentence is always among them, even when it alone is longer
/// than `token_budget`; so a sentence at position `n` is served within `n + 1` batches. The others join, those of the
/// nearest length first, while
/// - there are at most `most` with the first,
/// - the padded batch, longest × count, stays within `token_budget`, and
/// - the padding of the shortest is at most its own length (or [`SIMILAR_LENGTH`]).
///
/// A length of 0 counts as 1. No sentences give no batch.
pub(crate) fn next_batch(lengths: &[usize], token_budget: usize, most: usize) -> Vec<usize> {
    let Some(first) = lengths.first() else { return Vec::new() };
    let mut candidates: Vec<usize> = (1..lengths.len()).collect();
    candidates.sort_by_key(|position| lengths[*position].abs_diff(*first));

    let mut batch = vec![0];
    let (mut shortest, mut longest) = (*first, *first);
    for position in candidates {
        if batch.len() >= most {
            break;
        }
        let (shorter, longer) = (shortest.min(lengths[position]), longest.max(lengths[position]));
        let padded = longer.max(1).saturating_mul(batch.len() + 1);
        if padded <= token_budget && longer - shorter <= shorter.max(SIMILAR_LENGTH) {
            (shortest, longest) = (shorter, longer);
            batch.push(position);
        }
    }
    batch.sort_unstable();
    batch
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const ANY: usize = usize::MAX;

    #[test]
    fn no_sentences_give_no_batch() {
        assert_eq!(next_batch(&[], 100, ANY), Vec::<usize>::new());
    }

    #[test]
    fn a_sentence_longer_than_the_budget_goes_alone() {
        assert_eq!(next_batch(&[500, 10, 20], 100, ANY), [0]);
    }

    #[test]
    fn a_card_takes_512_questions_at_once() {
        let budget = default_token_budget(DeviceChoice::Cuda(0));
        assert_eq!(next_batch(&[32; 600], budget, ANY).len(), 512);
        assert_eq!(next_batch(&[32; 600], default_token_budget(DeviceChoice::Cpu), ANY).len(), 8);
    }

    #[test]
    fn sentences_of_like_length_go_together() {
        assert_eq!(next_batch(&[10, 200, 12, 190, 9], 1_000, ANY), [0, 2, 4]);
        assert_eq!(next_batch(&[200, 12, 190, 9], 1_000, ANY), [0, 2]);
    }

    #[test]
    fn the_nearest_lengths_are_taken_when_not_all_fit() {
        assert_eq!(next_batch(&[10, 14, 10, 13, 10], 30, ANY), [0, 2, 4]);
    }

    #[test]
    fn the_first_and_its_nearest_go_when_only_some_may() {
        assert_eq!(next_batch(&[10, 30, 13, 11, 12], 1_000, 3), [0, 3, 4]);
        assert_eq!(next_batch(&[10, 10], 1_000, 1), [0]);
    }

    #[test]
    fn empty_sentences_count_as_one_token() {
        assert_eq!(next_batch(&[0, 0, 0, 0], 3, ANY), [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn a_batch_holds_the_first_and_keeps_to_the_budget(
            lengths in vec(0_usize..600, 1..80), token_budget in 1_usize..5_000,
        ) {
            let batch = next_batch(&lengths, token_budget, ANY);
            prop_assert_eq!(batch[0], 0);
            prop_assert!(batch.is_sorted_by(|left, right| left < right));
            let taken: Vec<usize> = batch.iter().map(|position| lengths[*position]).collect();
            let (shortest, longest) = (*taken.iter().min().unwrap(), *taken.iter().max().unwrap());
            prop_assert!(taken.len() == 1 || longest.max(1) * taken.len() <= token_budget);
            prop_assert!(longest <= (2 * shortest).max(shortest + SIMILAR_LENGTH));
        }

        #[test]
        fn equal_lengths_fill_the_budget(length in 1_usize..100, count in 1_usize..80, token_budget in 1_usize..5_000) {
            let batch = next_batch(&vec![length; count], token_budget, ANY);
            prop_assert_eq!(batch.len(), count.min((token_budget / length).max(1)));
        }

        #[test]
        fn no_sentence_waits_for_more_batches_than_its_position(
            arrivals in vec(vec(1_usize..600, 0..10), 1..30), token_budget in 1_usize..2_000,
        ) {
            // Sentences as (length, batches that may still go before it), with new ones arriving between batches.
            let mut waiting: Vec<(usize, usize)> = Vec::new();
            for arriving in arrivals {
                for length in arriving {
                    waiting.push((length, waiting.len()));
                }
                let lengths: Vec<usize> = waiting.iter().map(|(length, _)| *length).collect();
                let batch = next_batch(&lengths, token_budget, ANY);
                let mut position = 0;
                waiting.retain(|_| { position += 1; !batch.contains(&(position - 1)) });
                for (_, allowed) in &mut waiting {
                    prop_assert!(*allowed > 0);
                    *allowed -= 1;
                }
            }
        }
    }
}
