"""What a person may be shown: nothing in it can hide, move or pass for something else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.visible import MAX_MARKS, one_line, visible, visible_bytes

any_text = st.text(alphabet=st.characters())


@pytest.mark.parametrize(
    ("what", "character"),
    [
        ("a null", "\0"),
        ("a backspace", "\b"),
        ("a carriage return, which overwrites the line", "\r"),
        ("an escape, which begins terminal commands", "\x1b"),
        ("a delete", "\x7f"),
        ("a C1 control, which some terminals obey", "\x9b"),
        ("next line", "\x85"),
        ("a right-to-left override", "\u202e"),
        ("a right-to-left mark", "\u200f"),
        ("an Arabic letter mark", "\u061c"),
        ("a right-to-left isolate", "\u2067"),
        ("a zero-width space", "\u200b"),
        ("a zero-width joiner", "\u200d"),
        ("a byte order mark", "\ufeff"),
        ("a word joiner", "\u2060"),
        ("a soft hyphen", "\xad"),
        ("a combining grapheme joiner", "\u034f"),
        ("a line separator", "\u2028"),
        ("a paragraph separator", "\u2029"),
        ("a no-break space", "\xa0"),
        ("an ideographic space", "\u3000"),
        ("a Hangul filler", "\u3164"),
        ("a halfwidth Hangul filler", "\uffa0"),
        ("an empty braille pattern", "\u2800"),
        ("a Khmer inherent vowel", "\u17b4"),
        ("a Mongolian variation selector", "\u180b"),
        ("a variation selector", "\ufe0f"),
        ("a supplementary variation selector", "\U000e0100"),
        ("a tag", "\U000e0041"),
        ("a musical control", "\U0001d173"),
        ("a musical null notehead", "\U0001d159"),
        ("private use", "\ue000"),
        ("unassigned", "\U000e0fff"),
        ("a lone surrogate", "\ud800"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(what: str, character: str) -> None:
    assert visible(f"a{character}b") == f"a<U+{ord(character):04X}>b", what


@pytest.mark.parametrize(
    "text", ["", "plain", "tabs\tand\nlines\n", "naïve café", "日本語 текст עברית", "e\u0301", "→ ✓ 🙂", "<U+202E>"]
)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_a_tower_of_accents_cannot_cover_the_lines_around_it() -> None:
    assert visible("a" + "\u0301" * MAX_MARKS) == "a" + "\u0301" * MAX_MARKS
    assert visible("a" + "\u0301" * (MAX_MARKS + 2)) == "a" + "\u0301" * MAX_MARKS + "<U+0301><U+0301>"


@given(any_text)
def test_nothing_dangerous_is_left(text: str) -> None:
    left = set(visible(text)) - set("\n\t ")
    assert not {c for c in left if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")}


@given(any_text)
def test_what_was_spelled_out_is_not_spelled_out_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(any_text)
def test_no_line_is_made_or_lost(text: str) -> None:
    assert visible(text).count("\n") == text.count("\n")


def test_bytes_that_are_no_utf8_are_shown_one_by_one() -> None:
    assert visible_bytes(b"caf\xe9 \xff\n+ok\xc3\xa9") == "caf<E9> <FF>\n+oké"


def test_a_surrogate_in_bytes_is_shown_as_the_bytes_it_is() -> None:
    assert visible_bytes(b"\xed\xa0\x80") == "<ED><A0><80>"


def test_carriage_returns_in_a_patch_are_shown() -> None:
    assert visible_bytes(b"+a\r\n-b\n") == "+a<U+000D>\n-b\n"


@given(st.binary())
def test_any_bytes_can_be_shown(data: bytes) -> None:
    assert visible_bytes(data).count("\n") == data.count(b"\n")


def test_one_line_is_the_first_that_says_something() -> None:
    assert one_line("\n  first\nsecond") == "first"
    assert one_line("a\rb\x1b[2J") == "a<U+000D>b<U+001B>[2J"


@given(any_text, st.integers(min_value=1, max_value=80))
def test_one_line_is_one_line_and_never_too_long(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert "\n" not in line
    assert len(line) <= limit
