"""What a run says it cost, against the account of whoever was paid: call by call, and every sum from its calls."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.campaigns.story import Json

CHAT_MODEL = "gpt-5.2"
"""The one that is spoken to by Chat Completions."""
KILLED = "the process ended while waiting"
Place = tuple[str, str, str, int]
"""Run, stage, step, attempt: one conversation."""


@dataclass(kw_only=True)
class Counts:
    """Sums over the runs."""

    runs: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    killed: int = 0
    conversations: Counter[str] = field(default_factory=Counter)
    """By API and whether it is a stream; one with answers of both counts as its first."""
    calls: Counter[str] = field(default_factory=Counter)
    """By what the account has (told, unseen, free) and the state of our row."""
    tokens: Counter[str] = field(default_factory=Counter)
    """Calls whose usage has them."""
    faults: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    exact_usd: Decimal = Decimal(0)
    difference_usd: Decimal = Decimal(0)
    estimated_usd: Decimal = Decimal(0)
    unseen_usd: Decimal = Decimal(0)
    problems: list[str] = field(default_factory=list)


def compare(counts: Counts, costs: Mapping[str, Json], account: Sequence[Json]) -> None:
    """Every request in the account against the row of it, conversation by conversation, in order. `costs` are the cost
    objects by run."""
    theirs: dict[Place, list[Json]] = defaultdict(list)
    for line in account:
        theirs[line["run"], line["stage"], line["step"], int(line["attempt"])].append(line)
        counts.faults[str(line.get("what", "?"))] += 1
    ours: dict[Place, list[Json]] = defaultdict(list)
    for run_id, cost in costs.items():
        for row in cost["each_call"]:
            ours[run_id, row["stage"], row["step"], row["attempt"]].append(row)
    for place in sorted({*ours, *theirs}):
        if place[0] not in costs:
            counts.problems.append(f"{place}: nobody knows of this run")
            continue
        rows, lines = matched(ours[place], theirs[place])
        if len(rows) != len(lines):
            counts.problems.append(f"{place}: {len(lines)} requests in the account, {len(rows)} in ours")
            continue
        for row, line in zip(rows, lines, strict=True):
            judge(counts, place, row, line)
        if lines:
            how = "streamed" if lines[0].get("streamed") else "whole"
            counts.conversations[f"{api_of(rows[0])}, {how}"] += 1
    for run_id, cost in costs.items():
        counts.problems += [f"run {run_id}: {said}" for said in sums_of(cost)]


def matched(rows: list[Json], lines: list[Json]) -> tuple[list[Json], list[Json]]:
    """`rows` without those of a process that died before its request had left: the account does not have them."""
    for row in [row for row in rows if row["problem"] == KILLED][: max(len(rows) - len(lines), 0)]:
        rows = [other for other in rows if other is not row]
    return rows, lines


def judge(counts: Counts, place: Place, row: Json, line: Json) -> None:
    """One request."""
    booked, billed, state = Decimal(row["cost_usd"]), Decimal(line["usd"]), row["state"]
    died = row["problem"] == KILLED
    kind = "told" if line["told"] and not died else "unseen" if billed else "free"
    counts.calls[f"{kind}, {state}"] += 1
    for name in ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens"):
        counts.tokens[name] += bool(row[name])
    if kind == "told":
        counts.exact_usd += booked
        counts.difference_usd += abs(booked - billed)
        right = state == "settled" and booked == billed
    else:
        counts.estimated_usd += booked
        counts.unseen_usd += billed
        right = booked >= billed and state in (("estimated",) if billed else ("estimated", "free"))
    if not right:
        counts.problems.append(f"{place}: {kind} {billed} ({line}), booked {state} {booked} ({row})")


def sums_of(cost: Json) -> list[str]:
    """What in a cost object does not follow from its calls."""
    rows = cost["each_call"]
    total = sum((Decimal(row["cost_usd"]) for row in rows), Decimal(0))
    unsure = sum((Decimal(row["cost_usd"]) for row in rows if row["state"] in ("open", "estimated")), Decimal(0))
    problems = [f"total_usd {cost['total_usd']}, its calls {total}"] if Decimal(cost["total_usd"]) != total else []
    if Decimal(cost["estimated_usd"]) != unsure:
        problems.append(f"estimated_usd {cost['estimated_usd']}, its calls {unsure}")
    problems += [f"a call is still open: {row}" for row in rows if row["state"] == "open"]
    for table, key in (("by_stage", "stage"), ("by_model", "model")):
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            found[row[key] if key == "stage" else f"{row['provider']}:{row['model']}"] += Decimal(row["cost_usd"])
        if found != {name: Decimal(usd) for name, usd in cost[table].items()}:
            problems.append(f"{table} {cost[table]}, its calls {found}")
    return problems


def api_of(row: Json) -> str:
    return "openai chat" if row["model"] == CHAT_MODEL else str(row["provider"])


def told(counts: Counts, seconds: float) -> str:
    """The counts as text."""

    def listed(found: Counter[str]) -> str:
        return ", ".join(f"{name} {times}" for name, times in found.most_common())

    ends = ", ".join(f"{times} x {name}" for name, times in counts.runs.most_common())
    return "\n".join([
        f"the bill: {counts.runs.total()} whole runs ({ends}), {counts.commands} commands, {counts.killed} of them "
        f"killed, {seconds:.0f} s",
        f"  conversations: {counts.conversations.total()} ({listed(counts.conversations)})",
        f"  requests: {counts.calls.total()} ({listed(counts.calls)})",
        f"  with tokens of each kind: {listed(counts.tokens)}; handed to another model: {counts.replaced}",
        f"  what was done to them: {listed(counts.faults)}",
        f"  usage arrived: booked ${counts.exact_usd}, difference to the account, call by call: "
        f"${counts.difference_usd}",
        f"  no usage arrived: booked as estimates ${counts.estimated_usd}, the account lists ${counts.unseen_usd}",
        f"  problems: {len(counts.problems)}",
        *(f"    {problem[:1200]}" for problem in counts.problems[:20]),
    ])  # fmt: skip
