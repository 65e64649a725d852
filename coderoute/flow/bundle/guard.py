"""What must not be done with a run that came as a bundle."""

from coderoute.domain.bundle import IMPORTED, Imported
from coderoute.errors import Refused
from coderoute.journal import Journal


def refuse_work(journal: Journal, run_id: str) -> None:
    """Raises Refused for a run that was imported: its terms name models, addresses, keys and set-up commands that
    nobody here has agreed to. A person may look at it, approve, reject and merge it; nothing works on it.
    """
    came = journal.get(IMPORTED, Imported)
    if came is not None:
        raise Refused(
            f"run {run_id} was imported at {came.at}: it can be approved, rejected and merged here, not worked on",
            remedy="resume it where it was made, or start the issue anew: coderoute run",
        )
