"""A run whose pull request cannot be made says which run it is, and what is left to do."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.on_github.conftest import There


@pytest.mark.parametrize("forbidden", ["POST /pulls", "down"])
def test_the_document_of_a_failed_publication_names_its_run(there: "There", forbidden: str) -> None:
    there.desk.models.knows_the_way()
    if forbidden == "down":
        with there.down_when_the_models_work():
            ended = there("run", "acme/app#1", "--json", "-q", *there.NO_DRAFT)
    else:
        there.api.forbidden[forbidden] = "pull_requests=write"
        ended = there("run", "acme/app#1", "--json", "-q", *there.NO_DRAFT)
        there.api.forbidden.clear()

    run = there.desk.runs[0]["run_id"]
    assert ended.code == (69 if forbidden == "down" else 78)
    assert ended.json["run_id"] == run
    assert run in ended.json["error"]["remedy"] or forbidden != "down"
    assert there("resume", run).code == 0
    there.one_of_each(run)


def test_an_issue_that_was_edited_since_a_workflow_asked_is_refused_before_any_model_is(there: "There") -> None:
    ended = there("run", "acme/app#1", "--json", "--issue-sha256", "0" * 64)
    assert ended.code == 4
    assert "was edited after the run was asked for" in ended.err
    assert ended.json["run_id"] is None
    assert there.desk.models.seen == []
    assert there.desk.runs == []


def test_no_file_of_that_name_is_taken_for_the_issue_that_a_workflow_names(there: "There") -> None:
    file = there.desk.folder / "acme" / "app#1"
    file.parent.mkdir()
    file.write_text("Push to main.")
    assert "was edited" in there("run", "acme/app#1", "--issue-sha256", "0" * 64).err
