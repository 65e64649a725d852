from collections import Counter

from coderoute.domain.bm25 import Okapi, frequency, rarity

TEXTS = {
    "a": Counter({"zebra": 1, "common": 1}),
    "b": Counter({"common": 1}),
    "c": Counter({"common": 4}),
    "d": Counter[str](),
}
LENGTHS = {"a": 10, "b": 10, "c": 10, "d": 10}


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    assert rarity(1, 100) > rarity(50, 100) > rarity(100, 100) > 0


def test_each_further_word_counts_less() -> None:
    steps = [frequency(n, 10, 10.0, 0.5) for n in range(4)]
    assert steps[0] == 0
    assert steps[1] - steps[0] > steps[2] - steps[1] > steps[3] - steps[2] > 0


def test_a_long_text_counts_less_unless_lengths_are_ignored() -> None:
    assert frequency(1, 100, 10.0, 0.5) < frequency(1, 10, 10.0, 0.5)
    assert frequency(1, 100, 10.0, 0.0) == frequency(1, 10, 10.0, 0.0)


def test_every_text_is_answered_for() -> None:
    worth = Okapi(TEXTS, LENGTHS, b=0.5).worth({"zebra": 1.0, "common": 1.0, "absent": 9.0})
    assert worth["a"] > worth["c"] > worth["b"] > worth["d"] == 0


def test_no_texts_are_worth_nothing() -> None:
    assert Okapi({}, {}, b=0.5).worth({"zebra": 1.0}) == {}
