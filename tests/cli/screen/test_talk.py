"""A person at the gate: Enter reads everything in order, only the hash approves, and nothing is lost on the way."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from coderoute.cli.screen.patch import Shown
from coderoute.cli.screen.rows import span
from coderoute.cli.screen.talk import Ending
from coderoute.cli.screen.view import View

if TYPE_CHECKING:
    from tests.cli.screen.conftest import Gate

NAME = "0123456789ab"
ENTER = ""
LONG = "x = '" + "a" * 5000 + "'\n"


def test_enter_shows_the_evidence_then_every_hunk_then_the_question_and_decides_nothing(gate: "Gate") -> None:
    held = gate(*[ENTER] * 20)

    text = held.paper.text
    order = [text.index(sign) for sign in ("ASKED", "hunk 1 of 2", "+ one", "hunk 2 of 2", "+ ten", "DECIDE")]
    assert order == sorted(order)
    assert f"{NAME}  approves and merges exactly this patch" in text
    assert held.decided.ending is Ending.LEAVE
    assert held.produced == 1


def test_the_hash_approves_once_everything_was_shown(gate: "Gate") -> None:
    held = gate(*[ENTER] * 4, NAME)

    assert (held.decided.ending, held.decided.text) == (Ending.APPROVE, NAME)


def test_the_hash_decides_nothing_before_its_time_and_says_what_is_missing(gate: "Gate") -> None:
    sitting = gate.sitting(items=(gate.item("ci:a.py"),))

    held = gate("n", NAME, sitting=sitting, height=100)

    assert held.decided.ending is Ending.LEAVE
    assert "missing: 1 of 2 hunks were not shown in full" in held.paper.text
    assert "missing: 1 of 1 protected items are still to be acknowledged" in held.paper.text
    assert "approves and merges" not in held.paper.text
    assert held.produced == 0


@pytest.mark.parametrize("typed", ["y", "yes", "approve", "a", "ok", NAME[:11], "f" * 12, "merge", "1", "é", "c", "d"])
def test_nothing_else_approves(typed: str, gate: "Gate") -> None:
    assert gate(*[ENTER] * 6, typed).decided.ending is Ending.LEAVE


def test_a_digit_too_few_and_another_patch_are_told_apart(gate: "Gate") -> None:
    held = gate(NAME[:11], "f" * 12, "merge it")

    assert "11 digits name no patch: 12 do" in held.paper.text
    assert "this patch is 0123456789ab, not ffffffffffff" in held.paper.text
    assert "'merge it' decides nothing here" in held.paper.text


def test_the_end_of_the_input_and_ctrl_c_leave(gate: "Gate") -> None:
    assert gate().decided.ending is Ending.LEAVE
    assert gate(ENTER, "c hm", None, NAME).decided.ending is Ending.LEAVE
    assert gate("r", None, NAME).decided.ending is Ending.LEAVE, "also in the middle of a question"
    assert gate("q").decided.ending is Ending.LEAVE


def test_a_page_is_never_higher_than_the_screen(gate: "Gate") -> None:
    sitting = gate.sitting(gate.patch({"a.py": ""}, {"a.py": "line\n" * 100}), items=(gate.item("ci:a.py"),))

    for width, height in ((79, 24), (39, 12), (120, 50)):
        held = gate(*[ENTER] * 60, "a", sitting=sitting, width=width, height=height)
        assert max(held.paper.pages) < height
        assert "DECIDE" in held.paper.text
        assert held.produced == 1


def test_a_hunk_counts_only_when_its_last_row_was_shown(gate: "Gate") -> None:
    sitting = gate.sitting(gate.patch({"a.py": ""}, {"a.py": "line\n" * 30, "b.py": "x\n"}))

    held = gate("f 1", "n", "d", sitting=sitting)

    assert "1 of 2 hunks were not shown in full" in held.paper.text
    assert held.decided.session.seen == {1}
    assert gate("f 1", ENTER, "n", sitting=sitting).decided.session.seen == {0, 1}


def test_a_hunk_with_a_cut_line_counts_only_after_a_look_at_the_whole(gate: "Gate") -> None:
    sitting = gate.sitting(gate.patch({"a.py": ""}, {"a.py": LONG}))

    held = gate("n", sitting=sitting)
    assert "more characters of this line are not shown; w shows them" in held.paper.text
    assert held.decided.session.seen == frozenset()

    whole = gate("n", "w", *[ENTER] * 5, sitting=sitting)
    assert whole.decided.session.seen == {0}
    by_enter = gate(*[ENTER] * 30, sitting=sitting)
    assert by_enter.decided.session.seen == {0}, "Enter comes back to it and shows it whole"


def test_movement_by_hunk_file_number_and_text(gate: "Gate") -> None:
    before = {"a.py": gate.TEN, "b.py": gate.TEN, "c.py": "x\n"}
    after = {"a.py": gate.FAR_APART, "b.py": gate.FAR_APART, "c.py": "needle\n"}
    sitting = gate.sitting(gate.patch(before, after))

    def at(*typed: str) -> str:
        rows = gate(*typed, sitting=sitting).paper.rows
        return next(row for row in reversed(rows) if row.startswith("-- "))

    assert "a.py" in at("n")
    assert "hunk 2 of 2" in at("n", "n")
    assert "hunk 1 of 2" in at("n", "n", "p")
    assert "b.py" in at("n", "]")
    assert "a.py" in at("n", "]", "]", "[", "[")
    assert "c.py" in at("f 3")
    assert "c.py" in at("/NEEDLE")
    assert "b.py" in at("/b.py")
    for beyond in (("f 9",), ("f x",), ("/nowhere",), ("p",), ("[",), ("f 3", "n"), ("f 3", "]")):
        paper = gate(*beyond, sitting=sitting).paper
        assert paper.rows[-1].startswith(("there is no ", "this is the last ")), beyond


def test_each_item_is_shown_with_its_lines_and_acknowledged_on_its_own(gate: "Gate") -> None:
    items = (gate.item("deps.changed:a.py"), gate.item("text.mixed_script:a.py:10", line=10))
    sitting = gate.sitting(items=items)

    held = gate("a", "yes", "yes", *[ENTER] * 10, NAME, sitting=sitting, height=60)

    text = held.paper.text
    assert text.index("protected item 1 of 2") < text.index("acknowledged: deps.changed:a.py")
    assert text.index("acknowledged: deps.changed:a.py") < text.index("protected item 2 of 2")
    assert held.decided.ending is Ending.APPROVE
    assert held.decided.session.acknowledged == {item.id for item in items}


def test_one_yes_is_for_one_item_that_is_on_the_screen(gate: "Gate") -> None:
    items = (gate.item("one:a.py"), gate.item("two:a.py"))
    sitting = gate.sitting(items=items)

    for typed in (("yes",), ("a", "n", "yes"), ("a", "?", "yes"), ("a", "y"), ("a", ENTER, "n", "yes")):
        held = gate(*typed, sitting=sitting, height=60)
        assert held.decided.session.acknowledged == frozenset(), typed
    assert gate("a", "yes", "n", "yes", sitting=sitting, height=60).decided.session.acknowledged == {"one:a.py"}
    assert gate("a 2", "yes", sitting=sitting, height=60).decided.session.acknowledged == {"two:a.py"}


def test_an_item_is_off_the_screen_as_soon_as_something_else_begins(gate: "Gate") -> None:
    task = replace(gate.sitting().task, body="word\n" * 100)
    sitting = gate.sitting(task=task, items=(gate.item("one:a.py"),))

    assert gate("a", "i", "yes", sitting=sitting, height=30).decided.session.acknowledged == frozenset()
    assert gate("a", "yes", sitting=sitting, height=30).decided.session.acknowledged == {"one:a.py"}


def test_an_item_cannot_be_acknowledged_before_its_last_row_is_out(gate: "Gate") -> None:
    patch = gate.patch({"a.py": ""}, {"a.py": "line\n" * 50})
    sitting = gate.sitting(patch, items=(gate.item("one:a.py"),))

    assert gate("a", "yes", sitting=sitting).decided.session.acknowledged == frozenset()
    assert gate("a", ENTER, ENTER, "yes", sitting=sitting).decided.session.acknowledged == {"one:a.py"}
    cut = gate.sitting(gate.patch({"a.py": ""}, {"a.py": LONG}), items=(gate.item("one:a.py"),))
    assert gate("a", "yes", sitting=cut, height=60).decided.session.acknowledged == frozenset()
    assert gate("a", "w", ENTER, "yes", sitting=cut, height=60).decided.session.acknowledged == {"one:a.py"}
    known = gate("f 1", "w", ENTER, ENTER, "a", "yes", sitting=cut, height=100).decided.session
    assert known.acknowledged == {"one:a.py"}, "what was seen whole before need not be seen whole again"


def test_enter_goes_past_items_without_acknowledging_them(gate: "Gate") -> None:
    sitting = gate.sitting(items=(gate.item("one:a.py"), gate.item("two:a.py")))

    held = gate(*[ENTER] * 20, NAME, sitting=sitting, height=60)

    assert held.decided.ending is Ending.LEAVE
    assert "2 of 2 protected items are still to be acknowledged" in held.paper.text


def test_comments_become_what_is_sent_back(gate: "Gate") -> None:
    held = gate("c the whole is too long", "n", "c use a name", "c 2: why this?", "n", "c", "shorter", "s and in Go")

    assert held.decided.ending is Ending.SEND_BACK
    assert held.decided.text.splitlines() == [
        "the whole is too long", "a.py:1: use a name", "a.py:2: why this?", "a.py:10: shorter", "and in Go",
    ]  # fmt: skip


def test_a_comment_can_be_taken_back_and_must_be_about_a_line_that_is_there(gate: "Gate") -> None:
    held = gate("n", "c one", "c two", "drop 1", "drop 7", "drop", "c 99: there", "c  ", "", "s")

    assert held.decided.text == "a.py:1: two"
    assert "line 99 of a.py is not in this patch" in held.paper.text


def test_nothing_is_sent_and_nothing_rejected_without_a_word(gate: "Gate") -> None:
    assert gate("s", "", "r", "").decided.ending is Ending.LEAVE
    sent = gate("s", "why?").decided
    assert (sent.ending, sent.text) == (Ending.SEND_BACK, "why?")
    rejected = gate("r too clever").decided
    assert (rejected.ending, rejected.text) == (Ending.REJECT, "too clever")
    assert gate("r", "no").decided.text == "no"


def test_comments_survive_leaving_and_approving(gate: "Gate") -> None:
    assert [str(c) for c in gate("n", "c hm", "q").decided.session.comments] == ["a.py:1: hm"]
    assert gate("c nice", *[ENTER] * 5, NAME).decided.session.message() == "nice"


def test_the_whole_patch_in_a_file_counts_as_shown(gate: "Gate") -> None:
    held = gate(ENTER, "e out.patch", NAME)

    assert (held.exported, held.produced, held.decided.ending) == (["out.patch"], 1, Ending.APPROVE)
    failed = gate(ENTER, "e out.patch", NAME, problem="the disk is full")
    assert (failed.produced, failed.decided.ending) == (0, Ending.LEAVE)
    assert "the disk is full" in failed.paper.text
    assert gate("e").exported == []


def test_what_another_command_has_produced_need_not_be_read_again_but_can_be(gate: "Gate") -> None:
    sitting = gate.sitting(in_full=True)

    assert gate(ENTER, NAME, sitting=sitting).decided.ending is Ending.APPROVE
    assert gate(NAME, sitting=sitting, height=8).decided.ending is Ending.LEAVE, "the evidence must be seen here"
    assert "+ ten" in gate(*[ENTER] * 5, sitting=sitting).paper.text
    assert gate(*[ENTER] * 5, sitting=sitting).produced == 0, "that is known already"


def test_what_admission_refuses_nobody_approves(gate: "Gate") -> None:
    held = gate(*[ENTER] * 9, NAME, sitting=gate.sitting(refusals=(gate.item("content.binary:a.py"),)))

    assert held.decided.ending is Ending.LEAVE
    assert "admission refuses this patch" in held.paper.text


def test_who_may_not_approve_is_told_before_they_type_and_can_still_send_back(gate: "Gate") -> None:
    sitting = gate.sitting(barred="ada started this run")

    held = gate(*[ENTER] * 9, NAME, "s shorter", sitting=sitting)

    assert "missing: ada started this run" in held.paper.text
    assert "approves and merges" not in held.paper.text
    assert held.decided.ending is Ending.SEND_BACK


def test_the_keys_and_the_issue_can_be_shown_at_any_time(gate: "Gate") -> None:
    text = gate("?", ENTER, "i", "o", "f").paper.text

    for part in ("KEYS", "SIGNS", "ISSUE", "Please.", "in this order:"):
        assert part in text, part


def test_a_window_that_changes_its_width_begins_the_view_again(gate: "Gate") -> None:
    view = View(build=lambda width: Shown(rows=[(span("x"),)] * width, whole=True))
    assert (len(view.page(30, 20)), view.left) == (20, 10)
    assert (len(view.page(25, 20)), view.left) == (20, 5)
    assert (len(view.page(25, 20)), view.left, view.seen) == (5, 0, True)
