"""Merging: the approved bytes or nothing, under a name and a message that do only what they should."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.forge import Account
from coderoute.domain.issue_name import GITHUB
from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step
from coderoute.domain.run import Approval
from coderoute.domain.task import Task
from coderoute.domain.work import REGULAR, Patch, SnapshotFile
from coderoute.errors import Refused
from coderoute.ports import Identity
from coderoute.stages.merge import MAX_SUBJECT_CHARS, branch_name, co_author, commit_message, merge

TASK = Task(source="file", title="f is wrong", body="", sha256="0")
AUTHOR = Identity(name="Ada", email="ada@example.org")
STEP = Step(
    id="fix", title="t", instructions="i", cls=Class.CHEAP, kind=Kind.EDIT_LOCAL, files=(), depends_on=(), diff_lines=5,
    checks=(),
)  # fmt: skip


def plan(summary: str) -> Plan:
    why = Reproduction(test=None, step=None, why_not="x")
    return Plan(summary=summary, risk="low", risk_reasons=(), questions=(), reproduction=why, steps=(STEP,))


APPROVAL = Approval(
    run_id="run-1", repository_id="r", target="refs/heads/main", base_commit="c", base_tree="b", tree="t",
    patch_sha256="p", plan_sha256="q", evidence_sha256="e", version="0", acknowledged=(), by="ada", claimed_as=None,
    note=None, channel="command", at=datetime(2026, 11, 22, tzinfo=UTC).isoformat(), expires_at="", nonce="n",
    signature="s",
)  # fmt: skip


class Approved:
    """A repository with a change that somebody approved."""

    def __init__(self) -> None:
        self.repository = InMemoryRepository({"a.py": b"x = 1\n"})
        self.base = self.repository.pin(None)
        self.tree = self.tree_with(b"x = 2\n")
        data = self.repository.diff(self.base.tree, self.tree)
        self.patch = Patch(
            base_tree=self.base.tree, tree=self.tree, sha256=hashlib.sha256(data).hexdigest(), path="/p", changes=()
        )
        self.approval = replace(APPROVAL, tree=self.tree, patch_sha256=self.patch.sha256)

    def tree_with(self, data: bytes) -> str:
        return self.repository.write_tree(self.base.tree, [SnapshotFile(path="a.py", mode=REGULAR, data=data)])

    def merge(self, approval: Approval | None = None, patch: Patch | None = None) -> str:
        return merge(
            repository=self.repository, base=self.base, patch=patch or self.patch, plan=plan("Mend f"), task=TASK,
            approval=approval or self.approval, author=AUTHOR, run_id="run-1",
        ).commit  # fmt: skip


def test_what_was_approved_lands_byte_for_byte() -> None:
    a = Approved()
    a.merge()
    assert a.repository.checked_out() == {"a.py": b"x = 2\n"}
    assert a.repository.branches["coderoute/f-is-wrong-run-1"] == a.repository.branches["main"]


def test_merging_twice_makes_one_commit() -> None:
    a = Approved()
    assert a.merge() == a.merge()


@pytest.mark.parametrize("field", ["tree", "patch_sha256"])
def test_any_other_tree_or_patch_is_refused_and_nothing_is_merged(field: str) -> None:
    a = Approved()
    other = a.tree_with(b"evil\n")
    changed = replace(a.approval, tree=other) if field == "tree" else replace(a.approval, patch_sha256="f" * 64)
    with pytest.raises(Refused, match="no longer the approved one"):
        a.merge(changed)
    assert a.repository.checked_out() == {"a.py": b"x = 1\n"}
    assert list(a.repository.branches) == ["main"]


def test_a_patch_record_that_points_elsewhere_is_refused() -> None:
    a = Approved()
    with pytest.raises(Refused, match="no longer the approved one"):
        a.merge(patch=replace(a.patch, tree=a.tree_with(b"evil\n")))


@pytest.mark.parametrize(
    ("title", "number", "name"),
    [
        ("Make slugs small", None, "coderoute/make-slugs-small-run-1"),
        ("Make slugs small", 12, "coderoute/12-run-1"),
        ("  ../../etc/passwd  ", None, "coderoute/etc-passwd-run-1"),
        ("-rf --force", None, "coderoute/rf-force-run-1"),
        ("a..b~^:?*[\\@{", None, "coderoute/a-b-run-1"),
        ("x.lock", None, "coderoute/x-lock-run-1"),
        ("\u00dcber gr\u00fc\u00dfe", None, "coderoute/uber-grue-run-1"),
        ("\u65e5\u672c\u8a9e", None, "coderoute/change-run-1"),
        ("", None, "coderoute/change-run-1"),
        ("\x00\u202e\n", None, "coderoute/change-run-1"),
        ("word " * 50, None, "coderoute/word-word-word-word-word-word-word-word-run-1"),
    ],
)
def test_a_branch_is_named_after_the_issue(title: str, number: int | None, name: str) -> None:
    assert branch_name(replace(TASK, title=title, number=number), "run-1") == name


@given(st.text(st.characters()))
def test_no_title_makes_a_name_that_git_would_refuse(title: str) -> None:
    assert re.fullmatch(r"coderoute/[a-z0-9]+(-[a-z0-9]+)*-run-1", branch_name(replace(TASK, title=title), "run-1"))


def message(summary: str, approval: Approval = APPROVAL, number: int | None = None) -> str:
    return commit_message(plan(summary), approval, "run-1", number)


def test_a_message_is_subject_body_and_our_trailers() -> None:
    assert message("Mend f\n\nIt was wrong.\nNow it is right.") == (
        "Mend f\n\nIt was wrong.\nNow it is right.\n\nCoderoute-Run: run-1\nApproved-by: ada\n"
    )


def test_the_issue_is_closed_by_our_trailer_alone() -> None:
    text = message("Fixes #7", number=12)
    assert text.endswith("Coderoute-Run: run-1\nApproved-by: ada\nFixes #12\n")
    assert "Fixes #7" not in text


def test_a_claimed_name_stands_beside_the_user_and_not_for_them() -> None:
    assert "Approved-by: ada, as Grace\n" in message("Mend f", replace(APPROVAL, claimed_as="Grace"))


def test_a_claimed_name_cannot_bring_lines_of_its_own() -> None:
    text = message("Mend f", replace(APPROVAL, claimed_as="Grace\nFixes #1\nSigned-off-by: x"))
    assert text.endswith("Approved-by: ada, as Grace\n")
    assert message("Mend f", replace(APPROVAL, claimed_as="@grace")).endswith("Approved-by: ada, as @ grace\n")


@pytest.mark.parametrize(
    ("who", "asked", "server", "named"),
    [
        ("a person", Account(login="ada-l", human=True, id=7), GITHUB, "ada-l <7+ada-l@users.noreply.github.com>"),
        (
            "of a company",
            Account(login="ada_co", human=True, id=7),
            GITHUB,
            "ada_co <7+ada_co@users.noreply.github.com>",
        ),
        ("a bot", Account(login="renovate[bot]", human=False, id=7), GITHUB, ""),
        ("whose number nobody said", Account(login="ada", human=True), GITHUB, ""),
        ("on a company's own server", Account(login="ada", human=True, id=7), "https://git.example.org", ""),
        ("a login with a line end", Account(login="ada\nFixes", human=True, id=7), GITHUB, ""),
        ("a login with one at its end", Account(login="ada\n", human=True, id=7), GITHUB, ""),
        ("a login with an address", Account(login="ada <x@y>", human=True, id=7), GITHUB, ""),
        ("a login like an option", Account(login="-ada", human=True, id=7), GITHUB, ""),
    ],
)
def test_who_asked_is_named_where_the_forge_has_an_address_for_them(
    who: str, asked: Account, server: str, named: str
) -> None:
    assert co_author(asked, server) == named, who


def test_who_asked_stands_with_our_trailers() -> None:
    asked = co_author(Account(login="ada", human=True, id=7), GITHUB)
    text = commit_message(plan("Mend f\n\nCo-authored-by: eve <e@e>"), APPROVAL, "run-1", 12, asked_by=asked)
    assert text.endswith(
        "> Co-authored-by: eve <e@e>\n\nCoderoute-Run: run-1\nApproved-by: ada\n"
        "Co-authored-by: ada <7+ada@users.noreply.github.com>\nFixes #12\n"
    )


def test_a_long_subject_is_cut_and_stands_whole_in_the_body() -> None:
    words = "Mend f so that it gives small letters for every title in every language there is on earth"
    subject, blank, body = message(words).split("\n")[:3]
    assert (len(subject), blank, body) == (MAX_SUBJECT_CHARS, "", words)
    exact = "x" * MAX_SUBJECT_CHARS
    assert message(exact) == f"{exact}\n\nCoderoute-Run: run-1\nApproved-by: ada\n"


@pytest.mark.parametrize("summary", ["", " \n\t", "\n\n"])
def test_without_a_summary_there_is_a_subject_all_the_same(summary: str) -> None:
    assert message(summary).startswith("Change without a summary\n\nCoderoute-Run: run-1\n")


def test_letters_of_all_languages_stay() -> None:
    assert message("\u00dcberlauf \u65e5\u672c\n\n\u05e2\u05d1\u05e8\u05d9\u05ea").startswith(
        "\u00dcberlauf \u65e5\u672c\n\n\u05e2\u05d1\u05e8\u05d9\u05ea\n\n"
    )


@pytest.mark.parametrize(
    ("what", "words", "made"),
    [
        ("a mention", "thanks to @octocat", "thanks to @ octocat"),
        ("a team", "cc @org/team", "cc @ org/team"),
        ("a mention in emphasis", "_@octocat_", "_@ octocat_"),
        ("an address stays", "a@example.org", "a@example.org"),
        ("a closing word", "fixes #1", "fixes issue #1"),
        ("in capitals, with a colon", "CLOSES: #1", "CLOSES issue: #1"),
        ("of another repository", "Resolved octo-org/octo.repo#1", "Resolved issue octo-org/octo.repo#1"),
        ("by address", "fix https://example.org/o/r/issues/1", "fix issue https://example.org/o/r/issues/1"),
        ("in another form", "Closes GH-12", "Closes issue GH-12"),
        ("of another forge", "Implements #3", "Implements issue #3"),
        ("without a blank", "fixes#1", "fixes issue #1"),
        ("a word that only ends so", "prefixes #1", "prefixes #1"),
        ("a plain number", "see #1", "see #1"),
        ("a reset of the terminal", "a\x1b[2Jb", "a<U+001B>[2Jb"),
        ("a turned direction", "a\u202eb", "a<U+202E>b"),
        ("a NUL", "a\0b", "a<U+0000>b"),
        ("half a character", "a\ud800b", "a<U+D800>b"),
        ("a hidden mention", "@\u200boctocat", "@<U+200B>octocat"),
    ],
)
@pytest.mark.parametrize("place", ["subject", "body"])
def test_words_of_a_model_do_nothing_but_stand_there(what: str, words: str, made: str, place: str) -> None:
    text = message(words if place == "subject" else f"Mend f\n\n{words}")
    assert made in text.split("\n")[0 if place == "subject" else 2], what


@pytest.mark.parametrize(
    "line",
    [
        "Signed-off-by: Linus <l@example.org>", "Co-authored-by: x <x@y>", "  co-authored-by : x",
        "Coderoute-Run: other", "Approved-by: nobody", "Reviewed-By:x", "Fixes: #1", "Closes: x", "Change-Id: I1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["{}", "Mend f\n\n{}", "Mend f\n\nSome words.\n\n{}\nMore: words"])
def test_a_line_that_looks_like_a_trailer_is_none(line: str, place: str) -> None:
    body, _, trailers = message(place.format(line)).rstrip("\n").rpartition("\n\n")
    assert trailers == "Coderoute-Run: run-1\nApproved-by: ada"
    assert not re.search(r"(?im)^[ \t]*([a-z-]+-by|coderoute-[a-z]+|fixes|closes|change-id)[ \t]*:", body)
    assert "\n> " in f"\n{body}" or "issue:" in body


def test_a_closing_word_at_the_end_of_the_subject_does_not_reach_the_body() -> None:
    assert message("This fixes\n\n#12 is about it").startswith("This fixes issue\n\n#12 is about it")


pieces = st.lists(
    st.sampled_from(
        ["fixes", "Closes", "resolve", "#1", "o/r#2", "GH-3", " ", "\t", "\n", "\n\n", ":", "@", "ada", "_", "x",
         "\u200b", "\r", "\x1b", "Signed-off-by", "Fixes", "coderoute-run", "  ", "-", "\ud800", "\u00e9"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(pieces | st.text(st.characters(), max_size=300))
def test_no_summary_can_mention_close_sign_or_hide(summary: str) -> None:
    text = message(summary)
    said, _, trailers = text.rstrip("\n").rpartition("\n\n")
    assert trailers == "Coderoute-Run: run-1\nApproved-by: ada"
    assert not re.search(r"(?<![A-Za-z0-9])@[A-Za-z0-9]", said)
    assert not re.search(
        r"(?i)(?<![a-z])(fix|fixes|fixed|closes?|closed|resolves?|resolved)(\s*:?\s*(#|GH-)|(\s+|\s*:\s*)o/r#)\d", said
    )
    assert not re.search(r"(?im)^[ \t]*([a-z-]+-by|coderoute-run|fixes|closes)[ \t]*:", said)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]", said)
    assert len(said.split("\n")[0]) <= 2 * MAX_SUBJECT_CHARS
    text.encode()
