"""The SQLite file itself: private, in WAL mode, of a known version, and clear about what is wrong with it."""

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from coderoute.errors import CoderouteError, ConfigurationError, DiskFull, Unavailable, disk_full

BUSY_TIMEOUT_S = 30.0
LEAST_FREE_BYTES = 32 * 1024 * 1024
"""Without so much room no call is begun: its answer may have 20 MB, and what was paid for has to be kept."""


def _first_tables(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE runs (id TEXT PRIMARY KEY, created_at TEXT NOT NULL, data TEXT NOT NULL)")
    db.execute(
        "CREATE TABLE records (number INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, key TEXT NOT NULL, "
        "kind TEXT NOT NULL, format INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (run_id, key))"
    )
    db.execute(
        "CREATE TABLE calls (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, state TEXT NOT NULL, "
        "reserved_usd TEXT NOT NULL, cost_usd TEXT NOT NULL, data TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX calls_of_run ON calls (run_id)")
    for table in ("events", "approvals"):
        db.execute(
            f"CREATE TABLE {table} (number INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, data TEXT NOT NULL)"
        )
        db.execute(f"CREATE INDEX {table}_of_run ON {table} (run_id)")
    db.execute("CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL)")


def _outcomes(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE outcomes (number INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, place TEXT NOT NULL, "
        "value TEXT NOT NULL, UNIQUE (run_id, place))"
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first_tables, _outcomes)
"""Applied once each, in order, and noted in the table `migrations` by their number from 1. Only ever append."""


class Database:
    """A connection to the file `path`, for all threads, one at a time; other processes may use the same file.

    The folder is made if needed (0700, the file 0600). With `had_runs` a file that is there and holds nothing is not
    a new one: what it held is lost, and nobody shall go on as if it had never been.

    Raises (from every method, as from the constructor):
        ConfigurationError: the file is damaged, emptied, gone, not ours, of a newer version, or may not be written.
        Unavailable: the disk is full or fails, or another process keeps the file locked for half a minute.
    """

    def __init__(self, path: Path, *, had_runs: bool = False) -> None:
        self._path = path
        self._guard = RLock()
        made = _make_private(path)
        self._must_hold = had_runs and not made
        if self._must_hold and path.stat().st_size == 0:  # before SQLite opens it, which would drop the log beside it
            raise _emptied(path)
        with self._explained():
            self._identity = _identity(path)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._set_up()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        with self._guard:
            self._connection.close()

    def query(self, sql: str, *values: str) -> list[sqlite3.Row]:
        """The rows of one reading statement."""
        with self._guard, self._explained():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection with the file's only write lock; committed at the end, rolled back on any exception."""
        with self._guard, self._explained(), self._connection:
            self._begin()
            self._require_files()
            yield self._connection

    def _begin(self) -> None:
        """Take the write lock. Where many processes write, one may miss it time after time: that goes on for as long as
        the others get on, and only a lock that nobody lets go of is an error."""
        while True:
            seen = self._last_commit()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or self._last_commit() == seen:
                    raise

    def _last_commit(self) -> int:
        """Another number after each transaction of another connection."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def require_room(self) -> None:
        """Raises Unavailable where the disk has no room left for what a call may bring."""
        try:
            disk = shutil.disk_usage(self._path.parent)
        except OSError as error:
            raise folder_trouble(self._path.parent, error) from error
        if disk.total and disk.free < LEAST_FREE_BYTES:  # some file systems tell nothing
            free, needed = disk.free >> 20, LEAST_FREE_BYTES >> 20
            problem = (
                f"only {free} MB are free on the disk of {self._path}; what a paid call brings may need {needed} MB"
            )
            raise DiskFull(str(self._path), problem)

    def damage(self) -> list[str]:
        """What is wrong with the file's pages and indexes, in SQLite's words; empty if nothing is."""
        found = [str(row[0]) for row in self.query("PRAGMA integrity_check(10)")]
        return [] if found == ["ok"] else found

    def empty_log(self) -> None:
        """Empty the write-ahead log, which still holds what was deleted; later, where somebody reads just now."""
        with suppress(Unavailable):
            self.query("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            explanation = _explanation(error, self._path)
            if explanation is None:
                raise
            raise explanation from error

    def _require_files(self) -> None:
        """Raises ConfigurationError where the files were taken away: SQLite would go on writing to what nobody can
        open again."""
        log = self._path.with_name(f"{self._path.name}-wal")
        try:
            there = _identity(self._path) == self._identity and log.exists()
        except FileNotFoundError:
            there = False
        if not there:
            raise ConfigurationError(
                f"{self._path} was removed or replaced while coderoute worked with it",
                remedy="put the state folder back as it was, then go on: coderoute resume RUN",
            )

    def _set_up(self) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA synchronous = FULL")
        # always, not only for a purge: a status that was replaced before leaves its text in the page too
        self._connection.execute("PRAGMA secure_delete = ON")
        if self._connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._set_wal()
        version = self._version()
        if version > len(MIGRATIONS):
            raise ConfigurationError(
                f"{self._path} has version {version}, made by a newer coderoute; this one knows version "
                f"{len(MIGRATIONS)} and older",
                remedy="update coderoute, or set CODEROUTE_STATE_DIR to another folder",
            )
        if version < len(MIGRATIONS):
            self._migrate()

    def _set_wal(self) -> None:
        """Put the file into WAL mode, which it then keeps. SQLite does not wait for others here, so we do."""
        from filelock import FileLock, Timeout

        try:
            with FileLock(self._path.with_name(f"{self._path.name}.lock"), timeout=BUSY_TIMEOUT_S, mode=0o600):
                mode = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except Timeout as error:
            raise _busy(self._path) from error
        except OSError as error:
            raise folder_trouble(self._path.parent, error) from error
        if mode != "wal":
            raise ConfigurationError(
                f"the file system of {self._path} cannot hold a write-ahead log (journal mode {mode})",
                remedy="set CODEROUTE_STATE_DIR to a folder on a local disk",
            )

    def _version(self) -> int:
        tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "migrations" in tables:
            return int(self._connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0])
        if tables:
            raise _not_ours(self._path)
        return 0

    def _migrate(self) -> None:
        with self.transaction() as db:
            if self._must_hold and self._version() == 0:
                raise _emptied(self._path)
            db.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
            for number, migration in enumerate(MIGRATIONS[self._version() :], start=self._version() + 1):
                migration(db)
                db.execute("INSERT INTO migrations VALUES (?, ?)", (number, datetime.now(UTC).isoformat()))


def _make_private(path: Path) -> bool:
    """`path` exists with mode 0600, in a folder that nobody else can enter (0700), whatever the umask says; whether it
    was made only now.

    A folder of ours is made so again. Any other keeps its mode, for it may be somebody's home; then nobody else may be
    able to write to it.
    """
    folder = path.parent
    try:
        missing = [part for part in (folder, *folder.parents) if not part.exists()]
        for part in reversed(missing):  # whoever may write to a parent can put another folder in our place
            part.mkdir(mode=0o700, exist_ok=True)
        found = folder.stat()
        if found.st_uid != os.geteuid():
            raise ConfigurationError(f"{folder} belongs to another user (uid {found.st_uid})", remedy=_OWN_FOLDER)
        empty = not any(folder.iterdir())
        if found.st_mode & 0o022 and not empty:
            raise ConfigurationError(
                f"other users can write to {folder}",
                remedy=f"look whether all that is in it is yours, then: chmod 700 {folder}; or {_OWN_FOLDER}",
            )
        if (empty or path.exists()) and stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
        made = _make_file_private(path)
        for end in ("-wal", "-shm", ".lock"):  # made with the mode of the file itself, unless an older coderoute did
            with suppress(FileNotFoundError):  # SQLite removes the first two when the last process leaves
                _require_private(path.with_name(f"{path.name}{end}"))
    except OSError as error:
        raise folder_trouble(folder, error) from error
    return made


def _make_file_private(file: Path) -> bool:
    """Whether it was made. A file that is there is not opened: closing it would free the locks SQLite holds on it for
    this process."""
    made = False
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        made = True
    _require_private(file)
    return made


def _require_private(file: Path) -> None:
    found = file.lstat()
    if not stat.S_ISREG(found.st_mode):
        number = errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.ELOOP
        raise OSError(number, os.strerror(number), str(file))
    if found.st_uid != os.geteuid():
        raise ConfigurationError(f"{file} belongs to another user (uid {found.st_uid})", remedy=_OWN_FOLDER)
    if stat.S_IMODE(found.st_mode) != 0o600:
        file.chmod(0o600)


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


_OWN_FOLDER = "set CODEROUTE_STATE_DIR to a folder of your own"


def folder_trouble(folder: Path, error: OSError) -> CoderouteError:
    """What `error`, met in the state folder, means to the user."""
    full = disk_full(error)
    return full or ConfigurationError(
        f"cannot write {error.filename or folder}: {error.strerror or error}", remedy=_WRITABLE
    )


_WRITABLE = "make the state folder and what is in it writable, or set CODEROUTE_STATE_DIR to another folder"


def _explanation(error: sqlite3.DatabaseError, path: Path) -> CoderouteError | None:
    """What `error` means to the user; None for a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    match None if code is None else code & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return _not_ours(path)
        case sqlite3.SQLITE_CORRUPT:
            return ConfigurationError(
                f"{path} is damaged: {error}",
                remedy="restore it from a backup, or move it away and start anew (its runs are then lost)",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return ConfigurationError(f"cannot write {path}: {error}", remedy=_WRITABLE)
        case sqlite3.SQLITE_FULL:
            return DiskFull(str(path))
        case sqlite3.SQLITE_IOERR if not _has_room(path):  # where it maps memory SQLite does not say so
            return DiskFull(str(path))
        case sqlite3.SQLITE_IOERR:
            return Unavailable(
                f"reading or writing {path} failed: {error}",
                reason="disk_error",
                remedy="check the disk and its free space, then give the command again; a run: coderoute resume RUN",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _busy(path)
        case _:
            return None


def _not_ours(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is not a database of coderoute",
        remedy="move it away, or set CODEROUTE_STATE_DIR to another folder",
    )


def _emptied(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} holds nothing any more, and there were runs in it: their records, approvals and bills are lost",
        remedy=f"restore it from a backup, with {path.name}-wal if there is one; or start anew: rm {path} "
        f"(the patches of the runs that were are in {path.parent / 'runs'})",
    )


def _has_room(path: Path) -> bool:
    """Whether there is room for as much as SQLite ever asks for at once."""
    try:
        disk = shutil.disk_usage(path.parent)
    except OSError:
        return True
    return disk.total == 0 or disk.free >= 64 * 1024


def _busy(path: Path) -> Unavailable:
    return Unavailable(
        f"another process has kept {path} locked for {BUSY_TIMEOUT_S:.0f} s",
        reason="state_busy",
        remedy="wait for it, or end it, then give the command again; a run goes on with: coderoute resume RUN",
    )
