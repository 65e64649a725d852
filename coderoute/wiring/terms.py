"""Settings -> the terms a run is frozen with, once a person agreed to what the repository wants to run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.tariff import Tariff
from coderoute.domain.terms import Environment, Limits, Terms, TestCommand
from coderoute.domain.visible import visible
from coderoute.errors import Blocked, ConfigurationError
from coderoute.ports import PriceList, Repository
from coderoute.settings import (
    RepositoryFiles,
    RepositoryRequest,
    SandboxSettings,
    Settings,
    consent_hash,
    consent_key,
    load,
    needs_consent,
    resolved,
)
from coderoute.wiring.house import House, now, version

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


def settings_for(environ: Mapping[str, str], repository: Repository, tree: str, overrides: Sequence[str]) -> Settings:
    """All settings; the repository's own files are read from the base tree, never from the working tree."""
    files = RepositoryFiles(
        coderoute_toml=text_of(repository, tree, "coderoute.toml"),
        pyproject_toml=text_of(repository, tree, "pyproject.toml"),
    )
    settings = load(environ=environ, overrides=overrides, files=files)
    return resolved(settings, lambda path: text_of(repository, tree, path))


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
    digest = consent_hash(settings.asked)
    rows = ["The repository's own configuration wants to run this in the sandbox:"]
    rows += [f"  {row}" for row in wishes(settings.asked)]
    if not consent("\n".join(rows), digest):
        raise Blocked(
            "the repository's own commands need your consent", reason="consent",
            remedy=f"look at them above, then add to your own settings, or as -c: trust.repository=\"{digest}\"",
        )  # fmt: skip
    house.store.remember(consent_key(digest), now().isoformat())


def wishes(asked: RepositoryRequest) -> tuple[str, ...]:
    """What the repository's own file wants to be run, a row each, safe to print."""
    rows = [f"set-up (with network): {visible(command)}" for command in asked.setup]
    rows += [f"tests: {visible(asked.test_command)}"] if asked.test_command is not None else []
    rows += [f"with {visible(name)}={visible(value)}" for name, value in asked.test_env.items()]
    rows += [f"image: {visible(asked.image)}"] if asked.image is not None else []
    rows += [f"every command with {visible(name)}={visible(value)}" for name, value in asked.variables.items()]
    if asked.build is not None:
        stage = f", stage {visible(asked.build.target)}" if asked.build.target is not None else ""
        rows += [f"image built (as root, with network) from {visible(asked.build.dockerfile)}{stage}"]
        rows += [f"built with {visible(name)}={visible(value)}" for name, value in asked.build.arguments.items()]
    for path, text in asked.files.items():
        rows += [f"{visible(path)}:", *(f"  | {visible(line)}" for line in text.splitlines())]
    return tuple(rows)


CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is a machine of a continuous integration; `CI=false` says that it is none of CI's."""
    return any(environ.get(name, "").strip().lower() not in ("", "0", "false", "no", "off") for name in CI_VARIABLES)


def terms_of(settings: Settings, prices: PriceList, *, in_ci: bool = False) -> Terms:
    """What a run is frozen with. The models are there: `require_keys` has seen to it."""
    chosen = settings.models
    models = {"cheap": chosen.cheap, "frontier": chosen.frontier, "premium": chosen.premium}
    known = {role: model for role, model in models.items() if model is not None}
    limits = settings.limits
    measured = settings.people.minutes_per_100_lines
    return Terms(
        models=known, fallbacks={role: refs for role, refs in chosen.fallbacks.items() if role in known},
        routes={name: str(route) for name, route in settings.routes.items()},
        prices=dict(settings.prices),
        environment=environment_of(settings.sandbox),
        test=TestCommand(
            command=settings.test.command, framework=settings.test.framework, timeout_s=settings.test.timeout_s,
            env=dict(settings.test.env),
        ),
        budget_usd=limits.budget_usd,
        review_reserve_usd=review_reserve(settings, known, prices),
        max_turns=limits.max_turns, parallel_steps=limits.parallel_steps, docker_runs=limits.docker_runs,
        draft=settings.github.draft,
        labels=settings.github.labels, line_comments=settings.github.line_comments,
        diff_lines=limits.diff_lines, diff_files=limits.diff_files,
        cheap_tries=cheap_tries(known, prices), frontier_tries=FRONTIER_TRIES, max_replans=MAX_REPLANS,
        usd_per_minute=settings.people.usd_per_minute,
        minutes_per_100_lines=MINUTES_PER_100_LINES if measured is None else measured,
        protected_paths=settings.gate.protected_paths,
        require_other_approver=settings.gate.require_other_approver, version=version(),
        takeover_minutes=settings.people.takeover_minutes, mutation=settings.verify.mutation,
        in_ci=in_ci,
    )  # fmt: skip


def environment_of(sandbox: SandboxSettings) -> Environment:
    return Environment(
        image=sandbox.image, setup=sandbox.setup, runtime=sandbox.runtime, build=sandbox.build,
        variables=dict(sandbox.variables),
        limits=Limits(
            cpus=sandbox.cpus, memory_mb=sandbox.memory_mb, pids=sandbox.pids, disk_mb=sandbox.disk_mb
        ),
    )  # fmt: skip


def with_prices(house: House, terms: Terms) -> Terms:
    """`terms` frozen with what the price list says now of every model that may be called."""
    tariffs = house.tariffs(terms.every_model, terms.prices)
    return replace(
        terms,
        tariffs=tariffs,
        models={role: with_room(model, tariffs.get(model.name)) for role, model in terms.models.items()},
        fallbacks={
            role: tuple(with_room(model, tariffs.get(model.name)) for model in models)
            for role, models in terms.fallbacks.items()
        },
    )


def with_room(model: ModelRef, tariff: Tariff | None) -> ModelRef:
    """`model` with the room for a conversation: what its user says, else its context window or what costs the same by
    the token, whichever is less."""
    listed = () if tariff is None else (tariff.context_tokens, tariff.even_tokens)
    known = [tokens for tokens in listed if tokens is not None]
    return model if model.context_tokens is not None or not known else replace(model, context_tokens=min(known))


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
