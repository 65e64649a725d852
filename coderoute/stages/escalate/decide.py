"""What happens after an attempt, and after a review: pure functions of what is known."""

from collections.abc import Sequence

from coderoute.domain.judgement import Action, Cause, Decision, Evidence, Policy, Review
from coderoute.domain.plan import Class
from coderoute.stages.escalate.triggers import TRIGGERS, Trigger


def decide(evidence: Evidence, policy: Policy, triggers: Sequence[Trigger] = TRIGGERS) -> Decision:
    """The decision of the first trigger that fires; acceptance when none does."""
    decisions = (trigger(evidence, policy) for trigger in triggers)
    return next(
        (found for found in decisions if found is not None),
        Decision(action=Action.ACCEPT, trigger=None, reason="no trigger fired"),
    )


def after_review(review: Review, reworks_used: int, max_reworks: int) -> Decision:
    """A rejected change is reworked by the frontier model while that is allowed; a review never accepts for a person.

    ACCEPT here means: on to the gate.
    """
    if review.verdict == "approve":
        return Decision(action=Action.ACCEPT, trigger=None, reason="the reviewer approves")
    if review.verdict == "needs_human":
        reason = f"the reviewer wants a person to look: {review.summary}"
        return Decision(action=Action.ASK_HUMAN, trigger="blocked", reason=reason)
    reason = f"the reviewer asks for changes: {review.summary}"
    if reworks_used < max_reworks:
        return Decision(
            action=Action.ESCALATE, trigger="review_rejected", reason=reason, cause=Cause.MODEL, to=Class.FRONTIER
        )
    return Decision(action=Action.ASK_HUMAN, trigger="review_rejected", reason=reason, cause=Cause.MODEL)
