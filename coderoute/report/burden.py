"""What the run asks of people: minutes predicted from its size, minutes measured, and what they cost."""

from dataclasses import dataclass
from decimal import Decimal

from coderoute.domain import places
from coderoute.domain.candidate import Candidate
from coderoute.domain.plan import Plan
from coderoute.domain.reading import Reading
from coderoute.domain.terms import Terms
from coderoute.journal import Journal
from coderoute.report.plain import Json, last_number, money

MINUTES_TO_START = 2
"""What reading the issue and the evidence takes before the first line of the patch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """Minutes; None where nothing is known yet. `measured_by` names the ways they were measured."""

    predicted_min: Decimal | None
    measured_min: Decimal | None
    measured_by: tuple[str, ...]
    usd_per_minute: Decimal | None

    def usd(self, minutes: Decimal | None) -> Decimal | None:
        return None if minutes is None or self.usd_per_minute is None else minutes * self.usd_per_minute


def burden_of(journal: Journal, terms: Terms | None) -> Burden:
    looks = [look for key in journal.keys("reading/") if (look := journal.get(key, Reading)) is not None]
    minutes = Decimal(str(sum(look.seconds for look in looks))) / 60
    return Burden(
        predicted_min=predicted_minutes(changed_lines(journal), terms),
        measured_min=minutes.quantize(Decimal("0.01")) if looks else None,
        measured_by=tuple(sorted({look.how for look in looks})),
        usd_per_minute=terms.usd_per_minute if terms else None,
    )


def changed_lines(journal: Journal) -> int | None:
    """Of the change as it stands; before there is one, what the plan expects."""
    candidate = journal.get(places.candidate(last_number(journal, "candidate/")), Candidate)
    if candidate is not None:
        return candidate.patch.lines
    plan = journal.get(places.plan(last_number(journal, "plan/")), Plan)
    return sum(step.diff_lines for step in plan.steps) if plan else None


def predicted_minutes(lines: int | None, terms: Terms | None) -> Decimal | None:
    """Minutes a person needs for the patch: a start, and so many per 100 changed lines."""
    if lines is None or terms is None:
        return None
    return (MINUTES_TO_START + terms.minutes_per_100_lines * lines / 100).quantize(Decimal("0.1"))


def burden_json(burden: Burden) -> Json:
    return {
        "predicted_min": None if burden.predicted_min is None else float(burden.predicted_min),
        "measured_min": None if burden.measured_min is None else float(burden.measured_min),
        "measured_by": list(burden.measured_by),
        "predicted_usd": money(burden.usd(burden.predicted_min)),
        "measured_usd": money(burden.usd(burden.measured_min)),
    }
