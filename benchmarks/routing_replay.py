"""Replays routing policies on synthetic tasks and shows what the product's own rule loses against the best fixed one.

    python benchmarks/routing_replay.py            everything (about two minutes on two cores)
    python benchmarks/routing_replay.py --quick    one gate and one seed, to see that it works: decides nothing

The rule is the product's `start`, `decide`, `learn` and `false_accept` with their defaults. It works through
LEARNING_TASKS simulated tasks, learning from each. What it would do then is scored: the ladder it would climb, at the
ladder's exact cost on the whole table. That is repeated with several seeds for every cell: pair of models, kind of
retries, gate and objective.

The regret of a cell is the rule's mean cost over its seeds against that of the fixed policy that is best in this cell,
among those behind the same gate; policies that deliver without a look at the tests are shown beside them.
Exits with 1 when the mean over all cells (a gain counts as 0) is over MEAN_GOAL, or the worst over WORST_GOAL.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from ladders import FIXED, GATES, OBJECTIVES, OPEN_GATE, SHOWN_GATE, Gate, Objective, Replay, Result, ladders, oracle
from outcome_tables import PAIRS, RETRIES, Pair, Retries, Table, checks, make_table, retry_checks
from product_rule import Learner

MEAN_GOAL, WORST_GOAL = 0.10, 0.15
LEARNING_TASKS = 200
TABLE_TASKS = 1000
SEEDS = 6
SHOWN_RETRIES = RETRIES[1]
SHOWN_WORST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One table; everything that is compared happens in one of these."""

    pair: Pair
    retries: Retries
    gates: tuple[Gate, ...]
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.pair.name}, {self.retries.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All policies under one gate and one objective. The rule's are one for each seed."""

    world: str
    gate: Gate
    objective: Objective
    fixed: dict[str, Result]
    rule: tuple[Result, ...]
    ladders: Counter[str]
    """How many seeds taught the rule to climb which."""
    best_ladder: str
    """Of all, in hindsight."""
    hindsight: Result
    oracle: Result

    @property
    def best_fixed(self) -> str:
        """Of the policies behind the gate."""
        return self.cheapest([policy.name for policy in FIXED if policy.gated])

    @property
    def regret(self) -> float:
        """The rule's, over its seeds."""
        return fmean(self.regret_of(result) for result in self.rule)

    @property
    def open_regret(self) -> float:
        """The same, where not looking at the tests is allowed as well."""
        best = self.fixed[self.cheapest(list(self.fixed))].cost_usd(self.objective)
        return fmean(result.cost_usd(self.objective) for result in self.rule) / best - 1

    def regret_of(self, result: Result) -> float:
        """What `result` costs above the best fixed policy, as a share of that; below zero: it costs less."""
        return result.cost_usd(self.objective) / self.fixed[self.best_fixed].cost_usd(self.objective) - 1

    def cheapest(self, names: Sequence[str]) -> str:
        return min(names, key=lambda name: self.fixed[name].cost_usd(self.objective))


def replay(world: World) -> list[Cell]:
    table = make_table(world.pair, world.retries, tasks=TABLE_TASKS, seed=world.seeds[0])
    nobody = Replay(table, OPEN_GATE)
    cells = []
    for gate in world.gates:
        gated = Replay(table, gate)
        fixed = {policy.name: (gated if policy.gated else nobody).result(policy.ladder) for policy in FIXED}
        for objective in OBJECTIVES:
            climbed = [learnt_ladder(table, gate, objective, seed) for seed in world.seeds]
            best = min(ladders(), key=lambda ladder: gated.result(ladder).cost_usd(objective))
            cells.append(
                Cell(
                    world=world.name,
                    gate=gate,
                    objective=objective,
                    fixed=fixed,
                    rule=tuple(gated.result(ladder) for ladder in climbed),
                    ladders=Counter(climbed),
                    best_ladder=best,
                    hindsight=gated.result(best),
                    oracle=oracle(table, objective),
                )
            )
    return cells


def learnt_ladder(table: Table, gate: Gate, objective: Objective, seed: int) -> str:
    """What the rule would climb after its tasks."""
    learner = Learner(table=table, gate=gate, objective=objective, seed=seed)
    for _ in range(LEARNING_TASKS):
        learner.work()
    return learner.ladder()


def mixed(results: Sequence[Result]) -> Result:
    """One of `results`, each as likely."""
    return Result(**{name: fmean(getattr(result, name) for result in results) for name in Result.__dataclass_fields__})


def policy_lines(cells: Sequence[Cell]) -> Iterator[str]:
    """All policies of one world under one gate; the rule has a row for each objective it can be told to pursue."""
    gate = cells[0].gate
    errors = f"the gate accepts {gate.false_accept:.0%} of the wrong and rejects {gate.false_reject:.0%} of the right"
    yield f"\n{cells[0].world}; {errors}: $ (regret)"
    yield f"{'':30}" + "".join(f"{head:>11}" for head in HEADS) + "".join(f"{each.name:>25}" for each in OBJECTIVES)
    for name, result in cells[0].fixed.items():
        yield policy_line(name, result, cells)
    for cell in cells:
        yield policy_line(f"rule for {cell.objective.name}", mixed(cell.rule), cells)
    yield policy_line("oracle", cells[-1].oracle, cells)
    hindsight = "".join(paid(cell, cell.hindsight) for cell in cells)
    yield f"{'best ladder in hindsight':30}{'':{11 * len(HEADS)}}{hindsight}"


HEADS = ("$/task", "resolved", "$/resolved", "retry tax", "wrong/del.", "escalated")


def policy_line(name: str, result: Result, cells: Sequence[Cell]) -> str:
    delivered = result.right + result.wrong
    return (
        f"{name:30}{result.tokens_usd:11.3f}{result.right:11.1%}{result.tokens_usd / result.right:11.3f}"
        f"{result.discarded_usd / result.tokens_usd:11.1%}{result.wrong / delivered:11.1%}{result.escalated:11.1%}"
        + "".join(paid(cell, result) for cell in cells)
    )


def paid(cell: Cell, result: Result) -> str:
    """What the objective makes of it, and the regret."""
    return f"{result.cost_usd(cell.objective):15.2f} ({cell.regret_of(result):+7.1%})"


def check_lines(tables: Sequence[Table]) -> Iterator[str]:
    """How well the synthetic tasks give the published numbers."""
    yield "Published -> in the tables"
    for table in tables:
        found = "; ".join(f"{each.what} {each.published:.3f} -> {each.here:.3f}" for each in checks(table))
        yield f"  {table.pair.name}: {found}"
    yield "  blind retries: " + "; ".join(
        f"{each.what} {each.published:.3f} -> {each.here:.3f}" for each in retry_checks()
    )


def regret_lines(cells: Sequence[Cell]) -> Iterator[str]:
    """Mean (worst) regret of every policy under every objective, over all pairs, retries and gates."""
    yield f"\nRegret against the best fixed policy behind the gate, in each of {len(cells)} cells: mean (worst)"
    yield f"{'':30}" + "".join(f"{each.name:>25}" for each in OBJECTIVES)
    for policy in FIXED:
        yield f"{policy.name:30}" + by_objective(cells, partial(loss_of, policy.name))
    yield f"{'rule, gains as gains':30}" + by_objective(cells, lambda cell: cell.regret)
    yield f"{'rule, gains as 0':30}" + by_objective(cells, loss)
    yield f"{'  against those without gate too':32}" + by_objective(cells, open_loss)[2:]
    yield f"{'best ladder in hindsight':30}" + by_objective(cells, lambda cell: cell.regret_of(cell.hindsight))
    yield "The rule, gains as 0, by pair of models"
    for pair in PAIRS:
        yield f"  {pair.name:28}" + by_objective([cell for cell in cells if cell.world.startswith(pair.name)], loss)
    yield "by retries"
    for retries in RETRIES:
        yield f"  {retries.name:28}" + by_objective([cell for cell in cells if cell.world.endswith(retries.name)], loss)
    yield "by gate: wrong ones accepted, right ones rejected"
    for gate in GATES:
        if of_gate := [cell for cell in cells if cell.gate == gate]:
            yield f"  {gate.false_accept:4.0%} {gate.false_reject:4.0%}{'':19}" + by_objective(of_gate, loss)


def by_objective(cells: Sequence[Cell], regret: Callable[[Cell], float]) -> str:
    found = [[regret(cell) for cell in cells if cell.objective == objective] for objective in OBJECTIVES]
    return "".join(f"{fmean(each):15.1%} ({max(each):7.1%})" for each in found)


def loss_of(name: str, cell: Cell) -> float:
    return cell.regret_of(cell.fixed[name])


def loss(cell: Cell) -> float:
    return max(cell.regret, 0.0)


def open_loss(cell: Cell) -> float:
    return max(cell.open_regret, 0.0)


def worst_lines(cells: Sequence[Cell]) -> Iterator[str]:
    yield "\nWhere the rule loses most: regret, cell; what it would climb; the best fixed policy"
    for cell in sorted(cells, key=lambda cell: -cell.regret)[:SHOWN_WORST]:
        total = cell.ladders.total()
        climbed = ", ".join(f"{ladder or '-'} {times / total:.0%}" for ladder, times in cell.ladders.most_common(3))
        yield (
            f"  {cell.regret:6.1%}  {cell.world}, {cell.gate.false_accept:.0%}/{cell.gate.false_reject:.0%}, "
            f"{cell.objective.name}; {climbed}; {cell.best_fixed}"
        )
    single = sorted(cell.regret_of(result) for cell in cells for result in cell.rule)
    over = sum(regret > WORST_GOAL for regret in single) / len(single)
    yield f"Worst single seed {single[-1]:.1%}; {over:.1%} of all seeds are over {WORST_GOAL:.0%}"


def judged(cells: Sequence[Cell]) -> tuple[bool, str]:
    """Whether the rule reaches both goals, and the sentence that says so."""
    mean, worst = fmean(loss(cell) for cell in cells), max(cell.regret for cell in cells)
    passed = mean <= MEAN_GOAL and worst <= WORST_GOAL
    return passed, (
        f"Regret of the rule: mean {mean:.1%} (goal {MEAN_GOAL:.0%}), worst {worst:.1%} (goal {WORST_GOAL:.0%}): "
        f"{'reached' if passed else 'MISSED'}"
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="one gate and one seed: shows that it works, decides nothing"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how often each cell is repeated (default {SEEDS})")
    options = parser.parse_args(arguments)
    gates, seeds = ((SHOWN_GATE,), (1,)) if options.quick else (GATES, tuple(range(1, options.seeds + 1)))
    worlds = [World(pair=pair, retries=each, gates=gates, seeds=seeds) for pair in PAIRS for each in RETRIES]
    for line in check_lines([make_table(pair, SHOWN_RETRIES, tasks=TABLE_TASKS, seed=1) for pair in PAIRS]):
        print(line)
    cells: list[Cell] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for world, found in zip(worlds, pool.map(replay, worlds), strict=True):
            cells += found
            if world.retries == SHOWN_RETRIES:
                print("\n".join(policy_lines([cell for cell in found if cell.gate == SHOWN_GATE])), flush=True)
    for line in (*regret_lines(cells), *worst_lines(cells)):
        print(line)
    passed, verdict = judged(cells)
    print(f"\n{verdict}{' (--quick decides nothing)' if options.quick else ''}")
    return 0 if passed or options.quick else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
