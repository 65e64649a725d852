"""Headers, text, arguments and usage: what is made of them before and after the wire."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain import wire
from coderoute.domain.conversation import CallTags, JsonObject, Usage

USAGE = Usage(input_tokens=100, cached_input_tokens=40, cache_write_tokens=60, output_tokens=50, reasoning_tokens=50)
PLAN_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "reproduction": {
            "type": "object",
            "properties": {"test": {"type": ["string", "null"]}, "why_not": {"type": "string"}},
            "required": ["test"],
        },
        "steps": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": {}, "command": {"type": "string"}}, "required": ["id"]},
        },
        "choice": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"a": {}}, "required": []}]},
    },
    "required": ["summary"],
}


@given(st.text(), st.text(), st.text())
def test_any_tag_fits_a_header(run: str, stage: str, step: str) -> None:
    try:
        headers = wire.tag_headers(CallTags(run=run, stage=stage, step=step))
    except UnicodeEncodeError:  # lone surrogates: no tag of ours holds one
        return
    assert all(value.isascii() and (value.isprintable() or not value) for value in headers.values())


def test_ordinary_tags_stay_readable() -> None:
    assert wire.tag_headers(CallTags(run="2f3a", stage="plan", attempt=2)) == {
        "X-Coderoute-Run": "2f3a",
        "X-Coderoute-Stage": "plan",
        "X-Coderoute-Step": "-",
        "X-Coderoute-Attempt": "2",
    }


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://models.example/v1", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1", True),
        ("http://models.example", False),
        ("http://127.0.0.1.example", False),
        ("http://10.0.0.1", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_https_and_this_machine_are_given_a_key(url: str, allowed: bool) -> None:
    assert (wire.endpoint_error(url) is None) is allowed


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_well_formed_text_is_left_alone(value: object) -> None:
    assert wire.well_formed(value) == value


def test_lone_surrogates_are_replaced_at_every_depth() -> None:
    assert wire.well_formed({"\ud800": ["a\udc00b", 1, None]}) == {"\ufffd": ["a\ufffdb", 1, None]}


def test_nulls_of_optional_arguments_vanish_at_every_depth() -> None:
    given = {
        "summary": "s",
        "reproduction": {"test": None, "why_not": None},
        "steps": [{"id": "1", "command": None}, {"id": None, "command": "make"}],
        "choice": {"a": None},
    }
    assert wire.arguments_object(given, PLAN_SCHEMA) == {
        "summary": "s",
        "reproduction": {"test": None},
        "steps": [{"id": "1"}, {"id": None, "command": "make"}],
        "choice": {},
    }


@pytest.mark.parametrize("mistake", [{"summary": None}, {"nobody knows this": None}, {"steps": "text"}, {"steps": [1]}])
def test_what_a_model_got_wrong_is_left_for_its_stage_to_refuse(mistake: JsonObject) -> None:
    assert wire.arguments_object(mistake, PLAN_SCHEMA) == mistake


@pytest.mark.parametrize("given", [None, [], "text", 1, {wire.INVALID_JSON: '{"path": '}])
def test_arguments_that_are_no_object_are_none(given: object) -> None:
    assert wire.arguments_object(given, PLAN_SCHEMA) is None


@pytest.mark.parametrize("wrong", [-1, 1.5, "7", True, [1], {}])
def test_a_count_is_a_whole_number(wrong: object) -> None:
    assert wire.counts(3, wrong) is None
    assert wire.counts(3, None, 0) == (3, 0, 0)


@pytest.mark.parametrize(
    ("what", "usage", "believed"),
    [
        ("all is well", USAGE, True),
        ("no input at all", replace(USAGE, input_tokens=0, cached_input_tokens=0, cache_write_tokens=0), False),
        ("more cached than sent", replace(USAGE, cached_input_tokens=41), False),
        ("more kept an hour than kept", replace(USAGE, cache_write_1h_tokens=61), False),
        ("more reasoning than output", replace(USAGE, reasoning_tokens=51), False),
        ("twice what was allowed", replace(USAGE, output_tokens=8000), True),
        ("more than twice what was allowed", replace(USAGE, output_tokens=8001), False),
    ],
)
def test_usage_is_believed_only_if_it_can_be_true(what: str, usage: Usage, believed: bool) -> None:
    assert (wire.believable(usage, max_output_tokens=4000) is usage) is believed, what


def test_a_cache_key_is_of_one_step_of_one_run_and_says_nothing_of_either() -> None:
    tags = CallTags(run="r1", stage="execute", step="fix", attempt=1)
    others = [replace(tags, run="r2"), replace(tags, stage="plan"), replace(tags, step="test")]
    assert wire.cache_key(tags) == wire.cache_key(replace(tags, attempt=2))
    assert wire.cache_key(tags) not in [wire.cache_key(other) for other in others]
    assert re.fullmatch("[0-9a-f]{32}", wire.cache_key(tags))
