"""The repository's tests on a fresh machine of their own: all of them or some, alone or two runs side by side."""

import secrets
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

from coderoute.domain.judgement import TestReport
from coderoute.domain.terms import TestCommand
from coderoute.errors import SandboxLost
from coderoute.ports import Sandbox
from coderoute.stages.verify.tests_run import run_tests

OpenTree = Callable[[str], Sandbox]
"""Tree -> a fresh machine that holds it."""

A = TypeVar("A")
B = TypeVar("B")


def report_dir() -> str:
    """A folder outside the checkout whose name nobody can know beforehand."""
    return f"/tmp/cr-{secrets.token_hex(16)}"  # noqa: S108 - inside a container of ours


def run_suite(
    sandbox: Sandbox, test: TestCommand, only: Sequence[str] = (), expected_failures: Collection[str] = ()
) -> TestReport:  # fmt: skip
    return run_tests(
        sandbox, test.command, framework=test.framework, timeout_s=test.timeout_s, env=test.env, only=only,
        report_dir=report_dir(), expected_failures=expected_failures,
    )  # fmt: skip


def run_on(
    tree: str, test: TestCommand, open_tree: OpenTree, only: Sequence[str] = (), expected_failures: Collection[str] = ()
) -> TestReport:
    """The suite, or `only` these tests of it, on a machine that is closed afterwards.

    Raises:
        SandboxLost, Unavailable
    """
    with closing(open_tree(tree)) as sandbox:
        return run_suite(sandbox, test, only, expected_failures)


def side_by_side(one: Callable[[OpenTree], A], other: Callable[[OpenTree], B], open_tree: OpenTree) -> tuple[A, B]:
    """What both return, `other` in a thread of its own. When one ends in an error, or the user stops the run, the
    other's machines are taken away: nobody waits for a suite that counts for nothing.

    Raises:
        SandboxLost, Unavailable
    """
    machines = _Machines(open_tree)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="second-run") as pool:
        waiting = pool.submit(other, machines.open)
        try:
            return one(machines.open), waiting.result()
        except BaseException:
            machines.close()
            raise


class _Machines:
    """Opens machines until it is closed itself, and they with it. Safe to use from several threads."""

    def __init__(self, open_tree: OpenTree) -> None:
        self._open_tree = open_tree
        self._opened: list[Sandbox] = []
        self._closed = False
        self._lock = threading.Lock()

    def open(self, tree: str) -> Sandbox:
        sandbox = self._open_tree(tree)
        with self._lock:
            if not self._closed:
                self._opened.append(sandbox)
                return sandbox
        sandbox.close()
        raise SandboxLost("the run beside this one has ended it", remedy="coderoute resume")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            opened = tuple(self._opened)
        for sandbox in opened:
            sandbox.close()
