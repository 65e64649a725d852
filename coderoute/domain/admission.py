"""Whether a change may be shown, tested and merged at all: accepted, protected (a person acknowledges) or refused.

Deterministic and blind to who wrote it: the same two trees give the same items, and no model can argue. Only what the
change adds or takes away counts; what the base had is not its fault.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from coderoute.domain.awareness import names_a_plugin, signs
from coderoute.domain.content import (
    MAX_LINE_BYTES,
    AddedLine,
    added_lines,
    asset_kind,
    binary_problem,
    character_problems,
    has_direction_marks,
    is_plain,
    mixed_script,
)
from coderoute.domain.document_tests import weakened_examples
from coderoute.domain.file_kinds import is_code, is_prose, is_test
from coderoute.domain.judgement import Admission, AdmissionItem
from coderoute.domain.paths import collisions, plain_name, refusal, shown
from coderoute.domain.secrets import find_secrets
from coderoute.domain.shadowing import reaches_runner, shadowed
from coderoute.domain.translations import is_translation
from coderoute.domain.visible import one_line
from coderoute.domain.watched import matches, watched
from coderoute.domain.weakening import Sides, weakenings_of
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SYMLINK, FileChange

MAX_FILES = 400
MAX_FILE_BYTES = 1_000_000
MAX_ADDED_BYTES = 1_000_000
MAX_DELETED_FILES = 10

MAX_CHECKED_BYTES = 4_000_000
"""A larger file is refused even where the base had it large: its text would take too long to search."""

MAX_ITEMS_PER_RULE = 20
"""Of one rule in one file; the last of them says how many more there were."""


@dataclass(frozen=True)
class ChangedFile:
    """One path of the change with both sides' bytes; an absent side, a symlink or a gitlink has none."""

    change: FileChange
    old: bytes | None
    new: bytes | None

    @property
    def path(self) -> str:
        return self.change.path

    @property
    def name(self) -> str:
        """The path, safe to print."""
        return shown(self.change.path)

    @property
    def too_large(self) -> bool:
        return max(len(self.old or b""), len(self.new or b"")) > MAX_CHECKED_BYTES

    @cached_property
    def added(self) -> tuple[AddedLine, ...]:
        if self.change.binary or self.new is None or self.too_large:
            return ()
        return added_lines(self.old, self.new)

    @cached_property
    def old_text(self) -> str:
        return (self.old or b"").decode("utf-8", "replace")

    def refused(self, rule: str, problem: str, line: int | None = None) -> AdmissionItem:
        """The detail names the place too: it is what the model is told."""
        place = self.name if line is None else f"{self.name}:{line}"
        return finding(rule, self.path, line, f"{place} {problem}", refuses=True)

    def protected(self, rule: str, detail: str, line: int | None = None) -> AdmissionItem:
        return finding(rule, self.path, line, detail, refuses=False)


def admit(
    changes: Sequence[FileChange],
    old: Mapping[str, bytes | None],
    new: Mapping[str, bytes | None],
    *,
    all_paths: Collection[str],
    planned: frozenset[str] | None,
    protected_patterns: Sequence[str],
    known_secrets: Collection[str] = (),
) -> Admission:
    """What the rules say about a change.

    Args:
        old, new: the bytes of each changed path on either side; absent or None where there are none.
        all_paths: every path of the tree after the change.
        planned: the paths the plan declared; a path that ends in a slash is a folder. None: no plan to leave.
        protected_patterns: the user's, as `watched.matches` reads them.
        known_secrets: values that must never be written, in full.

    Raises:
        ValueError: `new` lacks the bytes of a file that the change has; without them nothing can be said.
    """
    files = [ChangedFile(change, old.get(change.path), new.get(change.path)) for change in changes]
    for file in files:
        if file.new is None and file.change.new_mode in (REGULAR, EXECUTABLE):
            raise ValueError(f"no bytes for {file.name}")
    found = [item for file in files for rule in RULES for item in rule(file)]
    for file in files:
        found += _known_secrets(file, known_secrets)
        found += _user_protected(file, protected_patterns)
        found += _outside_plan(file, planned)
    found += _weaker_tests(files)
    aware = tuple(_aware(files, all_paths))
    found += aware
    found += _shadows(files, all_paths, {(item.path, item.line) for item in aware})
    found += _collisions(files, all_paths)
    found += _totals(files)
    return Admission(items=merged(found))


def path_rules(file: ChangedFile) -> Iterator[AdmissionItem]:
    if file.change.deleted:
        return
    broken = refusal(file.path)
    if broken is not None:
        yield finding(broken.rule, file.path, None, broken.detail, refuses=True)
    if _GITMODULES.fullmatch(plain_name(file.path.rpartition("/")[2])):
        yield file.refused("path.gitmodules", "would change the submodules")


_GITMODULES = re.compile(r"\.gitmodules|gitmod~[0-9]+|gi7eba~[0-9]+")
"""The name, and the short ones that some file systems give it."""


def type_rules(file: ChangedFile) -> Iterator[AdmissionItem]:
    """Regular files only; a link that the base had may go, but not change."""
    before, after = file.change.old_mode, file.change.new_mode
    if GITLINK in (before, after):
        yield file.refused("type.gitlink", "is a submodule, and those do not change here")
    elif after == SYMLINK:
        yield file.refused("type.symlink", f"is a {'new' if file.change.created else 'changed'} symlink")
    elif before == SYMLINK and not file.change.deleted:
        yield file.refused("type.change", "was a symlink and is a file now")
    elif not file.change.deleted and after not in (REGULAR, EXECUTABLE):
        yield file.refused("type.mode", f"has the mode {shown(after)}")


def content_rules(file: ChangedFile) -> Iterator[AdmissionItem]:
    """What a person could not read. A picture, a font or a message catalogue may come if somebody looks at it."""
    if file.new is None or file.change.deleted or file.too_large:
        return
    problem = binary_problem(file.new, file.added)
    if file.change.binary or problem is not None:
        asset = asset_kind(file.path, file.new) if file.change.new_mode == REGULAR else None
        if asset is None:
            yield file.refused("content.binary", problem or "is a binary file")
        else:
            what = f"{_verb(file.change)} {asset} of {len(file.new)} bytes"
            yield file.protected("content.asset", f"{what}, which no patch can show")
    elif not is_plain(file.new):
        yield from _character_rules(file)


def _character_rules(file: ChangedFile) -> Iterator[AdmissionItem]:
    may_mark = is_prose(file.path) or is_translation(file.path)
    marked: list[int] = []
    for line in file.added:
        text = line.text.removeprefix("\ufeff") if line.number == 1 else line.text
        for rule, wrong in character_problems(text, file.old_text, may_mark_direction=may_mark):
            yield file.refused(rule, wrong, line.number)
        if may_mark and has_direction_marks(text):
            marked.append(line.number)
    if marked:
        lines = f"{len(marked)} lines" if len(marked) > 1 else "a line"
        yield file.protected("text.direction", f"adds {lines} of right-to-left text with direction marks", marked[0])


def size_rules(file: ChangedFile) -> Iterator[AdmissionItem]:
    if file.new is None:
        return
    limit = MAX_FILE_BYTES if len(file.old or b"") <= MAX_FILE_BYTES else MAX_CHECKED_BYTES
    if len(file.new) > limit:
        yield file.refused("size.file", f"has {len(file.new)} bytes; the limit is {limit}")
    for line in file.added:
        if len(line.data) > MAX_LINE_BYTES:
            yield file.refused("size.line", f"has {len(line.data)} bytes; the limit is {MAX_LINE_BYTES}", line.number)


def secret_rules(file: ChangedFile) -> Iterator[AdmissionItem]:
    """Keys by their looks, anywhere in the new file as long as one of their lines was added."""
    if file.new is None or not file.added:
        return
    text = file.new.decode("utf-8", "replace")
    newlines = [found.start() for found in re.finditer("\n", text)]
    fresh = {line.number for line in file.added}
    for secret in sorted(find_secrets(text), key=lambda secret: secret.start):
        first, last = (bisect_left(newlines, at) + 1 for at in (secret.start, secret.end))
        if secret.value not in file.old_text and not fresh.isdisjoint(range(first, last + 1)):
            yield file.refused("secret.in_diff", f"adds what looks like {secret.kind}", first)


def watched_files(file: ChangedFile) -> Iterator[AdmissionItem]:
    for rule, does in watched(file.path, file.old, file.new):
        yield file.protected(rule, f"{_verb(file.change)} a file that {does}")


def executable_bit(file: ChangedFile) -> Iterator[AdmissionItem]:
    if file.change.new_mode == EXECUTABLE and file.change.old_mode != EXECUTABLE:
        yield file.protected("mode.exec", "makes the file executable")


def weaker_examples(file: ChangedFile) -> Iterator[AdmissionItem]:
    """Examples in documents that are tested; those in code are compared with the other tests."""
    if is_code(file.path) or is_test(file.path) or file.old is None or file.too_large:
        return
    for one in weakened_examples(file.path, file.old, file.new or b""):
        yield file.protected(one.rule, one.detail, one.line)


def mixed_scripts(file: ChangedFile) -> Iterator[AdmissionItem]:
    if not is_code(file.path) or (file.new or b"").isascii():
        return
    for line in file.added:
        word = mixed_script(line.text)
        if word is not None:
            letters = " ".join(f"U+{ord(char):04X}" for char in word if not char.isascii())
            yield file.protected("text.mixed_script", f"an identifier with foreign letters ({letters})", line.number)


Rule = Callable[[ChangedFile], Iterable[AdmissionItem]]

RULES: tuple[Rule, ...] = (
    path_rules,
    type_rules,
    content_rules,
    size_rules,
    secret_rules,
    watched_files,
    executable_bit,
    weaker_examples,
    mixed_scripts,
)
"""What one file alone can break. To add a rule: write it, put it here, and add its row to the table of its test."""


def _known_secrets(file: ChangedFile, secrets: Collection[str]) -> Iterator[AdmissionItem]:
    values = [secret.encode() for secret in secrets if secret]
    if any(value in (file.new or b"") and value not in (file.old or b"") for value in values):
        yield file.refused("secret.in_diff", "adds one of this machine's own keys")


def _user_protected(file: ChangedFile, patterns: Sequence[str]) -> Iterator[AdmissionItem]:
    pattern = next((pattern for pattern in patterns if matches(file.path, [pattern])), None)
    if pattern is not None:
        yield file.protected("path.policy", f"{_verb(file.change)} a file that the settings protect ({shown(pattern)})")


def _outside_plan(file: ChangedFile, planned: frozenset[str] | None) -> Iterator[AdmissionItem]:
    if planned is None or file.path in planned or (file.change.created and is_test(file.path)):
        return
    if not any(path.endswith("/") and file.path.startswith(path) for path in planned):
        yield file.protected("plan.outside", f"{_verb(file.change)} a file that the plan does not name")


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


def _collisions(files: Sequence[ChangedFile], all_paths: Collection[str]) -> Iterator[AdmissionItem]:
    """Paths that are one and the same where case or Unicode form does not count, unless they were so on the base."""
    created = {file.path for file in files if file.change.created}
    if not created:
        return
    before = collisions([*(set(all_paths) - created), *(file.path for file in files if file.change.deleted)])
    for group in collisions(all_paths):
        if any(set(group) <= set(known) for known in before):
            continue
        for file in files:
            if file.path in created and any(file.path == one or file.path.startswith(f"{one}/") for one in group):
                others = ", ".join(shown(one) for one in group)
                yield file.refused("path.collision", f"collides where case or Unicode form does not count: {others}")


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


def finding(rule: str, path: str, line: int | None, detail: str, *, refuses: bool) -> AdmissionItem:
    """An item under its stable id; `detail` must be safe to print."""
    parts = (rule, shown(path), "" if line is None else str(line))
    item_id = ":".join(part for part in parts if part)
    return AdmissionItem(id=item_id, rule=rule, path=path, line=line, detail=detail, refuses=refuses)


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


def _verb(change: FileChange) -> str:
    return "adds" if change.created else "removes" if change.deleted else "changes"
