"""A request as text -> Task: what was asked, cleaned of what nobody can see, with its hash."""

import codecs
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from coderoute.domain.ci_event import issue_sha256
from coderoute.domain.forge import Access, Comment, ForgeRepository, Issue
from coderoute.domain.forge_words import COMMAND
from coderoute.domain.page import COMMENT_MARK, MARK, folded
from coderoute.domain.task import Task
from coderoute.errors import BadInput, Refused
from coderoute.prompt import clean

MAX_ISSUE_BYTES = 256 * 1024
MAX_TITLE_CHARS = 200

HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<title>.*?)(?:[ \t]+#+)?[ \t]*")
UNDERLINE = re.compile(r" {0,3}(={2,}|-{3,})[ \t]*")
PARAGRAPH = re.compile(r" {0,3}[^\s>|*+\-#]")
"""A line that an underline makes a heading: no list item, quotation or table."""
DRAWN = re.compile(
    r"^ {0,3}(?:`{3,}|~{3,})[ \t]*(?P<kind>mermaid|geojson|topojson|stl|math)\b", re.IGNORECASE | re.MULTILINE
)
CODE_FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A task, and what was taken out of its text because nobody sees it, with that text, for people to know."""

    task: Task
    removed: tuple[str, ...]


def read_issue(raw: bytes, *, source: str, name: str) -> Intake:
    """The Markdown issue in `raw`: its title is the first heading, else the first line.

    Raises:
        BadInput: empty, binary, not UTF-8 or too large; `name` is what the message calls it.
    """
    if len(raw) > MAX_ISSUE_BYTES:
        raise BadInput(
            f"the issue {name} has {len(raw):,} bytes; the limit is {MAX_ISSUE_BYTES:,}",
            remedy="shorten it: an issue is a description, attach data elsewhere",
        )
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(f"the issue {name} is UTF-16 text", remedy="save it as UTF-8 Markdown")
    if b"\0" in raw:
        raise BadInput(f"the issue {name} is binary", remedy="give a Markdown or plain text file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"the issue {name} is not UTF-8 text (byte {error.start})", remedy="save it as UTF-8 Markdown"
        ) from error
    cleaned, removed = clean(text)
    if not said(cleaned):
        raise BadInput(f"the issue {name} is empty", remedy="write what should change, in Markdown")
    title, body = split_title(cleaned)
    closed = folded(cleaned)
    if closed:
        removed += (f"(kept) {closed} characters in folded parts, which a page shows only when it is asked to",)
    drawn = sorted({match["kind"].lower() for match in DRAWN.finditer(cleaned)})
    if drawn:
        removed += (f"(kept) code blocks of which a page shows a drawing instead: {', '.join(drawn)}",)
    task = Task(source=source, title=title, body=body, sha256=hashlib.sha256(raw).hexdigest())
    return Intake(task=task, removed=removed)


def read_forge_issue(
    issue: Issue, *, access: Callable[[str], Access], forge: ForgeRepository, expected_sha256: str | None = None
) -> Intake:  # fmt: skip
    """An issue of a forge, with the comments of people who may write there; `access` is asked for each of them.
    `expected_sha256` is the `ci_event.issue_sha256` of what somebody asked a run for, None where nobody says.

    Raises:
        BadInput: it is a pull request, or as `read_issue`.
        Refused: it says something else than was asked for.
    """
    if expected_sha256 not in (None, issue_sha256(issue.title, issue.body)):
        raise Refused(
            f"{issue.url} was edited after the run was asked for", remedy="read what it says now, then ask again"
        )
    if issue.is_pull_request:
        raise BadInput(
            f"{issue.url} is a pull request, not an issue",
            remedy="name the issue that it is about; coderoute makes a pull request of its own",
        )
    heard = heard_comments(issue, access)
    parts = [f"# {issue.title}", issue.body, *(f"Comment by {c.author.login}:\n\n{c.body}" for c in heard)]
    intake = read_issue("\n\n".join(parts).encode("utf-8", "replace"), source="github", name=issue.url)
    left_out = len(issue.comments) - len(heard)
    removed = intake.removed
    if left_out:
        removed += (f"{left_out} of {len(issue.comments)} comments: not by people who may write to the repository",)
    pinned = [issue.title, issue.body, issue.updated_at, *((c.id, c.updated_at, c.body) for c in heard)]
    task = replace(
        intake.task, url=issue.url, number=issue.number, author=issue.author.login, labels=issue.labels, forge=forge,
        sha256=hashlib.sha256(json.dumps(pinned).encode("ascii")).hexdigest(),
    )  # fmt: skip
    return Intake(task=task, removed=removed)


def heard_comments(issue: Issue, access: Callable[[str], Access]) -> list[Comment]:
    """Those of people who may write; commands to this program are no part of what is asked."""
    known: dict[str, bool] = {}
    heard = []
    for comment in issue.comments:
        who = comment.author
        if not who.human or COMMAND.match(comment.body.strip()):
            continue
        if who.login not in known:
            known[who.login] = access(who.login).may_write
        if known[who.login]:
            heard.append(comment)
    return heard


def split_title(text: str) -> tuple[str, str]:
    """(title, body): the first heading, or else the first line that says something, and everything around it.

    A title that has to be cut stays in the body as well.
    """
    lines = text.strip().split("\n")
    title, start, end = first_heading(lines) or first_line(lines)
    rest = [*lines[:start], *([title, ""] if len(title) > MAX_TITLE_CHARS else []), *lines[end:]]
    return title[:MAX_TITLE_CHARS], "\n".join(rest).strip()


def first_heading(lines: list[str]) -> tuple[str, int, int] | None:
    """(its text, its first line, the line behind it), None without one; what stands in code blocks is none."""
    fence = ""
    for number, line in enumerate(lines):
        mark = CODE_FENCE.match(line)
        if mark and fence in ("", mark.group(1)):
            fence = "" if fence else mark.group(1)
        elif not fence:
            heading = HEADING.fullmatch(line)
            if heading and said(heading.group("title")):
                return said(heading.group("title")), number, number + 1
            if number and UNDERLINE.fullmatch(line) and PARAGRAPH.match(lines[number - 1]) and said(lines[number - 1]):
                return said(lines[number - 1]), number - 1, number + 1
    return None


def first_line(lines: list[str]) -> tuple[str, int, int]:
    """The same for the first line with any words in it; without one the first that is not blank."""
    words = [number for number, line in enumerate(lines) if said(line).strip("#`~-= \t")]
    number = words[0] if words else next(number for number, line in enumerate(lines) if said(line))
    return said(lines[number]), number, number + 1


def said(line: str) -> str:
    """`line` without the marks of what was hidden: no title, and nothing that anybody asked for."""
    return line.replace(COMMENT_MARK, "").replace(MARK, "").strip()
