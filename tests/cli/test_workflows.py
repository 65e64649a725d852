"""The workflow and the action that we ship: no job both writes and runs what others wrote."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "docs" / "ci").glob("*.yml"))
PINNED = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_./-]+)?@[0-9a-f]{40}")
OURS = "OWNER/REPO@"
PLACEHOLDER = f"{OURS}{'0' * 40}"
"""What a user replaces; the zeros are the sha of no commit, so a job with them fails."""
PINS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
}
"""As the tags of the actions' own repositories say."""
MAY_MEET_A_WRITE_TOKEN = ("actions/checkout@", "actions/download-artifact@", OURS)
UNTRUSTED_MODES = ("run", "plan", "${{")
THE_DEFAULT_BRANCH = "${{ github.event.repository.default_branch }}"
EXPRESSION = re.compile(r"\$\{\{(?P<inside>.*?)\}\}", re.DOTALL)
TEXT_OF_OTHERS = re.compile(
    r"github\.(?:event\.(?!label\.name)[\w.]*(?:title|body|name|ref|login|message|email)|head_ref)"
)
TRIGGERS = {
    "issues": {"types": ["labeled"]}, "issue_comment": {"types": ["created"]},
    "pull_request_review": {"types": ["submitted"]},
}  # fmt: skip
"""Beside workflow_dispatch. None of them runs code that a fork brings with a right to write."""
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
    for name, how in workflow["on"].items():
        assert name == "workflow_dispatch" or how == TRIGGERS[name]
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
            assert step["with"].get("ref") in (None, THE_DEFAULT_BRANCH)
            assert "repository" not in step["with"]


def test_where_an_event_is_of_a_pull_request_its_branch_is_not_checked_out() -> None:
    for path in WORKFLOWS:
        workflow = read(path)
        if "pull_request_review" not in workflow["on"]:
            continue
        for job in workflow["jobs"].values():
            for step in steps(job):
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["ref"] == THE_DEFAULT_BRANCH


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_pin_is_a_known_version_or_the_place_for_ours(path: Path) -> None:
    used = re.findall(r"^[ -]*uses: *(.*)", path.read_text("utf-8"), re.MULTILINE)
    known = {f"{name}@{sha} # {version}" for name, (sha, version) in PINS.items()} | {f"{PLACEHOLDER} # replace"}
    assert set(used) <= known
    assert f"{PLACEHOLDER} # replace" in used


def test_the_documented_command_names_the_action_in_every_workflow(tmp_path: Path) -> None:
    command = next(row for row in (ROOT / "docs" / "ci.md").read_text("utf-8").splitlines() if row.startswith("sed "))
    folder = tmp_path / ".github" / "workflows"
    shutil.copytree(ROOT / "docs" / "ci", folder)
    sha = "1234567890abcdef1234567890abcdef12345678"

    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, env={"PATH": "/usr/bin:/bin", "SHA": sha})

    for path in folder.glob("*.yml"):
        uses = [step["uses"] for job in read(path)["jobs"].values() for step in steps(job) if "uses" in step]
        assert f"acme/coderoute@{sha}" in uses
        assert not [each for each in uses if each.startswith(OURS) or not PINNED.fullmatch(each)]


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


def test_the_gate_has_no_secret_and_asks_before_anything_is_paid_or_written() -> None:
    for path in WORKFLOWS:
        workflow = read(path)["jobs"]
        assert set(workflow["gate"]["permissions"].values()) == {"read"}
        assert not any("secrets." in text for text in scalars(workflow["gate"]))
        assert {step.get("with", {}).get("mode") for step in steps(workflow["gate"])} <= {"gate", "merge-gate"}
        assert [name for name, job in workflow.items() if "needs" not in job] == ["gate"]
        (second,) = (job for job in workflow.values() if job.get("needs") == "gate")
        assert second["if"] == "needs.gate.outputs.go == 'true'"


def test_a_person_comes_before_what_writes_or_the_pull_request_does() -> None:
    before = read(ROOT / "docs" / "ci" / "coderoute.yml")["jobs"]
    assert before["approve"]["environment"]
    assert before["approve"]["permissions"] == {}
    assert "approve" in before["apply"]["needs"]
    on_the_page = read(ROOT / "docs" / "ci" / "coderoute-pull-request.yml")["jobs"]
    modes = [step.get("with", {}).get("mode") for job in on_the_page.values() for step in steps(job)]
    assert "merge" not in modes, "what is published is merged by another workflow, after somebody's word"


def test_every_output_of_a_run_is_one_of_the_action() -> None:
    from coderoute.domain.ci_words import OF_A_RUN

    outputs = read(ACTION)["outputs"]
    assert set(OF_A_RUN) <= set(outputs)
    assert all(f"steps.report.outputs.{name} " in outputs[name]["value"] for name in OF_A_RUN)


@pytest.mark.parametrize("step", [s["name"] for s in read(ACTION)["runs"]["steps"]])
def test_every_shell_of_the_action_parses(step: str, tmp_path: Path) -> None:
    script = next(s["run"] for s in read(ACTION)["runs"]["steps"] if s["name"] == step)
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


FAKE = """#!/bin/bash
printf '%s\\n' "::error::from others" "  ::add-mask::x" "text ##[command]x" >&2
printf '{"words": "%s"}' "$*"
[[ -z ${SLOW:-} ]] || { trap 'printf stopped; exit 130' TERM; touch "$SLOW"; while :; do sleep 0.05; done; }
exit 5
"""


@pytest.fixture
def work(tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    """The working step's shell, with a coderoute that prints what others wrote."""
    place = tmp_path / "coderoute"
    (place / "venv" / "bin").mkdir(parents=True)
    program = place / "venv" / "bin" / "coderoute"
    program.write_text(FAKE)
    program.chmod(0o755)
    (place / "words").write_bytes(b"run\0acme/app#1\0--json\0")
    script = next(s["run"] for s in read(ACTION)["runs"]["steps"] if s["name"] == "Work")
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    return shell, {"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path)}


def test_the_working_step_keeps_the_exit_code_and_lets_no_line_command_the_runner(
    work: tuple[list[str], dict[str, str]], tmp_path: Path
) -> None:
    shell, environ = work

    done = subprocess.run(shell, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "coderoute" / "code").read_text() == "5\n"
    assert (tmp_path / "coderoute" / "run.json").read_text() == '{"words": "run acme/app#1 --json"}'
    begin, *others, end = done.stdout.splitlines()
    assert begin.startswith("::stop-commands::")
    assert end == f"::{begin.removeprefix('::stop-commands::')}::"
    assert [line for line in others if not line.startswith("| ") or "##[" in line] == []
    assert len(others) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_tells_the_run_and_waits_for_its_last_words(
    number: signal.Signals, work: tuple[list[str], dict[str, str]], tmp_path: Path
) -> None:
    """The runner signals the step's shell and nobody else."""
    shell, environ = work
    begun = tmp_path / "begun"
    with subprocess.Popen(shell, env={**environ, "SLOW": str(begun)}, stdout=subprocess.DEVNULL) as step:
        while not begun.exists():
            assert step.poll() is None
            time.sleep(0.01)
        step.send_signal(number)
        assert step.wait() == 0
    assert (tmp_path / "coderoute" / "code").read_text() == "130\n"
    assert (tmp_path / "coderoute" / "run.json").read_text().endswith("stopped")
