"""A work container with one checkout: its files go in and out as tar over the streams of our own scripts.

The engine's own file transfer is no way: it is refused for a read-only root, and gives an empty folder for a tmpfs.
"""

import posixpath
import tarfile
from collections.abc import Iterator, Mapping

from coderoute.adapters.sandbox_docker import archive
from coderoute.adapters.sandbox_docker.attendant import SWEEP
from coderoute.adapters.sandbox_docker.engine import lost
from coderoute.adapters.sandbox_docker.execution import STDERR, STDOUT
from coderoute.adapters.sandbox_docker.machine import Machine
from coderoute.adapters.sandbox_docker.spec import WORK
from coderoute.domain.work import CommandResult, SnapshotFile
from coderoute.errors import Blocked

LEFT_FOLDER = "/opt/coderoute-setup"
"""Where an image keeps what set-up left: `left` (paths below /work, each ended by NUL), work.tar, home.tar."""

KILLED = 128
MAX_PATH_CHARACTERS = 4096
SEED_TIMEOUT_S = 300.0
SNAPSHOT_TIMEOUT_S = 300.0

# A repository inside takes half a second per 1,000 files, and is only there for the convenience of who works inside.
GIT_LIMIT_BYTES = 4_000_000
GIT_ENV = {
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "base" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "base@sandbox.invalid" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2000-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}

# $1: the size of the checkout's tar on stdin; $2: whether to make a repository; $3: where set-up's leftovers are.
SEED = """
set -e
cd /work
head -c "$1" | tar --no-same-owner -xf -
if [ "$2" = git ] && command -v git >/dev/null; then
    { git init -q --template= -b base . && mkdir -p .git/info &&
      { [ ! -f "$3/left" ] || tr '\\0' '\\n' <"$3/left" | sed 's,^,/,' >.git/info/exclude; } &&
      git add -A -f . && git commit -q --allow-empty -m base; } >&2 || rm -rf .git
fi
if [ -f "$3/left" ]; then
    [ ! -f "$3/work.tar" ] || tar --skip-old-files -xf "$3/work.tar"
    [ ! -f "$3/home.tar" ] || tar -xf "$3/home.tar" -C /home/agent
    cat "$3/left"
fi
"""

# $1: the file; $2: at most so many bytes. Status 44: no regular file that can be read.
READ = '[ -f "$1" ] && [ -r "$1" ] || exit 44; exec head -c "$2" -- "$1"'

# What to leave out comes on stdin ($1 bytes). What even its owner may not read is made readable first. Without their
# times most members need no extended header, which halves the stream of many small files.
SNAPSHOT = (
    SWEEP
    + """
set -e
chmod u+rwx /work
cd /work
[ -z "$(find . ! -type l ! -readable -print -quit 2>/dev/null)" ] || chmod -R u+rwX .
head -c "$1" | exec tar --sort=name --format=pax --hard-dereference --anchored --no-wildcards \\
    --mtime=@0 --pax-option=delete=atime,delete=ctime --exclude=./.git --exclude-from=- -cf - .
"""
)


class DockerSandbox:
    """See `ports.Sandbox`. Made by DockerSandboxHost, of a container that runs."""

    def __init__(self, machine: Machine, *, left_by_setup: frozenset[str]) -> None:
        self._machine = machine
        self._left_by_setup = left_by_setup

    @property
    def container_id(self) -> str:
        return self._machine.container_id

    def run(self, command: str, *, timeout_s: float, env: Mapping[str, str] | None = None) -> CommandResult:
        return self._machine.run(command, timeout_s=timeout_s, env=env or {})

    def read(self, path: str, *, limit: int = 10_000_000) -> bytes | None:
        if why_no_path(path):
            return None
        file = _absolute(path)
        if file.startswith(f"{WORK}/") and "\n" not in file:
            return self._machine.read(file, limit=limit)
        # A report of a test run: read by a new process, when by another one nothing is left of the run.
        self._machine.sweep()
        result = self._machine.script(READ, file, str(limit), limit=limit)
        return result.stdout if result.exit_code == 0 else None

    def write(self, path: str, data: bytes) -> str | None:
        if why_not := why_no_path(path):
            return f"{path}: {why_not}"
        file = _absolute(path)
        if not file.startswith(f"{WORK}/"):
            return f"{path}: it is outside the checkout"
        if "\n" in file:
            return f"{path!r}: its name has a line break"
        why_not = self._machine.write(file, data)
        return None if why_not is None else f"{path}: {why_not}"

    def snapshot(self) -> Iterator[SnapshotFile]:
        """As `ports.Sandbox` says; sorted by path, folder for folder, byte for byte."""
        excluded = "".join(f"./{path}\n" for path in sorted(self._left_by_setup) if "\n" not in path)
        stdin = excluded.encode("utf-8", "surrogateescape")
        complaints = bytearray()
        with self._machine.stream(SNAPSHOT, str(len(stdin)), stdin=stdin, timeout_s=SNAPSHOT_TIMEOUT_S) as stream:

            def chunks() -> Iterator[bytes]:
                for frame in stream.frames:
                    if frame.stream == STDOUT:
                        yield frame.data
                    elif frame.stream == STDERR and len(complaints) < 1000:
                        complaints.extend(frame.data)

            try:
                yield from archive.files_in(chunks(), left_by_setup=self._left_by_setup)
            except tarfile.TarError as error:
                raise lost(f"its files could not be taken out: {error}") from error
            if stream.exit_code() != 0:
                raise lost(f"its files could not be taken out: {complaints.decode('utf-8', 'replace').strip()}")

    def close(self) -> None:
        self._machine.remove()


def seed(machine: Machine, checkout_tar: bytes, *, repository: bool) -> frozenset[str]:
    """Puts the checkout, and what set-up left in the image, into an empty machine; `repository`: as one commit.

    Returns what set-up left and the checkout does not have itself: these paths, and all below them, stay inside.

    Raises:
        Blocked: it does not fit, or the image lacks a shell or GNU tar.
        SandboxLost
    """
    git = "git" if repository else "no"
    result = machine.script(
        SEED, str(len(checkout_tar)), git, LEFT_FOLDER, stdin=checkout_tar, env=GIT_ENV, timeout_s=SEED_TIMEOUT_S
    )
    if result.exit_code >= KILLED:
        raise lost(f"putting the checkout into it was stopped: {result.complaint}")
    if result.exit_code != 0:
        raise Blocked(
            f"the checkout could not be put into the sandbox: {result.complaint}",
            reason="environment_broken",
            remedy="raise sandbox.disk_mb, or use an image with a shell and GNU tar, then start anew: coderoute run",
        )
    left = frozenset(result.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])
    return left - archive.with_folders(archive.names_in(checkout_tar)) if left else left


def why_no_path(path: str) -> str | None:
    """What keeps `path` from being a file's name at all."""
    if not path or "\0" in path or len(path) > MAX_PATH_CHARACTERS:
        return "it is no file name"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "it is not UTF-8"
    return None


def _absolute(path: str) -> str:
    return posixpath.normpath(posixpath.join(WORK, path))
