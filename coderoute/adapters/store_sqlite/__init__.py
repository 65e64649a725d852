"""Runs in one SQLite file of the user's state folder: WAL, every commit on disk, JSON text and nothing executable."""

from coderoute.adapters.store_sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
