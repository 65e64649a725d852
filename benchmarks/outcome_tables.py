"""Synthetic tasks for pairs of models: how often each would succeed at each task, built to published statistics.

Nothing here is measured by us and no per-task data of others is included: the numbers of a `Pair` were published about
public runs on SWE-bench Verified (what is assumed is said at PAIRS), and the tasks are drawn so that their sums give
those numbers again. `checks` says how well they do.

A task has one latent difficulty for each model, standard normal, correlated between the two. An attempt succeeds when
difficulty and luck together stay below the model's threshold, so an attempt that failed says much about the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from random import Random
from statistics import NormalDist

NORMAL = NormalDist()

RETRY_MODEL_RATE = 0.758
RETRY_AFTER_FAILURES = (0.16, 0.084, 0.075)
"""P(success | 1, 2, 3 failures): one model, five identical runs of 100 tasks, with the rate above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How much a failed attempt says about the next one of the same model."""

    name: str
    blind: float
    """P(success | 1 failure) of a blind retry, of a model with RETRY_MODEL_RATE."""
    odds: float
    """Of a retry that is shown the failing tests, against a blind one."""


RETRIES = (
    Retries(name="blind retries", blind=RETRY_AFTER_FAILURES[0], odds=1.0),
    Retries(name="retries see the failure", blind=RETRY_AFTER_FAILURES[0], odds=2.0),
    Retries(name="retries of small steps", blind=0.30, odds=2.0),
)
"""The first is measured. Doubled odds are assumed, from the second tries of a benchmark of small tasks that show what
failed. The third has the intra-task correlation of 0.6 that two resampling studies imply (0.57 and 0.65), and gives a
model with a rate of 0.6 the 39 % second tries of that benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    name: str
    rate: float
    """Share of the tasks that one attempt resolves."""
    attempt_usd: float
    """Mean over all tasks."""
    failed_cost_ratio: float | None = None
    """What a failed attempt costs against a successful one; None: it follows from the pair's `failed_pair_ratio`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A cheap and a frontier model on the same 500 tasks."""

    name: str
    cheap: Model
    frontier: Model
    rescue: float
    """P(the frontier model succeeds | the cheap one failed)."""
    frontier_usd_after_failure: float
    """What the frontier model's attempts cost where the cheap one failed."""


MINI = Model(name="GPT-5-mini", rate=0.598, attempt_usd=0.0355, failed_cost_ratio=1.6)
NANO = Model(name="GPT-5-nano", rate=0.348, attempt_usd=0.038, failed_cost_ratio=3.7)
DEEPSEEK = Model(name="DeepSeek V3.2", rate=0.600, attempt_usd=0.028, failed_cost_ratio=1.6)
QWEN = Model(name="Qwen3-Coder", rate=0.554, attempt_usd=0.248, failed_cost_ratio=2.7)
OPUS = Model(name="Opus 4.5", rate=0.744, attempt_usd=0.7212)
SONNET = Model(name="Sonnet 4.5", rate=0.706, attempt_usd=0.56)
GPT_5 = Model(name="GPT-5", rate=0.650, attempt_usd=0.28)

PAIRS = (
    Pair(name="mini-opus", cheap=MINI, frontier=OPUS, rescue=0.433, frontier_usd_after_failure=0.979),
    Pair(name="nano-opus", cheap=NANO, frontier=OPUS, rescue=0.635, frontier_usd_after_failure=0.838),
    Pair(name="deepseek-sonnet", cheap=DEEPSEEK, frontier=SONNET, rescue=0.428, frontier_usd_after_failure=0.762),
    Pair(name="mini-gpt5", cheap=MINI, frontier=GPT_5, rescue=0.27, frontier_usd_after_failure=0.359),
    Pair(name="qwen-gpt5", cheap=QWEN, frontier=GPT_5, rescue=0.406, frontier_usd_after_failure=0.381),
)
"""Rates and dollars are published, and so are rescue and dollars after a failure of the first, second and fourth.

Not published, and assumed: DeepSeek's failed attempts cost what GPT-5-mini's do; Sonnet and GPT-5 (after Qwen) cost
1.36 times as much where the cheap model failed, the ratio measured for Opus after GPT-5-mini on its base price; rescue
of the third follows from that and from its published $1.78 a rescued task; rescue of the fifth is the history formula
of the routing design.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Dollars of one attempt by how it ended; the mean over tasks is the model's `attempt_usd`."""

    right_usd: float
    wrong_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """P(success) of one model at each task: of its first attempt, and of one that follows its own failure."""

    first: tuple[float, ...]
    retry: tuple[float, ...]
    prices: Prices

    def at(self, task: int, *, again: bool) -> float:
        return (self.retry if again else self.first)[task]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The tasks of one pair."""

    pair: Pair
    retries: Retries
    cheap: Chances
    frontier: Chances


def make_table(pair: Pair, retries: Retries, *, tasks: int, seed: int) -> Table:
    """Tasks spread evenly over the difficulties, so that even a few hundred give the published sums."""
    shift = Random(seed)
    start_x, start_y = shift.random(), shift.random()
    across = cross_correlation(pair.cheap.rate, pair.frontier.rate, pair.rescue)
    own = max(own_correlation(retries.blind), across / 0.999)  # no other model can be more alike than the same one
    between = across / own
    cheap, frontier = [], []
    for number in range(1, tasks + 1):
        # The R2 sequence: two numbers in (0, 1) that fill the square evenly, turned by the seed.
        x = normal_quantile((start_x + number * 0.7548776662466927) % 1)
        y = normal_quantile((start_y + number * 0.5698402909980532) % 1)
        cheap.append(x)
        frontier.append(between * x + sqrt(1 - between**2) * y)
    lift = feedback_lift(retries.blind, retries.odds)
    return Table(
        pair=pair,
        retries=retries,
        cheap=chances(pair.cheap, cheap, own, lift, cheap_prices(pair)),
        frontier=chances(pair.frontier, frontier, own, lift, frontier_prices(pair)),
    )


def chances(model: Model, difficulties: Sequence[float], own: float, lift: float, prices: Prices) -> Chances:
    return Chances(
        first=tuple(success(model.rate, difficulty, own) for difficulty in difficulties),
        retry=tuple(success(model.rate, difficulty, own, lift) for difficulty in difficulties),
        prices=prices,
    )


def cheap_prices(pair: Pair) -> Prices:
    ratio = pair.cheap.failed_cost_ratio
    assert ratio is not None
    return prices_of(pair.cheap, ratio)


def frontier_prices(pair: Pair) -> Prices:
    """The ratio of failed to successful attempts that makes attempts after a cheap failure cost what was published."""
    model, after = pair.frontier, pair.frontier_usd_after_failure
    # attempt_usd = right (rate + (1 - rate) ratio), and the same with `rescue` for the dollars after a failure
    ratio = (after * model.rate - model.attempt_usd * pair.rescue) / (
        model.attempt_usd * (1 - pair.rescue) - after * (1 - model.rate)
    )
    return prices_of(model, ratio)


def prices_of(model: Model, ratio: float) -> Prices:
    right = model.attempt_usd / (model.rate + (1 - model.rate) * ratio)
    return Prices(right_usd=right, wrong_usd=right * ratio)


def normal_quantile(share: float) -> float:
    return NORMAL.inv_cdf(min(max(share, 1e-9), 1 - 1e-9))


def success(rate: float, difficulty: float, own: float, lift: float = 0.0) -> float:
    """P(an attempt succeeds at a task of this difficulty), for a model that resolves `rate` of all tasks.

    `own` is how much of an attempt's outcome is the task and not luck.
    """
    return NORMAL.cdf((NORMAL.inv_cdf(rate) - sqrt(own) * difficulty) / sqrt(1 - own) + lift)


# Calibration: three numbers, each found by halving an interval until a published number comes out.

GRID = tuple(NORMAL.inv_cdf((number + 0.5) / 2000) for number in range(2000))
"""Standard normal difficulties of equal weight."""


def solve(rising: Callable[[float], float], goal: float, low: float, high: float) -> float:
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < goal else (low, middle)
    return low


@cache
def own_correlation(blind: float) -> float:
    """How alike attempts at a task end, from P(success | 1 failure)."""

    def minus_second_try(own: float) -> float:
        first = [success(RETRY_MODEL_RATE, each, own) for each in GRID]
        return -after_failures(first, first, 1)

    return solve(minus_second_try, -blind, 0.01, 0.995)


@cache
def feedback_lift(blind: float, odds: float) -> float:
    """What seeing the failing tests is worth, from what it does to the odds of a first retry."""
    own = own_correlation(blind)
    first = [success(RETRY_MODEL_RATE, each, own) for each in GRID]
    shown = odds * blind / (1 - blind + odds * blind)

    def second_try(lift: float) -> float:
        return after_failures(first, [success(RETRY_MODEL_RATE, each, own, lift) for each in GRID], 1)

    return solve(second_try, shown, 0.0, 5.0)


@cache
def cross_correlation(cheap_rate: float, frontier_rate: float, rescue: float) -> float:
    """The correlation of two models' outcomes, difficulty and luck together, from P(success | the other failed)."""
    threshold = NORMAL.inv_cdf(frontier_rate)
    failed = [NORMAL.inv_cdf(cheap_rate + (1 - cheap_rate) * (number + 0.5) / 2000) for number in range(2000)]

    def minus_rescue(correlation: float) -> float:
        rest = sqrt(1 - correlation**2)
        return -sum(NORMAL.cdf((threshold - correlation * each) / rest) for each in failed) / len(failed)

    return solve(minus_rescue, -rescue, 0.0, 0.999)


def after_failures(first: Sequence[float], retry: Sequence[float], failures: int) -> float:
    """P(success | so many failures before)."""
    reached = [(1 - one) * (1 - again) ** (failures - 1) for one, again in zip(first, retry, strict=True)]
    return sum(weight * again for weight, again in zip(reached, retry, strict=True)) / sum(reached)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A published number and the same number taken from the synthetic tasks."""

    what: str
    published: float
    here: float


def checks(table: Table) -> tuple[Check, ...]:
    """The published statistics of a pair, counted on its tasks."""
    pair, cheap, frontier = table.pair, table.cheap.first, table.frontier.first
    failed = [1 - chance for chance in cheap]
    paid = [spent(table.frontier.prices, chance) for chance in frontier]
    rest = (pair.frontier.rate - (1 - pair.cheap.rate) * pair.rescue) / pair.cheap.rate
    return (
        Check(what="cheap resolves", published=pair.cheap.rate, here=mean(cheap)),
        Check(what="frontier resolves", published=pair.frontier.rate, here=mean(frontier)),
        Check(what="frontier, cheap failed", published=pair.rescue, here=mean(frontier, failed)),
        Check(what="frontier, cheap succeeded", published=rest, here=mean(frontier, cheap)),
        Check(
            what="cheap $",
            published=pair.cheap.attempt_usd,
            here=mean([spent(table.cheap.prices, chance) for chance in cheap]),
        ),
        Check(what="frontier $", published=pair.frontier.attempt_usd, here=mean(paid)),
        Check(what="frontier $, cheap failed", published=pair.frontier_usd_after_failure, here=mean(paid, failed)),
    )


def retry_checks() -> tuple[Check, ...]:
    """The published chances of blind retries, of the model they were measured with."""
    own = own_correlation(RETRY_AFTER_FAILURES[0])
    first = [success(RETRY_MODEL_RATE, each, own) for each in GRID]
    return tuple(
        Check(what=f"success after {number} failed", published=rate, here=after_failures(first, first, number))
        for number, rate in enumerate(RETRY_AFTER_FAILURES, start=1)
    )


def spent(prices: Prices, chance: float) -> float:
    return chance * prices.right_usd + (1 - chance) * prices.wrong_usd


def mean(values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    weights = weights or [1.0] * len(values)
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
