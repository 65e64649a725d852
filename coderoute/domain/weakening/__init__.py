"""Tests that ask for less than before: what a change took away from the tests that were there."""

from coderoute.domain.weakening.files import MAX_PARSED_BYTES, Moved, Sides, moved_tests, weakenings, weakenings_of
from coderoute.domain.weakening.finding import Weakening

__all__ = ["MAX_PARSED_BYTES", "Moved", "Sides", "Weakening", "moved_tests", "weakenings", "weakenings_of"]
