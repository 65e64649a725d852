"""What a workflow's steps hand on can only be what it is: no text of others leaves its line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.ci_words import (
    FORMS,
    OF_A_RUN,
    Remark,
    annotation,
    annotations,
    command_words,
    output_lines,
    outputs,
)
from coderoute.errors import BadInput

DOC: dict[str, object] = {
    "status": "awaiting_approval", "run_id": "0a1b2c3d", "patch": {"sha256": "f" * 64},
    "branch": "coderoute/12-0a1b2c3d",
    "commit": None, "cost": {"total_usd": "0.0125"}, "escalations": [{}, {}],
    "pull_request": "https://github.com/acme/widgets/pull/7",
}  # fmt: skip


def test_the_outputs_are_those_of_the_run() -> None:
    assert outputs(DOC, 0) == {
        "conclusion": "awaiting_approval", "run_id": "0a1b2c3d", "pull_request": DOC["pull_request"],
        "branch": "coderoute/12-0a1b2c3d", "commit": "", "patch_sha256": "f" * 64, "cost_usd": "0.0125",
        "escalations": "2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "conclusion"),
    [(0, "done"), (1, "failed"), (2, "usage"), (4, "blocked"), (5, "exhausted"), (69, "unavailable"),
     (78, "configuration"), (130, "interrupted"), (137, "failed")],
)  # fmt: skip
@pytest.mark.parametrize("doc", [{}, None, [], {"error": {"problem": "x"}}, {"status": 7}])
def test_they_are_set_on_failure_too(code: int, conclusion: str, doc: object) -> None:
    found = outputs(doc, code)
    assert tuple(found) == OF_A_RUN
    assert found["conclusion"] == conclusion


@pytest.mark.parametrize(
    ("what", "status", "code", "conclusion"),
    [
        ("it waits", "awaiting_approval", 0, "awaiting_approval"),
        ("a command on a run that waits was refused", "awaiting_approval", 4, "blocked"),
        ("its pull request could not be made", "awaiting_approval", 69, "unavailable"),
        ("it ended so", "exhausted", 5, "exhausted"),
        ("it was stopped", "interrupted", 130, "interrupted"),
        ("its process is gone", "running", 137, "interrupted"),
        ("its process is gone, and left no code", "running", 130, "interrupted"),
        ("a status that is none", "x\ny", 4, "blocked"),
        ("a status that is none, of a command that did well", "x", 0, "done"),
    ],
)
def test_what_a_command_came_to_counts_beside_the_run(what: str, status: str, code: int, conclusion: str) -> None:
    assert outputs({"status": status}, code)["conclusion"] == conclusion, what


LIES = [
    "x\ny=1",
    "EOF\nGITHUB_TOKEN<<EOF",
    "$(id)",
    "`id`",
    "::set-output name=x::y",
    "../..",
    "a b",
    "\u202e",
    "'; id",
]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("name", list(FORMS))
def test_no_output_can_be_anything_else(name: str, lie: str) -> None:
    assert output_lines({name: lie}, "END") == f"{name}<<END\n\nEND\n"


@given(st.dictionaries(st.sampled_from(OF_A_RUN), st.text()))
def test_an_output_file_has_three_lines_each_and_no_more(values: dict[str, str]) -> None:
    rows = output_lines(values, "END").split("\n")
    assert len(rows) == 3 * len(values) + 1
    assert rows[2::3] == ["END"] * len(values)


def test_the_words_of_a_run() -> None:
    words = command_words(
        issue="acme/widgets#12", issue_sha256="a" * 64, mode="run",
        models="cheap=openai:small\n\nfrontier=anthropic:large", budget=" 3.00 ",
        config='trust.repository="abc"\nlimits.max_turns=9',
    )  # fmt: skip
    assert words == (
        "run", "acme/widgets#12", "--json", "--issue-sha256", "a" * 64,
        "-c", 'models.cheap.provider="openai"', "-c", 'models.cheap.model="small"',
        "-c", 'models.frontier.provider="anthropic"', "-c", 'models.frontier.model="large"',
        "-c", 'trust.repository="abc"', "-c", "limits.max_turns=9", "--max-budget-usd", "3.00",
    )  # fmt: skip


GOOD = {"issue": "acme/widgets#12", "issue_sha256": "", "mode": "run", "models": "", "budget": "", "config": ""}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issue", "--help"), ("issue", "-"), ("issue", "/etc/passwd"), ("issue", "acme/widgets#12 --base x"),
        ("issue", ""), ("issue_sha256", "--base"),
        ("mode", "merge"), ("mode", ""), ("models", "cheap=x:y z"), ("models", 'cheap=a:b"\nc="d'),
        ("models", "admin=anthropic:x"), ("budget", "-1"), ("budget", "1e9"), ("budget", "NaN"), ("budget", "0"),
        ("config", "--repo=/"), ("config", "/etc/passwd"), ("config", "a\x00=b"),
    ],
)  # fmt: skip
def test_an_input_that_is_something_else_is_named(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=f"the input {name} is"):
        command_words(**{**GOOD, name: value})


def test_an_annotation_is_one_command_of_the_runner() -> None:
    remark = Remark(severity="high", path="a,b:c.py", line=3, title="50% off\n::x", detail="a%\r\n::error::b")
    assert annotation(remark) == ("::error file=a%2Cb%3Ac.py,line=3,title=coderoute%3A 50%25 off::a%25<U+000D>")


@given(st.builds(Remark, severity=st.text(), path=st.text(), line=st.none() | st.integers(1, 9), title=st.text(),
                 detail=st.text()))  # fmt: skip
def test_whatever_a_finding_says_it_stays_in_its_line(remark: Remark) -> None:
    line = annotation(remark)
    assert len(re.split(r"[\r\n]", line)) == 1
    assert line.startswith(("::error file=", "::warning file=", "::notice file="))


def test_the_gravest_findings_come_first_and_no_more_than_are_shown() -> None:
    low = Remark(severity="low", path="a", line=1, title="t", detail="d")
    high = Remark(severity="high", path="a", line=1, title="t", detail="d")
    found = annotations([low] * 20 + [high])
    assert len(found) == 10
    assert found[0].startswith("::error")
