from coderoute.domain.code_facts import Symbol
from coderoute.domain.passages import MOST_LINES, best_passage

WEIGHTS = {"zebra": 1.0, "strip": 1.0}
FILLER = "nothing of it\n" * 200


def test_a_definition_with_both_words_is_worth_more_than_both_words_apart() -> None:
    together = f"{FILLER}def zebra():\n    stripes\n{FILLER}"
    apart = f"zebra\n{FILLER}stripes\n"
    span = (Symbol(name="zebra", outer="", first=201, last=202),)
    assert (
        best_passage(together, span, WEIGHTS) > best_passage(together, (), WEIGHTS) > best_passage(apart, (), WEIGHTS)
    )


def test_a_text_without_the_words_is_worth_nothing() -> None:
    assert best_passage(FILLER, (), WEIGHTS) == best_passage("", (), WEIGHTS) == 0


def test_a_definition_that_fills_the_file_is_seen_through_windows() -> None:
    text = f"def f():\n{FILLER}zebra stripes\n"
    whole = (Symbol(name="f", outer="", first=1, last=202),)
    assert best_passage(text, whole, WEIGHTS) == best_passage(text, (), WEIGHTS)


def test_spans_beyond_the_text_and_lines_without_end_do_no_harm() -> None:
    beyond = (Symbol(name="f", outer="", first=900, last=950),)
    assert best_passage("zebra\n", beyond, WEIGHTS) > 0
    assert best_passage("\n" * (MOST_LINES + 5) + "zebra", (), WEIGHTS) == 0
