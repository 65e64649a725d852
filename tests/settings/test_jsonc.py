"""JSON with comments and trailing commas."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.settings.jsonc import parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, // one\n "b": /* two\n lines */ [1, 2,],\n}', {"a": 1, "b": [1, 2]}),
        ('{"url": "https://x//y", "glob": "/* no */"}', {"url": "https://x//y", "glob": "/* no */"}),
        ('{"quote": "a\\"// b", "comma": ",]"}', {"quote": 'a"// b', "comma": ",]"}),
        ("\ufeff[1 /* */ , // last\n ]", [1]),
        ('// only\n"text" // end', "text"),
    ],
)
def test_comments_and_last_commas_are_left_out_and_texts_are_not_touched(text: str, value: object) -> None:
    assert parse(text) == value


@given(VALUES)
def test_plain_json_is_read_as_it_is(value: object) -> None:
    assert parse(json.dumps(value, indent=1)) == value
    assert parse(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Expecting"),
        ('{"a": 1 "b": 2}', "Expecting"),
        ("[1,,2]", "Expecting"),
        ('{"a": 1, "a": 2}', 'names "a" twice'),
        ('"open', "Unterminated"),
        ("[" * 100_000, "nested too deeply"),
        ("", "Expecting"),
    ],
)
def test_what_is_no_json_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)
