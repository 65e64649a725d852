"""What a fixed order of attempts costs on a table of tasks, exactly.

Only a rejected attempt leads to another one, so a policy that sees nothing but rejects is a ladder: the models it would
ask one after the other, as a string of `C` (cheap) and `F` (frontier); at its end a person takes over. Every way the
attempts can end is summed over every task of the table: there is no chance in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from outcome_tables import Table

GATE_USD = 0.005
USD_PER_MINUTE = 1.5
CHEAP_LIMIT, FRONTIER_LIMIT = 4, 2
"""The longest ladder of the decision problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the tests do: accept a wrong change, reject a right one."""

    false_accept: float
    false_reject: float
    usd: float = GATE_USD


OPEN_GATE = Gate(false_accept=1.0, false_reject=0.0, usd=0.0)
"""Nobody looks: the first attempt is delivered."""
GATES = tuple(Gate(false_accept=f, false_reject=g) for f in (0.0, 0.1, 0.2, 0.3) for g in (0.0, 0.03, 0.1))
SHOWN_GATE = Gate(false_accept=0.1, false_reject=0.03)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is paid besides tokens."""

    name: str
    review_usd: float
    """Of each delivered change."""
    wrong_usd: float
    """Of finding out that a delivered change is wrong; then comes the takeover."""
    takeover_usd: float


OBJECTIVES = (
    Objective(name="tokens + $2 unresolved", review_usd=0.0, wrong_usd=0.0, takeover_usd=2.0),
    Objective(name="tokens + $5 unresolved", review_usd=0.0, wrong_usd=0.0, takeover_usd=5.0),
    Objective(
        name="total $ with people",
        review_usd=5 * USD_PER_MINUTE,
        wrong_usd=15 * USD_PER_MINUTE,
        takeover_usd=30 * USD_PER_MINUTE,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Expectations for one task."""

    tokens_usd: float = 0.0
    """Gate included."""
    discarded_usd: float = 0.0
    """The part of `tokens_usd` that went into rejected attempts."""
    right: float = 0.0
    """P(delivered, and right)."""
    wrong: float = 0.0
    """P(delivered, and wrong)."""
    attempts: float = 0.0
    escalated: float = 0.0
    """P(the frontier model is asked)."""

    @property
    def handed_over(self) -> float:
        return 1 - self.right - self.wrong

    def cost_usd(self, objective: Objective) -> float:
        unresolved = (self.wrong + self.handed_over) * objective.takeover_usd
        people = (self.right + self.wrong) * objective.review_usd + self.wrong * objective.wrong_usd
        return self.tokens_usd + people + unresolved


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a ladder has come: P(all rejected so far) of each task, and the sums up to here."""

    weights: tuple[float, ...]
    so_far: Result


@dataclass(slots=True)
class Replay:
    """One table behind one gate. Ladders share the work of their common beginnings."""

    table: Table
    gate: Gate
    known: dict[str, Reached] = field(default_factory=dict)

    def result(self, ladder: str) -> Result:
        return self.reach(ladder).so_far

    def reach(self, ladder: str) -> Reached:
        if ladder not in self.known:
            if ladder:
                self.known[ladder] = self.climb(self.reach(ladder[:-1]), ladder)
            else:
                self.known[ladder] = Reached((1.0,) * len(self.table.cheap.first), Result())
        return self.known[ladder]

    def climb(self, before: Reached, ladder: str) -> Reached:
        """One more attempt, by the last rung of `ladder`."""
        chances = self.table.cheap if ladder[-1] == "C" else self.table.frontier
        each = chances.retry if ladder[-1] in ladder[:-1] else chances.first
        reached = right = 0.0
        for weight, chance in zip(before.weights, each, strict=True):
            reached += weight
            right += weight * chance
        tasks, gate, prices = len(each), self.gate, chances.prices
        reached, right = reached / tasks, right / tasks
        wrong = reached - right
        right_rejected, wrong_rejected = right * gate.false_reject, wrong * (1 - gate.false_accept)
        discarded = right_rejected * (prices.right_usd + gate.usd) + wrong_rejected * (prices.wrong_usd + gate.usd)
        so_far = before.so_far
        first_frontier = ladder[-1] == "F" and "F" not in ladder[:-1]
        return Reached(
            tuple(
                weight * (chance * gate.false_reject + (1 - chance) * (1 - gate.false_accept))
                for weight, chance in zip(before.weights, each, strict=True)
            ),
            Result(
                tokens_usd=so_far.tokens_usd + reached * gate.usd + right * prices.right_usd + wrong * prices.wrong_usd,
                discarded_usd=so_far.discarded_usd + discarded,
                right=so_far.right + right - right_rejected,
                wrong=so_far.wrong + wrong - wrong_rejected,
                attempts=so_far.attempts + reached,
                escalated=so_far.escalated + (reached if first_frontier else 0.0),
            ),
        )


@dataclass(frozen=True, slots=True)
class Fixed:
    """A policy that never learns."""

    name: str
    ladder: str
    gated: bool = True


FIXED = (
    Fixed("all-frontier, no gate", "F", gated=False),
    Fixed("all-frontier", "F"),
    Fixed("frontier x2", "FF"),
    Fixed("all-cheap, no gate", "C", gated=False),
    Fixed("all-cheap", "C"),
    Fixed("3 cheap, never escalate", "CCC"),
    Fixed("1 cheap -> frontier", "CF"),
    Fixed("2 cheap -> frontier", "CCF"),
    Fixed("3 cheap -> frontier", "CCCF"),
    Fixed("4 cheap -> frontier", "CCCCF"),
    Fixed("1 cheap -> frontier x2", "CFF"),
    Fixed("2 cheap -> frontier x2", "CCFF"),
)


def ladders(so_far: str = "") -> Iterator[str]:
    """Every ladder within the limits, in every order."""
    yield so_far
    if so_far.count("C") < CHEAP_LIMIT:
        yield from ladders(so_far + "C")
    if so_far.count("F") < FRONTIER_LIMIT:
        yield from ladders(so_far + "F")


def oracle(table: Table, objective: Objective) -> Result:
    """Knows before it starts how one attempt of each model would end: takes the cheaper right one, else a person."""
    tokens = right = escalated = 0.0
    options = sorted(
        (
            (table.cheap.prices.right_usd, "C", table.cheap),
            (table.frontier.prices.right_usd, "F", table.frontier),
        ),
        key=lambda option: option[0],
    )
    worth = [option for option in options if option[0] + GATE_USD + objective.review_usd < objective.takeover_usd]
    tasks = len(table.cheap.first)
    for task in range(tasks):
        left = 1.0
        for right_usd, model, chances in worth:
            share = left * chances.first[task] / tasks
            tokens += share * (right_usd + GATE_USD)
            right += share
            escalated += share if model == "F" else 0.0
            left *= 1 - chances.first[task]
    return Result(tokens_usd=tokens, right=right, attempts=right, escalated=escalated)
