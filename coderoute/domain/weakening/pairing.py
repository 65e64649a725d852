"""Which test of the change is which test of the base, whatever it is called now and wherever it stands."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from coderoute.domain.file_kinds import is_test
from coderoute.domain.weakening.notes import Kind
from coderoute.domain.weakening.reading import Role, Scope, TestFile

MAX_CANDIDATES = 50
"""New tests with one name or body that are tried as the continuation of an old one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One scope on both sides. `same` tells that nothing in it changed but its name or place."""

    before: TestFile
    old: Scope
    after: TestFile
    new: Scope
    same: bool = False

    @property
    def unchanged(self) -> bool:
        """To the letter: then its own text has nothing to tell."""
        return self.old.source == self.new.source


@dataclass(slots=True)
class Pairing:
    pairs: list[Pair] = field(default_factory=list)
    gone: list[tuple[TestFile, Scope]] = field(default_factory=list)
    """Tests that nothing on the new side continues."""
    handed_over: list[tuple[TestFile, Scope]] = field(default_factory=list)
    """Functions with assertions whose name the file has from elsewhere now."""
    new: list[tuple[TestFile, Scope]] = field(default_factory=list)
    """What nothing on the old side was."""


def pair(files: Sequence[tuple[TestFile, TestFile]]) -> Pairing:
    """`files`: both sides of each file; one that is not there has no scopes."""
    found = Pairing()
    gone: list[tuple[TestFile, Scope]] = []
    for before, after in files:
        for name, old in before.scopes.items():
            if name in after.scopes and after.scopes[name].role in _COMPARABLE[old.role]:
                found.pairs.append(Pair(before, old, after, after.scopes[name]))
            elif old.role is Role.TEST or (old.role is Role.SUPPORT and old.leaf in after.bindings):
                gone.append((before, old))
        found.new += [(after, new) for name, new in after.scopes.items() if name not in before.scopes]
    for key, same in ((_body, True), (_place, False), (_leaf, False)):
        gone = list(_continued(gone, found, key, same=same))
    found.gone = [one for one in gone if one[1].role is Role.TEST]
    found.handed_over = [one for one in gone if one[1].role is Role.SUPPORT and one[1].checks]
    return found


_COMPARABLE = {
    **{role: (role,) for role in Role},
    Role.SUPPORT: (Role.SUPPORT, Role.EVERYWHERE, Role.TEST),
    Role.EVERYWHERE: (Role.SUPPORT, Role.EVERYWHERE),
}


def _continued(
    gone: list[tuple[TestFile, Scope]], found: Pairing, key: Callable[[Scope], Hashable], *, same: bool
) -> Iterator[tuple[TestFile, Scope]]:
    """Pairs what has the same key, each new test once; yields what has no partner."""
    known: dict[Hashable, list[tuple[TestFile, Scope]]] = defaultdict(list)
    for after, new in found.new:
        if new.role in (Role.TEST, Role.SUPPORT):
            known[key(new)].append((after, new))
    taken: set[Scope] = set()
    for before, old in gone:
        candidates = [one for one in known[key(old)] if one[1] not in taken][:MAX_CANDIDATES]
        candidates = [one for one in candidates if one[1].role is old.role]
        fitting = [one for one in candidates if _can_continue(before, old, *one, exactly=same)]
        here = [one for one in fitting if one[0].path == before.path]
        if not fitting:
            yield before, old
            continue
        after, new = (here or fitting)[0]
        taken.add(new)
        found.pairs.append(Pair(before, old, after, new, same=same))
    found.new = [one for one in found.new if one[1] not in taken]


def _body(scope: Scope) -> Hashable:
    return scope.body


def _place(scope: Scope) -> Hashable:
    return scope.name


def _leaf(scope: Scope) -> Hashable:
    return scope.leaf


def _can_continue(before: TestFile, old: Scope, after: TestFile, new: Scope, *, exactly: bool) -> bool:
    """Whether a runner would still find the test, and, unless it is compared, find it unhampered among the same
    names."""
    if old.role is Role.SUPPORT:
        return True
    if before.is_collected(old) and not after.is_collected(new):
        return False
    if before.path != after.path and not _is_found(before.path, after.path):
        return False
    if _hampers(after, new) - _hampers(before, old):
        return False
    if not exactly:
        return True
    if new.redefined or new.conditions > old.conditions:
        return False
    if before.path == after.path:
        return True
    names = old.loads & {*before.bindings, *after.bindings}
    return all(before.meaning(name) == after.meaning(name) for name in names)


def _is_found(old: str, new: str) -> bool:
    """Whether a runner that found tests in one file would look into the other too."""
    if old.rpartition("/")[0].partition("/")[0] != new.rpartition("/")[0].partition("/")[0] and not (
        is_test(f"{new.rpartition('/')[0]}/x")
    ):
        return False
    one, other = (path.rpartition("/")[2] for path in (old, new))
    return one == other or other.startswith("test_") or other.endswith("_test.py")


def _hampers(file: TestFile, scope: Scope) -> set[str]:
    """What keeps tests of its classes and of its file from running."""
    found: set[str] = set()
    owner = scope.owner
    while True:
        notes = file.scopes[owner].notes
        found |= {note.text for note in notes if note.kind in (Kind.SKIP, Kind.SWITCHED_OFF, Kind.WRAPPED)}
        if not owner:
            return found
        owner = file.scopes[owner].owner
