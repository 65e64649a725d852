"""The workflow and the action that we ship: no job both writes and runs what others wrote."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "docs" / "ci").glob("*.yml"))
PINNED = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_./-]+)?@[0-9a-f]{40}")
OURS = "acme/coderoute@"
MAY_MEET_A_WRITE_TOKEN = ("actions/checkout@", "actions/download-artifact@", OURS)
UNTRUSTED_MODES = ("run", "plan", "${{")
EXPRESSION = re.compile(r"\$\{\{(?P<inside>.*?)\}\}", re.DOTALL)
TEXT_OF_OTHERS = re.compile(
    r"github\.(?:event\.(?!label\.name)[\w.]*(?:title|body|name|ref|login|message|email)|head_ref)"
)
TRIGGERS = {"workflow_dispatch", "issues", "issue_comment"}
Node = dict[str, Any]


def read(path: Path) -> Node:
    found = YAML(typ="safe").load(path.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def jobs() -> Iterator[tuple[str, Node]]:
    for path in WORKFLOWS:
        for name, job in read(path)["jobs"].items():
            yield f"{path.name}: {name}", job


JOBS = dict(jobs())


def steps(job: Node) -> list[Node]:
    return list(job["steps"])


def scalars(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from scalars(value)
    elif isinstance(node, list):
        for value in node:
            yield from scalars(value)
    elif isinstance(node, str):
        yield node


def may_write(job: Node) -> bool:
    return "write" in dict(job["permissions"]).values()


def works(job: Node) -> bool:
    """Whether what a model or a repository made runs in it."""
    return any(str(step.get("with", {}).get("mode", "")).startswith(UNTRUSTED_MODES) for step in steps(job))


def test_there_is_something_to_look_at() -> None:
    assert WORKFLOWS
    assert any(may_write(job) for job in JOBS.values())
    assert any(works(job) for job in JOBS.values())


@pytest.mark.parametrize(
    ("path", "schema"),
    [(ACTION, "vendor.github-actions"), *((path, "vendor.github-workflows") for path in WORKFLOWS)],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_it_fits_githubs_schema(path: Path, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_grants_nothing_to_all_of_its_jobs_and_starts_on_nothing_else(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert set(workflow["on"]) <= TRIGGERS
    assert workflow["on"]["issues"] == {"types": ["labeled"]}
    assert workflow["on"]["issue_comment"] == {"types": ["created"]}
    assert "env" not in workflow


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_its_own_permissions_and_an_end(name: str) -> None:
    job = JOBS[name]
    assert isinstance(job["permissions"], dict)
    assert job["timeout-minutes"] <= 120
    assert "env" not in job
    assert "self-hosted" not in str(job["runs-on"])


@pytest.mark.parametrize("name", JOBS)
def test_every_action_is_pinned_and_every_checkout_leaves_no_token_behind(name: str) -> None:
    for step in steps(JOBS[name]):
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"]), step["uses"]
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
            assert "ref" not in step["with"]
            assert "repository" not in step["with"]


ALL_STEPS = {
    **{f"{name}, step {number}": step for name, job in JOBS.items() for number, step in enumerate(steps(job), 1)},
    **{f"action.yml: {step['name']}": step for step in read(ACTION)["runs"]["steps"]},
}


@pytest.mark.parametrize("name", ALL_STEPS)
def test_no_shell_is_given_an_expression(name: str) -> None:
    step = ALL_STEPS[name]
    assert "${{" not in step.get("run", "")
    assert "eval" not in step.get("run", "").split()
    for name_of_variable in step.get("env", {}):
        assert name_of_variable not in ("PATH", "BASH_ENV", "LD_PRELOAD", "PYTHONPATH", "NODE_OPTIONS")


@pytest.mark.parametrize("name", ALL_STEPS)
def test_no_text_of_others_stands_in_an_expression_of_a_step(name: str) -> None:
    for text in scalars(ALL_STEPS[name]):
        for found in EXPRESSION.finditer(text):
            assert not TEXT_OF_OTHERS.search(found["inside"]), text


@pytest.mark.parametrize("name", JOBS)
def test_no_job_both_writes_and_runs_what_others_wrote(name: str) -> None:
    job = JOBS[name]
    if not may_write(job):
        return
    assert not works(job)
    assert not any("secrets." in text for text in scalars(job)), "a job that writes has no key of a model"
    for step in steps(job):
        assert "run" not in step
        assert step["uses"].startswith(MAY_MEET_A_WRITE_TOKEN), step["uses"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_works_may_read_only_and_shares_no_cache(name: str) -> None:
    job = JOBS[name]
    if not works(job):
        return
    assert set(job["permissions"].values()) <= {"read"}
    assert not any("cache" in step.get("uses", "") for step in steps(job))
    holders = [step for step in steps(job) if any("secrets." in text for text in scalars(step))]
    assert [step["uses"].startswith(OURS) for step in holders] == [True]


def test_only_the_step_that_works_holds_a_models_key() -> None:
    holders = [step["name"] for step in read(ACTION)["runs"]["steps"] if "api-key" in "".join(scalars(step))]
    assert holders == ["Work"]


def test_the_gate_has_no_secret_and_asks_before_anything_is_paid() -> None:
    for path in WORKFLOWS:
        workflow = read(path)["jobs"]
        assert workflow["gate"]["permissions"] == {"issues": "read"}
        assert not any("secrets." in text for text in scalars(workflow["gate"]))
        assert workflow["work"]["needs"] == "gate"
        assert workflow["work"]["if"] == "needs.gate.outputs.go == 'true'"
        assert {step.get("with", {}).get("mode") for step in steps(workflow["gate"])} == {"gate"}


def test_apply_waits_for_a_person_where_there_is_an_environment() -> None:
    for path in WORKFLOWS:
        workflow = read(path)["jobs"]
        assert workflow["approve"]["environment"]
        assert "approve" in workflow["apply"]["needs"]


def test_every_output_of_a_run_is_one_of_the_action() -> None:
    from coderoute.domain.ci_words import OF_A_RUN

    outputs = read(ACTION)["outputs"]
    assert set(OF_A_RUN) <= set(outputs)
    assert all(f"outputs.{name} " in f"{outputs[name]['value']} " for name in OF_A_RUN)


@pytest.mark.parametrize("step", [s["name"] for s in read(ACTION)["runs"]["steps"]])
def test_every_shell_of_the_action_parses(step: str, tmp_path: Path) -> None:
    script = next(s["run"] for s in read(ACTION)["runs"]["steps"] if s["name"] == step)
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


FAKE = """#!/bin/bash
case "$1 $2" in
    "ci unchanged") exit "${UNCHANGED:-0}" ;;
esac
printf '%s\\n' "::error::from others" "  ::add-mask::x" "text ##[command]x" >&2
printf '{"words": "%s"}' "$*"
exit 5
"""


@pytest.mark.parametrize(
    ("unchanged", "code", "document"), [("0", "5", '{"words": "run acme/app#1 --json"}'), ("4", "4", "")]
)
def test_the_working_step_keeps_the_exit_code_and_lets_no_line_command_the_runner(
    unchanged: str, code: str, document: str, tmp_path: Path
) -> None:
    place = tmp_path / "coderoute"
    (place / "venv" / "bin").mkdir(parents=True)
    program = place / "venv" / "bin" / "coderoute"
    program.write_text(FAKE)
    program.chmod(0o755)
    (place / "words").write_bytes(b"run\0acme/app#1\0--json\0")
    script = next(s["run"] for s in read(ACTION)["runs"]["steps"] if s["name"] == "Work")
    environ = {
        "PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path), "ISSUE": "acme/app#1", "ISSUE_SHA256": "0" * 64,
        "UNCHANGED": unchanged,
    }  # fmt: skip

    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script], env=environ, capture_output=True,
        text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (place / "code").read_text() == f"{code}\n"
    assert ((place / "run.json").read_text() if document else "") == document
    begin, *others, end = done.stdout.splitlines()
    assert begin.startswith("::stop-commands::")
    assert end == f"::{begin.removeprefix('::stop-commands::')}::"
    assert [line for line in others if not line.startswith("| ") or "##[" in line] == []
    assert len(others) == (3 if document else 0)
