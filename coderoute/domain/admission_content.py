"""What admission says of the bytes that a change adds: whether a person can read them, how many they are, and keys."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from coderoute.domain.admission_file import MAX_CHECKED_BYTES, ChangedFile
from coderoute.domain.content import (
    MAX_LINE_BYTES,
    asset_kind,
    binary_problem,
    character_problems,
    has_direction_marks,
    is_plain,
    mixed_script,
)
from coderoute.domain.document_tests import weakened_examples
from coderoute.domain.file_kinds import is_code, is_prose, is_test
from coderoute.domain.judgement import AdmissionItem
from coderoute.domain.redaction import Redactor
from coderoute.domain.secrets import find_secrets
from coderoute.domain.translations import is_translation
from coderoute.domain.work import REGULAR

MAX_FILE_BYTES = 1_000_000


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
            what = f"{file.verb} {asset} of {len(file.new)} bytes"
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


def own_keys(file: ChangedFile, keys: Redactor) -> Iterator[AdmissionItem]:
    """This machine's own keys, in whatever form, in the text or in the name of the file."""
    if file.new is None:
        return
    before = "" if file.old is None else f"{file.path}\n{_text(file.old)}"
    if keys.found_in(f"{file.path}\n{_text(file.new)}") - keys.found_in(before):
        yield file.refused("secret.in_diff", "adds one of this machine's own keys")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


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
