"""Arguments under other names, and what is said of those that do not fit."""

import pytest

from coderoute.domain.conversation import JsonObject, Tool
from coderoute.domain.tool_arguments import as_named, problem_of

EDIT = Tool(
    name="edit", description="",
    schema={
        "type": "object", "required": ["path", "old"],
        "properties": {"path": {"type": "string"}, "old": {"type": "string"}, "all": {"type": "boolean"}},
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("what", "arguments", "named"),
    [
        ("ours stay", {"path": "a", "old": "b"}, {"path": "a", "old": "b"}),
        ("others are renamed", {"file_path": "a", "old_string": "b"}, {"path": "a", "old": "b"}),
        ("an optional one too", {"path": "a", "replace_all": True}, {"path": "a", "all": True}),
        ("not over one of ours", {"path": "a", "file": "b"}, {"path": "a", "file": "b"}),
        ("what is unknown stays", {"why": "x"}, {"why": "x"}),
    ],
)
def test_arguments_are_known_by_the_names_of_other_tools(what: str, arguments: JsonObject, named: JsonObject) -> None:
    assert as_named(EDIT, arguments) == named, what


def test_what_is_missing_what_came_and_what_is_expected_are_said() -> None:
    assert problem_of(EDIT, {"path": "a", "before\u202e": "b"}) == (
        "old is missing; there is no argument before<U+202E>. edit needs path, old; it may have all"
    )


def test_with_all_that_is_needed_a_superfluous_argument_is_no_problem() -> None:
    assert problem_of(EDIT, {"path": "a", "old": "b", "why": "c"}) is None
