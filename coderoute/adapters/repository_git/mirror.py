"""A repository of a forge that nobody checked out here: a bare store of our own, filled by fetching one branch."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from coderoute.adapters.repository_git.layout import Layout, small_text
from coderoute.adapters.repository_git.safe_git import open_store
from coderoute.adapters.repository_git.transport import GitRemote
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.paths import shown
from coderoute.errors import BadInput, Unavailable

ADDRESS = "coderoute-mirror-of"
"""The file in a mirror that says what it mirrors."""
DEPTH = 1
"""Trees are what is worked with, never the history."""
LOCK_WAIT_S = 1800.0


def place_of(mirrors: Path, repository: ForgeRepository) -> Path:
    """The folder of a repository's mirror; the same whichever case its name is written in."""
    host = urlsplit(repository.server).netloc.lower().replace(":", "_")
    return mirrors / host / repository.owner.lower() / f"{repository.name.lower()}.git"


def bring_up(
    mirrors: Path, repository: ForgeRepository, branch: str, *, token: str | None, environ: Mapping[str, str]
) -> Path:
    """The mirror of `repository`, made if it is not there, with `branch` checked out in it, so to speak, as the forge
    has it now. What was fetched before stays: other runs read it.

    Raises:
        BadInput: there is no such branch; and as ports.Remote.
    """
    place = place_of(mirrors, repository)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(place):
        git = open_store(place, None, head=f"refs/heads/{branch}")
        (place / ADDRESS).write_text(repository.url.lower() + "\n", encoding="utf-8")
        remote = GitRemote(git=git, repository=repository, token=token, environ=environ)
        remote.bring(branch, f"refs/heads/{branch}", depth=DEPTH)
    return place


def all_of(mirrors: Path) -> Iterator[tuple[Path, float]]:
    """(a mirror's folder, when somebody last asked for it, in seconds since the epoch) for each mirror of ours."""
    for place in sorted(mirrors.glob("*/*/*.git")):
        with suppress(FileNotFoundError):
            yield place.resolve(), (place / ADDRESS).stat().st_mtime


def remove(place: Path, *, unused_since: float) -> bool:
    """Removes a mirror unless somebody asked for it after that moment; whether it did."""
    with _locked(place):
        try:
            if (place / ADDRESS).stat().st_mtime > unused_since:
                return False
        except FileNotFoundError:
            return False
        shutil.rmtree(place)
    return True


def layout_of(place: Path) -> Layout:
    """Raises BadInput when there is no mirror at `place`."""
    address = small_text(place / ADDRESS)
    if address is None or not (place / "objects").is_dir():
        raise BadInput(f"{shown(str(place))} is no mirror of ours", remedy="run on the issue again: it is made anew")
    place = place.resolve()
    return Layout(root=place, git_dir=place, common_dir=place, mirror_of=address)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(place.with_suffix(".lock"), timeout=LOCK_WAIT_S, mode=0o600)
    try:
        with lock:
            yield
    except Timeout as waited:
        raise Unavailable(
            f"another process has kept {place} locked for {LOCK_WAIT_S:.0f} s",
            reason="state_busy",
            remedy="wait for it, or end it, then: coderoute resume RUN",
        ) from waited
