"""The terms a run is frozen with: models, commands and limits, taken from the settings when it starts."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from coderoute.domain.conversation import ModelRef
from coderoute.domain.money import PriceOverride
from coderoute.domain.tariff import Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one sandbox may use. The sum of its tmpfs sizes stays below `memory_mb`."""

    cpus: float = 2.0
    memory_mb: int = 3072
    pids: int = 512
    disk_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBuild:
    """How an image is made of files of the base commit. Paths are relative to its top; the context `.` is all of it."""

    dockerfile: str
    context: str = "."
    arguments: dict[str, str] = field(default_factory=dict)
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a sandbox starts from, before any model-written file is in it.

    `image` is a tag or id; with a `build` it is None. `setup` are shell commands run once, with network, on the base
    commit's files. `variables` are the environment of every command.
    """

    image: str | None
    setup: tuple[str, ...]
    limits: Limits
    runtime: str | None = None
    build: ImageBuild | None = None
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCommand:
    """How the repository's tests are run. An empty `command` means: there are none, the gate says UNVERIFIED."""

    __test__ = False
    command: str
    framework: str
    timeout_s: float
    env: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything a run may spend and use. Changed settings change the next run, never this one."""

    models: dict[str, ModelRef]
    """By role: cheap, frontier, premium."""
    routes: dict[str, str]
    """Stage or step kind -> role, `code` or `human`, where the user chose one."""
    prices: dict[str, PriceOverride]
    """The user's own prices, by `provider:model`."""
    environment: Environment
    test: TestCommand
    budget_usd: Decimal
    review_reserve_usd: Decimal
    max_turns: int
    diff_lines: int
    diff_files: int
    cheap_tries: int
    frontier_tries: int
    max_replans: int
    usd_per_minute: Decimal
    minutes_per_100_lines: Decimal
    protected_paths: tuple[str, ...]
    require_other_approver: bool
    version: str
    """Of coderoute when the run was made."""
    takeover_minutes: Decimal = Decimal(30)
    """What a person needs to do a step instead of a model."""
    mutation: bool = False
    """Whether broken versions of the change are tried against the tests."""
    in_ci: bool = False
    """The run began in CI: it may not change what CI runs."""

    fallbacks: dict[str, tuple[ModelRef, ...]] = field(default_factory=dict)
    """By role: who may be asked, in a fresh attempt, while its model is down; in this order."""
    draft: bool = True
    """A pull request is opened as a draft, which a person marks as ready."""
    labels: tuple[str, ...] = ()
    """Of a pull request."""
    line_comments: bool = False
    """What the review found is said beside the lines of the pull request, too."""
    parallel_steps: int = 1
    """Steps of a plan that may be worked on at the same time."""
    docker_runs: int = 8
    """Runs of this installation that may have sandboxes at the same time; this one waits while so many have."""
    tariffs: dict[str, Tariff] = field(default_factory=dict)
    """What the price list said when the run began, by `provider:model`."""

    @property
    def every_model(self) -> tuple[ModelRef, ...]:
        """Each model that may be called."""
        listed = (*self.models.values(), *(ref for refs in self.fallbacks.values() for ref in refs))
        return tuple(dict.fromkeys(listed))

    def model_for(self, role: str, excluding: Collection[str] = ()) -> ModelRef | None:
        """The first model of `role` whose name is not in `excluding`; None if there is none left."""
        in_order = (self.models[role], *self.fallbacks.get(role, ()))
        return next((model for model in in_order if model.name not in excluding), None)

    def role(self, name: str, default: str) -> str:
        """The role that serves a stage or a step kind."""
        return self.routes.get(name, default)
