"""Whether a change may be shown, tested and merged at all: accepted, protected (a person acknowledges) or refused.

Deterministic and blind to who wrote it: the same two trees give the same items, and no model can argue. Only what the
change adds or takes away counts; what the base had is not its fault.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from coderoute.domain.admission_content import MAX_FILE_BYTES as MAX_FILE_BYTES
from coderoute.domain.admission_content import (
    content_rules,
    mixed_scripts,
    own_keys,
    secret_rules,
    size_rules,
    weaker_examples,
)
from coderoute.domain.admission_file import MAX_CHECKED_BYTES as MAX_CHECKED_BYTES
from coderoute.domain.admission_file import ChangedFile, finding
from coderoute.domain.admission_paths import (
    colliding,
    executable_bit,
    outside_plan,
    path_rules,
    type_rules,
    user_protected,
    watched_files,
)
from coderoute.domain.awareness import names_a_plugin, signs
from coderoute.domain.file_kinds import is_test
from coderoute.domain.judgement import Admission, AdmissionItem
from coderoute.domain.redaction import Redactor
from coderoute.domain.shadowing import reaches_runner, shadowed
from coderoute.domain.visible import one_line
from coderoute.domain.watched import watched
from coderoute.domain.weakening import Sides, weakenings_of
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SYMLINK, FileChange

MAX_FILES = 400
MAX_ADDED_BYTES = 1_000_000
MAX_DELETED_FILES = 10
MAX_ITEMS_PER_RULE = 20
"""Of one rule in one file; the last of them says how many more there were."""


def admit(
    changes: Sequence[FileChange],
    old: Mapping[str, bytes | None],
    new: Mapping[str, bytes | None],
    *,
    all_paths: Collection[str],
    planned: frozenset[str] | None,
    protected_patterns: Sequence[str],
    known_secrets: Collection[str] = (),
    in_ci: bool = False,
) -> Admission:
    """What the rules say about a change.

    Args:
        old, new: the bytes of each changed path on either side; absent or None where there are none.
        all_paths: every path of the tree after the change.
        planned: the paths the plan declared; a path that ends in a slash is a folder. None: no plan to leave.
        protected_patterns: the user's, as `watched.matches` reads them.
        known_secrets: values that must never be written, neither in full nor encoded.
        in_ci: the change is made where nobody looks on: what such a place runs (`path.ci`) is refused.

    Raises:
        ValueError: `new` lacks the bytes of a file that the change has; without them nothing can be said.
    """
    files = [ChangedFile(change, old.get(change.path), new.get(change.path)) for change in changes]
    for file in files:
        if file.new is None and file.change.new_mode in (REGULAR, EXECUTABLE):
            raise ValueError(f"no bytes for {file.name}")
    found = [item for file in files for rule in RULES for item in rule(file)]
    keys = Redactor({str(number): secret for number, secret in enumerate(sorted(known_secrets))})
    for file in files:
        found += watched_files(file, in_ci=in_ci)
        found += own_keys(file, keys)
        found += user_protected(file, protected_patterns)
        found += outside_plan(file, planned)
    found += _weaker_tests(files)
    aware = tuple(_aware(files, all_paths))
    found += aware
    found += _shadows(files, all_paths, {(item.path, item.line) for item in aware})
    found += colliding(files, all_paths)
    found += _totals(files)
    return Admission(items=merged(found))


Rule = Callable[[ChangedFile], Iterable[AdmissionItem]]

RULES: tuple[Rule, ...] = (
    path_rules,
    type_rules,
    content_rules,
    size_rules,
    secret_rules,
    executable_bit,
    weaker_examples,
    mixed_scripts,
)
"""What one file alone can break. To add a rule: write it, put it here, and add its row to the table of its test."""


def _weaker_tests(files: Sequence[ChangedFile]) -> Iterator[AdmissionItem]:
    """Tests that were there and are gone or ask for less; what came is nothing to acknowledge."""
    odd = {SYMLINK, GITLINK}
    read = [file for file in files if not odd & {file.change.old_mode, file.change.new_mode} and not file.too_large]
    found = weakenings_of([Sides(path=file.path, old=file.old, new=file.new) for file in read])
    for file in read:
        for one in found.get(file.path, ()):
            yield file.protected(one.rule, one.detail, one.line)


def _shadows(
    files: Sequence[ChangedFile], all_paths: Collection[str], told: Collection[tuple[str, int | None]]
) -> Iterator[AdmissionItem]:
    """What takes the place of the test runner, or reaches into it, but for the lines that are `told` already."""
    now = frozenset(all_paths)
    base = now - {file.path for file in files if file.change.created}
    base |= {file.path for file in files if file.change.deleted}
    for file in files:
        does = shadowed(file.path, base, now) if file.change.created else None
        if does is not None:
            yield file.protected("tests.harness", does)
        for line in file.added:
            reach = reaches_runner(file.path, line.text, file.old_text)
            if reach is not None and (file.path, line.number) not in told:
                yield file.protected("tests.harness", f"{reach}: `{one_line(line.text, 120)}`", line.number)


def _aware(files: Sequence[ChangedFile], all_paths: Collection[str]) -> Iterator[AdmissionItem]:
    """Product code that can tell whether it is being tested. Where the project extends a test runner, it must."""
    created = {file.path for file in files if file.change.created}
    is_plugin = any(names_a_plugin(path) and not is_test(path) for path in all_paths if path not in created)
    for file in files:
        if is_test(file.path) or file.new is None or file.too_large or watched(file.path, None, None):
            continue
        for sign in signs(file.path, file.old, file.new, is_plugin=is_plugin):
            yield file.protected("tests.aware", sign.detail, sign.line)


def _totals(files: Sequence[ChangedFile]) -> Iterator[AdmissionItem]:
    """What only the whole change can be too much of; these items have no path."""
    if len(files) > MAX_FILES:
        yield finding("size.total", "", None, f"{len(files)} files changed; the limit is {MAX_FILES}", refuses=True)
    added = sum(len(line.data) + 1 for file in files for line in file.added)
    if added > MAX_ADDED_BYTES:
        yield finding("size.total", "", None, f"{added} bytes added; the limit is {MAX_ADDED_BYTES}", refuses=True)
    deleted = sum(1 for file in files if file.change.deleted)
    if deleted > MAX_DELETED_FILES:
        yield finding("delete.many", "", None, f"removes {deleted} files", refuses=False)


def merged(found: Iterable[AdmissionItem]) -> tuple[AdmissionItem, ...]:
    """One item per id and a few per rule and file, by path, line and rule: the same for the same findings."""
    by_id: dict[str, AdmissionItem] = {}
    for item in found:
        known = by_id.setdefault(item.id, item)
        if item.detail not in known.detail:
            by_id[item.id] = replace(known, detail=f"{known.detail}; {item.detail}")
    groups: dict[tuple[str, str], list[AdmissionItem]] = {}
    for item in sorted(by_id.values(), key=lambda item: (item.path, item.line or 0, item.rule)):
        groups.setdefault((item.path, item.rule), []).append(item)
    kept: list[AdmissionItem] = []
    for items in groups.values():
        few = items[:MAX_ITEMS_PER_RULE]
        if len(items) > len(few):
            few[-1] = replace(few[-1], detail=f"{few[-1].detail} (and {len(items) - len(few)} more lines like it)")
        kept += few
    return tuple(sorted(kept, key=lambda item: (item.path, item.line or 0, item.rule)))
