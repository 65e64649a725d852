"""Where a repository's parts are on disk, and what its configuration would run: read as files, never through git's
own discovery."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coderoute.domain.paths import shown
from coderoute.errors import BadInput

MAX_SMALL_FILE = 1 << 20
"""Bytes of a HEAD, a ref or a `.git` file at most: anything longer is not one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A repository with a work tree, or a mirror of ours, which has none.

    `git_dir` is the work tree's own (`.git/worktrees/<name>` for a linked one), `common_dir` the one with the objects
    and branches. All absolute.
    """

    root: Path
    git_dir: Path
    common_dir: Path
    mirror_of: str | None = None
    """The address of the repository that this is our mirror of."""

    @property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    @property
    def shallow(self) -> Path | None:
        """The list of commits whose parents were not fetched, None in a complete clone."""
        path = self.common_dir / "shallow"
        return path if path.is_file() else None

    @property
    def configuration_files(self) -> tuple[Path, ...]:
        """Those of the repository, in git's order: the last word wins."""
        places = (self.common_dir / "config", self.git_dir / "config.worktree")
        return tuple(place for place in places if place.is_file())


def find(path: Path) -> Layout:
    """The repository that `path` lies in.

    Raises:
        BadInput: there is none, or `path` is in a bare one.
    """
    if not path.exists():
        raise BadInput(f"{path} does not exist", remedy="name the folder of a git repository with --repo")
    start = path.resolve()
    for folder in (start, *start.parents):
        if _is_git_dir(folder):
            raise BadInput(
                f"{folder} is a bare repository (or the inside of a .git folder)",
                remedy="name a work tree with --repo: git clone it, or git worktree add",
            )
        git_dir = _git_dir_of(folder)
        if git_dir is not None:
            return Layout(root=folder, git_dir=git_dir, common_dir=_common_dir(git_dir))
    raise BadInput(f"{path} is not in a git repository", remedy="name one with --repo, or: git init and a first commit")


def small_text(path: Path) -> str | None:
    """The text of a small regular file without its last line break, None if there is no such file."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_SMALL_FILE:
            return None
        return path.read_bytes().decode("utf-8", "surrogateescape").rstrip("\r\n")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _git_dir_of(folder: Path) -> Path | None:
    dot_git = folder / ".git"
    if dot_git.is_dir() and _is_git_dir(dot_git):
        return dot_git.resolve()
    text = small_text(dot_git)
    if text is None:
        return None
    git_dir = (folder / text.removeprefix("gitdir: ")).resolve()
    if not text.startswith("gitdir: ") or not _is_git_dir(git_dir):
        raise BadInput(f"{dot_git} points to no git folder", remedy="run: git worktree repair")
    return git_dir


def _common_dir(git_dir: Path) -> Path:
    text = small_text(git_dir / "commondir")
    return git_dir if text is None else (git_dir / text).resolve()


def _is_git_dir(folder: Path) -> bool:
    if not (folder / "HEAD").is_file():
        return False
    common = _common_dir(folder)
    return (common / "objects").is_dir() and (common / "refs").is_dir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of a git configuration: `key` as git prints it, `value` None for a key without one."""

    key: str
    value: str | None

    @property
    def is_true(self) -> bool:
        return self.value is None or self.value.lower() in ("true", "yes", "on", "1")


def parse_settings(printed: bytes) -> tuple[Setting, ...]:
    """What `git config --list -z` printed."""
    settings = []
    for entry in printed.decode("utf-8", "surrogateescape").split("\0"):
        key, line_break, value = entry.partition("\n")
        if key:
            settings.append(Setting(key=key, value=value if line_break else None))
    return tuple(settings)


def last(settings: Iterable[Setting], key: str) -> Setting | None:
    """The setting that git would use for `key`."""
    return next((setting for setting in reversed(tuple(settings)) if setting.key == key), None)


def refuse_unsupported(layout: Layout, settings: tuple[Setting, ...]) -> None:
    """Raises BadInput, by name, for a kind of repository that we do not work with."""
    for path in [folder / name for folder in (layout.common_dir, layout.git_dir) for name in _FILES]:
        if path.exists() and not path.is_file():  # git would wait for the end of a pipe
            raise BadInput(f"{path} is no regular file", remedy="look who put it there; then put the file back")
    for setting in settings:
        value = (setting.value or "").lower()
        match setting.key:
            case "extensions.objectformat" if value != "sha1":
                raise _unsupported(layout, f"uses {value.upper()} objects (extensions.objectFormat)", "a SHA-1 clone")
            case "extensions.refstorage" if value != "files":
                raise _unsupported(
                    layout, f"stores refs as {value}", "git refs migrate --ref-format=files", run_it=True
                )
            case "extensions.partialclone":
                raise _partial(layout)
            case key if key.startswith("remote.") and key.endswith((".promisor", ".partialclonefilter")):
                if not key.endswith(".promisor") or setting.is_true:
                    raise _partial(layout)
            case key if key.startswith("extensions.") and key not in _HARMLESS_EXTENSIONS:
                raise _unsupported(layout, f"uses the extension {shown(key)}", "a clone without it")
    if any((layout.objects / "pack").glob("*.promisor")):
        raise _partial(layout)
    bare = last(settings, "core.bare")
    if bare is not None and bare.is_true and layout.git_dir == layout.common_dir and layout.mirror_of is None:
        raise BadInput(f"{layout.root} is a bare repository", remedy="name a work tree with --repo")
    worktree = last(settings, "core.worktree") if layout.git_dir == layout.common_dir else None
    if worktree is not None and (layout.git_dir / (worktree.value or "")).resolve() != layout.root:
        raise _unsupported(layout, f"has its work tree elsewhere (core.worktree = {worktree.value})", "a plain clone")


_FILES = ("HEAD", "config", "config.worktree", "index", "packed-refs", "shallow")
"""What git reads whole, of a git folder."""

_HARMLESS_EXTENSIONS = frozenset(
    {
        "extensions.noop",
        "extensions.objectformat",
        "extensions.preciousobjects",
        "extensions.refstorage",
        "extensions.relativeworktrees",
        "extensions.worktreeconfig",
    }
)


def _partial(layout: Layout) -> BadInput:
    return _unsupported(layout, "is a partial clone: objects are missing", "a clone without --filter")


def _unsupported(layout: Layout, problem: str, remedy: str, *, run_it: bool = False) -> BadInput:
    return BadInput(f"{layout.root} {problem}", remedy=f"run: {remedy}" if run_it else f"work in {remedy}")


def executable_settings(settings: Iterable[Setting]) -> tuple[str, ...]:
    """A sentence for each setting that would make the user's own next git command run or fetch something."""
    return tuple(
        f"the repository's git configuration sets {shown(setting.key)} = {shown(setting.value or '')[:200]}"
        for setting in settings
        if _is_executable(setting)
    )


_EXECUTABLE = re.compile(
    r"core\.(hookspath|sshcommand|pager|editor|askpass|gitproxy|alternaterefscommand|worktree)"
    r"|sequence\.editor|interactive\.difffilter|pager\..+"
    r"|diff\.external|diff\..+\.(command|textconv)|(diff|merge)tool\..+\.cmd"
    r"|filter\..+\.(clean|smudge|process)|merge\..+\.driver|trailer\..+\.(command|cmd)"
    r"|credential\..+|gpg\.(.+\.)?program|gpg\.ssh\.defaultkeycommand"
    r"|include\.path|includeif\..+\.path"
    r"|remote\..+\.(vcs|uploadpack|receivepack|proxy)|url\..+\.(insteadof|pushinsteadof)|protocol\.(.+\.)?allow"
    r"|(browser|man)\..+\.cmd|uploadpack\.packobjectshook|http\.proxy",
    re.DOTALL,
)


def _is_executable(setting: Setting) -> bool:
    value = setting.value or ""
    if setting.key == "core.fsmonitor":  # a boolean names git's own watcher
        return value.lower() not in ("", "true", "false", "yes", "no", "on", "off", "0", "1")
    if setting.key.startswith("alias.") or (setting.key.startswith("submodule.") and setting.key.endswith(".update")):
        return value.startswith("!")
    return _EXECUTABLE.fullmatch(setting.key) is not None
