"""A place in a file's text where a change would be made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`put` takes the place of the characters from `start` to `end`; None: it cannot be told what to put there."""

    start: int
    end: int
    put: str | None
