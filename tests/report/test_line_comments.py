"""A review's findings as comments beside lines."""

from typing import Any

import pytest

from coderoute.domain.forge import LineRemark
from coderoute.report.line_comments import findings_of, marker
from coderoute.report.pull_request import MAX_BODY_CHARS, MAX_ROWS

PATCH = b"""diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,4 @@
 one
+two
 three
 four
diff --git a/old.py b/old.py
deleted file mode 100644
--- a/old.py
+++ /dev/null
@@ -1,2 +0,0 @@
-gone
-too
"""
HEAD = "c" * 40


def finding(path: str, line: int, **more: str) -> dict[str, Any]:
    return {"severity": "low", "path": path, "line": line, "title": "Why", "detail": "Say it.", **more}


def doc(*findings: dict[str, Any]) -> dict[str, Any]:
    return {"run_id": "r1", "review": {"model": "m-1", "findings": list(findings)}}


def test_nothing_found_is_nothing_to_say() -> None:
    assert findings_of(doc(), PATCH, HEAD) is None
    assert findings_of({"run_id": "r1", "review": None}, PATCH, HEAD) is None


@pytest.mark.parametrize(
    ("where", "path", "line", "removed"),
    [
        ("an added line", "a.py", 2, False),
        ("a line around it", "a.py", 4, False),
        ("a deleted file", "old.py", 2, True),
    ],
)
def test_a_line_of_the_patch_gets_its_comment(where: str, path: str, line: int, removed: bool) -> None:
    found = findings_of(doc(finding(path, line)), PATCH, HEAD)
    assert found is not None
    assert found.remarks == (LineRemark(path=path, line=line, body="**low**: Why. Say it.", removed=removed),), where
    assert "Why" not in found.body
    assert f"- `{path}:{line}` **low**: Why. Say it." in found.whole


@pytest.mark.parametrize(("path", "line"), [("a.py", 5), ("old.py", 3), ("b.py", 1)])
def test_what_points_elsewhere_is_in_the_text(path: str, line: int) -> None:
    found = findings_of(doc(finding(path, line), finding("a.py", 2)), PATCH, HEAD)
    assert found is not None
    assert [remark.line for remark in found.remarks] == [2]
    assert f"`{path}:{line}` **low**: Why." in found.body


def test_what_is_too_much_is_counted() -> None:
    found = findings_of(doc(*[finding("a.py", 2)] * (2 * MAX_ROWS + 3)), PATCH, HEAD)
    assert found is not None
    assert len(found.remarks) == MAX_ROWS
    assert found.body.count("`a.py:2`") == MAX_ROWS
    assert "and 3 more" in found.body


def test_it_fits_and_can_be_found_again() -> None:
    long = finding("elsewhere" * 400 + "`.py", 2, title="t" * 9_000, detail="d" * 90_000)
    found = findings_of(doc(*[long] * 300), PATCH, HEAD)
    assert found is not None
    for text in (found.body, found.whole):
        assert len(text) <= MAX_BODY_CHARS + 10
        assert text.endswith(marker("r1", HEAD))
    assert marker("r1", HEAD) != marker("r1", "d" * 40)


def test_a_model_s_words_cannot_pass_for_our_marker() -> None:
    mark = marker("r1", HEAD)
    found = findings_of(doc(finding("a.py", 2, title=mark, detail=mark), finding(mark, 1)), PATCH, HEAD)
    assert found is not None
    assert all(mark not in remark.body for remark in found.remarks)
    outside_code = found.whole.replace(f"`{mark}:1`", "")
    assert outside_code.count(mark) == 1
