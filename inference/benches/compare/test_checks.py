"""That a run with wrong vectors, too many cores or uneven texts does not pass. `make bench-embed` runs it first."""
import math
import unittest
from dataclasses import replace

from checks import threads_are_as_stated, vectors_agree
from figures import Figures, figures_of
from measure import Batches, Measured, Record, portion
from report import ratios
from stacks import Stack


def record(name: str, vectors: dict[str, list[float]], least_cosine: float | None = None) -> Record:
    stack = Stack(name, lambda threads: [], "f32", least_cosine=least_cosine)
    batches = [Batches(seconds=2.0, processor_seconds=1.0, sentences=10, tokens=100)]
    return Record(stack, 1, starts=[0.1], singles=[0.002], batches=batches, passages=batches, vectors=vectors, seconds=1.0)


EXACT = record("exact", {"a": [1.0, 0.0], "b": [0.0, 1.0]})


def failures(vectors: dict[str, list[float]]) -> list[str]:
    return vectors_agree(Measured([record("ours", vectors, least_cosine=0.9999)], 0.0), EXACT)


def figures_of_record() -> Figures:
    return figures_of(EXACT, EXACT, limit=100.0)


class Checks(unittest.TestCase):
    def test_equal_vectors_pass_and_one_turned_by_a_degree_fails(self) -> None:
        self.assertEqual(failures({"a": [1.0, 0.0], "b": [0.0, 1.0]}), [])
        turned = [math.sin(math.radians(1)), math.cos(math.radians(1))]
        self.assertIn("ours: cosine 0.9998", failures({"a": [1.0, 0.0], "b": turned})[0])

    def test_a_vector_that_is_no_number_fails(self) -> None:
        self.assertEqual(len(failures({"a": [math.nan, 0.0]})), 1)

    def test_a_stack_that_uses_more_cores_than_stated_is_named(self) -> None:
        row = figures_of_record()
        self.assertEqual(threads_are_as_stated([replace(row, cores=1.05)]), [])
        self.assertIn("exact: used 1.60 cores", threads_are_as_stated([replace(row, cores=1.6)])[0])


class Arithmetic(unittest.TestCase):
    def test_the_share_of_the_limit_counts_real_tokens_by_clock_and_by_processor(self) -> None:
        row = figures_of_record()
        self.assertEqual((row.questions.per_second, row.questions.share, row.questions.processor_share), (5.0, 0.5, 1.0))

    def test_ratios_say_how_many_times_faster(self) -> None:
        row = figures_of_record()
        faster = replace(row.questions, per_second=10.0, per_processor_second=15.0)
        twice = replace(row, p50_milliseconds=row.p50_milliseconds / 2, questions=faster)
        self.assertEqual(ratios(twice, row), "2.00 / 2.00 (1.50) / 1.00 (1.00) × exact")

    def test_rounds_go_through_the_texts_and_begin_again(self) -> None:
        self.assertEqual([portion(["a", "b", "c"], 2, number) for number in range(3)], [["a", "b"], ["c", "a"], ["b", "c"]])


if __name__ == "__main__":
    unittest.main()
