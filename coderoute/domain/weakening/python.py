"""Python test files of a change, compared by what their tests ask."""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from coderoute.domain.weakening.cases import Case
from coderoute.domain.weakening.checks import RUNS, Check
from coderoute.domain.weakening.comparing import came_around, came_to, name_of_scope, replaced_names
from coderoute.domain.weakening.finding import Weakening, became, quoted, removed, some, weaker
from coderoute.domain.weakening.implication import implies
from coderoute.domain.weakening.matching import CheckMatch, is_empty, match_cases, match_checks
from coderoute.domain.weakening.pairing import Pair, Pairing, pair
from coderoute.domain.weakening.reading import Role, Scope, TestFile
from coderoute.domain.weakening.spreading import asked_by, is_closed

Found = tuple[str, Weakening]
"""A path and what was found there."""


def compare(files: Sequence[tuple[TestFile, TestFile]]) -> Iterator[Found]:
    """Both sides of each file; of one that came or went the absent side has no scopes."""
    pairing = pair(files)
    compared = [one for one in pairing.pairs if not one.same]
    losses = [Loss.of(one) for one in compared if not one.unchanged]
    for one in compared:
        yield from ((one.after.path, found) for found in came_to(one))
        if one.before.path != one.after.path:
            yield from ((one.after.path, found) for found in replaced_names(one.before, one.after, [one]))
    elsewhere = Elsewhere.of(pairing, losses)
    support = [loss for loss in losses if loss.pair.old.role is not Role.TEST]
    told = {(loss.pair.before.path, check.line) for loss in support for check in loss.checks.gone}
    for loss in losses:
        yield from ((loss.pair.after.path, found) for found in loss.told(elsewhere, told))
    yield from _removed(pairing, elsewhere)
    for before, old in pairing.handed_over:
        asked = some([one.shown for one in old.checks])
        yield (
            before.path,
            weaker(None, f"{old.name} stood here with its assertions and comes from elsewhere now: {asked}"),
        )
    for before, after in files:
        kept = [one for one in pairing.pairs if one.after is after and one.new.role is Role.TEST]
        if kept:
            new = [scope for holder, scope in pairing.new if holder is after]
            yield from ((after.path, found) for found in came_around(before, new, kept))
            yield from ((after.path, found) for found in replaced_names(before, after, kept))


@dataclass(slots=True)
class Loss:
    """What a scope asked and tried that it does not ask and try now, and what came instead."""

    pair: Pair
    checks: CheckMatch
    gone_cases: list[Case]
    came_cases: list[Case]

    @classmethod
    def of(cls, one: Pair) -> "Loss":
        old, new = one.old.checks, one.new.checks
        if any(check.near.op != RUNS for check in (*old, *new)):
            old, new = (tuple(check for check in side if check.near.op != RUNS) for side in (old, new))
        gone, came = match_cases(one.old.cases, one.new.cases)
        if one.old.role in (Role.MODULE, Role.CLASS):
            tables = _tables(one.new.node)
            gone = [case for case in gone if case.table in tables]
        return cls(one, match_checks(old, new, renamed=_renamed(one), tested=_tested(one.before)), gone, came)

    def told(self, elsewhere: "Elsewhere", told: set[tuple[str, int]]) -> Iterator[Weakening]:
        """`told`: where the functions stand that tests call and whose losses are told at their own place."""
        new, called = self.pair.new, name_of_scope(self.pair.new)
        for _, now in self.checks.hampered:
            yield weaker(now.line, f"{called} has an assertion that may not run any more: {quoted(now.shown)}")
        gone = [
            one
            for one in self.checks.gone
            if not (one.through and (self.pair.before.path, one.line) in told) and not elsewhere.asks(self.pair, one)
        ]
        lost: list[Check] = []
        for was, partner in _partners(gone, self.checks.came):
            if partner is None:
                lost.append(was)
            else:
                yield weaker(partner.line, f"{called} {_difference(was, partner)}: {_both(was, partner)}")
        if lost:
            yield weaker(new.line, f"{called} has lost assertions: {some([one.shown for one in lost])}")
        yield from self._cases_told(elsewhere, called)

    def _cases_told(self, elsewhere: "Elsewhere", called: str) -> Iterator[Weakening]:
        gone = [case for case in self.gone_cases if not elsewhere.tries(self.pair.after.path, case)]
        if not gone:
            return
        tables = {one.table for one in gone}
        came = [case for case in self.came_cases if case.table in tables]
        was, line = some([case.shown for case in gone]), came[0].line if came else self.pair.new.line
        if len(gone) == len(came) == 1:
            yield weaker(line, f"{called} has changed cases: {became(gone[0].shown, came[0].shown)}")
        elif came:
            yield weaker(line, f"{called} has changed cases: {was} became {some([case.shown for case in came])}")
        else:
            yield weaker(line, f"{called} has lost cases: {was}")


@dataclass(slots=True)
class Elsewhere:
    """What came in other places of a file, so that what went can be found again there; each is found once."""

    asked: dict[str, Counter[Hashable]] = field(default_factory=lambda: defaultdict(Counter))
    tried: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def of(cls, pairing: Pairing, losses: Sequence[Loss]) -> "Elsewhere":
        found = cls()
        for file, scope in pairing.new:
            found.tried[file.path].update(case.value for case in scope.cases)
            if file.is_collected(scope):
                found.asked[file.path].update(asked_by(file, scope) or ())
        for loss in losses:
            file, scope = loss.pair.after, loss.pair.new
            found.tried[file.path].update(case.value for case in loss.came_cases)
            if scope.role is Role.TEST:
                came = [one for one in loss.checks.came if not one.guards and is_closed(file, scope, one)]
                found.asked[file.path].update(one.whole.key for one in came)
        return found

    def asks(self, pair: Pair, check: Check) -> bool:
        counted = self.asked[pair.after.path]
        if counted[check.whole.key] <= 0 or not is_closed(pair.before, pair.old, check):
            return False
        counted[check.whole.key] -= 1
        return True

    def tries(self, path: str, case: Case) -> bool:
        if not case.value or self.tried[path][case.value] <= 0:
            return False
        self.tried[path][case.value] -= 1
        return True

    def asks_all(self, file: TestFile, scope: Scope) -> bool:
        wanted = Counter(asked_by(file, scope) or ())
        counted = self.asked[file.path]
        if not wanted or any(counted[key] < times for key, times in wanted.items()):
            return False
        counted.subtract(wanted)
        return True


def _removed(pairing: Pairing, elsewhere: Elsewhere) -> Iterator[Found]:
    gone: dict[str, list[str]] = defaultdict(list)
    bodies = {scope.body: scope.name for _, scope in pairing.new if pairing.gone and scope.body}
    for file, scope in pairing.gone:
        if elsewhere.asks_all(file, scope):
            continue
        now = bodies.get(scope.body)
        where = f"line {scope.line} before{f', now {now}' if now else ''}"
        asked = f": {quoted(scope.checks[0].shown)}" if scope.checks else ""
        gone[file.path].append(f"{quoted(scope.name)} ({where}{asked})")
    for path, tests in gone.items():
        more = f" and {len(tests) - MAX_TOLD} more" if len(tests) > MAX_TOLD else ""
        yield path, removed(f"tests removed or renamed: {', '.join(tests[:MAX_TOLD])}{more}")


MAX_TOLD = 8
"""Removed tests of one file that are told by name."""


def _partners(gone: Sequence[Check], came: Sequence[Check]) -> list[tuple[Check, Check | None]]:
    """Each assertion that went with the one that came in its place: about the same subject, else the next one."""
    left = list(came)
    found: dict[int, Check] = {}
    by_subject: dict[str, list[Check]] = defaultdict(list)
    for one in came:
        by_subject[one.near.subject].append(one)
    for at, was in enumerate(gone):
        if by_subject[was.near.subject]:
            found[at] = by_subject[was.near.subject].pop(0)
    taken = {id(one) for one in found.values()}
    rest = iter([one for one in left if id(one) not in taken])
    for at in range(len(gone)):
        if at not in found:
            partner = next(rest, None)
            if partner is not None:
                found[at] = partner
    return [(was, found.get(at)) for at, was in enumerate(gone)]


def _difference(was: Check, now: Check) -> str:
    if is_empty(now):
        return "asserts nothing where it did"
    if was.near.key != now.near.key and implies(was.near, now.near):
        return "asks for less"
    if was.near.subject == now.near.subject and was.near.expected != now.near.expected:
        return "has a changed expectation"
    return "has changed assertions"


def _both(was: Check, now: Check) -> str:
    if was.shown != now.shown:
        return became(was.shown, now.shown)
    near = was.near.key != now.near.key
    one, other = (
        f"{atom.subject} {atom.op} {atom.expected}"
        for atom in ((was.near, now.near) if near else (was.whole, now.whole))
    )
    return became(one, other)


def _tested(file: TestFile) -> frozenset[str]:
    """The names a file has from elsewhere, but for the standard library and the tools of testing."""
    return frozenset(
        name
        for name, source in file.imports.items()
        if source.partition(".")[0] not in sys.stdlib_module_names | {"pytest", "hypothesis", "numpy"}
    )


def _renamed(one: Pair) -> dict[str, str]:
    """Variables of a test that seem to have another name now: as many went as came, in the same order."""
    gone, came = (
        [name for name in this.stores if name not in that.stores]
        for this, that in ((one.old, one.new), (one.new, one.old))
    )
    return dict(zip(gone, came, strict=True)) if len(gone) == len(came) else {}


def _tables(node: ast.AST) -> frozenset[str]:
    """The names that a class or module gives."""
    body = getattr(node, "body", [])
    return frozenset(
        one.id for each in body if isinstance(each, ast.Assign | ast.AnnAssign) for one in ast.walk(each)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    )  # fmt: skip
