"""The only module that starts git: plumbing alone, in a store of our own, with no configuration alive but ours.

Plain `git status` in a repository runs whatever its configuration names. So git is given a bare GIT_DIR that we
wrote, the user's objects as an alternate, attributes that switch every conversion off, a complete environment of
ours, and `-c` for every key that could name a program.
"""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from coderoute.adapters.repository_git.trouble import trouble
from coderoute.errors import BadInput, Unavailable

PRIVATE_UMASK = 0o077
AS_IT_IS = -1
"""For subprocess: the umask of this process."""

TIMEOUT_S = 300.0
"""For any one git process; a search has a shorter limit of its own."""

PLUMBING = frozenset(
    {
        "apply", "archive", "cat-file", "check-attr", "check-ignore", "commit-tree", "config", "diff-index",
        "diff-tree", "grep", "index-pack", "ls-files", "ls-tree", "merge-base", "merge-tree",
        "pack-objects", "read-tree", "rev-list",
        "unpack-objects", "update-index", "update-ref", "write-tree",
    }
)  # fmt: skip

NETWORK = frozenset({"fetch", "push"})
"""Only `run_over` starts these: with an address, and the one protocol of that address allowed."""

CLEAN_ATTRIBUTES = "* -filter !diff !merge -text -eol -ident -export-ignore -export-subst -working-tree-encoding\n"
"""`!diff`, not `-diff`: with the latter every text file would be shown as binary."""

_CLEAN_CONFIG = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.untrackedCache=false", "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null", "core.symlinks=false", "core.protectHFS=true", "core.protectNTFS=true",
    "core.precomposeUnicode=false", "core.autocrlf=false", "core.eol=lf", "core.quotePath=false",
    "core.commitGraph=false",  # a commit graph may name another tree than the commit does
    "core.splitIndex=false", "core.fsync=all", "core.bigFileThreshold=512m",
    "safe.bareRepository=explicit", "submodule.recurse=false", "fetch.recurseSubmodules=false",
    "protocol.allow=never", "diff.external=", "core.pager=cat", "core.editor=/bin/false",
    "core.sshCommand=/bin/false", "credential.helper=", "commit.gpgSign=false", "gpg.program=/bin/false",
    "core.alternateRefsCommand=/bin/false", "gc.auto=0", "maintenance.auto=false", "transfer.fsckObjects=true",
    "pack.threads=1", "tar.umask=0022", "i18n.commitEncoding=utf-8",
)  # fmt: skip

_CAREFUL_HTTP = (
    "http.followRedirects=false", "http.sslVerify=true",
    "http.emptyAuth=false", "http.delegation=none", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60",
    "push.gpgSign=false", "push.followTags=false", "push.recurseSubmodules=no", "push.useBitmaps=false",
    "fetch.writeCommitGraph=false", "fetch.prune=false", "fetch.parallel=1",
)  # fmt: skip

OID = re.compile(r"[0-9a-f]{40}")


class GitFailed(Exception):
    """git ended with an error. Callers in this package turn it into an error of ours, or let it be a bug."""

    def __init__(self, arguments: Sequence[str], exit_code: int, stderr: str) -> None:
        self.stderr = "; ".join(line.strip() for line in stderr.splitlines() if line.strip())
        super().__init__(f"git {arguments[0]} ended with {exit_code}: {self.stderr}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeGit:
    """git with `store` (a bare repository of ours) as GIT_DIR. See `open_store`."""

    store: Path
    executable: str
    config: tuple[str, ...] = field(default=())
    """Further `key=value` pairs, of ours."""
    umask: int = PRIVATE_UMASK
    """For what git writes: only the user may read it; AS_IT_IS where it goes into the user's repository."""

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        work_tree: Path | None = None,
        git_dir: Path | None = None,
        may_fail_with: Sequence[int] = (),
    ) -> bytes:
        """What `git ARGUMENTS` printed.

        `git_dir` other than the store is for `update-ref` alone: with it the configuration of that repository is read.

        Raises:
            GitFailed: an exit code other than 0 and `may_fail_with`.
            Unavailable: it did not end in time.
        """
        if git_dir is not None and arguments[0] != "update-ref":
            raise ValueError(f"git {arguments[0]} must not run in a repository that is not ours")
        try:
            ended = subprocess.run(
                self._command(arguments),
                input=stdin,
                capture_output=True,
                env=self._environment(git_dir or self.store, work_tree, env),
                cwd=work_tree or self.store,
                timeout=TIMEOUT_S,
                umask=AS_IT_IS if git_dir is not None else self.umask,
                check=False,
                process_group=0,  # Ctrl-C is ours to handle; it must not stop git in the middle of a write
            )
        except subprocess.TimeoutExpired as late:
            raise Unavailable(
                f"git {arguments[0]} did not end within {TIMEOUT_S:.0f} s",
                reason="git_timeout",
                remedy="check the disk, then: coderoute resume",
            ) from late
        if ended.returncode != 0 and ended.returncode not in may_fail_with:
            failed = GitFailed(arguments, ended.returncode, ended.stderr.decode("utf-8", "replace"))
            raise trouble(self.store, failed.stderr) or failed
        return ended.stdout

    def run_bounded(
        self, *arguments: str, limit_bytes: int, timeout_s: float, stdin: bytes = b""
    ) -> bytes | None:  # fmt: skip
        """The first `limit_bytes` that git printed, None when it did not end in time. Exit code 1 means: nothing.

        Raises:
            GitFailed: an exit code above 1.
        """
        command, environment = self._command(arguments), self._environment(self.store, None, None)
        with _file_with(stdin) as asked, _process(command, environment, self.store, asked) as process:
            late = threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(timeout_s, stop)
            timer.start()
            try:
                assert process.stdout is not None  # noqa: S101 - Popen was asked for pipes
                assert process.stderr is not None  # noqa: S101
                printed = process.stdout.read(limit_bytes)
                cut = len(printed) == limit_bytes
                if cut:
                    process.kill()
                problem = process.stderr.read().decode("utf-8", "replace")
                exit_code = process.wait()
            finally:
                timer.cancel()
        if late.is_set():
            return None
        if exit_code not in (0, 1) and not cut:
            raise GitFailed(arguments, exit_code, problem)
        return printed

    def run_over(
        self, protocol: str, *arguments: str, env: Mapping[str, str], timeout_s: float
    ) -> "subprocess.CompletedProcess[bytes]":
        """`git fetch` or `git push` with `protocol` allowed, which is `https` or `http`; how it ended, whatever the
        exit code. `env` has what only this call may know.

        Raises:
            Unavailable: it did not end in time.
        """
        if protocol not in ("https", "http") or arguments[0] not in NETWORK:
            raise ValueError(f"git {arguments[0]} over {protocol} is not what we do")
        command = self._line(arguments, (f"protocol.{protocol}.allow=always", *_CAREFUL_HTTP))
        environment = self._environment(self.store, None, {**env, "GIT_ALLOW_PROTOCOL": protocol})
        with _process(command, environment, self.store) as process:
            try:
                stdout, stderr = process.communicate(timeout=timeout_s)
            except BaseException as broken_off:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with the program that speaks HTTP for it
                if not isinstance(broken_off, subprocess.TimeoutExpired):
                    raise
                raise Unavailable(
                    f"git {arguments[0]} did not end within {timeout_s:.0f} s",
                    reason="git_timeout",
                    remedy="check the network, then: coderoute resume",
                ) from broken_off
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        if arguments[0] not in PLUMBING:
            raise ValueError(f"git {arguments[0]} is not plumbing that we allow")
        if arguments[0] == "apply" and "--cached" not in arguments:
            raise ValueError("git apply must not write to a work tree")
        return self._line(arguments)

    def _line(self, arguments: Sequence[str], more: Sequence[str] = ()) -> list[str]:
        options = [part for pair in (*_CLEAN_CONFIG, *self.config, *more) for part in ("-c", pair)]
        return [self.executable, "--no-pager", *options, *arguments]

    def _environment(self, git_dir: Path, work_tree: Path | None, more: Mapping[str, str] | None) -> dict[str, str]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "XDG_CONFIG_HOME": "/nonexistent",
            "LC_ALL": "C",
            "GIT_DIR": str(git_dir),
            "GIT_INDEX_FILE": str(self.store / "index"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false",
            "SSH_ASKPASS": "/bin/false",
            "GIT_SSH_COMMAND": "/bin/false",
            "GIT_ALLOW_PROTOCOL": "",
            "GIT_PAGER": "cat",
            "GIT_EDITOR": "/bin/false",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_CEILING_DIRECTORIES": str(self.store.parent),
        }
        if work_tree is not None:
            environment["GIT_WORK_TREE"] = str(work_tree)
        return environment | dict(more or {})


def open_store(
    store: Path, objects: Path | None, *, shallow: Path | None = None, head: str = "refs/heads/none"
) -> SafeGit:
    """git on the bare repository `store`, which is made if it is not there and reads `objects` as an alternate.

    `shallow` is the user's list of commits whose parents are not there, for a shallow clone; `head` what HEAD names.

    Raises:
        BadInput: the path of `objects` cannot stand in an alternates file.
        Unavailable: there is no git.
    """
    if "\n" in str(objects):
        raise BadInput(f"the path of the repository has a line break: {str(objects)!r}", remedy="rename the folder")
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("objects", "objects/info", "objects/pack", "refs", "refs/heads", "info"):
        (store / name).mkdir(exist_ok=True, mode=0o700)
    texts = {
        "HEAD": f"ref: {head}\n".encode(),
        "config": b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
        "objects/info/alternates": b"" if objects is None else os.fsencode(objects) + b"\n",
        "info/attributes": CLEAN_ATTRIBUTES.encode(),
    }
    for name, text in texts.items():
        if not (store / name).is_file() or (store / name).read_bytes() != text:
            _write_private(store / name, text)
    if shallow is not None:
        _write_private(store / "shallow", shallow.read_bytes())
    return SafeGit(store=store, executable=_executable())


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _executable() -> str:
    """git's absolute path. A relative entry of PATH is passed over: it would mean a git of the repository."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        candidate = Path(folder) / "git"
        if candidate.is_absolute() and candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    raise Unavailable("there is no git in PATH", reason="git_missing", remedy="install git, then: coderoute doctor")


@contextlib.contextmanager
def _file_with(data: bytes) -> Iterator[IO[bytes]]:
    """A file, so that whoever reads it never waits for us."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


@contextlib.contextmanager
def _process(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        cwd=cwd,
        umask=PRIVATE_UMASK,
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
