"""The real command behind a pseudo-terminal: what a person sees, and what their terminal is told."""

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from coderoute.domain.cells import cells

if TYPE_CHECKING:
    from tests.cli.conftest import Desk
    from tests.cli.screen.conftest import RealTerminal

    Begin = Callable[..., RealTerminal]

ENTER = ""
CTRL_C, CTRL_D = "\x03", "\x04"


def status(desk: "Desk", run: str) -> str:
    return str(desk("show", run, "--json").json["status"])


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 12)])
def test_a_hostile_change_is_shown_as_what_it_is(
    columns: int, lines: int, hostile: str, desk: "Desk", real_terminal: "Begin"
) -> None:
    terminal = real_terminal("gate", hostile, columns=columns, lines=lines)
    for _ in range(60):
        page = terminal.type(ENTER).decode()
        assert page.count("\r\n") < lines + 1, "a page fits the window"
        if "DECIDE" in page and "missing: " in page:
            break

    rows = terminal.text.split("\n")  # which looks for anything a terminal would obey
    assert all(cells(row) < columns for row in rows)
    text = "\n".join(rows)
    for seen in ("HIDDEN TEXT", "<U+001B>", "<U+202E>", "<U+000D>", "U+0430", "hunk 2 of 2", "import os"):
        assert seen in text, seen
    forged = [row for row in rows if row.lstrip(" ").startswith(("PROTECTED ITEMS  none", "All good", "APPROVED"))]
    assert forged == [], "no row of theirs begins where ours do"
    assert "5 + diff --git a/README.md b/README.md" in text

    sha = str(desk("show", hostile, "--json").json["patch"]["sha256"])
    assert b"it cannot be approved yet" in terminal.type(sha)
    assert status(desk, hostile) == "awaiting_approval"
    terminal.type("reject it deceives")
    assert terminal.ended() == 3


def test_without_a_terminal_no_word_from_outside_begins_a_line_either(hostile: str, desk: "Desk") -> None:
    shown = desk("show", hostile).out.split("\ndiff --git ")[0] + desk("gate", hostile).out.split("\ndiff --git ")[0]

    assert "\x1b" not in shown
    assert [row for row in shown.split("\n") if row.startswith(("PROTECTED", "DECIDE", "All good"))] == []


def test_an_honest_change_is_read_acknowledged_and_merged(desk: "Desk", real_terminal: "Begin") -> None:
    desk.models.knows_the_way()
    doc = desk.run("-c", 'gate.protected_paths=["shout.py"]', "--json", "-q").json

    terminal = real_terminal("gate", doc["run_id"])
    while b"protected item 1 of 1" not in terminal.type(ENTER):
        assert b"DECIDE" not in terminal.raw
    assert b"acknowledged: path.policy:shout.py" in terminal.type("yes")
    terminal.type(doc["patch"]["sha256"][:12])

    assert terminal.ended() == 0
    assert (desk.repo / "shout.py").read_text() == desk.RIGHT
    approval = desk("show", doc["run_id"], "--json").json["approval"]
    assert (approval["channel"], approval["patch_sha256"]) == ("terminal", doc["patch"]["sha256"])


@pytest.mark.parametrize(
    ("key", "before"), [("q", ()), (CTRL_C, ()), (CTRL_D, ()), (CTRL_C, ("n", "c")), (CTRL_D, ("r",))]
)
def test_leaving_in_any_way_and_at_any_question_decides_nothing(
    key: str, before: tuple[str, ...], desk: "Desk", real_terminal: "Begin"
) -> None:
    run, _ = desk.to_the_gate()
    terminal = real_terminal("gate", run)
    terminal.type(*before)
    terminal.type(key)
    if key == CTRL_D and before:  # it ends the answer to a question; the next one ends the sitting
        terminal.type(key)

    assert terminal.ended() == 0
    assert "the run keeps waiting" in terminal.text.replace("^C", "").replace("^D\b\b", "")
    assert status(desk, run) == "awaiting_approval"
    assert desk("show", run, "--json").json["review_burden"]["measured_by"] == ["gate"], "the look counts all the same"


def test_a_window_that_changes_its_size_does_no_harm(desk: "Desk", real_terminal: "Begin") -> None:
    run, sha256 = desk.to_the_gate()
    terminal = real_terminal("gate", run, columns=100, lines=12)

    for columns in (40, 70, 30, 100):
        terminal.resize(columns, 20)
        os.kill(terminal.process.pid, signal.SIGWINCH)
        page = terminal.type("o").decode()
        assert all(len(row) < columns for row in page.replace("\x1b", "").split("\r\n") if "[" not in row)
    terminal.type(*[ENTER] * 12, sha256)

    assert terminal.ended() == 0
    assert status(desk, run) == "merged"


@pytest.mark.parametrize(("term", "no_color"), [("dumb", None), ("xterm-256color", "1")])
def test_without_colours_the_terminal_gets_nothing_but_lines(
    term: str, no_color: str | None, hostile: str, real_terminal: "Begin", monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = real_terminal("gate", hostile, term=term, no_color=no_color)
    terminal.type(*[ENTER] * 8, "?", "a", "q")

    assert terminal.ended() == 0
    assert b"\x1b" not in terminal.raw
    assert "-- shout.py | +13 -1 | file 2 of 2 ---" in terminal.text


def test_what_is_typed_in_another_encoding_or_with_keys_that_move_ends_nothing(
    desk: "Desk", real_terminal: "Begin"
) -> None:
    run, _ = desk.to_the_gate()
    terminal = real_terminal("gate", run)

    os.write(terminal.ours, b"\xe9\xff\n")
    terminal.read()
    os.write(terminal.ours, b"c up\x1b[A\x1b[2J\n")
    terminal.read()
    terminal.type("q")

    assert terminal.ended() == 0
    assert b"comment 1: up<U+001B>[A<U+001B>[2J" in terminal.raw
