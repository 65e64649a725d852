"""Columns of a terminal: never fewer than the text takes, and no part wider than there is room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from coderoute.domain.cells import LEAST, cells, cells_of, filled, folded
from coderoute.domain.visible import is_plain, visible

any_text = st.text(alphabet=st.characters())
widths = st.integers(min_value=LEAST, max_value=30)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0), ("abc", 3), ("na\u00efve", 5), ("\u65e5\u672c", 4), ("\N{SLIGHTLY SMILING FACE}", 2),
        ("\u0440\u0443\u0441", 3), ("e\u0301", 2), ("\uff21", 2), ("\N{BLACK SUN WITH RAYS}", 2), ("\u2500\u2588", 2),
    ],
)  # fmt: skip
def test_columns(text: str, columns: int) -> None:
    assert cells(text) == columns


def test_no_character_that_is_shown_takes_more_columns_than_we_count() -> None:
    """By the tables of a library that is about terminals."""
    shown = (chr(n) for n in range(0xA0, 0x110000))
    assert [hex(ord(c)) for c in shown if is_plain(c) and cell_len(c) > cells_of(c)] == []


@given(any_text, widths)
def test_folding_loses_nothing_and_keeps_to_the_width(text: str, width: int) -> None:
    parts = folded(visible(text), width)

    assert "".join(parts) == visible(text)
    assert all(cells(part) <= width for part in parts)


@given(any_text, widths)
def test_filling_loses_only_spaces_and_keeps_to_the_width(text: str, width: int) -> None:
    parts = filled(visible(text), width)

    assert "".join(parts).replace(" ", "") == visible(text).replace(" ", "")
    assert all(cells(part) <= width for part in parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two three four", ["one two", "three four"]),
        ("one two thre fouuuuuur", ["one two", "thre", "fouuuuuur"]),
        ("an unbreakable", ["an", "unbreakabl", "e"]),
        ("", [""]),
        ("ten1010101 x", ["ten1010101", "x"]),
    ],
)
def test_prose_is_broken_at_spaces(text: str, parts: list[str]) -> None:
    assert filled(text, 10) == parts


def test_a_spelled_out_character_is_not_broken() -> None:
    text = visible("abcdef\u202eghi\u202e\u202e")

    assert folded(text, 10) == ["abcdef", "<U+202E>gh", "i<U+202E>", "<U+202E>"]
    assert filled(text, 10) == ["abcdef", "<U+202E>gh", "i<U+202E>", "<U+202E>"]
