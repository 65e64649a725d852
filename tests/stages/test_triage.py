"""What rules alone tell about a task; in doubt it is neither tiny nor safe."""

from decimal import Decimal

import pytest

from coderoute.domain.cost_model import DirectOrPlanned
from coderoute.domain.task import Task
from coderoute.stages.triage import TINY_WORDS, named_paths, triage

PATHS = (
    "README.md",
    "Makefile",
    ".github/workflows/ci.yml",
    "src/shop/auth/login.py",
    "src/shop/text.py",
    "src/shop/table.py",
    "src/shop/__init__.py",
    "tests/__init__.py",
    "docs/my notes.md",
    "docs/grüße.md",
    "run",
)


def task(title: str, body: str = "") -> Task:
    return Task(source="file", title=title, body=body, sha256="0")


@pytest.mark.parametrize(
    ("what", "title", "tiny"),
    [
        ("a typo in one file", "Fix the typo in README.md", True),
        ("a docstring", "The docstring in src/shop/text.py has bad grammar", True),
        ("a dead link", "Dead link in `docs/my notes.md`", True),
        ("no file", "Fix the typo", False),
        ("two files", "Fix the typos in README.md and src/shop/text.py", False),
        ("a file that is not there", "Fix the typo in CONTRIBUTING.md", False),
        ("a bug about white space", "src/shop/text.py: slugify() keeps trailing whitespace", False),
        ("a bug about comments", "src/shop/table.py breaks on a comment line", False),
        ("a bug about links", "src/shop/text.py turns a link into upper case", False),
        ("a rename, which callers notice", "Rename slugify in src/shop/text.py to slug", False),
        ("a feature", "Add a table of contents to README.md", False),
    ],
)
def test_only_a_change_of_words_in_one_file_is_tiny(what: str, title: str, tiny: bool) -> None:
    found = triage(task(title), PATHS)
    assert found.tiny is tiny, what
    assert found.risk == "low"


@pytest.mark.parametrize(("words", "tiny"), [(TINY_WORDS, True), (TINY_WORDS + 1, False)])
def test_a_long_description_is_not_tiny(words: int, tiny: bool) -> None:
    assert triage(task("typo README.md", "word " * (words - 2)), PATHS).tiny is tiny


def test_code_in_the_description_is_not_tiny() -> None:
    assert not triage(task("typo in README.md", "```\nx = 1\n```"), PATHS).tiny


def priced(direct: str, price_ratio: str = "20") -> DirectOrPlanned:
    """A plan and a review for 12.8 cents and half a cent of testing: they pay from 19 cents on at a ratio of 20."""
    return DirectOrPlanned(
        direct_usd=Decimal(direct), overhead_usd=Decimal("0.128"), acceptance=Decimal("0.75"),
        price_ratio=Decimal(price_ratio),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("direct", "ratio", "tiny", "why"),
    [
        ("0.012", "20", True, "one direct attempt about $0.0120 against $0.13 for plan and review"),
        ("0.19", "20", True, "which pay only where a direct attempt costs more than $0.19"),
        ("0.20", "20", False, "so it is planned"),
        ("9", "1.2", True, "the cheap model is not cheap enough for a plan to pay"),
    ],
)
def test_of_what_may_be_tiny_the_price_decides(direct: str, ratio: str, tiny: bool, why: str) -> None:
    found = triage(task("Fix the typo in README.md"), PATHS, lambda _: priced(direct, ratio))
    assert found.tiny is tiny
    assert why in found.reason


def test_the_price_is_asked_for_the_file_that_is_named() -> None:
    asked: list[str] = []
    triage(task("Fix the typo in `docs/my notes.md`"), PATHS, lambda path: asked.append(path))
    assert asked == ["docs/my notes.md"]


@pytest.mark.parametrize("title", ["Fix the crash in README.md", "Fix the typo in the password message of README.md"])
def test_no_price_makes_tiny_what_words_do_not_allow(title: str) -> None:
    assert not triage(task(title), PATHS, lambda _: priced("0.01")).tiny


@pytest.mark.parametrize(
    "title",
    [
        "Fix the typo in the password message of README.md",
        "The migration fails",
        "Encrypt backups",
        "Users are not authenticated",
        "authorization header is dropped",
        "drop table is not escaped",
        "Typo in src/shop/auth/login.py",
        "Typo in .github/workflows/ci.yml",
    ],
)
def test_risk_is_seen_in_words_and_in_paths(title: str) -> None:
    found = triage(task(title), PATHS)
    assert (found.tiny, found.risk) == (False, "medium")
    assert "asks for care" in found.reason


@pytest.mark.parametrize("title", ["The author's name is missing", "Tokenizer loses a word", "Fix the secretary"])
def test_a_word_that_only_begins_like_a_risky_one_is_no_risk(title: str) -> None:
    assert triage(task(title), PATHS).risk == "low"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see src/shop/text.py.", ["src/shop/text.py"]),
        ("see ./src/shop/text.py:12: boom", ["src/shop/text.py"]),
        ("in text.py and `table.py`", ["src/shop/text.py", "src/shop/table.py"]),
        ("shop/text.py", ["src/shop/text.py"]),
        ('File "/home/me/work/src/shop/table.py", line 3, in f', ["src/shop/table.py"]),
        ("https://example.org/o/r/blob/main/src/shop/table.py#L3-L9", ["src/shop/table.py"]),
        (".github/workflows/ci.yml", [".github/workflows/ci.yml"]),
        ("`docs/my notes.md`, docs/grüße.md", ["docs/my notes.md", "docs/grüße.md"]),
        ("(README.md)", ["README.md"]),
        ("the Makefile", ["Makefile"]),
        ("run it again and again", []),
        ("__init__.py", []),
        ("ext.py, xtext.py, text.pyc", []),
        ("text.py text.py", ["src/shop/text.py"]),
        ("", []),
    ],
)
def test_files_are_found_by_what_people_call_them(text: str, found: list[str]) -> None:
    assert list(named_paths(text, PATHS)) == found
