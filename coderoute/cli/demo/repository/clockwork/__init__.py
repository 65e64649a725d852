"""Durations for people."""

from clockwork.text import duration

__all__ = ["duration"]
