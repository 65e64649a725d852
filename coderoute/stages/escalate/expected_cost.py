"""What each way on is expected to cost: the small decision problem of the routing design, section 3.2, solved whole."""

from dataclasses import dataclass, replace
from decimal import Decimal

from coderoute.domain.economics import Economics, rise
from coderoute.domain.plan import Class
from coderoute.stages.escalate.chances import Chances

MAX_CHEAP_TRIES = 4
MAX_FRONTIER_TRIES = 2
REPLAN = "replan"
"""The one way on that is no class."""
MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What failed at a step so far, and what may still be tried. From the frontier model there is no way back to the
    cheap one but by a new plan."""

    cheap_failures: int = 0
    frontier_failures: int = 0
    cheap_tries: int = MAX_CHEAP_TRIES
    """Left."""
    frontier_tries: int = MAX_FRONTIER_TRIES
    """Left."""
    replans: int = 0
    """Left."""
    plan_doubted: bool = False
    """The last failure speaks against the plan: only then is a new one a way on."""


Memo = dict[Standing, dict[str, float]]


def branches(economics: Economics, standing: Standing) -> dict[str, Decimal]:
    """Expected dollars of each way on, by `cheap`, `frontier`, `replan` and `human`, when the best is done ever after.
    A way that is closed is absent. To a millionth."""
    return {way: Decimal(usd).quantize(MICRO) for way, usd in ways(Chances(economics), standing, {}).items()}


def expected_usd(economics: Economics, standing: Standing) -> Decimal:
    """Of the best way on."""
    return min(branches(economics, standing).values())


def attempt_usd(economics: Economics, cls: Class, own_failures: int, other_failures: int) -> Decimal:
    """Tokens of the next attempt by `cls`."""
    odds = economics.cheap if cls is Class.CHEAP else economics.frontier
    return odds.attempt_usd * rise(own_failures, other_failures)


def ways(chances: Chances, standing: Standing, memo: Memo) -> dict[str, float]:
    if standing in memo:
        return memo[standing]
    found: dict[str, float] = {}
    if standing.cheap_tries > 0:
        rejected = replace(
            standing, cheap_failures=standing.cheap_failures + 1, cheap_tries=standing.cheap_tries - 1,
            plan_doubted=False,
        )  # fmt: skip
        found[Class.CHEAP.value] = by_attempt(chances, Class.CHEAP, standing, rejected, memo)
    if standing.frontier_tries > 0:
        rejected = replace(
            standing, frontier_failures=standing.frontier_failures + 1, frontier_tries=standing.frontier_tries - 1,
            cheap_tries=0, plan_doubted=False,
        )  # fmt: skip
        found[Class.FRONTIER.value] = by_attempt(chances, Class.FRONTIER, standing, rejected, memo)
    if standing.replans > 0 and standing.plan_doubted:
        planned = replace(
            standing, cheap_failures=0, cheap_tries=MAX_CHEAP_TRIES, frontier_tries=MAX_FRONTIER_TRIES,
            replans=standing.replans - 1, plan_doubted=False,
        )  # fmt: skip
        found[REPLAN] = float(chances.economics.plan_usd) + best(chances, planned, memo)
    found[Class.HUMAN.value] = float(chances.economics.takeover_usd)
    memo[standing] = found
    return found


def best(chances: Chances, standing: Standing, memo: Memo) -> float:
    return min(ways(chances, standing, memo).values())


def by_attempt(chances: Chances, cls: Class, standing: Standing, rejected: Standing, memo: Memo) -> float:
    """One attempt, and then either a delivered change, which is looked at and may turn out wrong, or the rest."""
    own, other = standing.cheap_failures, standing.frontier_failures
    if cls is Class.FRONTIER:
        own, other = other, own
    economics, odds = chances.economics, chances.odds(cls)
    going = chances.of(cls, own, other)
    tried = float(attempt_usd(economics, cls, own, other) + economics.gate_usd)
    waited = float(economics.usd_per_s) * odds.attempt_s
    delivered = float(economics.review_usd) + going.bad * float(economics.wrong_usd + economics.takeover_usd)
    return tried + waited + going.accepted * delivered + (1 - going.accepted) * best(chances, rejected, memo)
