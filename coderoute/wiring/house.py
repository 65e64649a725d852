"""The state of this installation: its folder, its store, its secrets, its prices."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.errors import ConfigurationError
from coderoute.keys import Keys, held

if TYPE_CHECKING:
    from coderoute.adapters.facts_sqlite import SqliteFacts
    from coderoute.domain.conversation import ModelRef
    from coderoute.domain.money import PriceOverride
    from coderoute.domain.tariff import Tariff
    from coderoute.domain.terms import Terms
    from coderoute.ports import Identity, PriceList, Repository, RunStore

APPROVAL_KEY_BYTES = 32


def version() -> str:
    from importlib.metadata import version as version_of

    return version_of("coderoute-runner")


def now() -> datetime:
    return datetime.now(UTC)


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where runs are kept. The folder may not exist yet."""
    if chosen := environ.get("CODEROUTE_STATE_DIR"):
        return Path(chosen).absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("coderoute"))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The state of this installation. `folder` is the state directory, `store` takes no key in, `environ` is the
    process's environment with the values of keys hidden; `keys` has them."""

    folder: Path
    store: "RunStore"
    environ: Mapping[str, str]
    keys: Keys

    def run_folder(self, run_id: str) -> Path:
        return self.folder / "runs" / run_id

    def known_code(self) -> "SqliteFacts":
        """What all runs know of source files, by the id of their content."""
        from coderoute.adapters.facts_sqlite import SqliteFacts

        return SqliteFacts(self.folder / "index.db")

    def prices(
        self, frozen: "Mapping[str, PriceOverride] | None" = None, tariffs: "Mapping[str, Tariff] | None" = None
    ) -> "PriceList":
        """The prices a run was frozen with, the user's own and the list's; for what has none of them, those that the
        user has set since, and the list as it is now."""
        from coderoute.adapters.prices_genai import GenaiPrices
        from coderoute.settings import user_prices

        since = {name: price for name, price in user_prices(self.environ).items() if name not in (tariffs or {})}
        return GenaiPrices({**since, **(frozen or {})}, tariffs)

    def tariffs(self, models: "Iterable[ModelRef]", own: "Mapping[str, PriceOverride]") -> "dict[str, Tariff]":
        """What the list says now of each of `models` that has no price of the user's own."""
        from coderoute.adapters.prices_genai import GenaiPrices

        listed, at = GenaiPrices(), now()
        found = {model.name: listed.tariff(model, at) for model in models if model.name not in own}
        return {name: tariff for name, tariff in found.items() if tariff is not None}

    def prices_for_a_look(self, terms: "Terms | None") -> "PriceList":
        """The same for showing what was: a mistake in the user's settings today must not hide it."""
        from coderoute.adapters.prices_genai import GenaiPrices

        frozen, tariffs = (terms.prices, terms.tariffs) if terms else ({}, {})
        if terms and all(model.name in frozen or model.name in tariffs for model in terms.every_model):
            return GenaiPrices(frozen, tariffs)  # nothing is left to look up
        try:
            return self.prices(frozen, tariffs)
        except ConfigurationError:
            return GenaiPrices(frozen, tariffs)

    def document(self, run_id: str) -> dict[str, object]:
        from coderoute.domain import places
        from coderoute.domain.terms import Terms
        from coderoute.flow.finding import found
        from coderoute.journal import Journal
        from coderoute.report import document

        terms = Journal(self.store, run_id).get(places.TERMS, Terms)
        return document(found(self.store, run_id), self.store, self.prices_for_a_look(terms))

    def cost(self, run_id: str | None) -> dict[str, object]:
        """The cost object of a run, or over all runs."""
        from coderoute.domain import places
        from coderoute.domain.terms import Terms
        from coderoute.journal import Journal
        from coderoute.report import calls_of, cost_json, cost_of_all

        if run_id is None:
            return cost_of_all(self.store, self.prices_for_a_look)
        journal = Journal(self.store, run_id)
        terms = journal.get(places.TERMS, Terms)
        return cost_json(calls_of(self.store, run_id), journal, terms, self.prices_for_a_look(terms))


def open_house(environ: Mapping[str, str] | None = None) -> House:
    """The state directory's store, and the keys: those that the command holds, or those in `environ`.

    Raises:
        ConfigurationError: it cannot be used.
    """
    from coderoute.adapters.store_sqlite import SqliteStore
    from coderoute.sinks import RedactingStore

    keys = held() if environ is None else Keys(environ)
    folder = state_dir(keys.environ)
    store = RedactingStore(SqliteStore(folder), keys.redacted)
    return House(folder=folder, store=store, environ=keys.environ, keys=keys)


def own_secret(path: Path, size: int) -> bytes:
    """The random bytes kept in `path` (0600), made the first time.

    Raises:
        ConfigurationError: it is not this user's.
    """
    try:
        found = path.stat()
        if found.st_uid != os.geteuid():
            raise ConfigurationError(
                f"{path} belongs to another user (uid {found.st_uid})",
                remedy="set CODEROUTE_STATE_DIR to a folder of your own",
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(0o600)
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        waiting = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(size).hex())
        with contextlib.suppress(FileExistsError):
            os.link(waiting, path)  # whoever comes first wins; a half-written key is never seen
        waiting.unlink()
        return bytes.fromhex(path.read_text(encoding="ascii"))


def host_id(folder: Path) -> str:
    """Names this installation, so that leftovers of others are left alone."""
    return own_secret(folder / "host.id", 8).hex()


def approval_key(house: House) -> bytes:
    """What approvals are signed with.

    Raises:
        ConfigurationError: it is not this user's, or no key: an empty file would be one that anybody knows.
    """
    path = house.folder / "approval.key"
    try:
        key = own_secret(path, APPROVAL_KEY_BYTES)
    except ValueError:
        key = b""
    if len(key) != APPROVAL_KEY_BYTES:
        raise ConfigurationError(
            f"{path} holds no key", remedy="remove it: a new one is made, and what waits has to be approved anew"
        )
    return key


def os_user() -> str:
    """The operating system's name for who runs this process; not a variable anyone can set."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def author_of(repository: "Repository", environ: Mapping[str, str]) -> "Identity":
    """The user's git identity; in CI `coderoute`."""
    from coderoute.ports import Identity

    known = repository.author()
    if known is not None:
        return known
    if environ.get("CI"):
        return Identity(name="coderoute", email="coderoute@users.noreply.github.com")
    raise ConfigurationError(
        "git knows no author for the commit",
        remedy='git config --global user.name "Your Name"; git config --global user.email you@example.com',
    )
