"""What goes from one step of a workflow to the next: outputs, each of a form that it cannot leave; the words of a
command; and annotations. GitHub's runner reads lines, so no text of others may begin one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from coderoute.domain.run import EXIT_CODES, Status
from coderoute.domain.visible import one_line
from coderoute.errors import BadInput

CONCLUSIONS = {
    0: "done", 1: Status.FAILED.value, 2: "usage", 3: Status.REJECTED.value, 4: Status.BLOCKED.value,
    5: Status.EXHAUSTED.value, 69: Status.UNAVAILABLE.value, 78: "configuration", 130: Status.INTERRUPTED.value,
}  # fmt: skip
"""Of a command that left no document, by its exit code."""

FORMS = {
    "conclusion": re.compile(r"[a-z_]{1,40}"),
    "run_id": re.compile(r"[0-9a-f]{8}"),
    "pull_request": re.compile(r"https?://[A-Za-z0-9.:-]{1,200}/[A-Za-z0-9._/-]{1,200}/pull/[0-9]{1,10}"),
    "branch": re.compile(r"coderoute/[A-Za-z0-9._-]{1,120}"),
    "commit": re.compile(r"[0-9a-f]{40}"),
    "patch_sha256": re.compile(r"[0-9a-f]{64}"),
    "cost_usd": re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,30})?"),
    "escalations": re.compile(r"[0-9]{1,5}"),
    "go": re.compile(r"true|false"),
    "issue": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,100}/[A-Za-z0-9_.-]{1,100}#[1-9][0-9]{0,9}"),
    "mode": re.compile(r"run|plan"),
    "actor": re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,61}"),
    "reason": re.compile(r"[a-z_]{1,40}"),
    "issue_sha256": re.compile(r"[0-9a-f]{64}"),
    "pull": re.compile(r"[1-9][0-9]{0,9}"),
    "workflow_run": re.compile(r"[1-9][0-9]{0,15}"),
}
"""Name of an output -> all that it can be; anything else is left empty."""

OF_STATUS = {status.value: code for status, code in EXIT_CODES.items()}

OF_A_RUN = (
    "conclusion", "run_id", "pull_request", "branch", "commit", "patch_sha256", "cost_usd", "escalations",
)  # fmt: skip
MAX_ANNOTATIONS = 10
"""GitHub shows as many of a step."""

_MODEL = re.compile(
    r"(?P<role>cheap|frontier|premium)=(?P<provider>[a-z]{1,40}):(?P<model>[A-Za-z0-9][A-Za-z0-9._:/@-]{0,150})"
)
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.:\"-]{0,200}=[^\x00]{0,4000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A finding to be shown at a line. `severity` is low, medium or high."""

    severity: str
    path: str
    line: int | None
    title: str
    detail: str


def outputs(document: object, exit_code: int) -> dict[str, str]:
    """The outputs of a run, all of them: of its JSON document, and of how the command ended that left it."""
    doc = document if isinstance(document, dict) else {}
    escalations = doc.get("escalations")
    found = {
        "conclusion": conclusion(_text(doc, "status"), exit_code), "run_id": _text(doc, "run_id"),
        "pull_request": _text(doc, "pull_request") or _text(doc, "pull_request", "url"),
        "branch": _text(doc, "branch"), "commit": _text(doc, "commit"), "patch_sha256": _text(doc, "patch", "sha256"),
        "cost_usd": _text(doc, "cost", "total_usd"),
        "escalations": str(len(escalations)) if isinstance(escalations, list) else "",
    }  # fmt: skip
    return valid(found)


def conclusion(status: str, exit_code: int) -> str:
    """The run's status where the command ended as that status ends; else what the command came to: a change may wait
    for its person, and its pull request could not be made."""
    if status == Status.RUNNING.value:  # its process is gone
        return Status.INTERRUPTED.value
    if OF_STATUS.get(status) == exit_code:
        return status
    return CONCLUSIONS.get(exit_code, Status.FAILED.value)


def valid(values: Mapping[str, str]) -> dict[str, str]:
    """The values by name, empty where one has not the form of its output."""
    return {name: value if FORMS[name].fullmatch(value) else "" for name, value in values.items()}


def output_lines(values: Mapping[str, str], delimiter: str) -> str:
    """What is appended to GITHUB_OUTPUT. `delimiter` is a word nobody can know before."""
    rows = []
    for name, value in valid(values).items():
        rows += [f"{name}<<{delimiter}", value, delimiter]
    return "".join(f"{row}\n" for row in rows)


def command_words(
    *, issue: str, issue_sha256: str, actor: str, mode: str, models: str, budget: str, config: str
) -> tuple[str, ...]:  # fmt: skip
    """The arguments of `coderoute` for the inputs of the action; each line of `models` and `config` is one.

    Raises:
        BadInput: an input that is not what it can be, by name.
    """
    if mode not in ("run", "plan"):
        raise _wrong("mode", mode, "run or plan")
    if not FORMS["issue"].fullmatch(issue):
        raise _wrong("issue", issue, "OWNER/REPO#12")
    words = [mode, issue, "--json"]
    if issue_sha256:
        if not FORMS["issue_sha256"].fullmatch(issue_sha256):
            raise _wrong("issue_sha256", issue_sha256, "what the gate's output issue_sha256 says")
        words += ["--issue-sha256", issue_sha256]
    if actor:
        if not FORMS["actor"].fullmatch(actor):
            raise _wrong("actor", actor, "what the gate's output actor says")
        words += ["--asked-by", actor]
    for line in filter(None, map(str.strip, models.splitlines())):
        named = _MODEL.fullmatch(line)
        if named is None:
            raise _wrong("models", line, "a line each, as cheap=anthropic:NAME, frontier=... or premium=...")
        words += ["-c", f'models.{named["role"]}.provider="{named["provider"]}"']
        words += ["-c", f'models.{named["role"]}.model="{named["model"]}"']
    for line in filter(None, map(str.strip, config.splitlines())):
        if not _SETTING.fullmatch(line):
            raise _wrong("config", line, "a line each, as key=value")
        words += ["-c", line]
    if budget.strip():
        words += ["--max-budget-usd", _dollars(budget.strip())]
    return tuple(words)


def annotation(remark: Remark) -> str:
    """The runner's command that shows it: one line, whatever the texts in it are."""
    level = {"high": "error", "medium": "warning"}.get(remark.severity, "notice")
    place = {"file": one_line(remark.path, 1_000), **({} if remark.line is None else {"line": str(remark.line)})}
    named = {**place, "title": one_line(f"coderoute: {remark.title}", 120)}
    properties = ",".join(f"{name}={_property(value)}" for name, value in named.items())
    return f"::{level} {properties}::{_message(one_line(remark.detail, 600))}"


def annotations(remarks: Sequence[Remark]) -> tuple[str, ...]:
    """The gravest first."""
    order = {"high": 0, "medium": 1}
    gravest = sorted(remarks, key=lambda remark: order.get(remark.severity, 2))
    return tuple(annotation(remark) for remark in gravest[:MAX_ANNOTATIONS])


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _dollars(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not FORMS["cost_usd"].fullmatch(text) or amount <= 0:
        raise _wrong("budget", text, "dollars, as 3.00")
    return text


def _wrong(name: str, value: str, form: str) -> BadInput:
    return BadInput(f"the input {name} is {one_line(value, 80)!r}", remedy=f"write {form}")


def _text(doc: Mapping[str, object], *path: str) -> str:
    found: object = doc
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
