"""A run's document as text for a terminal; everything from outside is spelled out safely. No I/O here."""

from collections.abc import Mapping, Sequence
from typing import cast

from coderoute.domain.visible import one_line, visible

Json = Mapping[str, object]


def section(doc: Json, key: str) -> Json:
    return cast(Json, doc.get(key) or {})


def items(doc: Json, key: str) -> Sequence[Json]:
    return cast("Sequence[Json]", doc.get(key) or ())


def names(doc: Json, key: str) -> Sequence[str]:
    return cast("Sequence[str]", doc.get(key) or ())


def dollars(amount: object) -> str:
    """A decimal string as dollars, shortened for the eye; unknown stays unknown."""
    if amount is None:
        return "unknown"
    from decimal import Decimal

    value = Decimal(str(amount))
    return f"${value:.4f}" if value < 1 else f"${value:.2f}"


def headline(doc: Json) -> str:
    task = section(doc, "task")
    reason = f" ({doc['reason']})" if doc.get("reason") else ""
    return f"run {doc['run_id']}: {doc['status']}{reason}\n  {one_line(str(task.get('title') or ''))}"


def plan_text(doc: Json) -> str:
    """The plan with classes and quote: what will be done, by whom, for how much."""
    plan, quote = section(doc, "plan"), section(doc, "quote")
    if not plan:
        return "PLAN  none yet"
    risk_reasons = "; ".join(visible(r) for r in names(plan, "risk_reasons"))
    rows = [f"PLAN  risk {plan['risk']}" + (f" ({risk_reasons})" if risk_reasons else "")]
    rows += [f"  {line}" for line in visible(str(plan["summary"])).splitlines()]
    costs = section(quote, "steps")
    for step in items(plan, "steps"):
        files = ", ".join(visible(f) for f in names(step, "files")) or "-"
        rows.append(
            f"  {step['id']:<12} {step['class']!s:<9} {step['kind']!s:<11} ~{step['diff_lines']} lines  "
            f"{dollars(costs.get(str(step['id'])))}  {one_line(str(step['title']), 70)}\n{'':<15}files: {files}"
        )
    if quote:
        rows.append(
            f"  quote: {dollars(quote.get('low_usd'))} low, {dollars(quote.get('likely_usd'))} likely, "
            f"{dollars(quote.get('high_usd'))} high"
        )
    return "\n".join(rows)


def steps_text(doc: Json) -> str:
    rows = ["STEPS"]
    for step in items(doc, "steps"):
        rows.append(f"  {step['id']:<12} {step['status']}")
        for attempt in items(step, "attempts"):
            decision = attempt.get("decision") or "running"
            trigger = f" [{attempt['trigger']}, cause {attempt.get('cause') or '-'}]" if attempt.get("trigger") else ""
            rows.append(
                f"    attempt {attempt['number']} by {attempt['class']} ({attempt['model']}): {decision}{trigger}  "
                f"{attempt.get('diff_lines')} lines, {dollars(attempt.get('cost_usd'))}"
            )
            if attempt.get("trigger"):
                rows.append(f"      {one_line(str(attempt.get('reason') or ''), 150)}")
    return "\n".join(rows)


def tests_text(doc: Json) -> str:
    tests = section(doc, "tests")
    if not tests:
        return "TESTS  UNVERIFIED: no test was run"
    rows = [f"TESTS  ({tests['framework']}, by {tests['granularity']})"]
    for name, key in (("before", "baseline"), ("after", "after")):
        counts = section(tests, key)
        if counts and counts.get("passed") is None:
            rows.append(f"  {name:<7} exit code {counts.get('exit_code')}; single tests are not known")
        elif counts:
            rows.append(
                f"  {name:<7} {counts.get('passed')} passed, {counts.get('failed')} failed, "
                f"{counts.get('skipped')} skipped"
            )
    for key in ("fixed", "new_tests", "new_failures", "vanished", "flaky", "pre_existing"):
        found = names(tests, key)
        if found:
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            rows.append(f"  {key.replace('_', ' ')}: {', '.join(visible(t) for t in found[:5])}{more}")
    reproduction = section(doc, "reproduction")
    if reproduction.get("test"):
        rows.append(
            f"  reproduction: {visible(str(reproduction['test']))}  red before: {yes(reproduction.get('red_before'))}, "
            f"green after: {yes(reproduction.get('green_after'))}"
        )
    elif reproduction:
        rows.append(f"  reproduction: none, because {visible(str(reproduction.get('why_not')))}")
    return "\n".join(rows)


def yes(value: object) -> str:
    return "unknown" if value is None else "yes" if value else "no"


def review_text(doc: Json) -> str:
    review = section(doc, "review")
    if not review:
        return "REVIEW  none"
    rows = [f"REVIEW  {review['verdict']} by {review['model']}"]
    rows += [f"  {line}" for line in visible(str(review["summary"])).splitlines()]
    for finding in items(review, "findings"):
        where = f"{visible(str(finding['path']))}:{finding['line']}"
        rows.append(f"  [{finding['severity']}] {where} {visible(str(finding['title']))}")
        rows += [f"      {line}" for line in visible(str(finding["detail"])).splitlines()]
    if review.get("dropped"):
        rows.append(f"  ({review['dropped']} findings pointed outside the patch and were dropped)")
    return "\n".join(rows)


def admission_text(doc: Json) -> str:
    admission = section(doc, "admission")
    if not admission:
        return ""
    rows = [f"ADMISSION  {admission['verdict']}"]
    for item in items(admission, "items"):
        mark = "x" if item.get("acknowledged") else " "
        rows.append(f"  [{mark}] {visible(str(item['id']))}: {visible(str(item['detail']))}")
    return "\n".join(rows)


def escalations_text(doc: Json) -> str:
    rows = [
        f"  {e['step']}: {e['from']} -> {e['to']} by {e['trigger']}: {one_line(str(e['reason']), 150)}"
        for e in items(doc, "escalations")
    ]
    return "\n".join(["ESCALATIONS", *rows]) if rows else ""


def cost_text(cost: Json, quote: Json | None = None) -> str:
    spent = f"COST  {dollars(cost.get('total_usd'))}"
    if cost.get("budget_usd") is not None:
        spent += f" of {dollars(cost['budget_usd'])}"
    if quote:
        low, high = dollars(quote.get("low_usd")), dollars(quote.get("high_usd"))
        spent += f" (quoted {low} to {high} for the steps and the review)"
    rows = [
        f"{spent}  {cost.get('calls')} calls, {cost.get('input_tokens')} tokens in "
        f"({cost.get('cached_input_tokens')} cached), {cost.get('output_tokens')} out"
    ]
    if cost.get("estimated_usd") not in (None, "0"):
        rows.append(f"  of it estimated, because no usage arrived: {dollars(cost['estimated_usd'])}")
    for key in ("by_class", "by_stage", "by_model"):
        table = section(cost, key)
        if table:
            parts = ", ".join(f"{visible(name)} {dollars(amount)}" for name, amount in table.items())
            rows.append(f"  {key.replace('_', ' ')}: {parts}")
    if cost.get("retry_tax_usd") is not None:
        rows.append(f"  retry tax: {dollars(cost['retry_tax_usd'])}")
    if cost.get("all_frontier_estimate_usd") is not None:
        rows.append(
            "  estimates, the same tokens at one class's price: "
            f"all frontier {dollars(cost['all_frontier_estimate_usd'])}, "
            f"all cheap {dollars(cost.get('all_cheap_estimate_usd'))}"
        )
    return "\n".join(rows)


def ending_text(doc: Json) -> str:
    """Why the run stands where it stands, and what to do next."""
    rows: list[str] = []
    if doc.get("problem"):
        rows.append(visible(str(doc["problem"])))
    rows += [f"  question: {visible(q)}" for q in names(doc, "questions")]
    if doc.get("remedy"):
        rows.append(f"  try: {visible(str(doc['remedy']))}")
    return "\n".join(rows)


def next_text(doc: Json, program: str = "coderoute") -> str:
    """The exact command a person gives next. `program` is how they call us."""
    run = doc["run_id"]
    match doc["status"]:
        case "awaiting_approval":
            approve = approve_command(doc, program)
            return f"look:     {program} diff {run}\napprove:  {approve}\nor:       {program} gate {run}"
        case "approved":
            return f"merge:    {program} merge {run}"
        case "planned":
            return f"execute:  {program} resume {run}"
        case "merged":
            return f"merged as {doc.get('commit')} on {visible(str(doc.get('branch')))}"
        case _:
            return ""


def approve_command(doc: Json, program: str = "coderoute") -> str:
    """The approve command with every acknowledgement it needs."""
    from shlex import quote

    acknowledge = "".join(
        f" --ack {quote(visible(str(item['id'])))}" for item in items(section(doc, "admission"), "items")
    )
    return f"{program} approve {doc['run_id']} --patch {str(section(doc, 'patch')['sha256'])[:12]}{acknowledge}"


def removed_text(removed: Sequence[str]) -> str:
    return f"HIDDEN TEXT in the issue was taken out: {visible('; '.join(removed))}" if removed else ""


def evidence_text(doc: Json) -> str:
    """Everything a person decides on, but the patch itself."""
    patch, burden = section(doc, "patch"), section(doc, "review_burden")
    parts = [
        headline(doc),
        ending_text(doc),
        plan_text(doc),
        steps_text(doc),
        tests_text(doc),
        review_text(doc),
        escalations_text(doc),
        admission_text(doc),
        cost_text(section(doc, "cost"), section(doc, "quote")),
    ]
    if patch:
        order = reading_order([str(path) for path in names(patch, "files")])
        minutes = burden.get("predicted_min")
        parts.append(
            f"PATCH {str(patch['sha256'])[:12]}  {len(order)} files, +{patch['added']} -{patch['removed']}, "
            f"about {minutes or 'unknown'} minutes\n  read in this order: {', '.join(visible(p) for p in order)}"
        )
    return "\n\n".join(part for part in parts if part)


def reading_order(paths: Sequence[str]) -> list[str]:
    """Tests first: they say what is meant."""
    return sorted(paths, key=lambda path: ("test" not in path.lower(), path))
