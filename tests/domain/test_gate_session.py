"""What a person has seen and said at the gate decides what they may do; nothing else does."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.gate_session import MIN_DIGITS, Comment, Session, Typed

SHA = "0123456789abcdef" * 4
NEW = Session(patch_sha256=SHA, pieces=3, items=("ci:a.yml", "tests.removed:t.py"))
READY = replace(NEW, evidence_seen=True, seen=frozenset({0, 1, 2}), acknowledged=frozenset(NEW.items))


def said(text: str, path: str | None = "a.py", line: int | None = 3) -> Comment:
    return Comment(path=path, line=line, text=text)


@pytest.mark.parametrize(
    ("what", "session", "missing"),
    [
        ("everything is seen and acknowledged", READY, []),
        ("nothing is", NEW, ["the evidence", "3 of 3 hunks", "2 of 2 protected items"]),
        ("the evidence was not", replace(READY, evidence_seen=False), ["the evidence"]),
        ("one hunk was not", replace(READY, seen=frozenset({0, 2})), ["1 of 3 hunks"]),
        ("one item is not", replace(READY, acknowledged=frozenset({"ci:a.yml"})), ["1 of 2 protected items"]),
        ("the patch was exported", replace(READY, seen=frozenset(), in_full=True), []),
        ("exported, but nothing else", NEW.exported(), ["the evidence", "2 of 2 protected items"]),
        (
            "admission refuses it",
            replace(READY, refusals=("a binary file",)),
            ["admission refuses this patch: a binary"],
        ),
        ("somebody else must", replace(READY, barred="you asked for it"), ["you asked for it"]),
        ("an empty patch without items", Session(patch_sha256=SHA, pieces=0, items=(), evidence_seen=True), []),
    ],
)
def test_what_stands_between_a_person_and_an_approval(what: str, session: Session, missing: list[str]) -> None:
    assert len(session.missing) == len(missing), what
    assert all(found.startswith(wanted) for found, wanted in zip(session.missing, missing, strict=True)), what
    assert session.may_approve is not bool(missing), what


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        (SHA, Typed.APPROVES),
        (SHA[:MIN_DIGITS], Typed.APPROVES),
        (f" {SHA[:20].upper()} ", Typed.APPROVES),
        (SHA[: MIN_DIGITS - 1], Typed.TOO_SHORT),
        (SHA + "0", Typed.ANOTHER_PATCH),
        ("f" * MIN_DIGITS, Typed.ANOTHER_PATCH),
        ("", Typed.NO_HASH),
        ("y", Typed.NO_HASH),
        ("yes", Typed.NO_HASH),
        ("approve", Typed.NO_HASH),
        (f"{SHA[:6]} {SHA[6:12]}", Typed.NO_HASH),
        ("\uff10" * MIN_DIGITS, Typed.NO_HASH),
        (f"0x{SHA[:12]}", Typed.NO_HASH),
    ],
)
def test_only_the_patch_s_own_hash_approves(typed: str, verdict: Typed) -> None:
    assert READY.judge(typed) is verdict
    early = Typed.TOO_EARLY if verdict is Typed.APPROVES else verdict
    assert NEW.judge(typed) is early, "and before its time nothing does"


moves: list[Callable[[Session], Session]] = [
    Session.saw_evidence,
    Session.exported,
    Session.acknowledge,
    lambda s: s.saw([0]),
    lambda s: s.saw([1, 2]),
    lambda s: s.saw([7, -1]),
    lambda s: s.offer("ci:a.yml"),
    lambda s: s.offer("tests.removed:t.py"),
    lambda s: s.offer("something.else"),
    lambda s: s.offer(None),
    lambda s: s.comment(said("x")),
    lambda s: s.drop(1),
]


@given(st.lists(st.sampled_from(moves)), st.text(alphabet="0123456789abcdefy", max_size=70))
def test_nobody_approves_what_was_not_seen_or_not_acknowledged(
    made: list[Callable[[Session], Session]], typed: str
) -> None:
    session = NEW
    offered: set[str] = set()
    for move in made:
        before = session
        session = move(session)
        if session.acknowledged != before.acknowledged:
            assert before.offered is not None
            offered.add(before.offered)
        assert len(session.acknowledged) <= len(before.acknowledged) + 1, "one by one"

    approves = session.judge(SHA) is Typed.APPROVES
    assert approves == (
        session.evidence_seen
        and (session.in_full or session.seen == frozenset({0, 1, 2}))
        and session.acknowledged == frozenset(NEW.items)
    )
    assert session.acknowledged == offered, "only what was on the screen"
    assert session.judge(typed) is not Typed.APPROVES or (
        approves and SHA.startswith(typed) and len(typed) >= MIN_DIGITS
    )


def test_an_item_is_acknowledged_once_for_each_time_it_is_shown() -> None:
    session = NEW.offer("ci:a.yml").acknowledge()

    assert session.acknowledged == {"ci:a.yml"}
    assert session.acknowledge() == session, "the next yes finds nothing on the screen"


def test_what_is_no_item_cannot_be_acknowledged() -> None:
    assert NEW.offer("ci:b.yml").acknowledge().acknowledged == frozenset()


def test_the_next_hunk_to_read_is_the_first_behind_that_was_not_shown_then_from_the_beginning() -> None:
    session = NEW.saw([1])

    assert [session.next_unread(at) for at in (-1, 0, 1, 2)] == [0, 2, 2, 0]
    assert NEW.saw([0, 1, 2]).next_unread(-1) is None
    assert NEW.exported().next_unread(-1) == 0, "what is in a file can still be read here"


def test_items_come_in_their_order_and_end() -> None:
    first, second = NEW.items

    assert (NEW.next_item(None), NEW.next_item(first), NEW.next_item(second)) == (first, second, None)
    assert NEW.offer(first).acknowledge().next_item(None) == second


def test_comments_are_sent_in_the_order_they_were_made_with_their_places() -> None:
    session = (
        NEW.comment(said("use an f-string")).comment(said("why?", path="b.py", line=None)).comment(said("hm", None))
    )

    assert session.message(" and shorter ") == "a.py:3: use an f-string\nb.py: why?\nhm\nand shorter"
    assert session.drop(2).message() == "a.py:3: use an f-string\nhm"
    assert NEW.message() == ""


def test_an_empty_comment_is_none() -> None:
    assert NEW.comment(said("  ")).comments == ()


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool), max_size=5), st.integers(min_value=-1, max_value=7))
def test_dropping_takes_one_comment_or_none_and_leaves_the_others_in_order(words: list[str], number: int) -> None:
    session = NEW
    for word in words:
        session = session.comment(said(word))

    left = [comment.text for comment in session.drop(number).comments]

    assert left == [word for n, word in enumerate(words, start=1) if n != number]
