"""A run as the summary of a workflow's job: how it ended first, then what its pull request would say."""

from collections.abc import Mapping

from coderoute.domain.ci_words import Remark
from coderoute.report.pull_request import body_of, code, cut, plain, rows_of, section


def summary(doc: Mapping[str, object], outputs: Mapping[str, str]) -> str:
    """Markdown in which no text from outside is more than text."""
    rows = [f"## coderoute: {plain(outputs['conclusion'].replace('_', ' ') or 'unknown')}"]
    title = section(doc, "task").get("title")
    rows += [f"{plain(title)}"] if title else []
    facts = {
        "run": outputs["run_id"], "patch sha256": outputs["patch_sha256"], "branch": outputs["branch"],
        "commit": outputs["commit"], "cost": f"${outputs['cost_usd']}" if outputs["cost_usd"] else "",
        "escalations": outputs["escalations"],
    }  # fmt: skip
    rows.append("\n".join(f"- {name}: {code(value)}" for name, value in facts.items() if value))
    if outputs["pull_request"]:
        rows.append(f"Pull request: <{outputs['pull_request']}>")
    rows += [stopped(doc)] if doc.get("problem") else []
    if outputs["patch_sha256"]:
        rows.append(body_of(doc, issue=None))
    elif not doc:
        rows.append("It left no document; the log of the job says why.")
    return cut("\n\n".join(row for row in rows if row)) + "\n"


def stopped(doc: Mapping[str, object]) -> str:
    """Why it stopped, and what its person can do."""
    rows = [f"**{plain(doc.get('reason') or 'stopped')}**: {plain(doc['problem'], 1_000)}"]
    rows += [f"- {plain(question)}" for question in _texts(doc.get("questions"))]
    rows += [f"Try: {plain(doc['remedy'], 500)}"] if doc.get("remedy") else []
    return "\n".join(rows)


def remarks(doc: Mapping[str, object]) -> list[Remark]:
    """What a reviewer and the rules found, at its lines."""
    found = [
        Remark(
            severity=str(f.get("severity")), path=str(f.get("path")), line=_line(f.get("line")),
            title=str(f.get("title")), detail=str(f.get("detail")),
        )
        for f in rows_of(section(doc, "review"), "findings")
    ]  # fmt: skip
    for item in rows_of(section(doc, "admission"), "items"):
        found.append(
            Remark(
                severity="medium", path=str(item.get("path")), line=_line(item.get("line")),
                title=f"protected: {item.get('rule')}", detail=str(item.get("detail")),
            )
        )  # fmt: skip
    return found


def _line(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
