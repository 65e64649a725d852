"""Every error a user may see, with its exit code.

CoderouteError (1)
|- BadInput (2)            an argument, a file or a repository we cannot work with
|- Refused (4)             not in this state: wrong patch, not approved, dirty target
|  `- TargetMoved (4)
|- Stopped                 the run ends here for now; its status says how
|  |- Blocked (4)          a person must decide or provide something
|  |- Exhausted (5)        budget or ladder used up without an acceptable change
|  |- Unavailable (69)     Docker, a model API or the forge does not answer; resumable
|  |  `- DiskFull (69)     no room to write down what happened
|  `- Interrupted (130)    the user stopped it; resumable
|- ConfigurationError (78) settings or a key
|- ProviderError           a model call that gave no usable reply (caught by the retry policy)
`- SandboxLost             the container is gone; nothing about the command is known
"""

import errno
from collections.abc import Sequence


class CoderouteError(Exception):
    """Something the user can act on. Anything else that escapes is a bug, and keeps its traceback."""

    exit_code = 1
    run_id: str | None = None
    """The run it is about, where one was being driven."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class BadInput(CoderouteError):
    """An argument, file or repository that cannot be worked with; nothing was changed."""

    exit_code = 2


class Refused(CoderouteError):
    """The command is not allowed in this state; nothing was changed."""

    exit_code = 4


class NotYet(Refused):
    """Somebody, or something that is under way elsewhere, has to come first; nothing was changed."""


class TargetMoved(Refused):
    """The target is no longer at the commit that a change was made for; nothing was changed."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the target moved: {problem}",
            remedy="coderoute resume RUN brings the change to the target as it is now, tests it there and asks again",
        )


class ConfigurationError(CoderouteError):
    """Settings, a key or a price is wrong or missing. `problem` may have a line per mistake."""

    exit_code = 78


class Stopped(CoderouteError):
    """The run ends here for now. `reason` is a short snake_case word kept in the run's record."""

    def __init__(self, problem: str, *, reason: str, remedy: str, questions: Sequence[str] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.reason = reason
        self.questions = tuple(questions)


class Blocked(Stopped):
    """A person must decide or provide something; nothing more is spent until then."""

    exit_code = 4


class Exhausted(Stopped):
    """The budget or the ladder of models is used up without an acceptable change."""

    exit_code = 5


class Unavailable(Stopped):
    """Docker, a model API or the forge does not answer. `coderoute resume` continues."""

    exit_code = 69


class DiskFull(Unavailable):
    """No room is left to write; what was written before stays. `problem` is said where it is known better."""

    def __init__(self, where: str, problem: str | None = None) -> None:
        super().__init__(
            problem or f"no space left on the disk of {where}",
            reason="disk_full",
            remedy="free some space, then give the command again; a run goes on with: coderoute resume RUN",
        )


def disk_full(error: OSError) -> DiskFull | None:
    """What `error` means to the user where a disk is full or a quota used up; None where it is something else."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return DiskFull(str(error.filename) if error.filename else "the state folder or the temporary folder")


class Interrupted(Stopped):
    """The user stopped the run. `coderoute resume` continues."""

    exit_code = 130


class SandboxLost(CoderouteError):
    """The sandbox is gone (daemon restart, removed container, out of memory); the command's fate is unknown."""

    exit_code = 69


class ProviderError(CoderouteError):
    """A model call that brought no usable reply.

    Args:
        retryable: the same request may succeed later (rate limit, overload, broken connection).
        billed: False if the provider certainly charged nothing (an HTTP error answer), True or None (unknown)
            otherwise; the ledger books an upper estimate unless it is False.
        retry_after_s: what the provider asked for, in seconds.
        status: the HTTP status, if there was one.
    """

    exit_code = 69

    def __init__(
        self,
        problem: str,
        *,
        remedy: str,
        retryable: bool,
        billed: bool | None,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(problem, remedy=remedy)
        self.retryable = retryable
        self.billed = billed
        self.retry_after_s = retry_after_s
        self.status = status
