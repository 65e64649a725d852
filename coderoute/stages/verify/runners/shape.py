"""What every runner's adapter says: how a command is made to report, and what it has reported.

To add one: a module here with a `Runner`, its row in table.py, its name and calls in domain/test_frameworks.py, its
samples in tests/stages/test_verify_runners.py, and its row in docs/test-runners.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from coderoute.ports import Sandbox
from coderoute.stages.verify.doubt import Ran, Rule
from coderoute.stages.verify.junit import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The user's command, made to report into a folder outside the checkout.

    `env` is added to the user's variables, where it wins. `files` are put into that folder before (name -> text), and
    `before` is run at the checkout's root (sh), both only where there is something to do.
    """

    command: str
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    needs_folder: bool = True
    """The folder must be there before the command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Absolute paths: the checkout's root, and the folder of this run's reports. The root is "" where unknown."""

    root: str
    folder: str

    def inside(self, path: str) -> str:
        """`path` (absolute, or relative to the root) as a path from the checkout's root."""
        return path.removeprefix(f"{self.root}/").removeprefix("./") if self.root else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a run reported. `ids` and `cases` go together; `cases` is None without a readable report.

    `unreadable` says why a report that is there is not read, `contradiction` why one cannot be believed; `output` is
    what the command would have printed, where its output went into the report.
    """

    ids: tuple[str, ...] = ()
    cases: tuple[Case, ...] | None = None
    unreadable: str | None = None
    contradiction: str | None = None
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One test runner.

    Args:
        narrowed: (command, ids) -> commands that run these tests and as few others as possible, narrowest first;
            none where it cannot be done.
        tell: (command, env, ids, folder) -> the command that reports; None when this command cannot be made to.
            `ids` are those a module of ours inside the runner may leave everything else out for.
        find: (sandbox, told command, place, what it printed) -> its report.
        doubts: why a run proves nothing, after those that are true of every command.
        ran_nothing: the narrowed command was refused; a wider one is worth a try.
        lost: how a command may lose its report, for the user who has to correct it.
    """

    framework: str
    narrowed: Callable[[str, Sequence[str]], Sequence[str]]
    tell: Callable[[str, Mapping[str, str], Sequence[str], str], Told | None]
    find: Callable[[Sandbox, str, Place, str], Found]
    doubts: tuple[Rule, ...]
    lost: str
    ran_nothing: Callable[[Ran], bool] = lambda ran: not ran.cases
