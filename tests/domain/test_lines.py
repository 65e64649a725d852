import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.lines import lines_of


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\x0cb\x85c\u2028d\x1ee\rf\n", ["a\x0cb\x85c\u2028d\x1ee\rf"]),
    ],
)
def test_only_a_line_feed_ends_a_line(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


@given(st.text())
def test_there_are_as_many_lines_as_git_counts(text: str) -> None:
    unfinished = 0 if text.endswith("\n") or not text else 1
    assert len(lines_of(text)) == text.count("\n") + unfinished
