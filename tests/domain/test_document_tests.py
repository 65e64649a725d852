"""Examples in documents: which of them a change took away."""

import pytest

from coderoute.domain.document_tests import weakened_examples

OLD = """Means
=====

    >>> mean([1, 2])
    1.5
    >>> x = 1
"""


def told(new: str, old: str = OLD, path: str = "docs/use.rst") -> list[str]:
    return [one.detail for one in weakened_examples(path, old.encode(), new.encode())]


def test_an_example_with_another_output_is_told_with_both() -> None:
    [detail] = told(OLD.replace("1.5", "1"))
    assert "`mean([1, 2]) -> 1.5`" in detail
    assert "`mean([1, 2]) -> 1`" in detail


@pytest.mark.parametrize("new", ["", OLD.replace("    >>> x = 1\n", ""), OLD.replace(">>> mean", "mean")])
def test_an_example_that_went_is_told(new: str) -> None:
    assert len(told(new)) == 1


@pytest.mark.parametrize("new", [OLD, OLD + "    >>> y = 2\n", OLD.replace("=====", "====="), "New.\n\n" + OLD])
def test_more_examples_and_other_words_are_no_loss(new: str) -> None:
    assert told(new) == []


@pytest.mark.parametrize("old", ["", ">>>x\n", "  >>> a\n 1\n"])
def test_any_document_can_be_read(old: str) -> None:
    assert isinstance(told("", old), list)


def test_code_is_no_document() -> None:
    assert told("", path="a.py") == []
