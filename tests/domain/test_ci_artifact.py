"""Where a run's bundle is, by the forge's list of artifacts: of this repository, not expired, the newest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.ci_artifact import workflow_run

RUN = "0a1b2c3d"


def row(number: int = 5, **more: Any) -> dict[str, Any]:
    of = {"id": 7000 + number, "repository_id": 1, "head_repository_id": 1, **more.pop("workflow_run", {})}
    return {"id": number, "name": f"coderoute-{RUN}", "expired": False, "workflow_run": of, **more}


def listed(*rows: object) -> bytes:
    return json.dumps({"total_count": len(rows), "artifacts": rows}).encode()


def test_the_newest_one_counts() -> None:
    """A job that was run again left a second one."""
    assert workflow_run(listed(row(5), row(9), row(7)), RUN) == 7009


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("of another run", row(name="coderoute-ffffffff")),
        ("expired", row(expired=True)),
        ("of which nobody says that it is not", row(expired=None)),
        ("of a fork's workflow", row(workflow_run={"head_repository_id": 2})),
        ("of no repository", row(workflow_run={"repository_id": None, "head_repository_id": None})),
        ("of no workflow", row(workflow_run={"id": "7005; id"})),
        ("of nothing", {"name": f"coderoute-{RUN}"}),
        ("no object", "text"),
    ],
)
def test_one_does_not_count_that_is(what: str, other: object) -> None:
    assert workflow_run(listed(other), RUN) is None, what
    assert workflow_run(listed(other, row(2)), RUN) == 7002, what


@given(st.binary() | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner)).map(json.dumps).map(str.encode))
def test_a_list_that_is_none_has_none(text: bytes) -> None:
    assert workflow_run(text, RUN) is None
