"""GitHub Actions on this machine, as far as our workflows use it: jobs as their file has them, each on a machine of its
own, their steps' scripts by bash with nothing in the environment but what the file says. It holds no tests."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
Permissions = Mapping[str, str]
Node = dict[str, Any]

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>&&|\|\||==|!=|!|\(|\)|,)|(?P<name>[A-Za-z_][\w.-]*))")
MARKS = {"&&": " and ", "||": " or ", "!": " not "}
CHECKS = ("always", "success", "failure", "cancelled")


@dataclass
class Done:
    """How a job or a step ended: `outcome` is success, failure or skipped."""

    outcome: str
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    said: dict[str, str] = field(default_factory=dict)
    """Of a job: the outputs of our action in it."""
    codes: tuple[int, ...] = ()
    """Of the scripts that it ran."""


@dataclass
class Actions:
    """One repository's workflows. `token_for` gives a job's token, by its permissions."""

    folder: Path
    slug: str
    server: str
    api: str
    secrets: Mapping[str, str]
    token_for: Callable[[Permissions], str]
    clone: Callable[[Path, str], None]
    """Makes a clone of the default branch at a path, with a token."""
    program: str
    """The Python text that runs as `coderoute`; its variable SEEN is where it writes what it was given."""
    packages: str = str(ROOT)
    artifacts: list[Node] = field(default_factory=list)
    contents: dict[int, bytes] = field(default_factory=dict)
    seen: list[Node] = field(default_factory=list)
    """job, words and environment of each `coderoute`, in order."""
    engine: bool = True
    can_install: bool = True
    machines: int = 0
    runs: int = 0

    def begins(self, workflow: Path, name: str, event: Node) -> "Started":
        self.runs += 1
        return Started(actions=self, name=name, event=event, number=7000 + self.runs, jobs=read(workflow)["jobs"])


@dataclass
class Started:
    """A run of a workflow. Its jobs are run one after the other, by `whole` or by hand."""

    actions: Actions
    name: str
    event: Node
    number: int
    jobs: dict[str, Node]
    done: dict[str, Done] = field(default_factory=dict)

    def whole(self, *, approves: bool = True) -> dict[str, Done]:
        for job in self.jobs:
            self.job(job, approves=approves)
        return self.done

    def job(self, name: str, permissions: Permissions | None = None, *, approves: bool = True) -> Done:
        """Runs one job, or runs it once more. `permissions` instead of those in the file."""
        job = self.jobs[name]
        needs = job.get("needs", [])
        context = {
            "github": self._github(""),
            "needs": {n: {"outputs": self.done[n].outputs} for n in ([needs] if isinstance(needs, str) else needs)},
        }
        waits = any(self.done[n].outcome != "success" for n in context["needs"])
        if waits or not condition(job.get("if"), context, failed=False) or ("environment" in job and not approves):
            self.done[name] = Done("skipped")
        else:
            self.done[name] = Machine(self, name, job["permissions"] if permissions is None else permissions).runs(job)
        return self.done[name]

    def _github(self, token: str) -> Node:
        return {
            "event_name": self.name, "event": self.event, "token": token, "repository": self.actions.slug,
            "run_id": str(self.number),
        }  # fmt: skip


class Machine:
    """What one job runs on."""

    def __init__(self, started: Started, job: str, permissions: Permissions) -> None:
        actions = started.actions
        actions.machines += 1
        self._started, self._actions, self._job = started, actions, job
        self._home = actions.folder / f"machine-{actions.machines}"
        self._temp, self._workspace, self._bin = (self._home / name for name in ("temp", "workspace", "bin"))
        for folder in (self._temp, self._workspace, self._bin, self._home / "home"):
            folder.mkdir(parents=True)
        self._seen = self._home / "seen"
        (self._home / "event.json").write_text(json.dumps(started.event))
        self._token = actions.token_for(permissions)
        listed = {"total_count": len(actions.artifacts), "artifacts": actions.artifacts}
        may_list = permissions.get("actions") in ("read", "write")
        (self._home / "artifacts.json").write_text(json.dumps(listed))
        self._script(
            "gh", f'[ -n "$GH_TOKEN" ] && {"true" if may_list else "false"} && cat {self._home}/artifacts.json'
        )

    def runs(self, job: Node) -> Done:
        context: Node = {
            "github": self._started._github(self._token), "secrets": self._actions.secrets,
            "runner": {"temp": str(self._temp)}, "steps": {},
            "needs": {name: {"outputs": done.outputs} for name, done in self._started.done.items()},
        }  # fmt: skip
        done = self._steps(job["steps"], context, {})
        done.outputs = {name: str(filled(value, context)) for name, value in job.get("outputs", {}).items()}
        if self._seen.exists():
            rows = map(json.loads, self._seen.read_text().splitlines())
            self._actions.seen += [{"job": self._job, **row} for row in rows]
        return done

    def _steps(self, steps: Sequence[Node], context: Node, base: Mapping[str, str]) -> Done:
        whole = Done("success")
        for step in steps:
            if not condition(step.get("if"), context, failed=whole.outcome == "failure"):
                done = Done("skipped")
            elif "run" in step:
                done = self._script_of(step, context, base)
            else:
                given = {name: filled(value, context) for name, value in step.get("with", {}).items()}
                done = self._uses(str(step["uses"]), given, context)
            whole.log += done.log
            whole.summary += done.summary
            whole.said = done.said or whole.said
            whole.codes += done.codes
            whole.outcome = "failure" if done.outcome == "failure" else whole.outcome
            if "id" in step:
                context["steps"][step["id"]] = {"outputs": done.outputs, "outcome": done.outcome}
        return whole

    def _uses(self, action: str, given: Node, context: Node) -> Done:
        match action.partition("@")[0]:
            case "OWNER/REPO":
                return self._ours(given, context)
            case "actions/checkout":
                assert given["persist-credentials"] is False
                try:
                    self._actions.clone(self._workspace, self._token)
                except subprocess.CalledProcessError as error:
                    return Done("failure", log=str(error))
                return Done("success")
            case "actions/upload-artifact":
                self._upload(given)
                return Done("success")
            case "actions/download-artifact":
                return self._download(given)
        raise AssertionError(action)

    def _upload(self, given: Node) -> None:
        number = len(self._actions.artifacts) + 1
        self._actions.contents[number] = Path(given["path"]).read_bytes()
        of = {"id": self._started.number, "repository_id": 1, "head_repository_id": 1}
        self._actions.artifacts.append({"id": number, "name": given["name"], "expired": False, "workflow_run": of})

    def _download(self, given: Node) -> Done:
        wanted = str(given.get("run-id", self._started.number))
        fitting = [
            each
            for each in self._actions.artifacts
            if each["name"] == given["name"] and str(each["workflow_run"]["id"]) == wanted
        ]
        if not fitting:
            return Done("failure", log=f"no artifact {given['name']} of run {wanted}\n")
        Path(given["path"]).mkdir()
        (Path(given["path"]) / "run.bundle").write_bytes(self._actions.contents[fitting[-1]["id"]])
        return Done("success")

    def _ours(self, given: Node, outer: Node) -> Done:
        """The composite action."""
        action = read(ROOT / "action.yml")
        unknown = set(given) - set(action["inputs"])
        assert not unknown, unknown
        inputs = {name: filled(how.get("default", ""), outer) for name, how in action["inputs"].items()} | given
        context = {"inputs": inputs, "steps": {}, "github": outer["github"], "runner": outer["runner"]}
        done = self._steps(action["runs"]["steps"], context, {"GITHUB_ACTION_PATH": str(ROOT)})
        done.outputs = {name: str(filled(how["value"], context)) for name, how in action["outputs"].items()}
        done.said = done.outputs
        return done

    def _script_of(self, step: Node, context: Node, base: Mapping[str, str]) -> Done:
        if step.get("name") == "Install coderoute":
            return self._install()
        output, summary = self._temp / "output", self._temp / "summary"
        for file in (output, summary):
            file.write_text("")
        given = {name: str(filled(value, context)) for name, value in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        ended = subprocess.run(
            [*SHELL, "-c", step["run"]], env={**self._environment(), **base, **files, **given}, cwd=self._workspace,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        outcome = "success" if ended.returncode == 0 else "failure"
        log = f"[{step.get('name')}] {ended.returncode}\n{ended.stdout}{ended.stderr}\n"
        return Done(
            outcome, outputs_in(output.read_text()), log, summary.read_text(), codes=(ended.returncode,)
        )  # fmt: skip

    def _install(self) -> Done:
        if not self._actions.can_install:
            return Done("failure", log="no matching distribution found\n")
        program = self._home / "program.py"
        program.write_text(f"SEEN = {str(self._seen)!r}\n{self._actions.program}")
        place = self._temp / "coderoute"
        shutil.rmtree(place, ignore_errors=True)
        (place / "venv" / "bin").mkdir(parents=True)
        paths = f"PYTHONPATH={self._actions.packages}"
        self._script("coderoute", f'exec env {paths} {sys.executable} {program} "$@"', place / "venv" / "bin")
        # `sandbox/build` makes an image: it is there already, or there is no engine
        self._script("python", f"exit {0 if self._actions.engine else 69}", place / "venv" / "bin")
        return Done("success")

    def _script(self, name: str, body: str, folder: Path | None = None) -> None:
        path = (folder or self._bin) / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)

    def _environment(self) -> dict[str, str]:
        """What GitHub's runner gives to every step."""
        started, actions = self._started, self._actions
        return {
            "PATH": f"{self._bin}:/usr/bin:/bin", "HOME": str(self._home / "home"), "LANG": "C.UTF-8", "CI": "true",
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": started.name, "GITHUB_REPOSITORY": actions.slug,
            "GITHUB_EVENT_PATH": str(self._home / "event.json"), "GITHUB_SERVER_URL": actions.server,
            "GITHUB_API_URL": actions.api, "GITHUB_RUN_ID": str(started.number), "RUNNER_TEMP": str(self._temp),
            "GITHUB_WORKSPACE": str(self._workspace), "GITHUB_ACTOR": started.event["sender"]["login"],
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        }  # fmt: skip


def read(path: Path) -> Node:
    found = YAML(typ="safe").load(path.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def outputs_in(text: str) -> dict[str, str]:
    """A step's outputs, as GitHub reads its file."""
    rows, found = text.splitlines(), {}
    while rows:
        row = rows.pop(0)
        name, mark, delimiter = row.partition("<<")
        if not mark:
            name, _, found_value = row.partition("=")
            found[name] = found_value
            continue
        value = []
        while (row := rows.pop(0)) != delimiter:
            value.append(row)
        found[name] = "\n".join(value)
    return found


def filled(value: object, context: Node) -> Any:
    """A value of the file, with its expressions replaced."""
    if not isinstance(value, str):
        return value
    return EXPRESSION.sub(lambda found: str(evaluated(found[1], context) or ""), value)


def condition(text: object, context: Node, *, failed: bool) -> bool:
    """Whether a job or step with this `if` runs; without a check of its own only where nothing failed before."""
    if text is None:
        return not failed
    stripped = str(text).strip().removeprefix("${{").removesuffix("}}")
    if failed and not any(f"{check}()" in stripped for check in CHECKS):
        return False
    return bool(evaluated(stripped, context))


def evaluated(text: str, context: Node) -> object:
    """The value of an expression, by GitHub's rules as far as our files need them."""
    parts, at = [], 0
    names: dict[str, object] = {
        "always": lambda: True, "startsWith": lambda a, b: str(a).lower().startswith(str(b).lower()),
    }  # fmt: skip
    while text[at:].strip():
        found = TOKEN.match(text, at)
        assert found, f"no expression that is known here: {text[at:]}"
        at = found.end()
        if found["text"]:
            parts.append(repr(found["text"][1:-1].replace("''", "'")))
        elif found["mark"]:
            parts.append(MARKS.get(found["mark"], found["mark"]))
        elif found["name"] in names and not isinstance(names[found["name"]], str | None):
            parts.append(found["name"])
        else:
            name = f"value_{len(names)}"
            names[name] = looked_up(found["name"].split("."), context)
            parts.append(name)
    return eval("".join(parts), {"__builtins__": {}}, names)  # noqa: S307 - of our own files, for a test


def looked_up(path: Sequence[str], context: object) -> object:
    for part in path:
        context = context.get(part) if isinstance(context, dict) else None
    return "" if context is None else context
