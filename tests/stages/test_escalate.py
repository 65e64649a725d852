"""What follows from an attempt: a row per trigger, and what must be true of every evidence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.judgement import Action, Cause, Decision, Evidence, Policy, Review
from coderoute.domain.work import AttemptEnd
from coderoute.stages.escalate.decide import after_review, decide
from coderoute.stages.escalate.triggers import TRIGGERS

POLICY = Policy(max_diff_lines=400, max_diff_files=10, cheap_tries=2, frontier_tries=2, max_replans=1)

GOOD = Evidence(
    step_class="cheap", attempt_number=1, attempts_of_class=1, end=AttemptEnd.FINISHED, give_up_kind=None,
    summary="done", diff_lines=20, diff_files=2, estimated_lines=300, has_changes=True, expects_changes=True,
    refusals=(), secrets=(), protected=(), outside_plan=(), failed_checks=(), unexpected_failures=(), vanished=(),
    test_problem=None, failure_signature=None, earlier_signatures=(), spent_usd="0.50", budget_usd="3.00",
    over_budget=False, feedback="", has_checks=True,
)  # fmt: skip
CHEAP_AGAIN = replace(GOOD, attempt_number=2, attempts_of_class=2)
FRONTIER = replace(GOOD, step_class="frontier", attempt_number=3)
FRONTIER_AGAIN = replace(FRONTIER, attempt_number=4, attempts_of_class=2)
CODE = replace(GOOD, step_class="code", expects_changes=False)


def gave_up(evidence: Evidence, kind: str) -> Evidence:
    return replace(evidence, end=AttemptEnd.GAVE_UP, give_up_kind=kind)


def red(evidence: Evidence) -> Evidence:
    return replace(evidence, failed_checks=("tests/test_a.py::test_b",), failure_signature="s")


def broken(evidence: Evidence) -> Evidence:
    return replace(evidence, unexpected_failures=("tests/test_a.py::test_old",), failure_signature="s")


SECRET = replace(GOOD, secrets=("a.py:3 adds what looks like a key",), attempts_refused=1)
REFUSED = replace(GOOD, refusals=("a.bin is a binary file",), attempts_refused=1)
ASK, AGAIN, UP, REPLAN, ACCEPT = Action.ASK_HUMAN, Action.RETRY, Action.ESCALATE, Action.REPLAN, Action.ACCEPT
MODEL, PLAN, ENVIRONMENT = Cause.MODEL, Cause.PLAN, Cause.ENVIRONMENT

ROWS: list[tuple[str, Evidence, Action, str | None, Cause | None, str | None]] = [
    ("all is well", GOOD, ACCEPT, None, None, None),
    ("all is well on the last rung", FRONTIER_AGAIN, ACCEPT, None, None, None),
    ("a command did its work", CODE, ACCEPT, None, None, None),
    # secret_in_diff
    ("a secret", SECRET, AGAIN, "secret_in_diff", MODEL, "cheap"),
    ("a secret on the last try", replace(SECRET, attempts_of_class=2), AGAIN, "secret_in_diff", MODEL, "cheap"),
    ("a secret again", replace(SECRET, attempts_refused=2), ASK, "secret_in_diff", MODEL, None),
    ("a secret by a command", replace(SECRET, step_class="code"), REPLAN, "secret_in_diff", PLAN, None),
    (
        "a secret by a command, and no plan left",
        replace(SECRET, step_class="code", replans_used=1), ASK, "secret_in_diff", PLAN, None,
    ),
    # admission_refused
    ("a refused change", REFUSED, AGAIN, "admission_refused", MODEL, "cheap"),
    (
        "a refused change by frontier",
        replace(REFUSED, step_class="frontier"), AGAIN, "admission_refused", MODEL, "frontier",
    ),
    ("refused again", replace(REFUSED, attempts_refused=2), ASK, "admission_refused", MODEL, None),
    # environment_broken
    ("no machine", replace(GOOD, environment_problem="gone"), ASK, "environment_broken", ENVIRONMENT, None),
    ("the model misses a tool", gave_up(GOOD, "environment"), ASK, "environment_broken", ENVIRONMENT, None),
    # blocked
    ("unclear", gave_up(GOOD, "unclear"), ASK, "blocked", PLAN, None),
    # over_budget
    ("no money", replace(GOOD, end=AttemptEnd.NO_MONEY, over_budget=True), ASK, "over_budget", None, None),
    ("no money, by the end alone", replace(GOOD, end=AttemptEnd.NO_MONEY), ASK, "over_budget", None, None),
    ("a price nobody knows", replace(GOOD, over_budget=True, spent_usd=None), ASK, "over_budget", None, None),
    # plan_wrong
    ("impossible", gave_up(GOOD, "impossible"), REPLAN, "plan_wrong", PLAN, None),
    (
        "impossible in the last plan",
        replace(gave_up(GOOD, "impossible"), replans_used=1), UP, "plan_wrong", PLAN, "frontier",
    ),
    ("impossible for all", replace(gave_up(FRONTIER, "impossible"), replans_used=1), ASK, "plan_wrong", PLAN, None),
    ("a command fails", gave_up(CODE, "impossible"), REPLAN, "plan_wrong", PLAN, None),
    # gave_up
    ("too hard", gave_up(GOOD, "needs_stronger"), UP, "gave_up", MODEL, "frontier"),
    ("too hard for frontier", gave_up(FRONTIER, "needs_stronger"), REPLAN, "gave_up", PLAN, None),
    ("too hard for all", replace(gave_up(FRONTIER, "needs_stronger"), replans_used=1), ASK, "gave_up", MODEL, None),
    ("a refusal", replace(GOOD, end=AttemptEnd.REFUSED), UP, "gave_up", MODEL, "frontier"),
    # outside_plan
    ("a file too many", replace(GOOD, outside_plan=("b.py",)), AGAIN, "outside_plan", MODEL, "cheap"),
    ("a file too many, no try left", replace(CHEAP_AGAIN, outside_plan=("b.py",)), ACCEPT, None, None, None),
    ("by a command", replace(CODE, outside_plan=("b.py",)), ACCEPT, None, None, None),
    # diff_too_large
    ("exactly 400 lines", replace(GOOD, diff_lines=400), ACCEPT, None, None, None),
    ("401 lines", replace(GOOD, diff_lines=401), UP, "diff_too_large", MODEL, "frontier"),
    ("401 lines by frontier", replace(FRONTIER, diff_lines=401), REPLAN, "diff_too_large", PLAN, None),
    ("401 lines, nothing left", replace(FRONTIER, diff_lines=401, replans_used=1), ASK, "diff_too_large", MODEL, None),
    ("401 lines by a command", replace(CODE, diff_lines=401), REPLAN, "diff_too_large", PLAN, None),
    ("twice the estimate", replace(GOOD, diff_lines=60, estimated_lines=30), ACCEPT, None, None, None),
    ("more than twice", replace(GOOD, diff_lines=61, estimated_lines=30), UP, "diff_too_large", MODEL, "frontier"),
    ("50 lines for none", replace(GOOD, diff_lines=50, estimated_lines=0), ACCEPT, None, None, None),
    ("51 lines for none", replace(GOOD, diff_lines=51, estimated_lines=0), UP, "diff_too_large", MODEL, "frontier"),
    ("exactly 10 files", replace(GOOD, diff_files=10), ACCEPT, None, None, None),
    ("11 files", replace(GOOD, diff_files=11), UP, "diff_too_large", MODEL, "frontier"),
    (
        "too large and outside: never a cheap retry",
        replace(GOOD, diff_lines=401, outside_plan=("b.py",)), UP, "diff_too_large", MODEL, "frontier",
    ),
    # unexpected_failure
    ("broke a test", broken(GOOD), AGAIN, "unexpected_failure", MODEL, "cheap"),
    ("broke a test, no try left", broken(CHEAP_AGAIN), UP, "unexpected_failure", MODEL, "frontier"),
    ("broke a test by frontier", broken(FRONTIER), AGAIN, "unexpected_failure", MODEL, "frontier"),
    ("broke a test by frontier again", broken(FRONTIER_AGAIN), REPLAN, "unexpected_failure", PLAN, None),
    ("broke a test by a command", broken(CODE), REPLAN, "unexpected_failure", PLAN, None),
    ("a test is gone", replace(GOOD, vanished=("t.py::test_b",)), AGAIN, "unexpected_failure", MODEL, "cheap"),
    ("the run proves nothing", replace(GOOD, test_problem="no report"), AGAIN, "unexpected_failure", MODEL, "cheap"),
    # same_failure_twice
    (
        "broke it in the same way",
        replace(broken(GOOD), earlier_signatures=("r", "s")), UP, "same_failure_twice", MODEL, "frontier",
    ),
    (
        "still red in the same way",
        replace(red(FRONTIER), earlier_signatures=("s",)), REPLAN, "same_failure_twice", PLAN, None,
    ),
    (
        "proves nothing in the same way",
        replace(GOOD, test_problem="no report", failure_signature="s", earlier_signatures=("s",)),
        UP, "same_failure_twice", MODEL, "frontier",
    ),
    ("red in another way", replace(red(GOOD), earlier_signatures=("r",)), AGAIN, "target_still_red", MODEL, "cheap"),
    # stuck
    ("no turn left", replace(GOOD, end=AttemptEnd.OUT_OF_TURNS), UP, "stuck", MODEL, "frontier"),
    ("only talk", replace(GOOD, end=AttemptEnd.NO_TOOLS), AGAIN, "stuck", MODEL, "cheap"),
    ("only talk again", replace(CHEAP_AGAIN, end=AttemptEnd.NO_TOOLS), UP, "stuck", MODEL, "frontier"),
    # no_change
    (
        "nothing changed, nothing checked",
        replace(GOOD, has_changes=False, has_checks=False), AGAIN, "no_change", MODEL, "cheap",
    ),
    ("nothing changed, still red", replace(red(GOOD), has_changes=False), AGAIN, "no_change", MODEL, "cheap"),
    ("nothing left to change", replace(GOOD, has_changes=False), ACCEPT, None, None, None),
    ("a command that only looks", replace(CODE, has_changes=False, has_checks=False), ACCEPT, None, None, None),
    # target_still_red
    ("still red", red(GOOD), AGAIN, "target_still_red", MODEL, "cheap"),
    ("still red, no try left", red(CHEAP_AGAIN), UP, "target_still_red", MODEL, "frontier"),
    ("still red, nothing left", replace(red(FRONTIER_AGAIN), replans_used=1), ASK, "target_still_red", MODEL, None),
    ("red after a command", red(CODE), REPLAN, "target_still_red", PLAN, None),
    (
        "a reproduction that shows nothing",
        replace(GOOD, reproduction_green_on_base=True), AGAIN, "target_still_red", MODEL, "cheap",
    ),
    # what only lists
    ("protected paths", replace(GOOD, protected=("path.policy:a",)), ACCEPT, None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("what", "evidence", "action", "trigger", "cause", "to"), ROWS, ids=[row[0] for row in ROWS])
def test_decision(
    what: str, evidence: Evidence, action: Action, trigger: str | None, cause: Cause | None, to: str | None
) -> None:
    found = decide(evidence, POLICY)
    assert (found.action, found.trigger, found.cause, found.to) == (action, trigger, cause, to), what
    assert found.reason


SEVERITY = (
    "secret_in_diff", "admission_refused", "environment_broken", "provider_down", "blocked", "over_budget",
    "plan_wrong", "gave_up", "protected_path", "test_weakened", "outside_plan", "diff_too_large", "unexpected_failure",
    "same_failure_twice", "stuck", "no_change", "target_still_red", "review_rejected", "retry_not_worth_it",
)  # fmt: skip
"""As other programs rely on it."""


def test_triggers_stand_in_the_order_of_severity_under_their_pinned_names() -> None:
    names = [trigger.__name__ for trigger in TRIGGERS]
    assert names == [name for name in SEVERITY if name in names]


def test_every_trigger_has_its_row() -> None:
    fired = {row[3] for row in ROWS}
    assert fired >= {trigger.__name__ for trigger in TRIGGERS}


def test_the_more_severe_of_two_decides() -> None:
    everything = replace(broken(red(SECRET)), diff_lines=500, refusals=("x",), environment_problem="gone")
    fired: list[str | None] = []
    for undo in (
        {"secrets": ()}, {"refusals": ()}, {"environment_problem": None}, {"diff_lines": 1},
        {"unexpected_failures": ()}, {"failed_checks": ()},
    ):  # fmt: skip
        fired.append(decide(everything, POLICY).trigger)
        everything = replace(everything, **undo)
    assert fired == [
        "secret_in_diff", "admission_refused", "environment_broken", "diff_too_large", "unexpected_failure",
        "target_still_red",
    ]  # fmt: skip
    assert decide(everything, POLICY).action is Action.ACCEPT


names = st.lists(st.sampled_from(["a", "b", "s"]), max_size=2).map(tuple)
any_evidence = st.builds(
    Evidence,
    step_class=st.sampled_from(["cheap", "frontier", "code"]), attempt_number=st.integers(1, 6),
    attempts_of_class=st.integers(1, 4), end=st.sampled_from(AttemptEnd),
    give_up_kind=st.sampled_from([None, "unclear", "impossible", "environment", "needs_stronger"]),
    summary=st.just("s"), diff_lines=st.integers(0, 500), diff_files=st.integers(0, 12),
    estimated_lines=st.integers(0, 200), has_changes=st.booleans(), expects_changes=st.booleans(), refusals=names,
    secrets=names, protected=names, outside_plan=names, failed_checks=names, unexpected_failures=names, vanished=names,
    test_problem=st.sampled_from([None, "x"]), failure_signature=st.sampled_from([None, "s", "t"]),
    earlier_signatures=names, spent_usd=st.sampled_from([None, "1"]), budget_usd=st.just("3"),
    over_budget=st.booleans(), feedback=st.just(""), has_checks=st.booleans(), attempts_refused=st.integers(0, 3),
    environment_problem=st.sampled_from([None, None, "x"]), replans_used=st.integers(0, 2),
    reproduction_green_on_base=st.booleans(),
)  # fmt: skip
policies = st.builds(
    Policy, max_diff_lines=st.just(400), max_diff_files=st.just(10), cheap_tries=st.integers(0, 3),
    frontier_tries=st.integers(0, 3), max_replans=st.integers(0, 2),
)  # fmt: skip


@given(any_evidence, policies)
def test_nothing_is_accepted_that_is_not_proved(evidence: Evidence, policy: Policy) -> None:
    if decide(evidence, policy).action is Action.ACCEPT:
        assert evidence.end == AttemptEnd.FINISHED
        assert not evidence.refusals
        assert not evidence.secrets
        assert not evidence.failed_checks
        assert not evidence.unexpected_failures
        assert not evidence.vanished
        assert evidence.test_problem is None
        assert not evidence.reproduction_green_on_base
        assert evidence.environment_problem is None
        assert evidence.diff_lines <= policy.max_diff_lines
        assert evidence.diff_files <= policy.max_diff_files


@given(any_evidence, policies)
def test_a_change_that_is_too_large_never_gets_another_try_of_the_same_class(
    evidence: Evidence, policy: Policy
) -> None:
    clean = replace(evidence, diff_lines=401, refusals=(), secrets=())
    assert decide(clean, policy).action is not Action.RETRY


@given(any_evidence, policies)
def test_a_broken_environment_never_counts_against_a_model_nor_buys_a_stronger_one(
    evidence: Evidence, policy: Policy
) -> None:
    found = decide(replace(evidence, environment_problem="the disk is full", refusals=(), secrets=()), policy)
    assert (found.action, found.cause) == (Action.ASK_HUMAN, Cause.ENVIRONMENT)


@given(any_evidence, policies)
def test_a_refused_change_is_told_once_and_then_goes_to_a_person(evidence: Evidence, policy: Policy) -> None:
    refused = replace(evidence, refusals=("a.bin is a binary file",))
    assert decide(replace(refused, attempts_refused=2), policy).action is Action.ASK_HUMAN
    first = decide(replace(refused, attempts_refused=1), policy)
    assert first.action is Action.RETRY or evidence.step_class == "code"
    assert "a.bin" in first.reason or evidence.secrets


@given(any_evidence, policies)
def test_a_command_is_never_run_again_as_it_is(evidence: Evidence, policy: Policy) -> None:
    assert decide(replace(evidence, step_class="code"), policy).action not in (Action.RETRY, Action.ESCALATE)


@given(any_evidence, policies)
def test_work_goes_on_by_the_same_class_or_by_frontier(evidence: Evidence, policy: Policy) -> None:
    found = decide(evidence, policy)
    match found.action:
        case Action.RETRY:
            assert found.to == evidence.step_class
        case Action.ESCALATE:
            assert (evidence.step_class, found.to) == ("cheap", "frontier")
        case _:
            assert found.to is None
    assert (found.trigger is None) == (found.action is Action.ACCEPT)


@given(any_evidence, policies)
def test_there_is_no_new_plan_beyond_the_limit(evidence: Evidence, policy: Policy) -> None:
    spent = replace(evidence, replans_used=policy.max_replans)
    assert decide(spent, policy).action is not Action.REPLAN


@given(any_evidence.filter(lambda evidence: not evidence.refusals and not evidence.secrets), policies)
def test_no_class_gets_more_tries_than_it_has(evidence: Evidence, policy: Policy) -> None:
    tries = {"cheap": policy.cheap_tries, "frontier": policy.frontier_tries, "code": 0}[evidence.step_class]
    if evidence.attempts_of_class >= tries:
        assert decide(evidence, policy).action is not Action.RETRY


REVIEW = Review(
    verdict="approve", summary="It is right.", findings=(), dropped=0, coverage=1.0, patch_sha256="0", model="m"
)


@pytest.mark.parametrize(
    ("verdict", "reworks_used", "expected"),
    [
        ("approve", 0, (Action.ACCEPT, None, None)),
        ("approve", 5, (Action.ACCEPT, None, None)),
        ("request_changes", 0, (Action.ESCALATE, "review_rejected", "frontier")),
        ("request_changes", 1, (Action.ASK_HUMAN, "review_rejected", None)),
        ("needs_human", 0, (Action.ASK_HUMAN, "blocked", None)),
        ("needs_human", 1, (Action.ASK_HUMAN, "blocked", None)),
    ],
)
def test_a_review_can_stop_a_change_and_never_wave_it_past_a_person(
    verdict: str, reworks_used: int, expected: tuple[Action, str | None, str | None]
) -> None:
    found: Decision = after_review(replace(REVIEW, verdict=verdict), reworks_used, max_reworks=1)
    assert (found.action, found.trigger, found.to) == expected


def test_a_verdict_nobody_defined_is_no_approval() -> None:
    assert after_review(replace(REVIEW, verdict="lgtm"), 5, max_reworks=1).action is not Action.ACCEPT
