"""The only file that names concrete adapters: it opens the store, the repository, the engine and the models."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.domain import places
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.money import PriceOverride
from coderoute.domain.run import Approval, RunRecord
from coderoute.domain.terms import Environment, Limits, Terms, TestCommand
from coderoute.domain.visible import visible
from coderoute.errors import Blocked, ConfigurationError
from coderoute.journal import Journal
from coderoute.ports import Identity, MergeResult, ModelProvider, PriceList, Repository, RunStore, SandboxHost
from coderoute.settings import (
    RepositoryFiles,
    Settings,
    consent_hash,
    consent_key,
    load,
    needs_consent,
    require_keys,
    state_dir,
    user_prices,
)
from coderoute.stages.intake import Intake

if TYPE_CHECKING:
    from coderoute.adapters.sandbox_docker import DockerSandboxHost
    from coderoute.flow.world import World

Show = Callable[[str, Mapping[str, object]], None]

REFERENCE = Usage(input_tokens=50_000, output_tokens=3_000)
"""An attempt of usual size, to compare what models cost."""
CHEAP_RETRY_RATIO = 10
"""A second cheap try pays from this price ratio on (routing design, section 3.5)."""
FRONTIER_TRIES = 2
MAX_REPLANS = 1
MINUTES_PER_100_LINES = Decimal(10)
"""An assumption, until a person's own number is set (people.minutes_per_100_lines)."""
REVIEW_USAGE = Usage(input_tokens=30_000, output_tokens=12_000)
"""What a review may use; kept from the budget where no reserve was set, but never more than a quarter of it."""
KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}


def version() -> str:
    return version_of("coderoute-runner")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The state of this installation. `folder` is the state directory, `environ` the process's environment."""

    folder: Path
    store: RunStore
    environ: Mapping[str, str]

    def run_folder(self, run_id: str) -> Path:
        return self.folder / "runs" / run_id

    def prices(self, frozen: Mapping[str, PriceOverride] | None = None) -> PriceList:
        """The list's prices, under the user's own: those a run was frozen with, and those that were set since."""
        from coderoute.adapters.prices_genai import GenaiPrices

        return GenaiPrices({**user_prices(self.environ), **(frozen or {})})

    def document(self, run_id: str) -> dict[str, object]:
        from coderoute.flow.runs import found
        from coderoute.report import document

        terms = Journal(self.store, run_id).get(places.TERMS, Terms)
        return document(found(self.store, run_id), self.store, self.prices(terms.prices if terms else None))

    def cost(self, run_id: str | None) -> dict[str, object]:
        """The cost object of a run, or over all runs."""
        from coderoute.report import cost_json

        if run_id is None:
            return cost_json(self.store.calls(), None, None, None)
        journal = Journal(self.store, run_id)
        terms = journal.get(places.TERMS, Terms)
        return cost_json(self.store.calls(run_id), journal, terms, self.prices(terms.prices if terms else None))


def open_house(environ: Mapping[str, str] | None = None) -> House:
    """The state directory's store.

    Raises:
        ConfigurationError: it cannot be used.
    """
    from coderoute.adapters.store_sqlite import SqliteStore

    environ = os.environ if environ is None else environ
    folder = state_dir(environ)
    return House(folder=folder, store=SqliteStore(folder / "coderoute.db"), environ=environ)


def begin(
    house: House, intake: Intake, *, repo: Path, base: str | None, overrides: Sequence[str], plan_only: bool,
    consent: Callable[[str, str], bool], warn: Callable[[str], None],
) -> str:  # fmt: skip
    """Pin everything a run depends on and write its first records; the run's id. When it fails, nothing is left.

    `consent(text, hash)` asks a person whether the repository's own commands may run.

    Raises:
        BadInput, ConfigurationError, Blocked, Refused
    """
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.flow import runs

    run_id = secrets.token_hex(4)
    folder = house.run_folder(run_id)
    folder.mkdir(parents=True, mode=0o700)
    try:
        repository = GitRepository(repo, folder / "q.git")
        pinned = repository.pin(base)
        for warning in repository.warnings():
            warn(warning)
        settings = settings_for(house.environ, repository, pinned.tree, overrides)
        for note in settings.notes:
            warn(note)
        require_keys(settings, house.environ)
        agree(house, settings, consent)
        terms = terms_of(settings, house.prices(settings.prices))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    runs.begin(
        house.store, run_id=run_id, repository=str(repository.root), task=intake.task, base=pinned, terms=terms,
        plan_only=plan_only, removed=intake.removed, now=now(),
    )  # fmt: skip
    return run_id


def settings_for(environ: Mapping[str, str], repository: Repository, tree: str, overrides: Sequence[str]) -> Settings:
    """All settings; the repository's own file is read from the base tree, never from the working tree."""
    files = RepositoryFiles(
        coderoute_toml=text_of(repository, tree, "coderoute.toml"),
        pyproject_toml=text_of(repository, tree, "pyproject.toml"),
    )
    return load(environ=environ, overrides=overrides, files=files)


def text_of(repository: Repository, tree: str, path: str) -> str | None:
    data = repository.read(tree, path)
    if data is None:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} of the repository is not UTF-8 text", remedy="save it as UTF-8") from error


def agree(house: House, settings: Settings, consent: Callable[[str, str], bool]) -> None:
    """Let a person agree to what the repository's own file wants to run; once for each content.

    Raises:
        Blocked: nobody did.
    """
    if not needs_consent(settings, house.store):
        return
    digest, asked = consent_hash(settings.asked), settings.asked
    rows = ["The repository's own configuration wants to run this in the sandbox:"]
    rows += [f"  set-up (with network): {visible(command)}" for command in asked.setup]
    rows += [f"  tests: {visible(asked.test_command)}"] if asked.test_command is not None else []
    rows += [f"  with {visible(name)}={visible(value)}" for name, value in asked.test_env.items()]
    rows += [f"  image: {visible(asked.image)}"] if asked.image is not None else []
    if not consent("\n".join(rows), digest):
        raise Blocked(
            "the repository's own commands need your consent", reason="consent",
            remedy=f"look at them above, then add to your own settings, or as -c: trust.repository=\"{digest}\"",
        )  # fmt: skip
    house.store.remember(consent_key(digest), now().isoformat())


def terms_of(settings: Settings, prices: PriceList) -> Terms:
    """What a run is frozen with. The models are there: `require_keys` has seen to it."""
    chosen = settings.models
    models = {"cheap": chosen.cheap, "frontier": chosen.frontier, "premium": chosen.premium}
    known = {role: model for role, model in models.items() if model is not None}
    limits = settings.limits
    return Terms(
        models=known,
        routes={name: str(route) for name, route in settings.routes.items()},
        prices=dict(settings.prices),
        environment=Environment(
            image=settings.sandbox.image, setup=settings.sandbox.setup, runtime=settings.sandbox.runtime,
            limits=Limits(
                cpus=settings.sandbox.cpus, memory_mb=settings.sandbox.memory_mb, pids=settings.sandbox.pids,
                disk_mb=settings.sandbox.disk_mb,
            ),
        ),
        test=TestCommand(
            command=settings.test.command, framework=settings.test.framework, timeout_s=settings.test.timeout_s,
            env=dict(settings.test.env),
        ),
        budget_usd=limits.budget_usd,
        review_reserve_usd=review_reserve(settings, known, prices),
        max_turns=limits.max_turns, diff_lines=limits.diff_lines, diff_files=limits.diff_files,
        cheap_tries=cheap_tries(known, prices), frontier_tries=FRONTIER_TRIES, max_replans=MAX_REPLANS,
        usd_per_minute=settings.people.usd_per_minute,
        minutes_per_100_lines=settings.people.minutes_per_100_lines or MINUTES_PER_100_LINES,
        protected_paths=settings.gate.protected_paths,
        require_other_approver=settings.gate.require_other_approver, version=version(),
    )  # fmt: skip


def review_reserve(settings: Settings, models: Mapping[str, ModelRef], prices: PriceList) -> Decimal:
    """The part of the budget that only the review may spend."""
    if settings.limits.review_reserve_usd is not None:
        return settings.limits.review_reserve_usd
    quarter = settings.limits.budget_usd / 4
    likely = prices.cost_usd(models["premium"], REVIEW_USAGE, now())
    return quarter if likely is None else min(likely, quarter)


def cheap_tries(models: Mapping[str, ModelRef], prices: PriceList) -> int:
    """Two where the stronger model costs at least ten times as much, else one; one where a price is unknown."""
    cheap, frontier = (prices.cost_usd(models[role], REFERENCE, now()) for role in ("cheap", "frontier"))
    return 2 if cheap and frontier and frontier / cheap >= CHEAP_RETRY_RATIO else 1


def drive(house: House, run_id: str, show: Show, *, plan_only: bool) -> RunRecord:
    """Drive a run to where it waits or ends, and give its record."""
    from coderoute.flow import runs

    return runs.drive(world(house, runs.found(house.store, run_id), show), plan_only=plan_only)


def world(house: House, run: RunRecord, show: Show) -> "World":
    """Everything the run works with."""
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.flow.candidate import needed
    from coderoute.flow.runs import teller
    from coderoute.flow.world import World
    from coderoute.ledger import Ledger

    journal = Journal(house.store, run.id)
    terms = needed(journal, places.TERMS, Terms)
    tell = teller(house.store, run.id, now, show)
    prices = house.prices(terms.prices)
    ledger = Ledger(
        run_id=run.id, provider=providers(house, journal), store=house.store, prices=prices,
        budget_usd=terms.budget_usd, review_reserve_usd=terms.review_reserve_usd, emit=tell,
    )  # fmt: skip
    folder = house.run_folder(run.id)
    return World(
        run_id=run.id, terms=terms, folder=folder, store=house.store, journal=journal, ledger=ledger, prices=prices,
        repository=GitRepository(Path(run.repository), folder / "q.git"), sandboxes=sandboxes(house, journal),
        tell=tell, now=now,
    )  # fmt: skip


def providers(house: House, journal: Journal) -> Callable[[ModelRef], ModelProvider]:
    """The provider behind a model, made when it is first called; recorded replies where the run was made with some."""
    recorded = journal.get(places.RECORDED_REPLIES, str)
    made: dict[tuple[str, str | None, str | None], ModelProvider] = {}

    def provider(ref: ModelRef) -> ModelProvider:
        key = (ref.provider, ref.api_key_env, ref.base_url)
        if key not in made:
            made[key] = make_provider(ref, recorded, house.environ)
        return made[key]

    return provider


def make_provider(ref: ModelRef, recorded: str | None, environ: Mapping[str, str]) -> ModelProvider:
    if recorded is not None:
        from coderoute.adapters.model_scripted import ScriptedProvider

        return ScriptedProvider.from_json(recorded)
    variable = ref.api_key_env or KEY_VARIABLES[ref.provider]
    key = environ.get(variable, "")
    if not key:
        raise ConfigurationError(f"no key for {ref.name}: {variable} is not set", remedy=f"export {variable}=...")
    match ref.provider:
        case "anthropic":
            from coderoute.adapters.model_anthropic import AnthropicProvider

            return AnthropicProvider(key, ref.base_url)
        case "openai":
            from coderoute.adapters.model_openai import OpenAIProvider

            return OpenAIProvider(key, ref.base_url)
        case other:
            raise ConfigurationError(f"no provider {other!r}", remedy="models.*.provider is anthropic or openai")


def sandboxes(house: House, journal: Journal) -> SandboxHost:
    """Docker; for a demo on a machine without an engine, its recorded results."""
    recorded = journal.get(places.RECORDED_COMMANDS, str)
    if recorded is not None:
        from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost, recorded_commands

        return InMemorySandboxHost(recorded_commands(recorded))
    return docker_host(house)


def docker_host(house: House) -> "DockerSandboxHost":
    from coderoute.adapters.sandbox_docker import DockerSandboxHost

    return DockerSandboxHost(host_id=host_id(house.folder))


def host_id(folder: Path) -> str:
    """Names this installation, so that leftovers of others are left alone."""
    return own_secret(folder / "host.id", 8).hex()


def own_secret(path: Path, size: int) -> bytes:
    """The random bytes kept in `path` (0600), made the first time."""
    try:
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


def approve(
    house: House, run: RunRecord, *, patch_name: str, acknowledged: Sequence[str], channel: str,
    claimed_as: str | None = None, note: str | None = None,
) -> Approval:  # fmt: skip
    """Record the approval of the operating-system user who runs this process."""
    from coderoute.flow import people
    from coderoute.stages.approve import Person

    person = Person(user=os_user(), claimed_as=claimed_as, note=note, channel=channel)
    return people.approve(
        house.store, run, person, patch_name=patch_name, acknowledged=acknowledged, key=approval_key(house), now=now(),
    )  # fmt: skip


def merge(house: House, run: RunRecord) -> tuple[MergeResult, bool]:
    """(what became of it, whether it was merged before)."""
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.flow import people

    repository = GitRepository(Path(run.repository), house.run_folder(run.id) / "q.git")
    return people.merge(
        house.store, run, repository, key=approval_key(house), now=now(), author=author_of(repository, house.environ)
    )


def approval_key(house: House) -> bytes:
    return own_secret(house.folder / "approval.key", 32)


def author_of(repository: Repository, environ: Mapping[str, str]) -> Identity:
    """The user's git identity; in CI `coderoute`."""
    known = repository.author()
    if known is not None:
        return known
    if environ.get("CI"):
        return Identity(name="coderoute", email="coderoute@users.noreply.github.com")
    raise ConfigurationError(
        "git knows no author for the commit",
        remedy='git config --global user.name "Your Name"; git config --global user.email you@example.com',
    )


def os_user() -> str:
    """The operating system's name for who runs this process; not a variable anyone can set."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
