"""The approval matrix: who said what, on which head, and whether it counts."""

from dataclasses import replace

import pytest

from coderoute.domain.forge import Access, Account, Comment, ForgeReview
from coderoute.domain.forge_words import Heard, Subject, Verb, hear

SHA = "ab" * 32
HEAD, OLDER = "1" * 40, "2" * 40
SUBJECT = Subject(patch_sha256=SHA, head=HEAD, since=10, items=frozenset())
APPROVE = f"/coderoute approve {SHA[:12]}"

ADA = Account(login="ada", human=True)
BEN = Account(login="ben", human=True)
EVE = Account(login="eve", human=True)
BOT = Account(login="helper[bot]", human=False)
ACCESS = {"ada": Access.WRITE, "ben": Access.MAINTAIN, "eve": Access.READ, "helper[bot]": Access.ADMIN}


def at(minute: int) -> str:
    return f"2026-11-22T10:{minute:02}:00Z"


def said(body: str, by: Account = ADA, *, number: int = 11, edited: bool = False) -> Comment:
    return Comment(id=number, author=by, body=body, created_at=at(number), updated_at=at(number + (1 if edited else 0)))


def review(
    state: str, by: Account = ADA, *, number: int = 11, commit: str | None = HEAD, body: str = ""
) -> ForgeReview:
    return ForgeReview(id=number, author=by, state=state, commit=commit, body=body, submitted_at=at(number))


def heard(*what: Comment | ForgeReview, subject: Subject = SUBJECT) -> Heard:
    comments = [each for each in what if isinstance(each, Comment)]
    reviews = [each for each in what if isinstance(each, ForgeReview)]
    return hear(subject, comments, reviews, lambda login: ACCESS.get(login, Access.NONE))


def counts(found: Heard) -> tuple[str, str] | None:
    return None if found.word is None else (found.word.verb.value, found.word.by)


ALLOWED = ("approve", "ada")
REFUSED = ("reject", "ben")
NO = "/coderoute reject no"
MATRIX: list[tuple[str, tuple[Comment | ForgeReview, ...], tuple[str, str] | None, str]] = [
    ("a command by a writer", (said(APPROVE),), ALLOWED, ""),
    ("the whole hash", (said(f"/coderoute approve {SHA}"),), ALLOWED, ""),
    ("upper case", (said(f"/coderoute approve {SHA[:16].upper()}"),), ALLOWED, ""),
    ("a review on the head", (review("approved"),), ALLOWED, ""),
    ("words after the command", (said(f"{APPROVE}\nLooks good."),), ALLOWED, ""),
    ("nothing said", (), None, ""),
    ("a hash that is too short", (said(f"/coderoute approve {SHA[:11]}"),), None, "does not name this patch"),
    ("no hash", (said("/coderoute approve"),), None, "does not name this patch"),
    ("another patch", (said(f"/coderoute approve {'cd' * 6}"),), None, "does not name this patch"),
    ("an outsider", (said(APPROVE, EVE),), None, "eve may not write"),
    ("somebody unknown", (said(APPROVE, Account(login="who", human=True)),), None, "who may not write"),
    ("a bot with all rights", (said(APPROVE, BOT),), None, "is no person"),
    ("a bot's review", (review("approved", BOT),), None, "is no person"),
    ("an outsider's review", (review("approved", EVE),), None, "eve may not write"),
    ("an edited comment", (said(APPROVE, edited=True),), None, "edited"),
    ("a comment from before this head", (said(APPROVE, number=10),), None, ""),
    ("a review on an older commit", (review("approved", commit=OLDER),), None, "approved another commit"),
    ("a review of no commit", (review("approved", commit=None),), None, "approved another commit"),
    ("a dismissed review", (review("dismissed"),), None, ""),
    ("approved, then dismissed", (review("approved"), review("dismissed", number=12)), None, ""),
    ("approved, then changes asked", (review("approved"), review("changes_requested", number=12)), None, "ada asked"),
    ("changes asked, then approved", (review("changes_requested"), review("approved", number=12)), ALLOWED, ""),
    ("approved, then a remark", (review("approved"), review("commented", number=12)), ALLOWED, ""),
    ("another writer objects", (review("approved"), review("changes_requested", BEN, number=12)), None, "ben asked"),
    ("an outsider objects", (review("approved"), review("changes_requested", EVE, number=12)), ALLOWED, "eve may not"),
    ("an old objection", (review("approved"), review("changes_requested", BEN, commit=OLDER)), ALLOWED, ""),
    ("a quoted command", (said(f"> {APPROVE}"),), None, ""),
    ("a command in the middle", (said(f"I would say {APPROVE}"),), None, ""),
    ("a command in code", (said(f"```\n{APPROVE}\n```"),), None, ""),
    ("another program's command", (said(f"/coderouter approve {SHA}"),), None, ""),
    ("a longer verb", (said(f"/coderoute approved {SHA}"),), None, ""),
    ("two approvers racing", (said(APPROVE, BEN, number=13), said(APPROVE, ADA, number=12)), ALLOWED, ""),
    ("rejected after it was approved", (said(APPROVE), said(NO, BEN, number=12)), REFUSED, ""),
    ("approved after it was rejected", (said(NO, BEN), said(APPROVE, number=12)), REFUSED, ""),
    ("sent back", (said("/coderoute send-back shorter"),), ("send-back", "ada"), ""),
    ("an outsider sends back", (said("/coderoute send-back shorter", EVE),), None, "eve may not write"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "happened", "counted", "told"), MATRIX, ids=[row[0] for row in MATRIX])
def test_what_counts(
    what: str, happened: tuple[Comment | ForgeReview, ...], counted: tuple[str, str] | None, told: str
) -> None:
    found = heard(*happened)
    assert counts(found) == counted, what
    assert told in " | ".join(found.passed_over)


def test_whoever_asked_for_the_change_is_passed_over_where_somebody_else_has_to_approve() -> None:
    subject = replace(SUBJECT, barred=frozenset({"ADA"}))
    found = heard(said(APPROVE), review("approved", number=12), subject=subject)
    assert counts(found) is None
    assert "somebody else has to approve" in found.passed_over[0]
    assert counts(heard(said(APPROVE), said(APPROVE, BEN, number=12), subject=subject)) == ("approve", "ben")
    assert counts(heard(said("/coderoute reject no"), subject=subject)) == ("reject", "ada"), (
        "their own no still counts"
    )


def test_every_protected_item_is_acknowledged_by_the_one_who_approves() -> None:
    subject = replace(SUBJECT, items=frozenset({"deps.changed:1", "path.ci:2"}))
    half = said(f"{APPROVE} --ack deps.changed:1")
    assert counts(heard(half, subject=subject)) is None
    assert "without acknowledging path.ci:2" in heard(half, subject=subject).passed_over[0]
    assert counts(heard(review("approved"), subject=subject)) is None

    others = said(f"{APPROVE} --ack path.ci:2", BEN, number=12)
    assert counts(heard(half, others, subject=subject)) is None, "two people know half of it each"

    rest = said(f"{APPROVE} --ack path.ci:2", number=13)
    found = heard(half, rest, subject=subject)
    assert counts(found) == ALLOWED
    assert found.word is not None
    assert found.word.acknowledged == ("deps.changed:1", "path.ci:2")
    in_the_review = review("approved", body="--ack deps.changed:1 --ack path.ci:2")
    assert counts(heard(in_the_review, subject=subject)) == ALLOWED


def test_the_text_of_a_comment_is_kept_as_it_was_written() -> None:
    found = heard(said("/coderoute send-back Please name it `shout`.\n\nAnd shorter."))
    assert found.word is not None
    assert (found.word.verb, found.word.text) == (Verb.SEND_BACK, "Please name it `shout`.\n\nAnd shorter.")


def test_the_forge_is_asked_once_for_each_person_and_for_nobody_who_said_nothing_of_weight() -> None:
    asked: list[str] = []

    def access(login: str) -> Access:
        asked.append(login)
        return Access.WRITE

    comments = [said("hello", EVE), said(APPROVE, number=12), said("/coderoute send-back x", number=13)]
    hear(SUBJECT, comments, [review("approved", number=14)], access)
    assert asked == ["ada"]


@pytest.mark.parametrize(("what", "word", "counted"), [
    ("a command before", said(APPROVE, number=14), None),
    ("in the very second", said(APPROVE, number=15), None),
    ("a command behind it", said(APPROVE, number=16), ALLOWED),
    ("a review before", review("approved", number=14), None),
    ("a review in the very second", review("approved", number=15), None),
    ("a review behind it", review("approved", number=16), ALLOWED),
    ("a refusal before", said(NO, BEN, number=14), REFUSED),
])  # fmt: skip
def test_what_was_approved_before_the_pull_request_was_another_one_does_not_count(
    what: str, word: Comment | ForgeReview, counted: tuple[str, str] | None
) -> None:
    found = heard(word, subject=replace(SUBJECT, away_until=at(15)))
    assert counts(found) == counted, what
    assert any("has to be said again" in why for why in found.passed_over) is (counted is None), what


def test_an_objection_from_before_it_still_holds_the_merge_up() -> None:
    objection, approval = review("changes_requested", BEN, number=14), review("approved", number=16)
    assert heard(objection, approval, subject=replace(SUBJECT, away_until=at(15))).held_by == ("ben",)


@pytest.mark.parametrize(("what", "word", "counted"), [
    ("a command of yesterday", said(APPROVE, number=14), None),
    ("a review of yesterday", review("approved", number=14), None),
    ("a day old to the second", review("approved", number=15), ALLOWED),
    ("a refusal of yesterday", said(NO, BEN, number=14), REFUSED),
])  # fmt: skip
def test_an_approval_ends_a_day_after_it_was_said(
    what: str, word: Comment | ForgeReview, counted: tuple[str, str] | None
) -> None:
    found = heard(word, subject=replace(SUBJECT, oldest=at(15)))
    assert counts(found) == counted, what
    assert any("more than a day ago" in why for why in found.passed_over) is (counted is None), what
