"""A key gets to no terminal, however it is written: in one piece, in many, or broken into rows."""

import base64
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.cli.screen.patch import line_rows
from coderoute.cli.screen.rows import text_of
from coderoute.cli.stream import LEAST_HELD, RedactingStream, as_they_are
from coderoute.domain.hunks import PatchLine
from coderoute.keys import Keys, holding

KEY = "sk-ant-canary-4711-Qm9yZUtleVdpdGhvdXRNZWFuaW5n"
MARK = "[redacted: ANTHROPIC_API_KEY]"
KEYS = Keys({"ANTHROPIC_API_KEY": KEY})
FORMS = [KEY, KEY.encode().hex(), base64.b64encode(KEY.encode()).decode()]


def stream(encoding: str = "utf-8") -> tuple[RedactingStream, Callable[[], str]]:
    below = io.TextIOWrapper(io.BytesIO(), encoding, write_through=True)

    def out() -> str:
        below.flush()
        return below.buffer.getvalue().decode(encoding)

    return RedactingStream(below, KEYS.redacted, KEYS.unfinished), out


@pytest.mark.parametrize("form", FORMS, ids=["plain", "hex", "base64"])
@pytest.mark.parametrize("flushed", [True, False], ids=["flushed", "in one go"])
@given(st.data())
def test_a_key_in_pieces_is_taken_out(form: str, flushed: bool, data: st.DataObject) -> None:
    ours, out = stream()
    rest = f"before {form} after"
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        ours.write(rest[:size])
        rest = rest[size:]
        if flushed:
            ours.flush()
    ours.let_go()
    shown = out()
    assert MARK in shown
    assert shown.endswith(" after")
    assert form[LEAST_HELD:] not in shown
    assert flushed or shown.startswith(f"before {MARK}")


@pytest.mark.parametrize("at", [1, 5, 20, len(KEY) - 1])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_key_that_is_broken_into_two_lines_is_taken_out(at: int, end: str) -> None:
    ours, out = stream()
    for line in (f"row {KEY[:at]}{end}", f"{KEY[at:]} row{end}"):
        ours.write(line)
        ours.flush()
    ours.let_go()
    assert MARK in out()
    assert KEY[at:] not in out()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))))
def test_ordinary_text_comes_out_as_it_was_written(texts: list[str]) -> None:
    ours, out = stream()
    ours.writelines(texts)
    ours.let_go()
    assert out() == "".join(texts)


def test_a_question_is_asked_whole() -> None:
    ours, out = stream()
    ours.write("which of these")
    ours.flush()
    assert out() == "which of these"


def test_a_text_that_ends_as_a_key_begins_comes_with_the_next_one() -> None:
    ours, out = stream()
    ours.write("see sk-ant-canary")
    ours.flush()
    assert out() == "see "
    ours.write(" birds")
    ours.flush()
    assert out() == "see sk-ant-canary birds"


def test_there_is_no_way_past_it_that_a_library_would_take() -> None:
    ours, _ = stream("ascii")
    assert not hasattr(ours, "buffer")
    assert ours.encoding == "ascii"


def test_bytes_go_out_as_they_are_and_in_their_place() -> None:
    ours, out = stream()
    ours.write("see sk-ant-canary")
    as_they_are(ours).write(KEY.encode())  # type: ignore[arg-type]
    assert out() == f"see sk-ant-canary{KEY}"


def test_what_a_terminal_cannot_write_is_spelled_out() -> None:
    ours, out = stream("ascii")
    ours.write("caf\u00e9")
    ours.let_go()
    assert out() == "caf\\xe9"


def test_a_key_in_a_patch_is_taken_out_before_rows_break_it() -> None:
    line = PatchLine(sign="-", data=b"key = " + KEY.encode(), old=1, new=None)
    with holding({"ANTHROPIC_API_KEY": KEY}):
        shown = "".join(text_of(row).strip(" 1-:") for row in line_rows(line, 1, 40, whole=True).rows)
    assert MARK.replace(" ", "") in shown.replace(" ", "")
    assert KEY[:20] not in shown
