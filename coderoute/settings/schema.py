"""The settings as values, with their defaults. Nothing here is a secret: keys are named, never held."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from coderoute.domain.conversation import ModelRef
from coderoute.domain.money import PriceOverride
from coderoute.domain.terms import ImageBuild
from coderoute.domain.test_frameworks import PYTEST


class Route(StrEnum):
    """Who serves a stage or a step kind. `premium` is the model of the review; its class is frontier."""

    CODE = "code"
    CHEAP = "cheap"
    FRONTIER = "frontier"
    PREMIUM = "premium"
    HUMAN = "human"


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """One model for each role; None where nothing says which. `fallbacks` are by role: who is asked, in a fresh
    attempt, while the model itself is down."""

    frontier: ModelRef | None = None
    cheap: ModelRef | None = None
    premium: ModelRef | None = None
    fallbacks: dict[str, tuple[ModelRef, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSettings:
    """How the repository's tests are run. An empty `command` says that there are none.

    `framework` is one of domain.test_frameworks: who makes the report with a verdict per test, or `exit-code` (one
    verdict for all); where it was not set it follows from the command.
    """

    __test__ = False
    command: str = "python -m pytest -q"
    framework: str = PYTEST
    timeout_s: float = 900.0
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """At most one of `image`, `dockerfile` and `devcontainer` is set; none: our own base image. The latter two are
    paths in the repository; `image_files.resolved` makes `image` or `build`, `setup` and `variables` of them.
    `setup` are shell commands; `runtime` is a container runtime by name."""

    image: str | None = None
    dockerfile: str | None = None
    devcontainer: str | None = None
    build: ImageBuild | None = None
    variables: dict[str, str] = field(default_factory=dict)
    setup: tuple[str, ...] = ()
    runtime: str | None = None
    cpus: float = 2.0
    memory_mb: int = 3072
    pids: int = 512
    disk_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySettings:
    mutation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """`review_reserve_usd` None: what the review is likely to cost. The others are the most a run may use."""

    budget_usd: Decimal = Decimal("3.00")
    review_reserve_usd: Decimal | None = None
    max_turns: int = 40
    diff_lines: int = 400
    diff_files: int = 10
    parallel_steps: int = 4
    docker_runs: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSettings:
    """What a person's time costs. `minutes_per_100_lines` None: nobody has measured it."""

    usd_per_minute: Decimal = Decimal("1.5")
    minutes_per_100_lines: Decimal | None = None
    takeover_minutes: Decimal = Decimal(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """`protected_paths` come in addition to the built-in ones."""

    protected_paths: tuple[str, ...] = ()
    require_other_approver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubSettings:
    draft: bool = True
    labels: tuple[str, ...] = ()
    line_comments: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSettings:
    """Consents given ahead, only ever by the user: `repository` is the hash of one repository's request."""

    repository: str | None = None
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRequest:
    """What the repository's own file asks to be run, and on what image; None and empty where it asks nothing.

    `files` are those that say how the image is made, whoever named them: path -> text. What follows from them is in
    `setup`, `image`, `build` and `variables`.
    """

    setup: tuple[str, ...] = ()
    test_command: str | None = None
    test_env: dict[str, str] = field(default_factory=dict)
    image: str | None = None
    build: ImageBuild | None = None
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one run. `notes` are sentences for the user about what was not taken as it was written."""

    models: Models = field(default_factory=Models)
    routes: dict[str, Route] = field(default_factory=dict)
    prices: dict[str, PriceOverride] = field(default_factory=dict)
    test: TestSettings = field(default_factory=TestSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    verify: VerifySettings = field(default_factory=VerifySettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    people: PeopleSettings = field(default_factory=PeopleSettings)
    gate: GateSettings = field(default_factory=GateSettings)
    github: GithubSettings = field(default_factory=GithubSettings)
    trust: TrustSettings = field(default_factory=TrustSettings)
    asked: RepositoryRequest = field(default_factory=RepositoryRequest)
    notes: tuple[str, ...] = ()
