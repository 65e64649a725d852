"""The product's own escalation rule, fed with simulated attempts: it decides, and learns from what comes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from ladders import Gate, Objective
from outcome_tables import Chances, Table

from coderoute.domain.economics import (
    AttemptOutcome,
    Economics,
    Odds,
    ReviewOutcome,
    Track,
    false_accept,
    learn,
    odds_of,
)
from coderoute.domain.judgement import Action, Evidence, Policy
from coderoute.domain.plan import Class, Kind
from coderoute.domain.work import AttemptEnd
from coderoute.flow.experience import FALSE_REJECT, keeps_to_plan
from coderoute.stages.escalate.decide import decide, start
from coderoute.wiring.terms import CHEAP_RETRY_RATIO, FRONTIER_TRIES

KIND = Kind.EDIT_LOCAL
PRICE_ERROR = 2.0
"""What the rule assumes an attempt to cost before it saw any is wrong by up to this factor, either way."""
COST_SPREAD = 0.4
"""Standard deviation of the logarithm of an attempt's cost, within right ones and within wrong ones."""

EVIDENCE = Evidence(
    step_class=Class.CHEAP,
    attempt_number=1,
    attempts_of_class=1,
    end=AttemptEnd.FINISHED,
    give_up_kind=None,
    summary="",
    diff_lines=20,
    diff_files=1,
    estimated_lines=20,
    has_changes=True,
    expects_changes=True,
    refusals=(),
    secrets=(),
    protected=(),
    outside_plan=(),
    failed_checks=("tests/test_it.py::test_it",),
    unexpected_failures=(),
    vanished=(),
    test_problem=None,
    failure_signature=None,
    earlier_signatures=(),
    spent_usd="0",
    budget_usd="1000",
    over_budget=False,
    feedback="AssertionError",
    has_checks=True,
    kind=KIND,
)
"""An attempt that did its work and left the step's check red."""


@dataclass(slots=True)
class Learner:
    """The rule at work on tasks drawn from a table, one after the other."""

    table: Table
    gate: Gate
    objective: Objective
    seed: int
    chance: Random = field(init=False)
    cheap_usd: float = field(init=False)
    """Assumed before any attempt was paid for."""
    frontier_usd: float = field(init=False)
    tasks: int = 0
    """Worked so far."""
    tracks: tuple[Track, ...] = ()
    attempts: list[AttemptOutcome] = field(default_factory=list)
    reviews: list[ReviewOutcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.cheap_usd = self.table.pair.cheap.attempt_usd * PRICE_ERROR ** self.chance.uniform(-1, 1)
        self.frontier_usd = self.table.pair.frontier.attempt_usd * PRICE_ERROR ** self.chance.uniform(-1, 1)

    def work(self) -> None:
        """One task, from its start until a change is delivered and judged, or a person takes over."""
        task = self.chance.randrange(len(self.table.cheap.first))
        news: list[AttemptOutcome] = []
        ladder = ""
        self.tasks += 1
        for model in self.climb(keep_to_plan=keeps_to_plan(f"seed-{self.seed}", f"task-{self.tasks}")):
            right = self.chance.random() < self.chances(model).at(task, again=model in ladder)
            ladder += model
            accepted = self.chance.random() < (1 - self.gate.false_reject if right else self.gate.false_accept)
            news.append(self.outcome(ladder, right=right, accepted=accepted))
            if accepted:
                self.reviews.append(ReviewOutcome(at="", accepted=right))
                break
        self.attempts += news
        self.tracks = learn(news, known=self.tracks)

    def ladder(self) -> str:
        """Who would be asked, one after the other, if every attempt were rejected."""
        return "".join(self.climb())

    def climb(self, *, keep_to_plan: bool = False) -> Iterator[str]:
        """Whom the product asks next, after the rejects so far."""
        policy = self.policy()
        decision, ladder = start(policy, keep_to_plan=keep_to_plan), ""
        while decision.action is not Action.ASK_HUMAN and decision.to is not None:
            model = "C" if decision.to == Class.CHEAP else "F"
            yield model
            ladder += model
            decision = decide(rejected(ladder), policy)

    def policy(self) -> Policy:
        cheap, frontier = self.table.pair.cheap, self.table.pair.frontier
        economics = Economics(
            cheap=self.odds(cheap.name, self.cheap_usd),
            frontier=self.odds(frontier.name, self.frontier_usd),
            gate_usd=Decimal(str(self.gate.usd)),
            false_accept=false_accept(self.attempts, self.reviews),
            false_reject=FALSE_REJECT,  # nothing measures it: the same in every world
            review_usd=Decimal(str(self.objective.review_usd)),
            wrong_usd=Decimal(str(self.objective.wrong_usd)),
            takeover_usd=Decimal(str(self.objective.takeover_usd)),
            plan_usd=Decimal(0),
        )
        steep = frontier.attempt_usd / cheap.attempt_usd >= CHEAP_RETRY_RATIO
        return Policy(
            max_diff_lines=400,
            max_diff_files=10,
            cheap_tries=2 if steep else 1,
            frontier_tries=FRONTIER_TRIES,
            max_replans=0,
            economics=economics,
        )

    def odds(self, name: str, usd: float) -> Odds:
        return odds_of(self.tracks, name, KIND, first_usd=Decimal(str(usd)), first_s=60.0)

    def chances(self, model: str) -> Chances:
        return self.table.cheap if model == "C" else self.table.frontier

    def outcome(self, ladder: str, *, right: bool, accepted: bool) -> AttemptOutcome:
        model = ladder[-1]
        own, other = ladder.count(model) - 1, len(ladder) - ladder.count(model)
        prices = self.chances(model).prices
        usd = prices.right_usd if right else prices.wrong_usd
        usd *= self.chance.lognormvariate(-(COST_SPREAD**2) / 2, COST_SPREAD)
        pair = self.table.pair
        return AttemptOutcome(
            at="",
            model=(pair.cheap if model == "C" else pair.frontier).name,
            prompt_sha256="",
            kind=KIND,
            own_failures=own,
            other_failures=other,
            accepted=accepted,
            cost_usd=Decimal(f"{usd:.6f}"),
            latency_s=60.0,
            diff_lines=20,
        )


def rejected(ladder: str) -> Evidence:
    """What the product sees after the last rung of `ladder` was rejected, and all before it."""
    model = ladder[-1]
    own = ladder.count(model)
    return replace(
        EVIDENCE,
        step_class=Class.CHEAP if model == "C" else Class.FRONTIER,
        attempt_number=len(ladder),
        attempts_of_class=own,
        own_failures=own - 1,
        other_failures=len(ladder) - own,
    )
