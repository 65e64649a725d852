"""A request as text -> Task: what was asked, cleaned of what nobody can see, with its hash."""

import hashlib
from dataclasses import dataclass

from coderoute.domain.task import Task
from coderoute.errors import BadInput
from coderoute.prompt import clean

MAX_ISSUE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A task, and what was taken out of its text (hidden characters and comments), for people to know."""

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
    if b"\0" in raw:
        raise BadInput(f"the issue {name} is binary", remedy="give a Markdown or plain text file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"the issue {name} is not UTF-8 text (byte {error.start})", remedy="save it as UTF-8 Markdown"
        ) from error
    cleaned, removed = clean(text.replace("\r\n", "\n"))
    if not cleaned.strip():
        raise BadInput(f"the issue {name} is empty", remedy="write what should change, in Markdown")
    title, body = split_title(cleaned)
    task = Task(source=source, title=title, body=body, sha256=hashlib.sha256(raw).hexdigest())
    return Intake(task=task, removed=removed)


def split_title(text: str) -> tuple[str, str]:
    """(title, body): the first heading, or else the first line that is not blank, and everything around it."""
    lines = text.strip().splitlines()
    heading = next((i for i, line in enumerate(lines) if line.startswith("#") and line.strip("# \t")), 0)
    title = lines[heading].strip().lstrip("#").strip().rstrip("#").strip() or lines[heading].strip()
    body = "\n".join(lines[:heading] + lines[heading + 1 :]).strip()
    return title[:200], body
