"""Paths that no tree of ours may hold, and names that are one name to a careless file system."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.paths import collisions, leftover, plain_name, refusal, shown


@pytest.mark.parametrize(
    "path",
    [
        *("a.py", "src/deep/er/x_1-2.tar.gz", ".gitignore", ".github/workflows/ci.yml", "..a", "a..b", "...x", "a-b"),
        *(
            "mit leer zeichen.txt",
            "größe.md",
            "日本語/説明.txt",
            "наш.py",
            "x" * 255,
            "git",
            "dot.git",
            ".gitt",
            "git~",
        ),
        *("a+b=c@d,e;f(g)[h]{i}!#$%&'", 'quote".txt', "tilde~1", "*.txt", "?"),
    ],
)
def test_ordinary_paths_break_no_rule(path: str) -> None:
    assert refusal(path) is None


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("", "path.traversal"),
        ("/etc/passwd", "path.traversal"),
        ("a//b", "path.traversal"),
        ("a/", "path.traversal"),
        ("./a", "path.traversal"),
        ("a/./b", "path.traversal"),
        ("..", "path.traversal"),
        ("a/../../b", "path.traversal"),
        ("a\\..\\b", "path.traversal"),
        (".git", "path.dotgit"),
        (".git/config", "path.dotgit"),
        ("sub/.git/hooks/pre-commit", "path.dotgit"),
        (".GIT/config", "path.dotgit"),
        (".Git", "path.dotgit"),
        (".git.", "path.dotgit"),
        (".git ", "path.dotgit"),
        (".git. . ", "path.dotgit"),
        (".git::$INDEX_ALLOCATION/config", "path.dotgit"),
        ("GIT~1/config", "path.dotgit"),
        ("git~2", "path.dotgit"),
        (".g\u200cit/config", "path.dotgit"),
        (".gi\u200dt", "path.dotgit"),
        ("\ufeff.git", "path.dotgit"),
        (".g\u00adit", "path.dotgit"),
        (".gi\ufe0ft", "path.dotgit"),
        (".gi\U000e0074t", "path.dotgit"),
        ("\uff0egit", "path.dotgit"),
        (".\uff47\uff49\uff54", "path.dotgit"),
        ("a\nb", "path.control"),
        ("a\tb", "path.control"),
        ("a\0b", "path.control"),
        ("a\x1b[2Jb", "path.control"),
        ("a\x7fb", "path.control"),
        ("a\x85b", "path.control"),
        ("a\u202eb", "path.invisible"),
        ("a\u2066b", "path.invisible"),
        ("a\u061cb", "path.invisible"),
        ("a\u200bb", "path.invisible"),
        ("a\u2060b", "path.invisible"),
        ("a\u2028b", "path.invisible"),
        ("a\u00a0b", "path.invisible"),
        ("a\u3164b", "path.invisible"),
        ("a\ufe0fb", "path.invisible"),
        ("a\U000e0041b", "path.invisible"),
        ("a\U000e0100b", "path.invisible"),
        ("a\ue000b", "path.invisible"),
        ("caf\udce9", "path.encoding"),
        ("cafe\u0301", "path.encoding"),
        ("x" * 256, "path.length"),
        ("ü" * 128, "path.length"),
        ("/".join(["x" * 200] * 6), "path.length"),
        ("/".join("x" * 65), "path.length"),
        ("-rf", "path.name"),
        ("src/--help", "path.name"),
        ("a.", "path.name"),
        ("a ", "path.name"),
        ("dir ./x", "path.name"),
        ("C:x", "path.name"),
        ("file:stream", "path.name"),
    ],
)
def test_a_path_is_refused_by_the_rule_it_breaks(path: str, rule: str) -> None:
    found = refusal(path)
    assert found is not None
    assert found.rule == rule


@given(st.text(max_size=20))
def test_what_is_accepted_is_one_visible_relative_name(path: str) -> None:
    if refusal(path) is None:
        assert path.split("/") == [part for part in path.split("/") if part not in ("", ".", "..")]
        assert unicodedata.normalize("NFC", path) == path
        assert shown(path) == path
        assert ".git" not in {plain_name(part) for part in path.split("/")}


@given(st.text(max_size=30))
def test_a_refusal_is_safe_to_print(path: str) -> None:
    found = refusal(path)
    if found is not None:
        assert all(char.isprintable() for char in found.detail)
        assert not {"\u202e", "\u200b", "\ufe0f"} & set(found.detail)


@given(st.sampled_from(["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\ufe00"]), st.integers(0, 4))
def test_an_invisible_character_anywhere_hides_no_git_folder(invisible: str, at: int) -> None:
    found = refusal(f"a/{'.git'[:at]}{invisible}{'.git'[at:]}/config")
    assert found is not None
    assert found.rule == "path.dotgit"


def test_names_that_differ_in_case_or_unicode_form_collide() -> None:
    assert collisions(["a/B.txt", "a/b.txt", "c.txt"]) == (("a/B.txt", "a/b.txt"),)
    assert collisions(["Straße", "STRASSE"]) == (("STRASSE", "Straße"),)
    assert collisions(["caf\u00e9", "cafe\u0301"]) == (("cafe\u0301", "caf\u00e9"),)


def test_folders_collide_too_but_each_pair_is_told_once() -> None:
    assert collisions(["Doc/a", "doc/b", "doc/c"]) == (("Doc", "doc"),)
    assert collisions(["Doc", "doc/b"]) == (("Doc", "doc"),)


def test_files_of_one_folder_do_not_collide_with_each_other() -> None:
    assert collisions(["a/b", "a/c", "a/b.c", "ab", "a-b"]) == ()


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("src/__pycache__/a.cpython-311.pyc", "src/__pycache__"),
        ("a.pyc", "a.pyc"),
        (".pytest_cache/README.md", ".pytest_cache"),
        ("web/node_modules/x/index.js", "web/node_modules"),
        ("thing.egg-info/PKG-INFO", "thing.egg-info"),
        (".coverage.host.1", ".coverage.host.1"),
        (".venv/bin/python", ".venv"),
        ("src/a.py", None),
        ("coverage/a", None),
        ("build/x", None),
        (".coveragerc", None),
        ("my__pycache__/a", None),
    ],
)
def test_leftovers_are_told_by_their_topmost_part(path: str, part: str | None) -> None:
    assert leftover(path) == part


def test_what_could_deceive_is_spelled_out() -> None:
    assert shown("a\u202e\n\x1b\udce9b ü") == "a<U+202E><U+000A><U+001B><U+DCE9>b ü"
