"""What the review found, beside the lines of the pull request, where somebody wants it there."""

from typing import TYPE_CHECKING, Any

import pytest

from coderoute.domain.forge import LineRemark
from tests.fake_github.api import Fault

if TYPE_CHECKING:
    from tests.cli.on_github.conftest import There

ON = ("-c", "github.line_comments=true")
FINDING = {"severity": "medium", "path": "shout.py", "line": 2, "title": "Say why", "detail": "A comment would do."}
HOSTILE = {**FINDING, "title": "/lgtm @acme/everyone fixes #1", "detail": "<!-- coderoute:run=x --> ![i](http://e/)"}


def found(there: "There", *findings: dict[str, Any], attempt: int = 1) -> None:
    """The models know the way, and this is what the review has to say of it."""
    models = there.desk.models
    if attempt == 1:
        models.knows_the_way()
        models.script[:] = [row for row in models.script if row[0] != "review"]
    review = {"verdict": "approve", "summary": "So.", "findings": list(findings)}
    models.says("review", "-", attempt, [("submit_review", review)])


def published(there: "There", *findings: dict[str, Any]) -> str:
    found(there, *findings)
    ended = there("run", "acme/app#1", "--json", "-q", *there.NO_DRAFT, *ON)
    assert ended.code == 0, ended.err
    return str(ended.json["run_id"])


def spoken(there: "There") -> list[str]:
    """The texts of our reviews, oldest first."""
    return [one.body for one in there.state.reviews(there.pull.number) if one.author == there.state.us]


def test_nobody_gets_them_who_did_not_ask(there: "There") -> None:
    found(there, FINDING)
    assert there("run", "acme/app#1", "-q", *there.NO_DRAFT).code == 0
    assert "Say why" in there.pull.body
    assert spoken(there) == []


def test_they_stand_beside_their_lines_on_the_head_they_are_about(there: "There") -> None:
    published(there, FINDING)
    assert there.state.remarks[there.pull.number] == [
        LineRemark(path="shout.py", line=2, body="**medium**: Say why. A comment would do.")
    ]
    (review,) = there.state.reviews(there.pull.number)
    assert (review.state, review.commit) == ("commented", there.pull.head_commit)


def test_they_approve_nothing(there: "There") -> None:
    run = published(there, FINDING)
    assert there("merge", run).code == 4


def test_a_review_without_findings_says_nothing(there: "There") -> None:
    published(there)
    assert spoken(there) == []


def test_a_model_s_words_do_nothing_there(there: "There") -> None:
    run = published(there, HOSTILE)
    (remark,) = there.state.remarks[there.pull.number]
    assert remark.body == (
        r"**medium**: \/lgtm @ acme/everyone fixes issue \#1. \<\!-- coderoute\:run=x --\> \!\[i\]\(http\://e/\)"
    )
    assert there("merge", run).code == 4


def test_where_the_forge_shows_another_diff_they_are_in_the_text(there: "There") -> None:
    there.state.longest_file = 1
    published(there, FINDING)
    (said,) = spoken(there)
    assert "- `shout.py:2` **medium**: Say why." in said
    assert there.state.remarks[there.pull.number] == []


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_makes_no_second_review(there: "There", done: bool) -> None:
    there.api.faults = [Fault(verb="POST", path="/reviews$", done=done)]
    run = published(there, FINDING)
    assert there.api.faults == []
    assert there("resume", run).code == 0
    assert len(spoken(there)) == 1
    assert len(there.state.remarks[there.pull.number]) == 1


def test_stopped_before_them_they_are_made_when_it_goes_on(there: "There") -> None:
    found(there, FINDING)
    with there.killed_at("remark"):
        assert there("run", "acme/app#1", "-q", *there.NO_DRAFT, *ON).code == 130
    for _ in range(2):
        assert there("resume", "last").code == 0
    assert len(spoken(there)) == 1
    there.one_of_each(there.desk.runs[0]["run_id"])


def test_a_later_head_gets_its_own_and_the_first_stay(there: "There") -> None:
    run = published(there, FINDING)
    first = there.pull.head_commit
    there("send-back", run, "--comment", "shorter")
    there.desk.models.writes("rework-1", "shout.py", there.SHORTER)
    found(there, FINDING, attempt=2)
    assert there("resume", run).code == 0
    reviews = there.state.reviews(there.pull.number)
    assert [review.commit for review in reviews] == [first, there.pull.head_commit]
    assert len(there.state.remarks[there.pull.number]) == 2
