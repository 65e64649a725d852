"""The whole change as it stands before a reviewer and a person."""

from dataclasses import dataclass

from coderoute.domain.judgement import Admission, Decision, Review, Strength, TestReport, Verification
from coderoute.domain.task import Task
from coderoute.domain.terms import Terms
from coderoute.domain.work import Patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change that passed its steps. `plan_number` is the plan it came from, `unverified` that no test was run."""

    number: int
    plan_number: int
    patch: Patch
    admission: Admission
    verification: Verification | None
    reproduction_red_on_base: bool | None
    unverified: bool
    strength: Strength | None = None
    """None where it was not asked for."""
    ground: int = 0
    """Where it stands: 0 the base that the run started from, else the target as it was found after that candidate."""
    only_base: bool = False
    """It adds and removes the same lines as the candidate before, on another base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceOfChange:
    """Everything a person's approval is about, beside the patch and the plan."""

    task: Task
    terms: Terms
    baseline: TestReport | None
    candidate: Candidate
    review: Review | None
    decisions: tuple[Decision, ...]
