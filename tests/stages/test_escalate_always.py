"""What is true of every decision, whatever was observed and whatever is known of prices and chances."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from coderoute.domain.economics import Counter, Economics, Odds
from coderoute.domain.judgement import Action, Cause, Decision, Evidence, Policy
from coderoute.domain.work import AttemptEnd
from coderoute.journal import from_json, to_json
from coderoute.stages.escalate.decide import decide, says_of_model, start
from coderoute.stages.escalate.expected_cost import MAX_CHEAP_TRIES, MAX_FRONTIER_TRIES

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
    reproduction_green_on_base=st.booleans(), own_failures=st.integers(0, 4), other_failures=st.integers(0, 4),
    weakened=names, provider_problem=st.sampled_from([None, None, "x"]), flaky=names, unplanned_failures=names,
)  # fmt: skip
trials = st.fixed_dictionaries(
    {"0/0": st.builds(Counter, right=st.floats(0, 50), wrong=st.floats(0, 50), seen=st.sampled_from([49, 50]))},
    optional={"1/0": st.just(Counter(right=9, wrong=1)), "0/1": st.just(Counter(right=1, wrong=9))},
)
dollars = st.decimals(0, 50, places=2)
odds = st.builds(Odds, model=st.just("p:m"), attempt_usd=dollars, attempt_s=st.just(60.0), trials=trials)
economics = st.builds(
    Economics, cheap=odds, frontier=odds, gate_usd=st.just(Decimal("0.005")), false_accept=st.floats(0, 0.5),
    false_reject=st.floats(0, 0.5), review_usd=dollars, wrong_usd=dollars, takeover_usd=dollars, plan_usd=dollars,
    usd_per_s=st.sampled_from([Decimal(0), Decimal("0.01")]), feedback_odds=st.sampled_from([1.0, 2.0]),
)  # fmt: skip
policies = st.builds(
    Policy, max_diff_lines=st.just(400), max_diff_files=st.just(10), cheap_tries=st.integers(0, 3),
    frontier_tries=st.integers(0, 3), max_replans=st.integers(0, 2), economics=st.none() | economics,
)  # fmt: skip


@settings(deadline=None)
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
        assert evidence.provider_problem is None
        assert evidence.diff_lines <= policy.max_diff_lines
        assert evidence.diff_files <= policy.max_diff_files


@settings(deadline=None)
@given(any_evidence, policies)
def test_a_change_that_is_too_large_never_gets_another_try_of_the_same_class(
    evidence: Evidence, policy: Policy
) -> None:
    clean = replace(evidence, diff_lines=401, refusals=(), secrets=())
    assert decide(clean, policy).action is not Action.RETRY


@settings(deadline=None)
@given(any_evidence, policies, st.sampled_from([Cause.ENVIRONMENT, Cause.PROVIDER]))
def test_a_broken_environment_or_provider_never_counts_against_a_model_nor_buys_a_stronger_one(
    evidence: Evidence, policy: Policy, cause: Cause
) -> None:
    clean = replace(
        evidence, refusals=(), secrets=(), environment_problem=None, provider_problem=None, give_up_kind=None
    )
    environment = cause is Cause.ENVIRONMENT
    broke = replace(clean, environment_problem="x") if environment else replace(clean, provider_problem="x")
    found = decide(broke, policy)
    assert (found.action, found.cause, says_of_model(found)) == (Action.ASK_HUMAN, cause, None)


@settings(deadline=None)
@given(any_evidence, policies)
def test_a_flaky_test_never_counts_against_a_model_nor_buys_a_stronger_one(evidence: Evidence, policy: Policy) -> None:
    found = decide(evidence, policy)
    if found.cause is Cause.FLAKY:
        assert found.action in (Action.RETRY, Action.ASK_HUMAN)
        assert says_of_model(found) is None


@settings(deadline=None)
@given(any_evidence, policies)
def test_a_refused_change_is_told_once_and_then_goes_to_a_person(evidence: Evidence, policy: Policy) -> None:
    refused = replace(evidence, refusals=("a.bin is a binary file",))
    assert decide(replace(refused, attempts_refused=2), policy).action is Action.ASK_HUMAN
    first = decide(replace(refused, attempts_refused=1), policy)
    assert first.action is Action.RETRY or evidence.step_class == "code"
    assert "a.bin" in first.reason or evidence.secrets


@settings(deadline=None)
@given(any_evidence, policies)
def test_a_command_is_never_run_again_as_it_is(evidence: Evidence, policy: Policy) -> None:
    assert decide(replace(evidence, step_class="code"), policy).action not in (Action.RETRY, Action.ESCALATE)


@settings(deadline=None)
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


@settings(deadline=None)
@given(any_evidence, policies)
def test_there_is_no_new_plan_beyond_the_limit(evidence: Evidence, policy: Policy) -> None:
    spent = replace(evidence, replans_used=policy.max_replans)
    assert decide(spent, policy).action is not Action.REPLAN


@settings(deadline=None)
@given(any_evidence.filter(lambda evidence: not evidence.refusals and not evidence.secrets), policies)
def test_no_class_gets_more_tries_than_it_has(evidence: Evidence, policy: Policy) -> None:
    tries = {"cheap": policy.cheap_tries, "frontier": policy.frontier_tries, "code": 0}[evidence.step_class]
    if policy.economics is not None and policy.economics.is_known_well and evidence.step_class != "code":
        longest = MAX_CHEAP_TRIES if evidence.step_class == "cheap" else MAX_FRONTIER_TRIES
        tries = max(tries, longest)
    if evidence.attempts_of_class >= tries:
        assert decide(evidence, policy).action is not Action.RETRY


@settings(deadline=None)
@given(any_evidence, policies)
def test_the_same_facts_bring_the_same_decision_also_after_a_stay_in_the_journal(
    evidence: Evidence, policy: Policy
) -> None:
    found = decide(evidence, policy)
    kept = from_json(Evidence, to_json(Evidence, evidence)), from_json(Policy, to_json(Policy, policy))
    assert decide(*kept) == found
    assert from_json(Decision, to_json(Decision, found)) == found
    assert start(kept[1]) == start(policy)


@settings(deadline=None)
@given(any_evidence, policies)
def test_what_each_way_on_costs_is_recorded_wherever_the_class_was_open(evidence: Evidence, policy: Policy) -> None:
    found = decide(evidence, policy)
    if policy.economics is None or evidence.step_class == "code":
        assert found.branches is None
    if found.trigger == "retry_not_worth_it":
        assert found.branches is not None
        chosen = {Action.ESCALATE: "frontier", Action.REPLAN: "replan", Action.ASK_HUMAN: "human"}[found.action]
        values = {way: float(usd) for way, usd in found.branches.items()}
        assert values[chosen] == min(values.values()) < values[evidence.step_class]
        assert policy.economics is not None
        assert policy.economics.is_known_well


@settings(deadline=None)
@given(policies)
def test_a_step_for_the_cheap_model_begins_with_one_of_the_two_models(policy: Policy) -> None:
    found = start(policy)
    assert (found.action, found.to) in ((Action.ACCEPT, "cheap"), (Action.ESCALATE, "frontier"))
    if policy.economics is None or not policy.economics.is_known_well:
        assert found.to == "cheap"
