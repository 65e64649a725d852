"""Where a report's paths lie in the checkout: pytest counts them from its root directory, we from the checkout."""

import re
import shlex
from collections.abc import Collection, Sequence

from coderoute.ports import Sandbox
from coderoute.stages.verify.junit import Case
from coderoute.stages.verify.selection import is_plain_pytest

PROBE_TIMEOUT_S = 30.0

MAX_PROBED = 1_000
"""Paths in one command: its text must fit into one argument of `sh -c`."""

MAX_SAMPLES = 5

_WORD = re.compile(r"[\w.][\w./-]*")


def files_among(sandbox: Sandbox, paths: Collection[str]) -> frozenset[str]:
    """Those of `paths` that are regular files in the sandbox; none where it cannot tell.

    Raises:
        SandboxLost
    """
    asked = sorted(path for path in paths if "\n" not in path)
    found: set[str] = set()
    for start in range(0, len(asked), MAX_PROBED):
        words = " ".join(map(shlex.quote, asked[start : start + MAX_PROBED]))
        probe = f'for path in {words}; do if [ -f "$path" ]; then printf "%s\\n" "$path"; fi; done'
        found.update(sandbox.run(probe, timeout_s=PROBE_TIMEOUT_S).text.splitlines())
    return frozenset(found & set(asked))


def root_folder(sandbox: Sandbox, command: str, cases: Sequence[Case]) -> str:
    """pytest's root directory below the checkout, "" for the checkout itself (the usual case).

    Only a folder that the command names can be another one: `cd api && pytest`, `pytest api`, `-c api/pytest.ini`.

    Raises:
        SandboxLost
    """
    folders = _folders_in(command)
    files = (case.file for case in cases if case.file and not case.file.startswith(("/", "..")))
    samples = tuple(dict.fromkeys(files))[:MAX_SAMPLES]
    if not folders or not samples:
        return ""
    tried = ["", *folders] if is_plain_pytest(command) else [*folders, ""]
    there = files_among(sandbox, [f"{folder}{sample}" for folder in tried for sample in samples])
    return next((folder for folder in tried if all(f"{folder}{sample}" in there for sample in samples)), "")


def _folders_in(command: str) -> tuple[str, ...]:
    """What might be a folder in `command`, each with its parents, longest first, with a slash at the end."""
    found: set[str] = set()
    for word in re.split(r"[\s='\";&|()]+", command):
        path = word.partition("::")[0].removeprefix("./").rstrip("/")
        if not _WORD.fullmatch(path) or path in ("python", "pytest", "cd", ".") or ".." in path:
            continue
        while path:
            found.add(f"{path}/")
            path = path.rpartition("/")[0]
    return tuple(sorted(found, key=lambda folder: (-len(folder), folder)))
