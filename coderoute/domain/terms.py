"""The terms a run is frozen with: models, commands and limits, taken from the settings when it starts."""

from dataclasses import dataclass
from decimal import Decimal

from coderoute.domain.conversation import ModelRef
from coderoute.domain.money import PriceOverride


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one sandbox may use. The sum of its tmpfs sizes stays below `memory_mb`."""

    cpus: float = 2.0
    memory_mb: int = 3072
    pids: int = 512
    disk_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a sandbox starts from, before any model-written file is in it.

    `image` is a tag or id; `setup` are shell commands run once, with network, on the base commit's files.
    """

    image: str | None
    setup: tuple[str, ...]
    limits: Limits
    runtime: str | None = None


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

    def role(self, name: str, default: str) -> str:
        """The role that serves a stage or a step kind."""
        return self.routes.get(name, default)
