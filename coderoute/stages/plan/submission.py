"""The plan as a model submits it: the tool's schema, and its reading into a Plan or into what must be mended."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coderoute.dialogue import Unfit
from coderoute.domain import paths
from coderoute.domain.conversation import JsonObject, Tool
from coderoute.domain.judgement import Outcome, TestReport
from coderoute.domain.plan import Class, Kind, Plan, Reproduction, Step, in_order, mistakes

STEP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}")
RESERVED_IDS = ("direct", "rework")

_STRINGS: JsonObject = {"type": "array", "items": {"type": "string"}}
_OPTIONAL: JsonObject = {"type": ["string", "null"]}

SUBMIT_PLAN = Tool(
    name="submit_plan",
    description="Submit the plan. Call it once, when you know enough.",
    schema={
        "type": "object",
        "properties": {
            "summary": {"type": "string", "description": "What will change and why; its first line is the commit subject."},
            "risk": {"type": "string", "enum": ["low", "medium", "high"]},
            "risk_reasons": _STRINGS,
            "questions": {**_STRINGS, "description": "Only what blocks the work."},
            "reproduction": {
                "type": "object",
                "properties": {
                    "test": {**_OPTIONAL, "description": "Test id that is red now and green at the end."},
                    "step": {**_OPTIONAL, "description": "Id of the step that writes it; null if it exists."},
                    "why_not": {**_OPTIONAL, "description": "Why there is none, if test is null."},
                },
                "required": ["test", "step", "why_not"],
                "additionalProperties": False,
            },
            "steps": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string", "description": "Short, unique: letters, digits, - and _."},
                        "title": {"type": "string"},
                        "instructions": {"type": "string", "description": "Complete: the executor sees nothing else."},
                        "class": {"type": "string", "enum": [c.value for c in Class]},
                        "kind": {"type": "string", "enum": [k.value for k in Kind]},
                        "files": _STRINGS,
                        "depends_on": _STRINGS,
                        "diff_lines": {"type": "integer", "description": "Estimated added plus removed lines."},
                        "checks": {**_STRINGS, "description": 'Test ids, or shell commands prefixed "$ ".'},
                        "command": {"type": "string", "description": "Shell command of a step of class code."},
                    },
                    "required": [
                        "id", "title", "instructions", "class", "kind", "files", "depends_on", "diff_lines", "checks",
                    ],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["summary", "risk", "risk_reasons", "questions", "reproduction", "steps"],
        "additionalProperties": False,
    },
)  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Reproduction(_Strict):
    test: str | None = Field(default=None, max_length=500)
    step: str | None = None
    why_not: str | None = Field(default=None, max_length=2_000)


class _Step(_Strict):
    id: str
    title: str = Field(max_length=300)
    instructions: str = Field(max_length=20_000)
    cls: Class = Field(alias="class")
    kind: Kind
    files: list[str] = Field(max_length=50)
    depends_on: list[str]
    diff_lines: int = Field(ge=0, le=100_000)
    checks: list[str] = Field(max_length=50)
    command: str | None = Field(default=None, max_length=4_000)


class _Plan(_Strict):
    summary: str = Field(min_length=1, max_length=5_000)
    risk: Literal["low", "medium", "high"]
    risk_reasons: list[str]
    questions: list[str]
    reproduction: _Reproduction
    steps: list[_Step] = Field(max_length=30)


def read_plan(arguments: JsonObject, baseline: TestReport | None) -> Plan:
    """The plan in `arguments`.

    Raises:
        Unfit: a line per mistake: of form, of the DAG, or a reproduction that the baseline contradicts.
    """
    try:
        found = _Plan.model_validate(arguments)
    except ValidationError as error:
        rows = [f"- {'.'.join(map(str, e['loc'])) or 'plan'}: {e['msg']}" for e in error.errors(include_url=False)]
        raise Unfit("\n".join(rows[:12])) from error
    steps = tuple(
        Step(
            id=step.id, title=step.title, instructions=step.instructions, cls=step.cls, kind=step.kind,
            files=tuple(path.removeprefix("./") for path in step.files), depends_on=tuple(step.depends_on),
            diff_lines=step.diff_lines, checks=tuple(check.strip() for check in step.checks if check.strip()),
            command=step.command or None,
        )
        for step in found.steps
    )  # fmt: skip
    reproduction = Reproduction(
        test=found.reproduction.test or None, step=found.reproduction.step or None, why_not=found.reproduction.why_not
    )
    if steps:
        wrong = (
            *names_that_are_wrong(steps),
            *mistakes(steps, reproduction),
            *contradictions(reproduction, steps, baseline),
        )
        if wrong:
            raise Unfit("\n".join(f"- {mistake}" for mistake in wrong[:12]))
    return Plan(
        summary=found.summary, risk=found.risk, risk_reasons=tuple(found.risk_reasons),
        questions=tuple(q for q in found.questions if q.strip()), reproduction=reproduction, steps=in_order(steps),
    )  # fmt: skip


def names_that_are_wrong(steps: tuple[Step, ...]) -> list[str]:
    """Step ids and paths that must not travel further."""
    wrong = [
        f"the step id {step.id!r} is not allowed: letters, digits, - _ . only, at most 40, not {RESERVED_IDS}"
        for step in steps
        if not STEP_ID.fullmatch(step.id) or step.id.startswith(RESERVED_IDS)
    ]
    for step in steps:
        for path in step.files:
            refused = paths.refusal(path)
            if refused is not None:
                wrong.append(f"step {step.id!r} names the path {path!r}: {refused[1]}")
    return wrong


def contradictions(reproduction: Reproduction, steps: tuple[Step, ...], baseline: TestReport | None) -> list[str]:
    """What the tests on the base commit say against the reproduction."""
    test = reproduction.test
    if test is None or baseline is None or baseline.granularity != "test":
        return []
    known = {
        i: outcome for i, outcome in baseline.outcomes.items() if i == test or i.startswith((f"{test}[", f"{test}::"))
    }
    if reproduction.step is None:
        if not known:
            return [
                f"reproduction.test {test!r} is no test of the base commit: name the step that writes it in "
                "reproduction.step, or give an existing id"
            ]
        if all(outcome is not Outcome.FAILED for outcome in known.values()):
            return [
                f"reproduction.test {test!r} does not fail on the base commit, so it does not show the problem: "
                "plan a step that writes a test which fails now"
            ]
    elif known and all(outcome is Outcome.PASSED for outcome in known.values()) and len(known) > 0:
        writer = next(step for step in steps if step.id == reproduction.step)
        if writer.kind is not Kind.TEST_WRITE:
            return [f"the step {reproduction.step!r} writes the reproduction test: its kind must be test.write"]
    return []
