"""All sources into one Settings: repository < user's file < environment < command line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from coderoute.domain.money import PriceOverride
from coderoute.domain.test_frameworks import PYTEST, framework_of
from coderoute.errors import ConfigurationError
from coderoute.settings import keys, models, repository, sources
from coderoute.settings.entries import Entries, Mistakes
from coderoute.settings.schema import (
    GateSettings,
    GithubSettings,
    LimitSettings,
    PeopleSettings,
    Route,
    SandboxSettings,
    Settings,
    TestSettings,
    TrustSettings,
    VerifySettings,
)
from coderoute.settings.sources import RepositoryFiles

Values = Mapping[keys.Path, object]


def load(
    *, environ: Mapping[str, str], overrides: Sequence[str] = (), files: RepositoryFiles | None = None
) -> Settings:
    """The settings of one run. `overrides` are the `-c` items; `files` are the repository's at the base commit.

    A missing key is no mistake here: see `require_keys`.

    Raises:
        ConfigurationError: with a line for each mistake of each source.
    """
    mistakes = Mistakes()
    own_file = sources.user_file(environ)
    theirs, notes = sources.from_repository(files or RepositoryFiles(), own_file, mistakes)
    one_image(theirs, mistakes)
    ours = _users(environ, overrides, mistakes)
    values, looser = repository.merged(theirs, ours, mistakes)
    settings = Settings(
        models=models.chosen(values, environ, mistakes),
        routes={path[1]: Route(str(value)) for path, value in values.items() if path[0] == "routes"},
        prices=_prices(values, mistakes),
        test=_test(values),
        sandbox=SandboxSettings(**_section(values, "sandbox")),
        verify=VerifySettings(**_section(values, "verify")),
        limits=LimitSettings(**_section(values, "limits")),
        people=PeopleSettings(**_section(values, "people")),
        gate=GateSettings(**_section(values, "gate")),
        github=GithubSettings(**_section(values, "github")),
        trust=TrustSettings(**_section(values, "trust")),
        asked=repository.request(theirs),
        notes=(*notes, *looser),
    )
    _check_reserve(settings.limits, mistakes)
    if mistakes.lines:
        count = len(mistakes.lines)
        raise ConfigurationError(
            "\n".join(mistakes.lines), remedy="correct it" if count == 1 else f"correct these {count} mistakes"
        )
    return settings


def user_prices(environ: Mapping[str, str]) -> dict[str, PriceOverride]:
    """The prices the user has set for good, in file or environment, by `provider:model`.

    Raises:
        ConfigurationError: as `load`.
    """
    return load(environ=environ).prices


def _users(environ: Mapping[str, str], overrides: Sequence[str], mistakes: Mistakes) -> Entries:
    written = sources.from_user_file(sources.user_file(environ), mistakes)
    said: Entries = {}
    for item in overrides:
        said = _over(said, sources.from_override(item, mistakes), mistakes)
    holds_a_key = {str(entry.value) for path, entry in {**written, **said}.items() if path[-1] == "api_key_env"}
    one_image(written, mistakes)
    variables = sources.from_environment(environ, frozenset(holds_a_key), mistakes)
    return _over(_over(written, variables, mistakes), said, mistakes)


def _over(lower: Entries, upper: Entries, mistakes: Mistakes) -> Entries:
    """Both, where they differ the upper; an image it names or makes takes the place of the lower's."""
    one_image(upper, mistakes)
    if any(path in upper for path in keys.IMAGE_SOURCES):
        lower = {path: entry for path, entry in lower.items() if path not in keys.IMAGE_SOURCES}
    return lower | upper


def one_image(source: Entries, mistakes: Mistakes) -> None:
    """Whoever says twice what the sandbox starts from is asked which."""
    named = [path for path in keys.IMAGE_SOURCES if path in source]
    for path in named[1:]:
        if path not in mistakes.about:
            mistakes.add(source[path].where, path, f"there is {keys.shown(named[0])} already; leave one of them out")


def _section(values: Values, section: str) -> dict[str, Any]:
    return {path[1]: value for path, value in values.items() if path[0] == section}


def _test(values: Values) -> TestSettings:
    plain = {path[1]: value for path, value in values.items() if path[0] == "test" and len(path) == 2}
    fields: dict[str, Any] = {"env": {path[2]: value for path, value in values.items() if path[:2] == ("test", "env")}}
    command = str(plain.get("command", TestSettings().command))
    fields["framework"] = framework_of(command) if command else PYTEST
    return TestSettings(**(fields | plain))


def _prices(values: Values, mistakes: Mistakes) -> dict[str, PriceOverride]:
    prices: dict[str, PriceOverride] = {}
    for name in dict.fromkeys(path[1] for path in values if path[0] == "prices"):
        found: dict[str, Any] = {path[2]: value for path, value in values.items() if path[:2] == ("prices", name)}
        missing = [("prices", name, key) for key in ("input_usd_per_mtok", "output_usd_per_mtok") if key not in found]
        for path in missing:
            if path not in mistakes.about:
                mistakes.add("settings", path, "is missing; a price has input and output")
        if not missing:
            prices[name] = PriceOverride(**found)
    return prices


def _check_reserve(limits: LimitSettings, mistakes: Mistakes) -> None:
    reserve = limits.review_reserve_usd or Decimal(0)
    if reserve >= limits.budget_usd:
        mistakes.add(
            "settings",
            ("limits", "review_reserve_usd"),
            f"must be less than limits.budget_usd, which is {limits.budget_usd}",
            str(reserve),
        )
