"""Characters and bytes a reader cannot see or would misread, in what a change adds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.content import (
    added_lines,
    asset_kind,
    binary_problem,
    character_problems,
    has_direction_marks,
    mixed_script,
)


def numbers(old: str | None, new: str) -> list[int]:
    return [line.number for line in added_lines(None if old is None else old.encode(), new.encode())]


@pytest.mark.parametrize(
    ("what", "old", "new", "added"),
    [
        ("a new file", None, "a\nb\n", [1, 2]),
        ("nothing", "a\nb\n", "a\nb\n", []),
        ("one line more", "a\nb\n", "a\nx\nb\n", [2]),
        ("one line changed", "a\nb\n", "a\nc\n", [2]),
        ("the same line twice", "a\n", "a\na\n", [2]),
        ("a moved line", "a\nb\nc\n", "c\na\nb\n", []),
        ("another line ending", "a\r\nb\r\n", "a\nb\n", []),
        ("no last newline", "a\nb\n", "a\nb", []),
        ("an empty file", "a\n", "", []),
    ],
)
def test_added_lines_are_numbered_in_the_new_file(what: str, old: str | None, new: str, added: list[int]) -> None:
    assert numbers(old, new) == added, what


def test_a_removed_file_adds_nothing() -> None:
    assert added_lines(b"a\n", None) == ()


BAD = [
    *((chr(code), "text.bidi") for code in (0x202A, 0x202E, 0x2066, 0x2069, 0x200E, 0x200F, 0x061C)),
    *((chr(code), "text.control") for code in (0x00, 0x07, 0x08, 0x0B, 0x0C, 0x0D, 0x1B, 0x7F, 0x85, 0x9B, 0x2028)),
    *((chr(code), "text.invisible") for code in (0xAD, 0x200B, 0x2060, 0x2064, 0xFEFF, 0x180E, 0x3164, 0x115F)),
    *((chr(code), "text.invisible") for code in (0xFE00, 0xFE0F, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xE01EF, 0x034F)),
]


@pytest.mark.parametrize(("char", "rule"), BAD, ids=[f"U+{ord(char):04X}" for char, _ in BAD])
def test_a_character_that_deceives_is_named(char: str, rule: str) -> None:
    ((found, detail),) = character_problems(f"ab{char}cd", "")
    assert found == rule
    assert f"U+{ord(char):04X}" in detail
    assert char not in detail


FINE = [
    "plain ASCII, tabs\tand more",
    "naïve café — “quotes” … ½ €",
    "Ελληνικά, кириллица, 日本語, 한국어, العربية, עברית, हिन्दी",
    "emoji 😀 ❤️ 👍🏽 1️⃣ ↔️",
    "a family 👨‍👩‍👧 and a pride flag 🏳️‍🌈",
    "می‌خواهم",
    "क्‍ष",
    "no-break\u00a0space and thin\u202fspace",
    "private use \ue0b0",
]


@pytest.mark.parametrize("text", FINE)
def test_text_of_any_language_is_fine(text: str) -> None:
    assert list(character_problems(text, "")) == []


@pytest.mark.parametrize("text", ["a\u200db", "x\u200c = 1", "\u200d", "❤\ufe0f\ufe0f", "日\ufe00\ufe01\ufe02"])
def test_joiners_and_selectors_out_of_their_place_are_found(text: str) -> None:
    assert [rule for rule, _ in character_problems(text, "")] == ["text.invisible"]


def test_a_control_character_the_file_had_may_come_again() -> None:
    assert list(character_problems("\x0c", "old\x0c\n")) == []
    assert list(character_problems("\x0c\x1b", "old\x0c\n")) == [("text.control", "adds the control character U+001B")]


def test_a_direction_change_the_file_had_may_not_come_again() -> None:
    assert [rule for rule, _ in character_problems("\u202e", "old\u202e\n")] == ["text.bidi"]


@pytest.mark.parametrize(
    ("old", "new", "binary"),
    [
        (b"", b"text\n", False),
        (b"", "täxt\n".encode(), False),
        (b"", b"\x89PNG\0\0", True),
        (b"", b"late" * 4_000 + b"\n\0", True),
        (b"", "täxt\n".encode("latin-1"), True),
        ("täxt\n".encode("latin-1"), "täxt\n".encode("latin-1") + b"more\n", False),
        (b"", b"t\0e\0", True),
    ],
)
def test_what_is_not_utf_8_text_is_binary(old: bytes, new: bytes, binary: bool) -> None:
    assert (binary_problem(new, added_lines(old, new)) is not None) is binary


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("раssword = 1", "раssword"),
        ("def scоpe():", "scоpe"),
        ("password = 1", None),
        ("пароль = 1", None),
        ("Δt = μ * x", None),
        ("naïve_größe = 1", None),
    ],
)
def test_foreign_letters_in_a_latin_identifier_are_found(text: str, word: str | None) -> None:
    assert mixed_script(text) == word


@pytest.mark.parametrize(
    ("path", "data", "kind"),
    [
        ("docs/logo.png", b"\x89PNG\r\n\x1a\n...", "a PNG image"),
        ("a.JPG", b"\xff\xd8\xff\xe0", "a JPEG image"),
        ("a.gif", b"GIF89a", "a GIF image"),
        ("a.webp", b"RIFF\0\0\0\nWEBP", "a WebP image"),
        ("favicon.ico", b"\0\0\1\0", "an icon"),
        ("a.woff2", b"wOF2", "a font"),
        ("de.mo", b"\xde\x12\x04\x95", "a compiled message catalogue"),
        ("de.mo", b"\x95\x04\x12\xde", "a compiled message catalogue"),
        ("a.png", b"\x7fELF", None),
        ("a.png", b"", None),
        ("a.png", b"x\x89PNG\r\n\x1a\n", None),
        ("a.so", b"\x89PNG\r\n\x1a\n", None),
        ("png", b"\x89PNG\r\n\x1a\n", None),
        ("a.ttf", b"\0\1\0\0\0", "a font"),
        ("a.png/run", b"\x89PNG\r\n\x1a\n", None),
        ("a.pdf", b"%PDF-1.7", None),
        ("a.zip", b"PK\3\4", None),
        ("a.svg", b"<svg/>", None),
    ],
)
def test_a_picture_is_one_by_its_name_and_by_its_first_bytes(path: str, data: bytes, kind: str | None) -> None:
    assert asset_kind(path, data) == kind


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("\u200f%d \u05d9\u05d5\u05dd", True),
        ("\u0646\u0633\u062e\u0629 2.0\u200e", True),
        ("\u05d9\u05d5\u05dd", False),
        ("safe\u200f", False),
        ("\u200f\u061c", False),
        ("\u202e\u05d9\u05d5\u05dd", False),
        ("\u200f\u2067\u05d9\u05d5\u05dd", False),
    ],
)
def test_direction_marks_belong_to_right_to_left_text_alone(text: str, marked: bool) -> None:
    assert has_direction_marks(text) is marked
    refused = [rule for rule, _ in character_problems(text, "", may_mark_direction=True)]
    assert refused == ([] if marked or text == "\u05d9\u05d5\u05dd" else ["text.bidi"])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_added_lines_are_lines_of_the_new_file(old: bytes, new: bytes) -> None:
    lines = new.split(b"\n")
    for line in added_lines(old, new):
        assert lines[line.number - 1].removesuffix(b"\r") == line.data


@given(st.text(max_size=100))
def test_text_that_shows_everything_it_holds_has_no_problem(text: str) -> None:
    if text.isascii() and text.isprintable():
        assert list(character_problems(text, "")) == []
