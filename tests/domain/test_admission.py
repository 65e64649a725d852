"""The admission of whole changes: refused, protected or accepted, and always the same."""

import base64
import json
from collections import Counter
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.admission import (
    MAX_ADDED_BYTES,
    MAX_CHECKED_BYTES,
    MAX_DELETED_FILES,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_ITEMS_PER_RULE,
    admit,
)
from coderoute.domain.content import MAX_LINE_BYTES
from coderoute.domain.judgement import Admission, AdmissionVerdict
from coderoute.domain.work import EXECUTABLE, GITLINK, REGULAR, SYMLINK, FileChange

ABSENT = "000000"
KEY = "ghp_" + "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5zA7"

LINE = "a" * 99 + "\n"
TEST = "def test_a(): assert x\n"

Side = tuple[str, bytes | None] | None
"""Mode and bytes, None: not there."""


def file(data: bytes | str, mode: str = REGULAR) -> Side:
    return mode, data.encode() if isinstance(data, str) else data


def admission(
    sides: dict[str, tuple[Side, Side]],
    *,
    planned: frozenset[str] | None = None,
    protected: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
    secrets: tuple[str, ...] = (),
    in_ci: bool = False,
) -> Admission:
    """`sides`: path -> before and after. `others` are paths of the tree that the change leaves alone."""
    changes = [
        FileChange(
            path=path,
            old_mode=before[0] if before else ABSENT,
            new_mode=after[0] if after else ABSENT,
            old_oid="1" * 40,
            new_oid="2" * 40,
            added=0,
            removed=(_lines(before) - _lines(after)).total(),
            binary=any(b"\0" in (side[1] or b"") for side in (before, after) if side),
        )
        for path, (before, after) in sides.items()
    ]
    return admit(
        changes,
        {path: before[1] if before else None for path, (before, _) in sides.items()},
        {path: after[1] if after else None for path, (_, after) in sides.items()},
        all_paths=[*others, *(path for path, (_, after) in sides.items() if after)],
        planned=planned,
        protected_patterns=protected,
        known_secrets=secrets,
        in_ci=in_ci,
    )


def _lines(side: Side) -> Counter[bytes]:
    return Counter((side[1] or b"").splitlines()) if side else Counter()


def rules(found: Admission) -> list[str]:
    return sorted({item.rule for item in found.items})


REFUSED = [
    ("a path out of the tree", "../x.py", None, file("a"), "path.traversal"),
    ("an alias of .git", "a/.GIT/config", None, file("a"), "path.dotgit"),
    ("submodules", ".gitmodules", None, file("a"), "path.gitmodules"),
    ("submodules, spelled otherwise", ".GitModules", file("a"), file("b"), "path.gitmodules"),
    ("a new symlink", "link", None, (SYMLINK, b"target"), "type.symlink"),
    ("a changed symlink", "link", (SYMLINK, b"a"), (SYMLINK, b"b"), "type.symlink"),
    ("a file that became a symlink", "x.py", file("a"), (SYMLINK, b"/etc/passwd"), "type.symlink"),
    ("a symlink that became a file", "link", (SYMLINK, b"a"), file("a"), "type.change"),
    ("a new submodule", "sub", None, (GITLINK, None), "type.gitlink"),
    ("a changed submodule", "sub", (GITLINK, None), (GITLINK, None), "type.gitlink"),
    ("a mode nobody uses", "x.py", None, ("100600", b"a"), "type.mode"),
    ("a direction change", "x.py", file("a\n"), file("a\nb = '\u202e'\n"), "text.bidi"),
    ("an escape sequence", "x.py", file("a\n"), file("a\n\x1b[2J\n"), "text.control"),
    ("a lone carriage return", "x.py", file("a\n"), file("a\nevil()\rgood()\n"), "text.control"),
    ("a zero-width space", "x.py", file("a\n"), file("a\nb\u200bc\n"), "text.invisible"),
    ("tags", "x.md", file("a\n"), file("a\n\U000e0041\n"), "text.invisible"),
    ("a binary file", "x.png", None, file(b"\x89PNG\0"), "content.binary"),
    ("a changed binary file", "x.png", file(b"\x89PNG\0"), file(b"\x89PNG\0\0"), "content.binary"),
    ("text of another encoding", "x.py", None, file("é".encode("latin-1")), "content.binary"),
    ("an endless line", "x.py", file("a\n"), file("a\n" + "b" * (MAX_LINE_BYTES + 1)), "size.line"),
    ("a huge file", "x.py", None, file(LINE * (MAX_FILE_BYTES // 100 + 1)), "size.file"),
    ("a file that grew huge", "x.py", file("a\n"), file(LINE * (MAX_FILE_BYTES // 100 + 1)), "size.file"),
    ("a key", "x.py", file("a\n"), file(f"a\nKEY = '{KEY}'\n"), "secret.in_diff"),
    ("a key in a new file", ".env", None, file(f"KEY={KEY}\n"), "secret.in_diff"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "path", "before", "after", "rule"), REFUSED)
def test_a_change_is_refused_by_a_named_rule(what: str, path: str, before: Side, after: Side, rule: str) -> None:
    found = admission({path: (before, after)})
    assert found.verdict is AdmissionVerdict.REFUSED, what
    assert rule in {item.rule for item in found.refusals}


@pytest.mark.parametrize(("what", "path", "before", "after", "rule"), REFUSED)
def test_a_refusal_tells_the_place_and_shows_nothing_raw(
    what: str, path: str, before: Side, after: Side, rule: str
) -> None:
    for item in admission({path: (before, after)}).refusals:
        assert item.detail.isprintable(), what
        assert KEY not in item.detail
        assert item.detail.startswith(path) or item.rule == "size.total"
        if item.line is not None:
            assert item.detail.startswith(f"{path}:{item.line} ")


PROTECTED = [
    ("a workflow", ".github/workflows/x.yml", None, file("a\n"), ["path.ci"]),
    ("a removed workflow", ".github/workflows/x.yml", file("a\n"), None, ["path.ci"]),
    ("a lock file", "uv.lock", file("a\n"), file("b\n"), ["deps.changed"]),
    ("a conftest.py", "tests/conftest.py", None, file("a = 1\n"), ["tests.harness"]),
    ("a Makefile", "Makefile", file("a\n"), file("b\n"), ["path.autoexec"]),
    ("agents' instructions", "AGENTS.md", file("a\n"), file("b\n"), ["path.agent"]),
    ("a new script", "x.sh", None, file("a\n", EXECUTABLE), ["mode.exec"]),
    ("a file made executable", "x.sh", file("a\n"), file("a\n", EXECUTABLE), ["mode.exec"]),
    ("a licence", "LICENSE", file("a\n"), file("b\n"), ["path.legal"]),
    ("ignored files", ".gitignore", file("a\n"), file("b\n"), ["path.git"]),
    ("a removed test file", "tests/test_x.py", file("a = 1\n"), None, ["tests.removed"]),
    ("a removed test", "tests/test_x.py", file("def test_a(): pass\n"), file("a = 1\n"), ["tests.removed"]),
    ("a lost assertion", "test_x.py", file("def test_a(): assert x\n"), file("def test_a(): x\n"), ["tests.weakened"]),
    ("a changed snapshot", "ui/__snapshots__/a.snap", file("a\n"), file("b\n"), ["tests.weakened"]),
    ("changed expectations", "tests/data/expected.json", file("1\n"), file("2\n"), ["tests.weakened"]),
    ("a lost example", "x.py", file('"""\n>>> f()\n1\n"""\n'), file('"""\n"""\n'), ["tests.weakened"]),
    ("a module of the runner's name", "pytest.py", None, file("a = 1\n"), ["tests.harness"]),
    ("a module of the standard library's", "src/json/__init__.py", None, file("a = 1\n"), ["tests.harness"]),
    ("a plugin of the runner", "tests/test_new.py", None, file("pytest_plugins = ['x']\n"), ["tests.harness"]),
    ("a product that looks for the runner", "x.py", file("a\n"), file("a\nimport pytest\n"), ["tests.aware"]),
    ("a lost example of a document", "docs/x.rst", file(">>> f()\n1\n"), file("f()\n"), ["tests.weakened"]),
    ("foreign letters", "x.py", file("a\n"), file("a\nраssword = 1\n"), ["text.mixed_script"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "path", "before", "after", "expected"), PROTECTED)
def test_a_change_is_protected_by_a_named_rule(
    what: str, path: str, before: Side, after: Side, expected: list[str]
) -> None:
    found = admission({path: (before, after)})
    assert found.verdict is AdmissionVerdict.PROTECTED, what
    assert rules(found) == expected
    assert all(item.detail.isprintable() for item in found.items)


ACCEPTED = [
    ("an edit", "src/x.py", file("a\nb\n"), file("a\nc\n")),
    ("a new file", "src/x.py", None, file("a\n")),
    ("an empty new file", "src/pkg/__init__.py", None, file("")),
    ("a removed file", "src/x.py", file("a\n"), None),
    ("a new test file", "tests/test_new.py", None, file("def test_a():\n    assert True\n")),
    ("a new test that is skipped", "tests/test_new.py", None, file("@pytest.mark.skip\ndef test_a(): pass\n")),
    ("a new test in an old file", "tests/test_x.py", file(TEST), file(f"{TEST}def test_b(): assert y\n")),
    ("new test data", "tests/data/more.json", None, file("{}\n")),
    ("more test data", "tests/data/more.txt", file("a\n"), file("a\nb\n")),
    ("an unchanged test file made executable no more", "t/test_x.py", file(TEST, EXECUTABLE), file(TEST)),
    ("prose beside the tests", "tests/README.md", file("a\n"), file("b\n")),
    ("a script that was executable", "x.sh", file("a\n", EXECUTABLE), file("b\n", EXECUTABLE)),
    ("a script no longer executable", "x.sh", file("a\n", EXECUTABLE), file("a\n")),
    ("a removed binary file", "x.png", file(b"\0"), None),
    ("a removed symlink", "link", (SYMLINK, b"a"), None),
    ("text in any language", "docs/übersicht.md", file("a\n"), file("a\nÜbersicht – 概要 🎉\n")),
    ("Windows lines", "x.bat", None, file("a\r\nb\r\n")),
    ("lines turned to Unix", "x.py", file("a\r\nb\r\n"), file("a\nb\n")),
    ("lines turned to Windows", "x.py", file("a\nb\n"), file("a\r\nb\r\n")),
    ("a byte order mark at the start", "x.cs", None, file("\ufeffa\n")),
    ("a deceiving line that was there", "x.py", file("a\nb = '\u202e'\n"), file("c\nb = '\u202e'\n")),
    ("such a line, moved", "x.py", file("a\nb = '\u202e'\n"), file("b = '\u202e'\na\n")),
    ("a form feed that was there before", "x.py", file("\x0c\na\n"), file("\x0c\na\n\x0c\nb\n")),
    ("another encoding that was there", "x.py", file("é\n".encode("latin-1")), file("é\n".encode("latin-1") + b"a\n")),
    ("an endless line that was there", "x.js", file("b" * 30_000 + "\n"), file("b" * 30_000 + "\na\n")),
    ("a key that was there", "x.py", file(f"a = '{KEY}'\n"), file(f"a = '{KEY}'\nb = 1\n")),
    ("a key that was there, its line edited", "x.py", file(f"a = '{KEY}'\n"), file(f"bc = '{KEY}'\n")),
    ("an example of a key", "README.md", None, file("export ANTHROPIC_API_KEY=sk-ant-...\n")),
    ("a huge file edited", "x.csv", file(LINE * 15_000), file(LINE * 15_000 + "b\n")),
    ("a version", "pyproject.toml", file('[project]\nversion = "1"\n'), file('[project]\nversion = "2"\n')),
]  # fmt: skip


@pytest.mark.parametrize(("what", "path", "before", "after"), ACCEPTED)
def test_an_ordinary_change_is_accepted(what: str, path: str, before: Side, after: Side) -> None:
    found = admission({path: (before, after)})
    assert (found.verdict, found.items) == (AdmissionVerdict.ACCEPTED, ()), what


def test_a_file_too_large_to_search_is_refused_even_if_it_was_there() -> None:
    old = LINE.encode() * (MAX_CHECKED_BYTES // 100)
    assert rules(admission({"x.csv": (file(old), file(old + b"b\n"))})) == ["size.file"]


def test_too_many_files_are_refused_as_a_whole() -> None:
    def change(count: int) -> Admission:
        return admission({f"src/f{number}.py": (None, file("a\n")) for number in range(count)})

    assert change(MAX_FILES).items == ()
    (item,) = change(MAX_FILES + 1).items
    assert (item.id, item.path, item.refuses) == ("size.total", "", True)


def test_too_much_added_text_is_refused_as_a_whole() -> None:
    half = "".join(f"{number:099}\n" for number in range(MAX_ADDED_BYTES // 200))
    assert admission({"a.txt": (None, file(half)), "b.txt": (None, file(half))}).items == ()
    assert rules(admission({"a.txt": (None, file(half)), "b.txt": (None, file(half + "x"))})) == ["size.total"]


def test_many_removed_files_are_protected_as_one_item() -> None:
    def removal(count: int) -> Admission:
        return admission({f"src/f{number}.py": (file("a\n"), None) for number in range(count)})

    assert removal(MAX_DELETED_FILES).items == ()
    assert [item.id for item in removal(MAX_DELETED_FILES + 1).items] == ["delete.many"]


@pytest.mark.parametrize(
    ("what", "created", "others", "collides"),
    [
        ("case", "src/App.py", ("src/app.py",), True),
        ("case of a folder", "Src/x.py", ("src/y.py",), True),
        ("another path", "src/x.py", ("src/y.py",), False),
        ("a collision that was there", "src/x.py", ("doc/A", "doc/a", "src/y.py"), False),
        ("a new file in a folder that collided before", "doc/x", ("doc/a", "Doc/b"), False),
        ("a third spelling", "DOC/x", ("doc/a", "Doc/b"), True),
    ],
)
def test_a_path_that_collides_with_another_is_refused(
    what: str, created: str, others: tuple[str, ...], collides: bool
) -> None:
    found = admission({created: (None, file("a\n"))}, others=others)
    assert rules(found) == (["path.collision"] if collides else []), what


def test_a_rename_by_case_alone_is_no_collision() -> None:
    assert admission({"src/app.py": (file("a\n"), None), "src/App.py": (None, file("a\n"))}).items == ()


@pytest.mark.parametrize(
    ("path", "outside"),
    [("src/a.py", False), ("src/b.py", True), ("docs/x.md", False), ("tests/test_new.py", False)],
)
def test_files_the_plan_does_not_name_are_protected(path: str, outside: bool) -> None:
    found = admission({path: (None, file("a\n"))}, planned=frozenset({"src/a.py", "docs/"}))
    assert rules(found) == (["plan.outside"] if outside else [])


def test_a_changed_test_file_outside_the_plan_is_protected() -> None:
    sides = (file(TEST), file(f"{TEST}def test_b(): assert y\n"))
    assert rules(admission({"tests/test_x.py": sides}, planned=frozenset())) == ["plan.outside"]


def test_without_a_plan_nothing_is_outside_it() -> None:
    assert admission({"src/b.py": (None, file("a\n"))}, planned=None).items == ()


def test_the_users_patterns_protect() -> None:
    found = admission({"db/migrations/1.sql": (None, file("a\n"))}, protected=("src/", "migrations/"))
    assert [(item.id, item.refuses) for item in found.items] == [("path.policy:db/migrations/1.sql", False)]
    assert "migrations/" in found.items[0].detail


def test_this_machines_own_key_is_refused_whatever_it_looks_like() -> None:
    found = admission({"x.py": (file("a\n"), file("a = 'local-key'\n"))}, secrets=("local-key", ""))
    assert rules(found) == ["secret.in_diff"]
    assert "local-key" not in found.items[0].detail
    assert admission({"x.py": (file("local-key\n"), file("local-key\nb\n"))}, secrets=("local-key",)).items == ()


def test_findings_of_one_line_are_one_item() -> None:
    old = "@pytest.mark.parametrize('x', [1, 2])\ndef test_a(x):\n    assert x == 1\n    assert x\n"
    new = "\n\n\n@pytest.mark.parametrize('x', [1])\n@pytest.mark.skip\ndef test_a(x):\n    assert x\n"
    found = admission({"test_x.py": (file(old), file(new))})
    ids = [item.id for item in found.items]
    assert len(ids) == len(set(ids))
    assert "tests.weakened:test_x.py:6" in ids
    assert any(";" in item.detail for item in found.items)


def test_a_test_that_moved_to_another_file_is_no_item() -> None:
    moved = {"tests/test_x.py": (file(TEST), None), "tests/test_y.py": (None, file(TEST))}
    assert admission(moved).items == ()


def test_a_name_of_the_runner_that_the_base_had_is_no_item() -> None:
    assert admission({"json/__init__.py": (None, file("a = 1\n"))}, others=("json.py",)).items == ()


def test_a_flood_of_findings_is_cut_and_counted() -> None:
    found = admission({"x.py": (None, file("\u200b\n" * 500))})
    assert len(found.items) == MAX_ITEMS_PER_RULE
    assert f"and {500 - MAX_ITEMS_PER_RULE} more" in found.items[-1].detail


def test_an_id_names_rule_path_and_line() -> None:
    found = admission({"a b/ü.py": (file("a\n"), file("a\n\u202e\n"))})
    assert [item.id for item in found.items] == ["text.bidi:a b/ü.py:2"]


def test_a_change_without_its_bytes_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match=r"src/x\.py"):
        admission({"src/x.py": (None, (REGULAR, None))})


paths = st.sampled_from(["src/a.py", "tests/test_a.py", "Makefile", "pyproject.toml", "docs/ä.md", "tests/data.json"])
data = st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))
side = st.none() | st.tuples(st.sampled_from([REGULAR, EXECUTABLE]), data)
change_sets = st.dictionaries(paths, st.tuples(side, side), max_size=4)


@given(change_sets, st.none() | st.frozensets(paths))
def test_the_same_change_has_the_same_items_in_any_order(
    sides: dict[str, tuple[Side, Side]], planned: frozenset[str] | None
) -> None:
    once = admission(sides, planned=planned)
    again = admission(dict(reversed(sides.items())), planned=planned)
    assert once == again
    assert len({item.id for item in once.items}) == len(once.items)


@given(change_sets)
def test_what_is_accepted_alone_is_accepted_with_a_plan_that_names_it(sides: dict[str, tuple[Side, Side]]) -> None:
    assert admission(sides) == admission(sides, planned=frozenset(sides))


@given(st.sampled_from(["src/a.py", "tests/test_a.py", "docs/ä.md", "tests/data.json"]), data)
def test_an_unchanged_file_is_nobodys_fault(path: str, content: bytes) -> None:
    found = admission({path: (file(content), file(content))})
    assert {item.rule for item in found.items} <= {"content.binary"}, "git's own word on binary files stands"


OWN = 'local/4711+Canary~9&"key'
OWN_FORMS = {
    "plain": OWN,
    "JSON": json.dumps(OWN),
    "URL": quote(OWN, safe=""),
    "hex": OWN.encode().hex(),
    "large hex": OWN.encode().hex().upper(),
    **{f"base64 behind {n} bytes": base64.b64encode(b"x" * n + OWN.encode()).decode() for n in range(3)},
    "URL-safe base64 without padding": base64.urlsafe_b64encode(f"k={OWN}".encode()).decode().rstrip("="),
    "wrapped base64": base64.encodebytes(f"{'k' * 50}={OWN}".encode()).decode(),
}


@pytest.mark.parametrize("form", OWN_FORMS)
def test_no_change_writes_one_of_our_keys_in_any_form(form: str) -> None:
    change = {"x.txt": (file("a\n"), file(f"a\n{OWN_FORMS[form]}\n"))}
    assert rules(admission(change, secrets=(OWN,))) == ["secret.in_diff"]
    assert rules(admission(change)) == []


def test_a_key_that_the_file_had_may_not_come_again_in_another_form() -> None:
    before, after = file(f"{OWN}\n"), file(f"{OWN}\n{OWN.encode().hex()}\n")
    assert rules(admission({"x.py": (before, after)}, secrets=(OWN,))) == ["secret.in_diff"]


def test_the_name_of_a_file_holds_no_key_either() -> None:
    change: dict[str, tuple[Side, Side]] = {"a/local-key-4711.py": (None, file("a\n"))}
    assert rules(admission(change, secrets=("local-key-4711",))) == ["secret.in_diff"]


def test_a_key_that_goes_is_no_reason_to_refuse() -> None:
    assert admission({"x.py": (file(f"a\n{OWN}\n"), file("a\n"))}, secrets=(OWN,)).items == ()


CI_CHANGES: dict[str, tuple[str, Side, Side]] = {
    "a new workflow": (".github/workflows/x.yml", None, file("a\n")),
    "a changed pipeline": (".gitlab-ci.yml", file("a\n"), file("b\n")),
    "a removed workflow": (".GitHub/workflows/x.yml", file("a\n"), None),
}


@pytest.mark.parametrize("what", CI_CHANGES)
def test_in_ci_no_change_reaches_what_ci_runs(what: str) -> None:
    path, before, after = CI_CHANGES[what]
    (item,), (same,) = (admission({path: (before, after)}, in_ci=in_ci).items for in_ci in (True, False))
    assert (item.rule, item.refuses, same.refuses) == ("path.ci", True, False)
    assert item.id == same.id
    assert item.detail.endswith("runs in continuous integration, and no change that is made in CI may")


def test_in_ci_other_files_are_judged_as_elsewhere() -> None:
    change: dict[str, tuple[Side, Side]] = {name: (file("a\n"), file("b\n")) for name in ("Makefile", "x.py")}
    assert admission(change, in_ci=True) == admission(change)
