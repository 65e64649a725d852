"""What people with a right to it said about a change on its pull request: approve, reject or send back.

A word counts for exactly one patch on one head commit. Who may write is asked of the forge; bots, models, edited
comments, and whoever may not write are heard by nobody.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from coderoute.domain.forge import Access, Account, Comment, ForgeReview
from coderoute.domain.gate_session import MIN_DIGITS

COMMAND = re.compile(r"/coderoute[ \t]+(?P<verb>approve|reject|send-back)\b[ \t]*(?P<rest>.*)", re.DOTALL)
ACKNOWLEDGED = re.compile(r"--ack[ \t]+(\S+)")
HASH = re.compile(rf"[0-9a-fA-F]{{{MIN_DIGITS},64}}")


class Verb(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SEND_BACK = "send-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`text` is the reason or comment; of an approval what came with it. `at` is the forge's time, ISO 8601."""

    verb: Verb
    by: str
    at: str
    text: str
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a word must be about. `since` is the id of the newest comment that was there before this head was pushed:
    what was said before was said of something else. `barred` may not approve, since somebody else has to."""

    patch_sha256: str
    head: str
    since: int
    items: frozenset[str]
    """Protected items, each to be acknowledged."""
    barred: frozenset[str] = frozenset()
    away_until: str = ""
    """ISO 8601: approvals up to then do not count, since the pull request was another one in between. A refusal of then
    counts all the same."""
    oldest: str = ""
    """ISO 8601: what was approved before then has come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`word` is what counts, None while nothing does; `passed_over` says what was not heard, and why; `held_by` who may
    write and asks for changes on this head."""

    word: Word | None
    passed_over: tuple[str, ...]
    held_by: tuple[str, ...] = ()


def hear(
    subject: Subject, comments: Sequence[Comment], reviews: Sequence[ForgeReview], access: Callable[[str], Access]
) -> Heard:
    """The newest word that counts: a rejection or a comment ends a review, an approval stands until its author takes
    it back. `access` is asked only for those who said something that could count."""
    passed: list[str] = []
    may = Permission(access, subject.barred, passed)
    words = [*spoken(subject, comments, may, passed), *reviewed(subject, reviews, may, passed)]
    words.sort(key=lambda word: word.at)
    refusal = next((word for word in reversed(words) if word.verb is not Verb.APPROVE), None)
    objections = sorted({review.author.login for review in objecting(subject, reviews) if may.write(review.author)})
    if refusal is not None:
        return Heard(word=refusal, passed_over=tuple(passed))
    if objections:
        why = f"{', '.join(objections)} asked for changes on this head"
        return Heard(word=None, passed_over=(*passed, why), held_by=tuple(objections))
    return Heard(word=complete(subject, words, passed), passed_over=tuple(passed))


def complete(subject: Subject, approvals: Iterable[Word], passed: list[str]) -> Word | None:
    """The first approval by somebody who acknowledged every protected item, in one word or in several."""
    given: dict[str, frozenset[str]] = {}
    for word in approvals:
        given[word.by] = given.get(word.by, frozenset()) | frozenset(word.acknowledged)
        missing = sorted(subject.items - given[word.by])
        if not missing:
            return Word(
                verb=word.verb, by=word.by, at=word.at, text=word.text, acknowledged=tuple(sorted(subject.items))
            )
        passed.append(f"{word.by} approved without acknowledging {', '.join(missing)}")
    return None


def spoken(subject: Subject, comments: Iterable[Comment], may: "Permission", passed: list[str]) -> Iterable[Word]:
    for comment in comments:
        command = COMMAND.match(comment.body.strip())
        if command is None or comment.id <= subject.since:
            continue
        who, verb, rest = comment.author, Verb(command["verb"]), command["rest"].strip()
        if comment.updated_at != comment.created_at:
            passed.append(f"{who.login}'s /coderoute {verb} was edited after it was written")
        elif verb is Verb.APPROVE and not names_patch(rest, subject.patch_sha256):
            passed.append(f"{who.login}'s /coderoute approve does not name this patch ({subject.patch_sha256[:12]})")
        elif verb is Verb.APPROVE and is_over(subject, who, comment.created_at, passed):
            continue
        elif may.write(who) if verb is not Verb.APPROVE else may.approve(who):
            yield Word(
                verb=verb, by=who.login, at=comment.created_at,
                text=rest.partition(" ")[2].strip() if verb is Verb.APPROVE else rest,
                acknowledged=tuple(ACKNOWLEDGED.findall(rest)) if verb is Verb.APPROVE else (),
            )  # fmt: skip


def reviewed(subject: Subject, reviews: Sequence[ForgeReview], may: "Permission", passed: list[str]) -> Iterable[Word]:
    for review in latest(reviews):
        if review.state != "approved":
            continue
        if review.commit != subject.head:
            passed.append(f"{review.author.login} approved another commit ({(review.commit or 'unknown')[:12]})")
        elif is_over(subject, review.author, review.submitted_at, passed):
            continue
        elif may.approve(review.author):
            yield Word(
                verb=Verb.APPROVE, by=review.author.login, at=review.submitted_at, text=review.body,
                acknowledged=tuple(ACKNOWLEDGED.findall(review.body)),
            )  # fmt: skip


def is_over(subject: Subject, who: Account, at: str, passed: list[str]) -> bool:
    """Whether an approval of that time has to be said again."""
    if at < subject.oldest:
        passed.append(f"{who.login} approved more than a day ago: it has to be said again")
    elif at <= subject.away_until:
        passed.append(f"{who.login} approved before the branch or its target was changed: it has to be said again")
    return at < subject.oldest or at <= subject.away_until


def objecting(subject: Subject, reviews: Sequence[ForgeReview]) -> list[ForgeReview]:
    """Standing requests for changes on this head."""
    return [each for each in latest(reviews) if each.state == "changes_requested" and each.commit == subject.head]


def latest(reviews: Sequence[ForgeReview]) -> list[ForgeReview]:
    """Of each person the newest review that decides something; one that was dismissed decides nothing."""
    newest = {review.author.login: review for review in reviews if review.state != "commented"}
    return [review for review in newest.values() if review.state != "dismissed"]


def names_patch(text: str, sha256: str) -> bool:
    first = text.split(maxsplit=1)[:1]
    return bool(first) and HASH.fullmatch(first[0]) is not None and sha256.startswith(first[0].lower())


class Permission:
    """Who may decide; each is asked for once."""

    def __init__(self, access: Callable[[str], Access], barred: frozenset[str], passed: list[str]) -> None:
        self._access, self._barred, self._passed = access, frozenset(map(str.lower, barred)), passed
        self._known: dict[str, bool] = {}

    def write(self, who: Account) -> bool:
        if who.login not in self._known:
            allowed = who.human and self._access(who.login).may_write
            self._known[who.login] = allowed
            if not allowed:
                why = "may not write to the repository" if who.human else "is no person"
                self._passed.append(f"{who.login} {why}")
        return self._known[who.login]

    def approve(self, who: Account) -> bool:
        if who.login.lower() in self._barred:
            self._passed.append(f"{who.login} asked for this change, and somebody else has to approve it")
            return False
        return self.write(who)
