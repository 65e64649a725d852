"""Hunks as rows: every line with its number, and no line that could be taken for something else."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.cli.screen.patch import MAX_ROWS_A_LINE, Note, item_rows, lines_rows, notes, piece_rows
from coderoute.cli.screen.rows import Row, text_of
from coderoute.domain.cells import cells
from coderoute.domain.hunks import Piece, pieces
from coderoute.domain.visible import visible

if TYPE_CHECKING:
    from tests.cli.screen.conftest import Gate

Texts = Callable[[Iterable[Row]], list[str]]


def test_a_hunk_shows_where_it_is_and_each_line_with_sign_and_number(gate: "Gate", texts: Texts) -> None:
    first, second = gate.pieces({"a.py": gate.TEN}, {"a.py": gate.FAR_APART})

    assert texts(piece_rows(first, (), 60).rows) == [
        "-- a.py | +1 -1 | file 1 of 1 | hunk 1 of 2 ----------------",
        "  # @@ -1,4 +1,4 @@", "1 - line 1", "1 + one", "2   line 2", "3   line 3", "4   line 4", "",
    ]  # fmt: skip
    assert texts(piece_rows(second, (), 60).rows)[1:5] == [
        "   # @@ -7,4 +7,4 @@", " 7   line 7", " 8   line 8", " 9   line 9",
    ]  # fmt: skip


def test_what_git_says_beyond_the_path_is_shown(gate: "Gate", texts: Texts) -> None:
    (new,) = gate.pieces({}, {"run.sh": "x\n"})
    mode = pieces(b"diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n")[0]
    other = pieces(b"diff --git a/x b/x\n--- a/somewhere.py\n+++ b/x\n")[0]

    assert "  # new file mode 100644" in texts(piece_rows(new, (), 60).rows)
    assert texts(piece_rows(mode, (), 60).rows)[1:3] == ["  # old mode 100644", "  # new mode 100755"]
    assert "  # --- a/somewhere.py" in texts(piece_rows(other, (), 60).rows)


def test_what_is_said_stands_below_its_line_and_is_marked(gate: "Gate", texts: Texts) -> None:
    first, _ = gate.pieces({"a.py": gate.TEN}, {"a.py": gate.FAR_APART})
    said = notes(
        [gate.finding("a.py", 2, "Bad\nname", "Use\tanother.")],
        [gate.item("deps.changed:a.py", detail="changes what is installed"), gate.item("x:a.py:77", line=77)],
        frozenset({"x:a.py:77"}),
    )

    rows = texts(piece_rows(first, said, 90).rows)

    at = rows.index("2   line 2")
    assert rows[at + 1] == "  ! review, low: Bad name. Use another."
    assert rows[1] == "  ! protected, deps.changed: changes what is installed (not acknowledged yet)"
    assert rows[2] == "  ! line 77, not in this patch: protected, x: look (acknowledged)"


def test_lines_that_play_git_or_the_gate_are_lines_of_their_file(gate: "Gate", texts: Texts) -> None:
    fakes = [
        "diff --git a/x b/x",
        "DECIDE  this patch is 0123456789ab",
        "! protected, ci: fine (acknowledged)",
        "gate> ",
    ]
    (piece,) = gate.pieces({}, {"a.py": "".join(f"{fake}\n" for fake in fakes)})

    rows = texts(piece_rows(piece, (), 60).rows)

    assert rows[-5:-1] == [f"{n} + {fake}" for n, fake in enumerate(fakes, start=1)]


def test_a_long_line_goes_on_under_a_mark_of_its_own(gate: "Gate", texts: Texts) -> None:
    (piece,) = gate.pieces({}, {"a.py": "a" * 30 + " " * 30 + "APPROVED\n"})

    assert texts(piece_rows(piece, (), 34).rows)[-4:-1] == ["1 + " + "a" * 30, "  : " + " " * 30, "  : APPROVED"]


def test_a_very_long_line_is_cut_and_says_how_much_is_missing(gate: "Gate", texts: Texts) -> None:
    (piece,) = gate.pieces({}, {"a.py": "a" * 1000 + "\n"})

    cut, whole = piece_rows(piece, (), 34), piece_rows(piece, (), 34, whole=True)

    assert (cut.whole, whole.whole) == (False, True)
    rows = " ".join(row.removeprefix("  ! ") for row in texts(cut.rows))
    assert f"{1000 - 30 * MAX_ROWS_A_LINE} more characters of this line are not shown; w shows them" in rows
    assert "".join(row[4:] for row in texts(whole.rows) if row[2:3] in ("+", ":")) == "a" * 1000


def test_tabs_carriage_returns_and_bytes_are_shown(gate: "Gate", texts: Texts) -> None:
    (piece,) = gate.pieces({}, {"Makefile": b"a:\n\tx\tyy\r\n\xff\x1b[2J\n"})

    assert texts(piece_rows(piece, (), 60).rows)[-4:-1] == [
        "1 + a:", "2 + \u2192   x\u2192  yy<U+000D>", "3 + <FF><U+001B>[2J",
    ]  # fmt: skip


def test_an_item_about_a_line_shows_the_lines_around_it_and_one_about_a_file_all(gate: "Gate", texts: Texts) -> None:
    found = gate.pieces({"a.py": gate.TEN}, {"a.py": gate.FAR_APART + "more\n" * 20})

    near = texts(item_rows(gate.item("secret:a.py:10", line=10), 1, 2, found, 60).rows)
    whole = texts(item_rows(gate.item("path.policy:a.py"), 2, 2, found, 60).rows)
    test = texts(item_rows(gate.item("tests.weakened:a.py:10", line=10), 1, 2, found, 60).rows)

    assert "10 + ten" in near
    assert "14 + more" in near
    assert not any(row.startswith(("15 +", "1 +", " 1 +")) for row in near)
    for rows in (whole, test):
        assert "1 + one" in rows
        assert "30 + more" in rows


def test_an_item_about_nothing_in_the_patch_says_so(gate: "Gate", texts: Texts) -> None:
    found = gate.pieces({}, {"a.py": "x\n"})

    for item in (gate.item("delete.many", path=""), gate.item("tests.differ:t.py", path="t.py")):
        assert "  It is about no line of this patch." in texts(item_rows(item, 1, 1, found, 60).rows)


@pytest.mark.parametrize("path", ["a/" + "long/" * 40 + "x.py", "\u65e5\u672c\u8a9e.py"])
def test_a_path_is_shown_whole(path: str, gate: "Gate", texts: Texts) -> None:
    (piece,) = gate.pieces({}, {path: "x\n"})

    rows = texts(piece_rows(piece, (), 38).rows)

    assert path in "".join(rows).replace("-- ", "", 1)
    assert all(cells(row) <= 38 for row in rows)


anything = st.text(alphabet=st.characters(exclude_characters="\n"), max_size=60)


@given(st.lists(anything, min_size=1, max_size=8), anything, st.integers(min_value=23, max_value=90))
def test_whatever_a_file_holds_its_rows_are_safe_whole_and_within_the_width(
    lines: list[str], note: str, width: int
) -> None:
    data = [line.encode("utf-8", "surrogatepass") for line in lines]
    (piece,) = pieces(
        b"diff --git a/a b/a\n@@ -0,0 +1,%d @@\n" % len(data) + b"".join(b"+%s\n" % line for line in data)
    )
    (rows,) = [lines_rows(piece, piece.lines, [Note(path="a", line=1, text=note)], width, whole=True).rows]

    texts = [text_of(row) for row in rows]
    assert all(visible(text) == text and "\n" not in text and "\t" not in text for text in texts)
    assert all(cells(text) <= width for text in texts)
    assert {text[2] for text in texts} <= {"#", "+", ":", "!"}, "each row says what it is"
    assert sum(text[2] == "+" for text in texts) == len(lines)


def test_no_line_of_a_piece_is_left_out(gate: "Gate", texts: Texts) -> None:
    found: list[Piece] = list(gate.pieces({"a.py": gate.TEN}, {"a.py": gate.FAR_APART, "b.py": "x\ny\n"}))

    for piece in found:
        rows = texts(piece_rows(piece, (), 60).rows)
        for line in piece.lines:
            if line.sign:
                assert f"{line.number:>2} {line.sign} {line.data.decode()}".strip() in [row.strip() for row in rows]
