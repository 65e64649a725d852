"""What of a run is on a forge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A candidate as a pull request. `commit` is the head that was pushed; `since` the id of the newest comment that
    was there before it."""

    candidate: int
    number: int
    url: str
    branch: str
    commit: str
    since: int
