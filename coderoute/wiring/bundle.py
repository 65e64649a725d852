"""Bundles as files: written for their user alone, read a line at a time."""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from coderoute.domain import places
from coderoute.domain.bundle import MAX_BYTES, MAX_LINE_BYTES, MAX_PATCH_LINE_BYTES, Bundle, lines, refused, unreadable
from coderoute.domain.conversation import ModelRef
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.issue_name import Remotes, repository_of
from coderoute.domain.paths import shown
from coderoute.domain.run import RunRecord
from coderoute.domain.terms import Terms
from coderoute.errors import BadInput
from coderoute.journal import from_json
from coderoute.wiring.house import House, now, os_user, version
from coderoute.wiring.terms import in_ci, settings_for
from coderoute.wiring.world import hold_keys, keep_apart, new_run_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """`is_new` False: the very same run was here before, and nothing was done."""

    run_id: str
    patch_sha256: str
    is_new: bool


def export(house: House, run: RunRecord, file: Path) -> Bundle:
    """The run in a new file, which then counts as the whole patch having been shown.

    Raises:
        BadInput: the file is there already, or cannot be written.
        Refused: there is no change yet, it is too large, or a key of this environment stands in it.
    """
    from coderoute.flow.bundle import bundle_of
    from coderoute.flow.kept import mark_shown

    bundle = bundle_of(house.store, run, version())
    hold_keys(house.keys, _models(bundle))
    written = list(lines(bundle))
    if sum(map(len, written)) > MAX_BYTES or any(len(line) > _limit(line) for line in written):
        raise refused("size", f"run {run.id} is too large for a bundle", remedy="merge it where it is")
    texts = [bundle.patch.decode("utf-8", "replace"), *(line.decode("ascii") for line in written)]
    if any(house.keys.redacted(text) != text for text in texts):
        raise refused(
            "key", f"a key of this environment stands in what run {run.id} keeps",
            remedy="replace that key; then start the issue anew: coderoute run",
        )  # fmt: skip
    _write_new(file, written)
    mark_shown(house.store, run, bundle.header.patch_sha256, now())
    return bundle


def _models(bundle: Bundle) -> tuple[ModelRef, ...]:
    """The models whose keys must not be in it."""
    found = dict(bundle.records).get(places.TERMS)
    return () if found is None else from_json(Terms, found).every_model


def _limit(line: bytes) -> int:
    return MAX_PATCH_LINE_BYTES if line.startswith(b'{"patch":') else MAX_LINE_BYTES


def _write_new(file: Path, written: list[bytes]) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise BadInput(f"{shown(str(file))} is there already", remedy="name another file with -o") from error
    except OSError as error:
        raise BadInput(f"{shown(str(file))} cannot be written: {error.strerror}", remedy="name another file") from error
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.writelines(written)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        file.unlink(missing_ok=True)
        raise BadInput(f"{shown(str(file))} cannot be written: {error.strerror}", remedy="free some space") from error


def import_(
    house: House, file: Path, *, repo: Path, run: str | None = None, patch_sha256: str | None = None
) -> Arrived:  # fmt: skip
    """The run in `file` waits for a person here. `run`, `patch_sha256`: what alone may be in it.

    Raises:
        BadInput: the file is no bundle, or `repo` no repository.
        Refused: what it says is not so, or does not belong here; the problem begins with the rule's name.
    """
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.domain.bundle_reading import read
    from coderoute.flow.bundle import Gate, Place, arrive, open_bundle

    with _opened(file) as source:
        opened = open_bundle(read(_lines(source)))
    header = opened.bundle.header
    folder = house.run_folder(header.run)  # eight hexadecimal digits, as the reader saw to
    made: list[Path] = []

    def place() -> Place:
        shutil.rmtree(folder, ignore_errors=True)  # of an import that was killed: there is no such run
        made.append(new_run_folder(house, header.run))
        repository = GitRepository(repo, folder / "q.git")
        keep_apart(house.folder, repository.root)

        def gate(tree: str) -> Gate:
            settings = settings_for(house.environ, repository, tree, ())
            found = settings.models
            hold_keys(house.keys, (found.frontier, found.cheap, found.premium))
            return Gate(
                protected_paths=settings.gate.protected_paths,
                require_other_approver=settings.gate.require_other_approver, in_ci=in_ci(house.environ),
            )  # fmt: skip

        return Place(
            path=str(repository.root), repository=repository, folder=folder, gate=gate,
            belongs_to=partial(_belongs, repository.remotes()),
        )  # fmt: skip

    try:
        is_new = arrive(house.store, opened, place, user=os_user(), now=now(), run=run, patch_sha256=patch_sha256)
    except BaseException:
        if made and house.store.get(header.run) is None:
            house.store.purge(header.run)
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return Arrived(run_id=header.run, patch_sha256=header.patch_sha256, is_new=is_new)


def _belongs(remotes: Remotes, there: ForgeRepository) -> bool:
    """Whether that repository of a forge is where the checkout's remote leads."""
    try:
        own = repository_of(remotes, server=there.server)
    except BadInput:
        return False
    return (own.server, own.slug.lower()) == (there.server, there.slug.lower())


def _opened(file: Path) -> BinaryIO:
    """Raises BadInput unless it is a regular file of a size that a bundle may have."""
    try:
        source = file.open("rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"{shown(str(file))} cannot be read: {why}", remedy="name a file that export made") from error
    found = os.fstat(source.fileno())
    if not stat.S_ISREG(found.st_mode):
        source.close()
        raise BadInput(f"{shown(str(file))} is no regular file", remedy="name a file that export made")
    if found.st_size > MAX_BYTES:
        source.close()
        raise unreadable("size", f"the file has {found.st_size} bytes; a bundle has at most {MAX_BYTES}")
    return source


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Each line, cut where it is longer than any may be."""
    while line := source.readline(MAX_PATCH_LINE_BYTES + 1):
        yield line
