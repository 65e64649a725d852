"""Which of the old assertions and cases are still there, in whatever words, and which are not."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from coderoute.domain.weakening.atoms import Atom
from coderoute.domain.weakening.cases import Case
from coderoute.domain.weakening.checks import Check
from coderoute.domain.weakening.implication import implies, is_hollow

MAX_TRIED = 50
"""Assertions about one subject that are tried in the search for one that includes another."""


@dataclass(slots=True)
class CheckMatch:
    """What two sides of one test do not have in common."""

    gone: list[Check]
    came: list[Check]
    hampered: list[tuple[Check, Check]]
    """Those that may not run any more, as they were and are."""


def match_checks(
    old: Sequence[Check], new: Sequence[Check], *, renamed: Mapping[str, str], tested: frozenset[str]
) -> CheckMatch:
    """An old assertion is still there if one that came asks the same or more, behind no more conditions.

    `renamed`: variables of the test and what they are called now. `tested`: names from outside; an assertion that was
    about some of them and is about none now is another one, even if its words are the same.
    """
    gone, came = list(old), list(new)
    for key in (_near, _whole):
        gone, came = _without_pairs(gone, came, key, tested)
    if renamed and gone:
        gone, came = _without_pairs([_renamed(one, renamed) for one in gone], came, _near, tested)
    hampered: list[tuple[Check, Check]] = []
    for key in (_near, _whole):
        gone, came, pairs = _pairs(gone, came, key)
        hampered += pairs
    stronger = _by_subject(one for one in came if not is_empty(one))
    gone = [one for one in gone if not _asks_nothing_lasting(one) and not _included(one, stronger)]
    return CheckMatch(gone, came, hampered)


def _asks_nothing_lasting(check: Check) -> bool:
    """Of an old assertion: it always held, or always failed, as a note to write the test."""
    always_fails = check.near.op == "true" and check.near.subject in ("False", "0") and not check.guards
    return always_fails or is_hollow(check.near)


def _renamed(check: Check, names: Mapping[str, str]) -> Check:
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    return replace(check, near=_with_names(check.near, word, names), whole=_with_names(check.whole, word, names))


def _with_names(atom: Atom, word: re.Pattern[str], names: Mapping[str, str]) -> Atom:
    subject, expected = (word.sub(lambda found: names[found.group()], side) for side in (atom.subject, atom.expected))
    return replace(atom, subject=subject, expected=expected)


def is_empty(check: Check) -> bool:
    """Whether it asks nothing."""
    return is_hollow(check.near) or is_hollow(check.whole)


def match_cases(old: Sequence[Case], new: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """(gone, came)"""
    counted = Counter((one.parts, one.amount) for one in new)
    gone: list[Case] = []
    for case in old:
        key = (case.parts, case.amount)
        if counted[key] > 0:
            counted[key] -= 1
        else:
            gone.append(case)
    came: list[Case] = []
    for case in reversed(new):  # of several alike the last ones are those that came
        key = (case.parts, case.amount)
        if counted[key] > 0:
            counted[key] -= 1
            came.append(case)
    came.reverse()
    by_part: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, case in enumerate(came):
        for part in case.parts:
            by_part[part].append(at)
    taken: set[int] = set()
    left: list[Case] = []
    for case in gone:
        part = min(case.parts, default=("", ""))
        places = [at for at in by_part[part][:MAX_TRIED] if at not in taken]
        found = next((at for at in places if came[at].covers(case)), None)
        if found is None:
            left.append(case)
        else:
            taken.add(found)
    return left, [case for at, case in enumerate(came) if at not in taken]


def _near(check: Check) -> Hashable:
    return check.near.key


def _whole(check: Check) -> Hashable:
    return check.whole.key


Key = Callable[[Check], Hashable]


def _without_pairs(
    gone: list[Check], came: list[Check], key: Key, tested: frozenset[str]
) -> tuple[list[Check], list[Check]]:
    """Without those that are on both sides: each old one takes the most guarded of those guarded no more than it."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for at, check in enumerate(came):
        places[key(check)].append(at)
    for known in places.values():
        known.sort(key=lambda at: (came[at].guards, -at))
    taken: set[int] = set()
    left: list[Check] = []
    for check in sorted(gone, key=lambda one: (one.guards, one.line)):
        fitting = [at for at in places[key(check)][:MAX_TRIED] if _stands_for(check, came[at], tested)]
        if fitting:
            places[key(check)].remove(fitting[-1])
            taken.add(fitting[-1])
        else:
            left.append(check)
    return sorted(left, key=_line), [check for at, check in enumerate(came) if at not in taken]


def _stands_for(old: Check, new: Check, tested: frozenset[str]) -> bool:
    return new.guards <= old.guards and not (old.names & tested and not new.names & tested)


def _pairs(
    gone: list[Check], came: list[Check], key: Key
) -> tuple[list[Check], list[Check], list[tuple[Check, Check]]]:
    """Those on both sides that stand behind more conditions now."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for at, check in enumerate(came):
        places[key(check)].append(at)
    found: list[tuple[Check, Check]] = []
    taken: set[int] = set()
    left: list[Check] = []
    for check in gone:
        if places[key(check)] and came[places[key(check)][0]].guards > check.guards:
            at = places[key(check)].pop(0)
            taken.add(at)
            found.append((check, came[at]))
        else:
            left.append(check)
    return left, [check for at, check in enumerate(came) if at not in taken], found


def _by_subject(checks: Iterable[Check]) -> dict[str, list[tuple[int, Atom]]]:
    known: dict[str, list[tuple[int, Atom]]] = defaultdict(list)
    for check in checks:
        for atom in {check.near, check.whole}:
            known[atom.subject].append((check.guards, atom))
            if atom.op == "==":
                known[f"len({atom.subject})"].append((check.guards, atom))
    return known


def _included(check: Check, stronger: dict[str, list[tuple[int, Atom]]]) -> bool:
    return any(
        guards <= check.guards and found.key != asked.key and implies(found, asked)
        for asked in (check.near, check.whole)
        for subject in (asked.subject, asked.expected)
        for guards, found in stronger.get(subject, ())[:MAX_TRIED]
    )


def _line(check: Check) -> int:
    return check.line
