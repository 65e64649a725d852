"""How likely the next attempt is to be right and to be accepted, given what failed before it.

Numbers and formulas: routing design, section 3.5. What is counted is acceptance; what history does, it does to being
right, so one is turned into the other and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from coderoute.domain.economics import Counter, Economics, history
from coderoute.domain.plan import Class

FIRST = {Class.CHEAP: Counter(right=1.1, wrong=0.9), Class.FRONTIER: Counter(right=14.0, wrong=6.0)}
"""What is assumed of a first attempt being right, in pseudo-trials. The frontier models' are those of public runs (65
to 74 % of the tasks), at the weight the routing design allows such runs: with less, one unlucky attempt would make the
rule never begin with that model again, and so never learn better. The cheap model is known by trials of its own anyway
before the rule is in force."""
ICC = 0.6
"""How alike attempts at the same task end (0: independent; 1: what failed once always fails)."""
OTHERS = 0.4
"""What a failure of the other class tells, in failures of one's own."""
AFTER_FAILURES_TRIALS = 15.0
"""What the formula for later attempts weighs against trials."""
MOST_BORROWED_TRIALS = 10.0
"""What all other kinds of steps together may weigh against trials of this kind."""
LEAST_SPREAD = 0.05
"""A gate must tell right from wrong by at least this much before being right can be read from being accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Of one attempt: P(accepted), and P(wrong | accepted)."""

    accepted: float
    bad: float


def chance(economics: Economics, cls: Class, own_failures: int, other_failures: int) -> Chance:
    """Of the next attempt by `cls` after so many failures of its own and of the other class."""
    p = right(economics, cls, own_failures, other_failures)
    accepted = acceptance(economics, p)
    return Chance(accepted=accepted, bad=economics.false_accept * (1 - p) / accepted if accepted else 0.0)


def right(economics: Economics, cls: Class, own_failures: int, other_failures: int) -> float:
    """P(the attempt is right).

    What is assumed after a failure follows from what is known of one failure less: whatever was learnt there speaks
    here too. Of the other class it counts whether it failed, not how often: its attempts at one task fail together, so
    that a second failure adds next to nothing.
    """
    odds = economics.cheap if cls is Class.CHEAP else economics.frontier
    others = min(other_failures, 1)
    if own_failures:
        before = right(economics, cls, own_failures - 1, others)
        assumed = before * lucky(own_failures + OTHERS * others) / lucky(own_failures - 1 + OTHERS * others)
        if own_failures == 1:  # what failed tells; but never so much that a failure would be good news
            assumed = min(times_odds(assumed, economics.feedback_odds), before)
        weight = AFTER_FAILURES_TRIALS
    elif others:
        assumed, weight = right(economics, cls, 0, 0) * lucky(OTHERS), AFTER_FAILURES_TRIALS
    else:
        assumed, weight = FIRST[cls].right / FIRST[cls].trials, FIRST[cls].trials
    here, elsewhere = (after(trials, own_failures, others) for trials in (odds.trials, odds.elsewhere))
    return rightness(economics, shrunk(here, elsewhere, acceptance(economics, assumed), weight))


def after(trials: Mapping[str, Counter], own_failures: int, others: int) -> Counter:
    """The trials after so many failures of one's own, and after none or any of the other class."""
    alone = history(own_failures, 0)
    if not others:
        return trials.get(alone, Counter())
    own = alone.removesuffix("0")
    found = [counter for key, counter in trials.items() if key.startswith(own) and key != alone]
    return Counter(right=sum(counter.right for counter in found), wrong=sum(counter.wrong for counter in found))


def lucky(failures: float) -> float:
    """What is left of a chance after so many failures at the same task."""
    kappa = (1 - ICC) / ICC
    return kappa / (kappa + failures)


def shrunk(here: Counter, elsewhere: Counter, assumed: float, strength: float) -> float:
    """P(accepted): trials of this kind of step, drawn towards the model's other kinds, drawn towards `assumed`."""
    of_model = (strength * assumed + elsewhere.right) / (strength + elsewhere.trials)
    weight = min(strength + elsewhere.trials, max(strength, MOST_BORROWED_TRIALS))
    return (weight * of_model + here.right) / (weight + here.trials)


def acceptance(economics: Economics, p: float) -> float:
    """P(accepted) of an attempt that is right with chance `p`."""
    return p * (1 - economics.false_reject) + (1 - p) * economics.false_accept


def rightness(economics: Economics, accepted: float) -> float:
    """The chance of being right behind a chance of being accepted."""
    spread = max(1 - economics.false_reject - economics.false_accept, LEAST_SPREAD)
    return min(max((accepted - economics.false_accept) / spread, 0.0), 1.0)


def times_odds(p: float, factor: float) -> float:
    """`p` with its odds multiplied."""
    return factor * p / (1 - p + factor * p) if p < 1 else 1.0
