"""What peers.py is about: a generated repository, an issue, and what models say, in the words of each program."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

MODULES = 300
FAULTY = "shop/m017.py"
ISSUE = """# Wrong totals in shop/m017.py

`total_17` forgets the amount: it should return price * amount.
"""
TINY_ISSUE = "# Typo in shop/m017.py\n\nThere is a typo in what `total_17` returns: the amount is missing.\n"
RED_TEST = "tests/test_m017.py::test_total"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What the executor's model says in one turn, in the words of each: a tool and its arguments, a shell command."""

    kind: str
    tool: str
    arguments: Json
    command: str


def _read(path: str) -> Turn:
    return Turn(kind="file", tool="read_file", arguments={"path": path}, command=f"cat -n {path}")


def _edit(old: str, new: str) -> Turn:
    return Turn(
        kind="file", tool="edit_file", arguments={"path": FAULTY, "old": old, "new": new},
        command=f"sed -i 's/^{old}$/{new}/' {FAULTY}",
    )  # fmt: skip


def _run(kind: str, command: str) -> Turn:
    return Turn(kind=kind, tool="run", arguments={"command": command}, command=command)


TEST = f"python -m pytest -q {RED_TEST}"
TURNS = (
    _read("shop/m017.py"),
    Turn(
        kind="run", tool="search", arguments={"pattern": "def total_1[78]"},
        command="grep -rnE 'def total_1[78]' --exclude-dir=.git .",
    ),
    _read("shop/m018.py"),
    Turn(kind="run", tool="list_files", arguments={"path": "tests"}, command="find tests -type f | sort"),
    _read("tests/test_m017.py"),
    _edit("    return price_17(amount)", "    return price_17(amount) * amount"),
    _run("run", "git diff"),
    _run("test", TEST),
    _edit('    """The price of all."""', '    """The price of all of them."""'),
    _read("shop/m016.py"),
    _run("test", TEST),
    Turn(
        kind="end", tool="finish", arguments={"summary": "The total heeds the amount."},
        command="echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git diff",
    ),
)  # fmt: skip
PLAN: Json = {
    "summary": "The total heeds the amount", "risk": "low", "risk_reasons": [], "questions": [],
    "reproduction": {"test": RED_TEST, "step": None, "why_not": None},
    "steps": [{
        "id": "totals", "title": "Multiply by the amount", "class": "cheap", "kind": "edit.local",
        "instructions": "In shop/m017.py let total_17 return the price times the amount.",
        "files": [FAULTY], "depends_on": [], "diff_lines": 4, "checks": [RED_TEST],
    }],
}  # fmt: skip
REVIEW: Json = {"verdict": "approve", "summary": "The total heeds the amount.", "findings": []}


def repository(folder: Path) -> Path:
    """A project of small modules of which one forgets a factor, which one test sees."""
    repo = folder / "repo"
    for number in range(MODULES):
        factor = "" if number == 17 else " * amount"
        body = "\n\n".join(
            f"def part_{number}_{n}(value: int) -> int:\n"
            f'    """Part {n} of module {number}."""\n    return value + {n}\n'
            for n in range(4)
        )
        text = (
            f'"""Module {number} of a shop."""\n\n\ndef price_{number}(amount: int) -> int:\n'
            f'    """The price of one of `amount` things."""\n    return {number} + 0 * amount\n\n\n'
            f'def total_{number}(amount: int) -> int:\n    """The price of all."""\n'
            f"    return price_{number}(amount){factor}\n\n\n{body}"
        )
        (repo / "shop").mkdir(parents=True, exist_ok=True)
        (repo / "shop" / f"m{number:03}.py").write_text(text)
    (repo / "tests").mkdir()
    (repo / "shop" / "__init__.py").write_text("")
    (repo / "README.md").write_text("# A shop\n")
    for number in (16, 17, 18):
        (repo / "tests" / f"test_m{number:03}.py").write_text(
            f"from shop.m{number:03} import part_{number}_1, total_{number}\n\n\n"
            f"def test_total() -> None:\n    assert total_{number}(3) == {number * 3}\n\n\n"
            f"def test_part() -> None:\n    assert part_{number}_1(1) == 2\n"
        )
    author = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid", "-c", "gc.auto=0"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *author, *command], cwd=repo, check=True)
    return repo
