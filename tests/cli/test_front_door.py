"""What a newcomer meets first: a quick `--help`, and a README whose commands exist."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
import pytest

from coderoute.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

ROOT = Path(__file__).parents[2]
SLOW = ("anthropic", "openai", "docker", "git", "pydantic", "genai_prices", "sqlite3", "httpx")


def loaded_by(words: list[str]) -> list[str]:
    """The modules that a command has imported when it ends, which it does with 0, or 2 for a wrong one."""
    program = f"""
import json, sys
from coderoute.cli.main import main
try:
    main({words!r})
except SystemExit as leave:
    assert leave.code in (None, 0, 2), leave.code
print("\\n" + json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return cast("list[str]", json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["version"], ["frobnicate"]], ids=" ".join)
def test_help_imports_nothing_that_is_slow(words: list[str]) -> None:
    loaded = loaded_by(words)

    assert [module for module in loaded if module.partition(".")[0] in SLOW] == []
    assert [module for module in loaded if module.startswith(("coderoute.adapters", "coderoute.flow"))] == []


NOT_FOR_A_LOOK = (
    "anthropic", "openai", "docker", "git", "genai_prices", "httpx", "httpx2", "asyncio", "filelock",
    "coderoute.settings", "coderoute.flow.story", "coderoute.flow.runs", "coderoute.flow.people", "coderoute.stages",
    "coderoute.report.alarms", "coderoute.wiring.world", "coderoute.wiring.forge", "coderoute.adapters.sandbox_docker",
    "coderoute.adapters.repository_git",
)  # fmt: skip
NOT_FOR_A_LIST = (*NOT_FOR_A_LOOK, "pydantic", "coderoute.report", "coderoute.flow", "coderoute.ports",
                  "coderoute.domain.conversation", "coderoute.domain.judgement", "importlib.metadata")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "heavy"), [(["list"], NOT_FOR_A_LIST), (["show", "last"], NOT_FOR_A_LOOK)], ids=["list", "show last"]
)
def test_a_look_imports_nothing_that_it_does_not_need(words: list[str], heavy: tuple[str, ...], desk: "Desk") -> None:
    desk.to_the_gate()

    loaded = loaded_by(words)

    assert "sqlite3" in loaded, "it did look"
    assert [module for module in loaded if any(module == name or module.startswith(f"{name}.") for name in heavy)] == []


@pytest.mark.parametrize("module", ["coderoute.adapters.model_anthropic", "coderoute.adapters.model_openai",
                                    "coderoute.adapters.sandbox_docker", "coderoute.adapters.repository_git",
                                    "coderoute.adapters.prices_genai"])  # fmt: skip
def test_importing_an_adapter_is_cheap(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert [name for name in done.stdout.splitlines() if name in SLOW and name not in ("sqlite3", "pydantic")] == []


def test_every_command_is_listed_and_explains_itself() -> None:
    context = click.Context(cli)

    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None, name
        assert command.help, name


CODE = re.compile(r"```[a-z]*\n(.*?)```|^ {4}(.*?)$|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
"""Fenced blocks, indented lines, and code within a sentence."""


def code_of(document: Path) -> list[str]:
    return [line for found in CODE.findall(document.read_text("utf-8")) for line in "".join(found).splitlines()]


def commands_in(document: Path) -> list[str]:
    """The calls of coderoute in a document's code."""
    found = (re.search(r"(?:^|[\s/])(coderoute [a-z-].*)", line) for line in code_of(document))
    return [match.group(1) for match in found if match]


def mistake_in(line: str) -> str | None:
    """Why a line of a document is no command of ours."""
    words = re.sub(r"\s+#.*| [|>&].*", "", line).split()[1:]
    if not words or words[0].startswith("-"):
        return None if words in (["--help"], ["-h"]) else "no sub-command"
    command = cli.get_command(click.Context(cli), words[0])
    if command is None:
        return f"there is no sub-command {words[0]}"
    known = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
    used = [word.strip("[]").partition("=")[0] for word in words[1:] if word.strip("[]").startswith("-")]
    unknown = [option for option in used if option not in known and option != "-"]
    return f"{words[0]} has no option {', '.join(unknown)}" if unknown else None


DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_s_commands_exist(name: str) -> None:
    lines = commands_in(ROOT / name)

    assert [(line, why) for line in lines if (why := mistake_in(line))] == []
    assert lines or name != "README.md", "the README shows how to call coderoute"


@pytest.mark.parametrize(
    "line", ["coderoute frobnicate", "coderoute run x.md --force", "coderoute approve last --yes # quick", "coderoute"]
)
def test_a_command_that_does_not_exist_would_be_found(line: str) -> None:
    assert mistake_in(line)


@pytest.mark.parametrize(
    "line", ["coderoute approve 1bbc --patch db41 [--ack ITEM]...", "coderoute cost last --json | jq .", "coderoute -h"]
)
def test_a_command_that_exists_is_not_taken_for_a_mistake(line: str) -> None:
    assert mistake_in(line) is None


def test_the_make_targets_that_the_readme_names_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = [word for line in code_of(ROOT / "README.md") for word in re.findall(r"\bmake ([a-z]+)", line)]

    assert set(named) <= set(targets)
    assert {"demo", "test"} <= set(named)
