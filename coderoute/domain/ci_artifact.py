"""GitHub's list of artifacts -> the run of the workflow that left a run's bundle. What is in the bundle is proved when
it arrives; here it is only found."""

import json

MAX_LIST_BYTES = 10_000_000


def artifact_name(run_id: str) -> str:
    return f"coderoute-{run_id}"


def workflow_run(listed: bytes, run_id: str) -> int | None:
    """The newest one that was left by a workflow of the repository itself, not by that of a fork; None without one."""
    try:
        found = json.loads(listed)
    except (ValueError, RecursionError):
        return None
    rows = found.get("artifacts") if isinstance(found, dict) else None
    fitting = [each for each in rows if _fits(each, run_id)] if isinstance(rows, list) else []
    newest = max(fitting, key=lambda each: _number(each, "id"), default=None)
    return None if newest is None else _number(newest, "workflow_run", "id")


def _fits(row: object, run_id: str) -> bool:
    if not isinstance(row, dict) or row.get("name") != artifact_name(run_id) or row.get("expired") is not False:
        return False
    own, head = (_number(row, "workflow_run", name) for name in ("repository_id", "head_repository_id"))
    return own == head != 0 and _number(row, "workflow_run", "id") != 0 and _number(row, "id") != 0


def _number(row: object, *path: str) -> int:
    """0 where there is none."""
    for part in path:
        row = row.get(part) if isinstance(row, dict) else None
    return row if isinstance(row, int) and not isinstance(row, bool) and 0 < row < 2**53 else 0
