"""What was asked, and the one commit it is asked of."""

from dataclasses import dataclass

from coderoute.domain.forge import ForgeRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An issue as text. Title and body are untrusted: they are data in prompts and escaped on screens."""

    source: str
    """`file`, `stdin` or `github`."""
    title: str
    body: str
    url: str | None = None
    number: int | None = None
    sha256: str
    """Of the text as it was read."""
    author: str | None = None
    """Who asked, by their name on the forge."""
    labels: tuple[str, ...] = ()
    forge: ForgeRepository | None = None
    """Where the issue is, and the pull request will be; None for a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The commit a run starts from. `target` is the full ref that will move at merge, None for a tag or commit."""

    commit: str
    tree: str
    target: str | None
    repository_id: str
    """First-parent root commit (or shallow boundary) plus the normalised path: one repository on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit and what it is compared with: its first parent, the empty tree where it has none."""

    commit: str
    tree: str
    parent: str | None
    parent_tree: str


class Risk:
    """How much a mistake would cost; risk goes to a person, not to a stronger model."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What rules alone could tell about a task before any model was asked."""

    tiny: bool
    risk: str
    reason: str
    paths: tuple[str, ...] = ()
    """Files of the base tree that the issue names."""
