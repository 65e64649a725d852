"""What the campaigns' runs are about: a small repository, an issue, what models answer at each place of the story, and
what the repository's tests say of any state of its files.

Four modules, each a number. A test for the first is written, then all four are changed side by side, the first of them
wrongly once; a reviewer sends the change back, then a person does; then the target moves on.
"""

import re
from collections.abc import Mapping
from typing import Any

from coderoute.adapters.sandbox_inmemory import REPORT_PATH, WORK, Recorded

Json = dict[str, Any]

MODULES = ("one", "two", "three", "four")
TESTS = "tests/test_numbers.py"
NEW_TEST = f"{TESTS}::test_one_is_eleven"
PARALLEL = len(MODULES)
"""Steps that are worked on at the same time, so also calls that may be in flight at once."""


def module(value: int, remark: str = "A number.") -> str:
    return f'"""{remark}"""\n\n\ndef value():\n    return {value}\n'


OLD_TESTS = (
    "from numbers_here import four, one, three, two\n\n\n"
    "def test_one_is_large():\n    assert one.value() >= 1\n\n\n"
    "def test_the_others_are_large():\n    assert two.value() + three.value() + four.value() >= 3\n"
)
NEW_TESTS = OLD_TESTS + "\n\ndef test_one_is_eleven():\n    assert one.value() == 11\n"
FILES = {
    "README.md": "# Numbers\n",
    "numbers_here/__init__.py": "",
    **{f"numbers_here/{name}.py": module(1) for name in MODULES},
    TESTS: OLD_TESTS,
}
FASTER = {"README.md": "# Numbers\n\nSomebody else was faster.\n"}
"""What the target moves by."""
ISSUE = "# Larger numbers\n\nEach number should be larger by ten.\n"
COMMENT = "Say in one.py why it is eleven."
MERGED = FILES | FASTER | {TESTS: NEW_TESTS, "numbers_here/one.py": module(11, "Eleven, for the issue asks for it.")}
MERGED |= {f"numbers_here/{name}.py": module(11) for name in MODULES[1:]}
"""The files of the target in the end."""

SETTINGS = """
[models.frontier]
provider = "anthropic"
model = "campaign-frontier"

[models.premium]
provider = "anthropic"
model = "campaign-premium"
stream = false

[models.cheap]
provider = "openai"
model = "campaign-cheap"
api = "responses"
stream = {stream}

[prices."anthropic:campaign-frontier"]
input_usd_per_mtok = 20
output_usd_per_mtok = 100
cached_input_usd_per_mtok = 2

[prices."anthropic:campaign-premium"]
input_usd_per_mtok = 20
output_usd_per_mtok = 100
cached_input_usd_per_mtok = 2

[prices."openai:campaign-cheap"]
input_usd_per_mtok = 1
output_usd_per_mtok = 5
cached_input_usd_per_mtok = 0.1

[limits]
budget_usd = 500
parallel_steps = 4

[test]
command = "python -m pytest -q"
"""
USD_PER_MTOK = {"campaign-frontier": (20, 100), "campaign-premium": (20, 100), "campaign-cheap": (1, 5)}
"""(input, output), as in the settings."""


def step(step_id: str, file: str, **more: object) -> Json:
    return {
        "id": step_id, "title": f"Do {step_id}", "instructions": f"Do {step_id}.", "class": "cheap",
        "kind": "edit.local", "files": [file], "depends_on": [], "diff_lines": 6, "checks": [], **more,
    }  # fmt: skip


PLAN: Json = {
    "summary": "Larger numbers", "risk": "low", "risk_reasons": [], "questions": [],
    "reproduction": {"test": NEW_TEST, "step": "test", "why_not": None},
    "steps": [
        step("test", TESTS, kind="test.write"),
        step("one", "numbers_here/one.py", depends_on=["test"], checks=[NEW_TEST]),
        *(step(name, f"numbers_here/{name}.py", depends_on=["test"]) for name in MODULES[1:]),
    ],
}  # fmt: skip


def answer(stage: str, step_id: str, attempt: int, turn: int) -> tuple[str, Json]:
    """The (tool, arguments) of the model's call in its turn, counted from 0, at a place of the story."""
    if stage == "plan":
        return "submit_plan", PLAN
    if stage == "review":
        wanted = attempt == 1
        finding = {"severity": "medium", "path": "numbers_here/one.py", "line": 1, "title": "Why", "detail": "Say why."}
        return "submit_review", {
            "verdict": "request_changes" if wanted else "approve", "summary": "So.",
            "findings": [finding] if wanted else [],
        }  # fmt: skip
    if turn:
        return "finish", {"summary": "done"}
    return "write_file", written(step_id, attempt)


def written(step_id: str, attempt: int) -> Json:
    match step_id:
        case "test":
            return {"path": TESTS, "content": NEW_TESTS}
        case "one":
            return {"path": "numbers_here/one.py", "content": module(10 if attempt == 1 else 11)}
        case "rework-1":
            return {"path": "numbers_here/one.py", "content": module(11, "Eleven.")}
        case "rework-2":
            return {"path": "numbers_here/one.py", "content": MERGED["numbers_here/one.py"]}
        case _:
            return {"path": f"numbers_here/{step_id}.py", "content": module(11)}


def suite(command: str, env: Mapping[str, str], files: Mapping[str, bytes]) -> Recorded | None:
    """What pytest says of the repository, for a sandbox in memory."""
    if not command.startswith("python -m pytest -q"):
        return None
    ids = command.removeprefix("python -m pytest -q").split()
    text = files.get(f"{WORK}/{TESTS}", b"").decode()
    values = {name: int(re.findall(r"return (\d+)", _source(files, name))[0]) for name in MODULES}
    verdicts: dict[str, bool] = {}
    for name, summed, relation, wanted in re.findall(r"def (test_\w+)\(\):\n    assert (.+) (==|>=) (\d+)", text):
        found = sum(values[part.partition(".")[0]] for part in summed.split(" + "))
        verdicts[name] = found == int(wanted) if relation == "==" else found >= int(wanted)
    chosen = {name: well for name, well in verdicts.items() if not ids or any(i.endswith(name) for i in ids)}
    cases = "".join(
        f'<testcase classname="tests.test_numbers" name="{name}" file="{TESTS}">'
        f"{'' if well else '<failure>E   AssertionError: no</failure>'}</testcase>"
        for name, well in chosen.items()
    )
    place = REPORT_PATH.search(env.get("PYTEST_ADDOPTS", ""))
    report = f"<testsuites><testsuite>{cases}</testsuite></testsuites>".encode()
    return Recorded(
        exit_code=5 if not chosen else 0 if all(chosen.values()) else 1,
        output=f"{len(chosen)} tests\n".encode(),
        files={} if place is None else {place.group(1): report},
    )


def _source(files: Mapping[str, bytes], name: str) -> str:
    return files.get(f"{WORK}/numbers_here/{name}.py", b"return 0").decode()
