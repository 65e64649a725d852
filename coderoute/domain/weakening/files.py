"""The files of a change that hold tests or what tests compare with, each compared in the way its language allows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coderoute.domain.file_kinds import is_code, is_prose, is_test
from coderoute.domain.weakening.data import changed_data, is_blank
from coderoute.domain.weakening.finding import Weakening, removed
from coderoute.domain.weakening.inline import examples, lost_examples, test_part
from coderoute.domain.weakening.lines import gained, has_tests, weakened_lines
from coderoute.domain.weakening.pairing import pair
from coderoute.domain.weakening.python import compare
from coderoute.domain.weakening.reading import Role, TestFile

MAX_PARSED_BYTES = 1_000_000

TOO_DEEP = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What a parser says to source it cannot read; nesting made to hurt ends in the last two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A file as it was and is; None: it is not there."""

    path: str
    old: bytes | None
    new: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A test that has another name or place but is the same. Names are qualified by dots: `TestA.test_b`."""

    old_path: str
    old_name: str
    new_path: str
    new_name: str


def weakenings_of(files: Sequence[Sides]) -> dict[str, tuple[Weakening, ...]]:
    """By path, what the tests of a change lost; in the order of the new file. All of its files are wanted: a test that
    went from one of them may have come to another."""
    found: dict[str, list[Weakening]] = {}
    for path, one in _all(files):
        found.setdefault(path, []).append(one)
    return {
        path: tuple(sorted(set(told), key=lambda one: (one.line or 0, one.rule, one.detail)))
        for path, told in sorted(found.items())
    }


def weakenings(path: str, old: bytes, new: bytes) -> tuple[Weakening, ...]:
    """What the tests of one file lost, when no other file changed."""
    return weakenings_of([Sides(path=path, old=old, new=new)]).get(path, ())


def moved_tests(files: Sequence[Sides]) -> tuple[Moved, ...]:
    """Python tests that were renamed or moved and nothing else."""
    parsed, _ = _parsed([file for file in files if is_test(file.path)])
    return tuple(
        Moved(old_path=one.before.path, old_name=one.old.name, new_path=one.after.path, new_name=one.new.name)
        for one in pair(parsed).pairs
        if one.same
    )


def _all(files: Sequence[Sides]) -> Iterator[tuple[str, Weakening]]:
    files = [file for file in files if file.old != file.new]
    tests = [file for file in files if is_test(file.path)]
    code = [file for file in tests if is_code(file.path)]
    parsed, by_lines = _parsed(code)
    told, unread = _compared(parsed)
    yield from told
    by_lines += [file for file in code if file.path in unread]
    by_lines += [_inline(file) for file in files if is_code(file.path) and not is_test(file.path)]
    yield from _by_lines(by_lines)
    yield from _examples([file for file in files if file.path.endswith(".py") and not is_test(file.path)])
    came = Counter(file.new for file in tests if file.old is None and file.new is not None)
    holding = {before.path for before, _ in parsed if any(one.role is Role.TEST for one in before.scopes.values())}
    for file in tests:
        if file.new is None and file.path not in holding and not _is_elsewhere(file, came):
            lines = _text(file.old).count("\n")
            yield file.path, removed(f"removes a file of the tests with {lines} lines")
        elif not is_code(file.path) and not is_prose(file.path) and file.new is not None:
            yield from ((file.path, one) for one in changed_data(_text(file.old), _text(file.new)))


def _is_elsewhere(file: Sides, came: Counter[bytes]) -> bool:
    """Whether a file that went is nothing to miss: there is nothing in it, it moved, or its lines told of it."""
    old = file.old or b""
    if is_blank(_text(old)) or (is_code(file.path) and has_tests(_text(old), file.path)):
        return True
    if came[old] <= 0:
        return False
    came[old] -= 1
    return True


def _inline(file: Sides) -> Sides:
    """Only the tests in a product file; where it is gone, so is what they tested."""
    if file.old is None or file.new is None:
        return replace(file, old=b"", new=b"")
    old, new = (test_part(file.path, _text(side)).encode() for side in (file.old, file.new))
    return replace(file, old=old, new=new)


def _by_lines(files: Sequence[Sides]) -> Iterator[tuple[str, Weakening]]:
    gains = {file.path: gained(_text(file.old), _text(file.new), file.path) for file in files}
    came = sum(gains.values(), Counter[str]())
    for file in files:
        own = gains[file.path]
        came.subtract(own)
        for one in weakened_lines(_text(file.old), _text(file.new), file.path, came):
            yield file.path, one
        came.update(own)


def _examples(files: Sequence[Sides]) -> Iterator[tuple[str, Weakening]]:
    files = [file for file in files if b">>>" in (file.old or b"") and file.new is not None]
    came: Counter[tuple[str, str]] = Counter()
    for file in files:
        try:
            came.update((one.source, one.output) for one in examples(_text(file.new))[0] if not one.skipped)
        except TOO_DEEP:
            continue
    for file in files:
        try:
            told = list(lost_examples(_text(file.old), _text(file.new), came))
        except TOO_DEEP:
            continue  # a product file that does not parse does not run either
        yield from ((file.path, one) for one in told)


def _compared(parsed: Sequence[tuple[TestFile, TestFile]]) -> tuple[list[tuple[str, Weakening]], set[str]]:
    """What comparing tells, and the paths of files whose nesting is too deep for it."""
    try:
        return list(compare(parsed)), set()
    except (RecursionError, MemoryError):
        if len(parsed) == 1:
            return [], {parsed[0][0].path}
    told: list[tuple[str, Weakening]] = []
    unread: set[str] = set()
    for one in parsed:
        found, paths = _compared([one])
        told += found
        unread |= paths
    return told, unread


def _parsed(files: Sequence[Sides]) -> tuple[list[tuple[TestFile, TestFile]], list[Sides]]:
    """Both sides of the Python files, and the files that only lines can be compared of."""
    parsed: list[tuple[TestFile, TestFile]] = []
    others: list[Sides] = []
    for file in files:
        if not file.path.endswith(".py") or max(len(side or b"") for side in (file.old, file.new)) > MAX_PARSED_BYTES:
            others.append(file)
            continue
        try:
            parsed.append(_both(file))
        except TOO_DEEP:
            others.append(file)
    return parsed, others


def _both(file: Sides) -> tuple[TestFile, TestFile]:
    old, new = (None if side is None else _text(side) for side in (file.old, file.new))
    return TestFile(file.path, old), TestFile(file.path, new)


def _text(side: bytes | None) -> str:
    return (side or b"").decode("utf-8", "replace")
