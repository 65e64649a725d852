"""What admission says of a changed file by its place and its kind: its path, its mode, what the name stands for."""

import re
from collections.abc import Collection, Iterator, Sequence

from coderoute.domain.admission_file import ChangedFile, finding
from coderoute.domain.file_kinds import is_test
from coderoute.domain.judgement import AdmissionItem
from coderoute.domain.paths import collisions, plain_name, refusal, shown
from coderoute.domain.watched import matches, watched
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SYMLINK

CI_RULE = "path.ci"


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


def watched_files(file: ChangedFile, *, in_ci: bool) -> Iterator[AdmissionItem]:
    """Files somebody must look at. In CI nobody does, and what runs there next would be the model's."""
    for rule, does in watched(file.path, file.old, file.new):
        what = f"{file.verb} a file that {does}"
        if in_ci and rule == CI_RULE:
            yield file.refused(rule, f"{what}, and no change that is made in CI may")
        else:
            yield file.protected(rule, what)


def executable_bit(file: ChangedFile) -> Iterator[AdmissionItem]:
    if file.change.new_mode == EXECUTABLE and file.change.old_mode != EXECUTABLE:
        yield file.protected("mode.exec", "makes the file executable")


def user_protected(file: ChangedFile, patterns: Sequence[str]) -> Iterator[AdmissionItem]:
    pattern = next((pattern for pattern in patterns if matches(file.path, [pattern])), None)
    if pattern is not None:
        yield file.protected("path.policy", f"{file.verb} a file that the settings protect ({shown(pattern)})")


def outside_plan(file: ChangedFile, planned: frozenset[str] | None) -> Iterator[AdmissionItem]:
    if planned is None or file.path in planned or (file.change.created and is_test(file.path)):
        return
    if not any(path.endswith("/") and file.path.startswith(path) for path in planned):
        yield file.protected("plan.outside", f"{file.verb} a file that the plan does not name")


def colliding(files: Sequence[ChangedFile], all_paths: Collection[str]) -> Iterator[AdmissionItem]:
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
