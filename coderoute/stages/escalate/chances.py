"""How likely the next attempt is to be right and to be accepted, given what failed before it.

Numbers and formulas: routing design, section 3.5. What is counted is acceptance; what history does, it does to being
right, so one is turned into the other and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from coderoute.domain.economics import Counter, Economics, Odds, history
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
BOTH = 0.95
"""P(the frontier model is right | the cheap one is): routing design, section 0.3. With the rates of public runs it
comes to what was measured where the cheap one failed: .438 for .433, .634 for .635, .20 for .27 in one family."""
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
    return Chances(economics).of(cls, own_failures, other_failures)


def right(economics: Economics, cls: Class, own_failures: int, other_failures: int) -> float:
    """P(that attempt is right)."""
    return Chances(economics).right(cls, own_failures, other_failures)


@dataclass(frozen=True, slots=True)
class Chances:
    """All chances at one step, each worked out once.

    What is assumed after a failure follows from what is known of one failure less: whatever was learnt there speaks
    here too. Of the other class it counts whether it failed, not how often: its attempts at one task fail together, so
    that a second failure adds next to nothing.
    """

    economics: Economics
    known: dict[tuple[Class, int, int], float] = field(default_factory=dict)

    def of(self, cls: Class, own_failures: int, other_failures: int) -> Chance:
        p = self.right(cls, own_failures, other_failures)
        accepted = acceptance(self.economics, p)
        return Chance(accepted=accepted, bad=self.economics.false_accept * (1 - p) / accepted if accepted else 0.0)

    def right(self, cls: Class, own_failures: int, other_failures: int) -> float:
        others = min(other_failures, 1)
        key = (cls, own_failures, others)
        if key not in self.known:
            odds = self.odds(cls)
            here, elsewhere = (after(trials, own_failures, others) for trials in (odds.trials, odds.elsewhere))
            assumed, weight = self.assumed(cls, own_failures, others)
            accepted = shrunk(here, elsewhere, acceptance(self.economics, assumed), weight)
            self.known[key] = rightness(self.economics, accepted)
        return self.known[key]

    def odds(self, cls: Class) -> Odds:
        return self.economics.cheap if cls is Class.CHEAP else self.economics.frontier

    def assumed(self, cls: Class, own_failures: int, others: int) -> tuple[float, float]:
        """P(right) before trials with this very history are looked at, and what it weighs against them."""
        if own_failures:
            before = self.right(cls, own_failures - 1, others)
            later = before * lucky(own_failures + OTHERS * others) / lucky(own_failures - 1 + OTHERS * others)
            if own_failures == 1:  # what failed tells; but never so much that a failure would be good news
                later = min(times_odds(later, self.economics.feedback_odds), before)
            return later, AFTER_FAILURES_TRIALS
        if others:
            return self.after_the_other(cls), AFTER_FAILURES_TRIALS
        if cls is Class.FRONTIER:
            return self.frontier_first()
        return FIRST[cls].right / FIRST[cls].trials, FIRST[cls].trials

    def after_the_other(self, cls: Class) -> float:
        """P(right) of a first attempt where the other class failed. The weaker the cheap model is, the less its failure
        says of the frontier model: what that one gets right splits into what both get right and the rest."""
        first = self.right(cls, 0, 0)
        if cls is Class.CHEAP:
            return first * lucky(OTHERS)
        cheap = self.right(Class.CHEAP, 0, 0)
        rest = (first - BOTH * cheap) / (1 - cheap) if cheap < 1 else 0.0
        return min(max(rest, first * lucky(1)), first)  # another's failure tells at most what one's own would

    def frontier_first(self) -> tuple[float, float]:
        """The same split read backwards: a frontier model that only ever came after the cheap one is known as well."""
        prior = FIRST[Class.FRONTIER]
        seen = after(self.economics.frontier.trials, 0, 1)
        if not seen.trials:
            return prior.right / prior.trials, prior.trials
        cheap, weight = self.right(Class.CHEAP, 0, 0), min(seen.trials, AFTER_FAILURES_TRIALS)
        implied = BOTH * cheap + (1 - cheap) * rightness(self.economics, seen.right / seen.trials)
        return (prior.right + weight * implied) / (prior.trials + weight), prior.trials + weight


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
