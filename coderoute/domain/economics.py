"""What one more try is worth: prices, chances and people's minutes behind the choice between retrying and escalating.

The decision problem, its priors and its numbers are those of the routing design, section 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

DISCOUNT = 0.98
"""Of what was counted before, by each new observation at the same history: a memory of about 50."""
CHANGED_PROMPT_TRIALS = 10.0
"""Trials under other words count as at most this many."""
ASSUMED_ATTEMPTS = 5
"""How many measured attempts the assumed price of an attempt is worth."""
MAX_FALSE_ACCEPT = 0.5
"""A gate that lets more than half of the wrong ones through tells nothing, and no chance can be read from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """What one attempt came to: a row that outlives its run, so that later runs know better.

    `own_failures` and `other_failures` are the rejects before it, at the same step, of its own class and of the other
    one. An attempt that the environment or the provider broke is no row: it says nothing about the model.
    """

    at: str
    """UTC, ISO 8601."""
    model: str
    """`provider:model`, with its effort where one was set."""
    prompt_sha256: str
    """Of the stage's prompt text: a changed prompt makes old trials count less."""
    kind: str
    """A plan.Kind value."""
    own_failures: int
    other_failures: int
    accepted: bool
    cost_usd: Decimal | None
    latency_s: float | None
    diff_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOutcome:
    """What a reviewer or a person said of a change that the tests had accepted: how strong the gate is."""

    at: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Trials at one history, discounted: real numbers. `seen` is how many there were, undiscounted."""

    right: float = 0.0
    wrong: float = 0.0
    seen: float = 0.0

    @property
    def trials(self) -> float:
        return self.right + self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """A discounted sum and its weight."""

    total: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)

    def with_one(self, value: Decimal) -> "Average":
        kept = Decimal(str(DISCOUNT))
        return Average(total=self.total * kept + value, weight=self.weight * kept + 1)

    def mean(self, assumed: Decimal) -> Decimal:
        """The mean, drawn towards what was assumed before anything was measured."""
        return (ASSUMED_ATTEMPTS * assumed + self.total) / (ASSUMED_ATTEMPTS + self.weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """How one model did at one kind of step."""

    model: str
    kind: str
    prompt_sha256: str
    trials: dict[str, Counter] = field(default_factory=dict)
    """`own/other` failures before the attempt -> what such attempts came to."""
    first_usd: Average = Average()
    """Of attempts, brought down to the price of a first one."""
    first_s: Average = Average()


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """One class at one kind of step: what a first attempt costs and takes, and how attempts went so far."""

    model: str
    attempt_usd: Decimal
    """Expected dollars of a first attempt; a later one costs more (`rise`)."""
    attempt_s: float
    trials: dict[str, Counter]
    """`own/other` failures before the attempt -> what such attempts came to."""
    elsewhere: dict[str, Counter] = field(default_factory=dict)
    """The same for the same model at other kinds of steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """Everything the expected-cost rule needs about one step. Dollars are expectations."""

    cheap: Odds
    frontier: Odds
    gate_usd: Decimal
    """Of verifying one attempt."""
    false_accept: float
    """P(gate accepts | wrong)."""
    false_reject: float
    """P(gate rejects | right)."""
    review_usd: Decimal
    """A person's minutes on a delivered change."""
    wrong_usd: Decimal
    """A person's minutes to find and bounce a wrong one."""
    takeover_usd: Decimal
    """A person does the step instead."""
    plan_usd: Decimal
    """One more call of the planner."""
    usd_per_s: Decimal = Decimal(0)
    """What waiting costs."""
    min_trials: int = 50
    """Until the first attempts of a (model, kind) reach this, the safe default decides."""
    feedback_odds: float = 2.0
    """What failing output that is fed back does to the odds of the same class's next try; 1.0: nothing."""

    @property
    def is_known_well(self) -> bool:
        """Whether enough first attempts of the cheap model were seen to trust the comparison."""
        return self.cheap.trials.get(history(0, 0), Counter()).seen >= self.min_trials


def history(own_failures: int, other_failures: int) -> str:
    """The key of `trials`."""
    return f"{own_failures}/{other_failures}"


def rise(own_failures: int, other_failures: int) -> Decimal:
    """What an attempt costs, in first attempts: what others failed at is harder, and failed runs are longer (routing
    design, sections 0.3 and 3.3)."""
    own = Decimal("1.3") if own_failures else Decimal(1)
    other = Decimal("1.36") if other_failures else Decimal(1)
    return own * other


def learn(
    outcomes: Sequence[AttemptOutcome], *, prompt_sha256: str | None = None, known: Sequence[Track] = ()
) -> tuple[Track, ...]:
    """What `outcomes`, oldest first, say about each (model, kind), on top of what was `known`; sorted.

    Each observation makes those before it at the same history count a little less. Where the words changed, up to
    those with `prompt_sha256` that the next attempt will hear, what was counted is cut to a few trials; a new model
    starts from nothing.
    """
    tracks = {(track.model, track.kind): track for track in known}
    for outcome in outcomes:
        key = (outcome.model, outcome.kind)
        track = tracks.get(key) or Track(model=outcome.model, kind=outcome.kind, prompt_sha256=outcome.prompt_sha256)
        tracks[key] = with_outcome(under(track, outcome.prompt_sha256), outcome)
    found = [tracks[key] for key in sorted(tracks)]
    return tuple(track if prompt_sha256 is None else under(track, prompt_sha256) for track in found)


def under(track: Track, prompt_sha256: str) -> Track:
    """`track` as it counts under these words."""
    if track.prompt_sha256 == prompt_sha256:
        return track
    trials = {key: cut(counter, CHANGED_PROMPT_TRIALS) for key, counter in track.trials.items()}
    return replace(track, prompt_sha256=prompt_sha256, trials=trials)


def cut(counter: Counter, most: float) -> Counter:
    share = 1.0 if counter.trials <= most else most / counter.trials
    return Counter(right=counter.right * share, wrong=counter.wrong * share, seen=min(counter.seen, most))


def with_outcome(track: Track, outcome: AttemptOutcome) -> Track:
    key = history(outcome.own_failures, outcome.other_failures)
    old = track.trials.get(key, Counter())
    new = Counter(
        right=old.right * DISCOUNT + (1.0 if outcome.accepted else 0.0),
        wrong=old.wrong * DISCOUNT + (0.0 if outcome.accepted else 1.0),
        seen=old.seen + 1,
    )
    first_usd, first_s = track.first_usd, track.first_s
    if outcome.cost_usd is not None:
        first_usd = first_usd.with_one(outcome.cost_usd / rise(outcome.own_failures, outcome.other_failures))
    if outcome.latency_s is not None:
        first_s = first_s.with_one(Decimal(str(outcome.latency_s)))
    return replace(track, trials={**track.trials, key: new}, first_usd=first_usd, first_s=first_s)


def odds_of(tracks: Sequence[Track], model: str, kind: str, *, first_usd: Decimal, first_s: float) -> Odds:
    """What is known of `model` at steps of `kind`; `first_usd` and `first_s` are assumed where nothing was measured."""
    of_model = [track for track in tracks if track.model == model]
    here = next((track for track in of_model if track.kind == kind), Track(model=model, kind=kind, prompt_sha256=""))
    return Odds(
        model=model,
        attempt_usd=here.first_usd.mean(first_usd),
        attempt_s=float(here.first_s.mean(Decimal(str(first_s)))),
        trials=dict(here.trials),
        elsewhere=added_up([track.trials for track in of_model if track.kind != kind]),
    )


def added_up(tables: Sequence[Mapping[str, Counter]]) -> dict[str, Counter]:
    total: dict[str, Counter] = {}
    for table in tables:
        for key, counter in table.items():
            old = total.get(key, Counter())
            total[key] = Counter(
                right=old.right + counter.right, wrong=old.wrong + counter.wrong, seen=old.seen + counter.seen
            )
    return total


def false_accept(attempts: Sequence[AttemptOutcome], reviews: Sequence[ReviewOutcome]) -> float:
    """P(gate accepts | wrong): the accepted changes that turned out wrong, among all that were wrong. One in ten while
    nothing is known."""
    wrong_accepted = sum(1 for review in reviews if not review.accepted)
    rejects = sum(1 for attempt in attempts if not attempt.accepted)
    return min((1 + wrong_accepted) / (10 + wrong_accepted + rejects), MAX_FALSE_ACCEPT)
