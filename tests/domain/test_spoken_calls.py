"""When text of a model is taken for a tool call, and when it is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.conversation import JsonObject, Tool
from coderoute.domain.spoken_calls import THOUGHT, fits, spoken_calls


def tool(name: str, required: list[str], **properties: object) -> Tool:
    schema: JsonObject = {"type": "object", "properties": properties, "required": required}
    return Tool(name=name, description="", schema=schema)


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
READ = tool("read_file", ["path"], path=TEXT, start_line=WHOLE)
LIST = tool("list_files", [], path=TEXT)
RUN = tool("run", ["command"], command=TEXT, timeout_s={"type": "number"})
GIVE_UP = tool("give_up", ["kind"], kind={"type": "string", "enum": ["unclear", "impossible"]})
TOOLS = (READ, LIST, RUN, GIVE_UP)

CALL = '{"name": "run", "arguments": {"command": "ls"}}'
MEANT = ("run", {"command": "ls"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CALL, ""),
        (f"\n {CALL}\n", ""),
        (f"[TOOL_CALLS] [{CALL}]", ""),
        (f"<|python_tag|>{CALL}", ""),
        (f"```json\n{CALL}\n```", ""),
        (f"I look around.\n\n```\n{CALL}\n```", "I look around."),
        (f"<tool_call>\n{CALL}\n</tool_call>", ""),
        (f"I look.\n<tool_call>{CALL}</tool_call>\nSo.", "I look.\nSo."),
        (f"<tool_call>{CALL}", ""),
        (f"<function_call>{CALL}</function_call>", ""),
        ('{"tool": "run", "args": {"command": "ls"}}', ""),
        ('{"name": "run", "parameters": {"command": "ls"}}', ""),
        ('{"type": "function", "function": {"name": "run", "arguments": "{\\"command\\": \\"ls\\"}"}}', ""),
        ('{"command": "ls"}', ""),
    ],
)
def test_a_call_in_one_of_the_usual_forms_is_understood(text: str, words: str) -> None:
    assert spoken_calls(text, TOOLS) == (words, (MEANT,))


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("words", "I would run ls."),
        ("no such tool", '{"name": "rm", "arguments": {"command": "ls"}}'),
        ("a wrong name of an argument", '{"name": "run", "arguments": {"cmd": "ls"}}'),
        ("a wrong type", '{"name": "run", "arguments": {"command": 7}}'),
        ("an argument too many", '{"name": "run", "arguments": {"command": "ls", "shell": "sh"}}'),
        ("not one of the words it may be", '{"name": "give_up", "arguments": {"kind": "tired"}}'),
        ("arguments that fit two tools", '{"path": "a.py"}'),
        ("nothing", "{}"),
        ("JSON among words", f"You could say {CALL} to run it."),
        ("two blocks of code", f"```json\n{CALL}\n```\n```json\n{CALL}\n```"),
        ("a block with words behind it", f"```json\n{CALL}\n```\nis how to call it."),
        ("bare arguments as an example", 'Write this file:\n```json\n{"command": "ls"}\n```'),
        ("one of two calls is wrong", f"<tool_call>{CALL}</tool_call><tool_call>{{}}</tool_call>"),
        ("half a call", '<tool_call>{"name": "run", "arguments": {"comm'),
        ("a number", "42"),
        ("deep nesting", "[" * 100_000),
    ],
)
def test_what_is_not_certain_is_text(why: str, text: str) -> None:
    assert spoken_calls(text, TOOLS) == (text, ()), why


def test_several_calls_between_tags_keep_their_order() -> None:
    other = CALL.replace("ls", "pwd")
    text = f"<tool_call>{CALL}</tool_call>\n<tool_call>{other}</tool_call>"
    assert spoken_calls(text, TOOLS) == ("", (MEANT, ("run", {"command": "pwd"})))


def test_without_tools_nothing_is_a_call() -> None:
    assert spoken_calls(CALL, ()) == (CALL, ())


def test_a_thought_is_cut_off_at_the_beginning_only() -> None:
    assert THOUGHT.sub("", f"<think>{CALL}</think>\nDone.", count=1) == "Done."
    assert THOUGHT.sub("", "Done. <think>x</think>", count=1) == "Done. <think>x</think>"


def test_null_stands_for_an_absent_optional_argument_only() -> None:
    assert fits({"command": "ls", "timeout_s": None}, RUN.schema)
    assert not fits({"command": None}, RUN.schema)


@given(st.text(max_size=300))
def test_text_that_is_no_call_comes_back_as_it_was(text: str) -> None:
    assert spoken_calls(text, (READ,)) == (text, ())


arguments = st.fixed_dictionaries({"command": st.text()}, optional={"timeout_s": st.integers()})


@given(arguments)
def test_what_fits_survives_every_form(given_: dict[str, object]) -> None:
    call = json.dumps({"name": "run", "arguments": given_})
    for text in (call, f"<tool_call>\n{call}\n</tool_call>"):
        assert spoken_calls(text, TOOLS)[1] == (("run", given_),)
