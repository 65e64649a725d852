"""The executor's tools over a sandbox: what they do, and what a model hears of its mistakes."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost, Recorded
from coderoute.domain.conversation import JsonObject, ToolCall, ToolResult
from coderoute.domain.edit_format import EditFormat
from coderoute.domain.terms import Environment, Limits
from coderoute.domain.work import Ending
from coderoute.ports import Sandbox
from coderoute.stages.execute.changes import MAX_FILE_BYTES
from coderoute.stages.execute.offered import APPLY_PATCH, tools_for
from coderoute.stages.execute.output import MAX_OUTPUT_CHARS
from coderoute.stages.execute.tools import MAX_COMMAND_BYTES, MAX_MATCHES, Workbench

TOOLS = tools_for(EditFormat.REPLACE)

FILES = {
    "src/a.py": b"def a():\n    return 1\n",
    "src/windows.py": b"a = 1\r\nb = 2\r\n",
    "src/latin.py": b"# caf\xe9\nx = 1\n",
    "src/na\u00efve name.py": b"x = 1\n",
    "empty.txt": b"",
    ".env": b"TOKEN=canary\n",
    "src/hidden.py": "x = 'a\u202eb'  # \u200bneedle\ny = 2\n".encode(),
    "logo.png": b"\x89PNG\0",
    "huge.txt": b"x" * (MAX_FILE_BYTES + 1),
}


@dataclass
class Shell:
    """Answers commands that begin with a known word, and keeps all it was asked."""

    answers: dict[str, Recorded] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, command: str, env: Mapping[str, str], files: Mapping[str, bytes]) -> Recorded | None:
        self.asked.append((command, dict(env)))
        return next((done for begin, done in self.answers.items() if command.startswith(begin)), None)


@dataclass
class Bench:
    sandbox: Sandbox
    workbench: Workbench
    shell: Shell

    def ask(self, name: str, arguments: JsonObject | None) -> ToolResult:
        return self.workbench.perform(ToolCall(id="c", name=name, arguments=arguments))

    def said(self, name: str, arguments: JsonObject | None) -> str:
        result = self.ask(name, arguments)
        assert not result.is_error, result.text
        return result.text

    def files(self) -> dict[str, bytes]:
        return {file.path: file.data for file in self.sandbox.snapshot()}


def bench(answers: dict[str, Recorded] | None = None) -> Bench:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, data in FILES.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    shell = Shell(answers or {})
    environment = Environment(image="i", setup=(), limits=Limits())
    sandbox = InMemorySandboxHost(shell).open("i", packed.getvalue(), environment, "run-1")
    return Bench(sandbox, Workbench(sandbox, {"LEVEL": "3"}, TOOLS), shell)


def test_the_pinned_tools_are_offered() -> None:
    required = {tool.name: tool.schema["required"] for tool in TOOLS}
    assert required == {
        "read_file": ["path"], "search": ["pattern"], "list_files": [], "edit_file": ["path", "old", "new"],
        "write_file": ["path", "content"], "run": ["command"], "read_output": ["run"], "finish": ["summary"],
        "give_up": ["reason", "kind"],
    }  # fmt: skip


def test_edit_file_changes_exactly_one_piece() -> None:
    b = bench()
    assert (
        b.said("edit_file", {"path": "src/a.py", "old": "return 1", "new": "return 2"})
        == "replaced at line 2 of src/a.py"
    )
    assert b.files() == FILES | {"src/a.py": b"def a():\n    return 2\n"}


def test_edit_file_keeps_line_ends_and_bytes_that_are_no_utf8() -> None:
    b = bench()
    b.said("edit_file", {"path": "src/windows.py", "old": "a = 1\nb = 2", "new": "a = 3\nb = 4"})
    b.said("edit_file", {"path": "src/latin.py", "old": "x = 1", "new": "x = '\u00e9'"})
    assert b.files()["src/windows.py"] == b"a = 3\r\nb = 4\r\n"
    assert b.files()["src/latin.py"] == b"# caf\xe9\nx = '\xc3\xa9'\n"


def test_the_same_edit_again_is_told_to_be_done() -> None:
    b = bench()
    call: JsonObject = {"path": "src/a.py", "old": "    return 1\n", "new": "    return one_more\n"}
    b.said("edit_file", call)
    again = b.ask("edit_file", call)
    assert again.is_error
    assert "this very edit of src/a.py was made already, at line 2:" in again.text


def test_write_file_makes_folders_and_keeps_every_byte() -> None:
    b = bench()
    assert b.said("write_file", {"path": "new/deep/b.py", "content": "x = 1\ny"}) == "wrote new/deep/b.py (2 lines)"
    b.said("write_file", {"path": "src/a.py", "content": ""})
    assert b.files()["new/deep/b.py"] == b"x = 1\ny"
    assert b.files()["src/a.py"] == b""


@pytest.mark.parametrize("path", ["src/a.py", "./src/a.py", "/work/src/a.py", "src/na\u00efve name.py"])
def test_paths_are_taken_as_models_write_them(path: str) -> None:
    assert not bench().ask("read_file", {"path": path}).is_error


OUTSIDE = [
    "../outside", "src/../../outside", "/etc/passwd", "/work/../etc/passwd", ".git/config", ".GIT/hooks/x",
    "src/.git/x", "a\\b", "a\0b", "a\nb", "a\x1bb", "a\u202eb", "C:x", "-rf", "a//b", "x" * 300, "",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("name", ["read_file", "edit_file", "write_file"])
def test_a_path_that_is_not_allowed_never_reaches_the_sandbox(name: str, path: str) -> None:
    class Untouchable:
        def __getattr__(self, attribute: str) -> object:
            raise AssertionError(f"the sandbox was asked for {attribute}")

    workbench = Workbench(Untouchable(), {}, TOOLS)  # type: ignore[arg-type]
    arguments: JsonObject = {"path": path, "old": "a", "new": "b", "content": "c"}
    result = workbench.perform(ToolCall(id="c", name=name, arguments=arguments))
    assert result.is_error
    assert "path is missing" in result.text if not path else "not allowed (path." in result.text


@pytest.mark.parametrize("name", ["search", "list_files"])
def test_looking_around_outside_is_not_allowed_either(name: str) -> None:
    b = bench()
    assert b.ask(name, {"pattern": "x", "path": "../"}).is_error
    assert b.ask(name, {"pattern": "x", "path": "/etc"}).is_error
    assert b.shell.asked == []


@pytest.mark.parametrize(
    ("what", "name", "arguments", "said"),
    [
        ("broken arguments", "edit_file", None, "no JSON object; send the call again"),
        ("an unknown tool", "delete_file", {"path": "a"}, "there is no tool 'delete_file'; the tools are read_file, "),
        ("no path", "edit_file", {"old": "a", "new": "b"}, "path is missing"),
        (
            "no new text",
            "edit_file",
            {"path": "src/a.py", "old": "a"},
            "new is missing. edit_file needs path, old, new",
        ),
        (
            "another's name",
            "edit_file",
            {"path": "b", "was": "a", "new": "b"},
            "old is missing; there is no argument was",
        ),
        ("a list as text", "edit_file", {"path": "src/a.py", "old": ["a"], "new": "b"}, "old and new are strings"),
        ("no such file to edit", "edit_file", {"path": "b.py", "old": "a", "new": "b"}, "to make one use write_file"),
        ("a folder to edit", "edit_file", {"path": "src", "old": "a", "new": "b"}, "there is no file src"),
        ("too large to edit", "edit_file", {"path": "huge.txt", "old": "x", "new": "y"}, "change it with run"),
        (
            "half a character",
            "edit_file",
            {"path": "src/a.py", "old": "1", "new": "\ud800"},
            "new holds half a character",
        ),
        ("half a character in a command", "run", {"command": "echo \udc80"}, "command holds half a character"),
        ("no content", "write_file", {"path": "b.py"}, "content is missing"),
        (
            "too much content",
            "write_file",
            {"path": "b", "content": "x" * (MAX_FILE_BYTES + 1)},
            "the limit is 1,000,000",
        ),
        ("a folder is there", "write_file", {"path": "src", "content": "x"}, "src: it is a folder"),
        ("a file is in the way", "write_file", {"path": "empty.txt/x", "content": "x"}, "is no folder"),
        ("no such file", "read_file", {"path": "b.py"}, "there is no file b.py; list_files and search show"),
        ("a picture", "read_file", {"path": "logo.png"}, "logo.png is binary"),
        ("words as lines", "read_file", {"path": "src/a.py", "end_line": "x"}, "end_line is a whole number"),
        ("no pattern", "search", {}, "pattern is missing"),
        ("two lines", "search", {"pattern": "a\nb"}, "search for one line"),
        ("no command", "run", {}, "command is missing"),
        ("a blank command", "run", {"command": " \n"}, "command is missing"),
        ("an endless command", "run", {"command": "x" * (MAX_COMMAND_BYTES + 1)}, "put a script into a file"),
        ("a NUL", "run", {"command": "a\0b"}, "has a NUL byte"),
        ("words as seconds", "run", {"command": "x", "timeout_s": "long"}, "timeout_s is a whole number"),
    ],
)
def test_a_mistake_changes_nothing_and_says_what_to_do(
    what: str, name: str, arguments: JsonObject | None, said: str
) -> None:
    b = bench()
    result = b.ask(name, arguments)
    assert result.is_error, what
    assert said in result.text
    assert b.files() == FILES
    assert b.workbench.commands == 0


def test_run_gives_exit_code_output_and_the_environment_of_the_tests() -> None:
    b = bench({"pytest": Recorded(exit_code=1, output=b"1 failed\n", duration_s=2.5)})
    result = b.ask("run", {"command": "pytest -q"})
    assert result == ToolResult(call_id="c", text="exit code 1 after 2.5 s\n1 failed")
    assert b.shell.asked == [("pytest -q", {"LEVEL": "3"})]
    assert b.workbench.commands == 1


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending.TIMEOUT, "killed after 120 s (timeout)"),
        (Ending.OUT_OF_MEMORY, "killed: out of memory"),
        (Ending.OUTPUT_FLOOD, "killed: far too much output"),
    ],
)
def test_a_command_that_was_killed_says_why(ending: Ending, said: str) -> None:
    b = bench({"go": Recorded(exit_code=137, output=b"half", ending=ending)})
    assert b.said("run", {"command": "go"}).startswith(said)


@pytest.mark.parametrize(("asked", "given_s"), [(None, 120), (5, 5), (0, 120), (-3, 1), (100_000, 900)])
def test_a_command_has_the_time_it_asks_for_within_limits(asked: int | None, given_s: int) -> None:
    b = bench({"sleep": Recorded(duration_s=10_000)})
    assert b.said("run", {"command": "sleep", "timeout_s": asked}).startswith(f"killed after {given_s} s (timeout)")


def test_search_asks_for_the_pattern_as_it_is() -> None:
    b = bench({"grep": Recorded(output=b"./src/a.py:1:def a():\n")})
    assert b.said("search", {"pattern": "it's -e $(x)"}) == "src/a.py:1:def a():"
    command, _ = b.shell.asked[0]
    assert "-e 'it'\\''s -e $(x)' -- '.' | head" in command


def test_search_stays_in_the_folder_it_is_given() -> None:
    b = bench({"grep": Recorded(output=b"src/a.py:1:x\n")})
    b.said("search", {"pattern": "x", "path": "./src/"})
    assert "-- 'src' |" in b.shell.asked[0][0]


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (Recorded(), "(no line matches)"),
        (Recorded(output=b"grep: Unmatched ( or \\(\n"), "error: grep: Unmatched ( or \\("),
        (Recorded(output=b"grep: lib: No such file or directory\n"), "error: grep: lib: No such file or directory"),
        (Recorded(output=b"grep: x: Permission denied\na.py:1: b\n"), "a.py:1: b"),
        (Recorded(ending=Ending.TIMEOUT), "error: the search took too long; give a simpler pattern or a folder"),
    ],
)
def test_what_grep_complains_about_is_no_match(recorded: Recorded, said: str) -> None:
    assert bench({"grep": recorded}).ask("search", {"pattern": "(b"}).text == said


def test_many_matches_are_cut_with_advice() -> None:
    b = bench({"grep": Recorded(output=b"a.py:1: x\n" * (MAX_MATCHES + 4))})
    assert b.said("search", {"pattern": "x"}).split("\n")[-1] == "... 4 more: narrow the pattern or give a path"


def test_list_files_gives_paths_from_the_root() -> None:
    b = bench({"find": Recorded(output=b"././src/a.py\n././.github/ci.yml\n")})
    assert b.said("list_files", {}) == "src/a.py\n.github/ci.yml"
    b = bench({"find": Recorded(output=b"./src/a.py\n")})
    assert b.said("list_files", {"path": "src"}) == "src/a.py"
    assert b.shell.asked[0][0].startswith("find './src' ")


def test_a_folder_that_is_not_there_is_named() -> None:
    b = bench({"find": Recorded(exit_code=1, output=b"find: './lib': No such file or directory\n")})
    assert b.ask("list_files", {"path": "lib"}).text == "error: find: './lib': No such file or directory"


@pytest.mark.parametrize(
    ("command", "exit_code", "said"),
    [
        ("pytest | tail -3", 0, "exit code 0 (of the last command of the pipe) after"),
        ("pytest | tail -3", 1, "exit code 1 after"),
        ("pytest || tail x", 0, "exit code 0 after"),
        ("ls | tail -3; pytest", 0, "exit code 0 after"),
    ],
)
def test_whose_exit_code_it_is_is_said_where_a_pipe_hides_it(command: str, exit_code: int, said: str) -> None:
    b = bench({command.split()[0]: Recorded(exit_code=exit_code)})
    assert b.said("run", {"command": command}).startswith(said)


def test_an_edit_that_broke_the_file_by_a_slip_is_mended_and_shown() -> None:
    b = bench()
    b.said("write_file", {"path": "src/m.py", "content": "class A:\n    def g(self):\n        return 2\n"})
    edit = {"path": "src/m.py", "old": "def g(self):", "new": "def h(self):\n    pass\n\ndef g(self):"}
    said = b.said("edit_file", dict(edit))
    assert said.startswith(
        "replaced at line 2 of src/m.py; as it was sent the file would not parse any more: the later"
    )
    assert b.files()["src/m.py"].startswith(b"class A:\n    def h(self):\n        pass\n\n    def g(self):\n")


def test_a_blank_line_that_an_edit_leaves_at_the_end_is_told_once() -> None:
    b = bench()
    b.said("write_file", {"path": "src/e.py", "content": "x = 1\n"})
    assert b.said("edit_file", {"path": "src/e.py", "old": "x = 1", "new": "x = 2\n"}).endswith(
        "note: src/e.py ends with a blank line now"
    )
    assert "note:" not in b.said("edit_file", {"path": "src/e.py", "old": "x = 2", "new": "x = 3"})


def test_of_long_output_a_part_is_shown_and_the_rest_can_be_read() -> None:
    printed = "".join(f"line {n}\n" for n in range(1, 3_000))
    b = bench({"make": Recorded(output=printed.encode()), "pytest": Recorded(output=b"1 passed")})
    b.said("run", {"command": "pytest"})
    shown = b.said("run", {"command": "make"})
    assert shown.startswith("exit code 0 after 0.0 s (run 2)\nline 1\n")
    assert shown.endswith("\nline 2999")
    assert len(shown) < MAX_OUTPUT_CHARS + 500
    assert b.said("read_output", {"run": 2, "start_line": 1500, "end_line": 1501}) == (
        " 1500| line 1500\n 1501| line 1501"
    )
    assert b.said("read_output", {"run": "2", "contains": "LINE 2500"}) == " 2500| line 2500"
    assert b.files() == FILES


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "run is missing"),
        ({"run": None}, "run is the number"),
        ({"run": 1}, "no output is kept for run 1: only what was cut is (runs so far: none)"),
        ({"run": "last"}, "run is a whole number"),
        ({"run": 1, "contains": 3}, "contains a text"),
    ],
)
def test_an_output_that_is_not_kept_is_told(arguments: JsonObject, said: str) -> None:
    b = bench({"make": Recorded(output=b"short")})
    b.said("run", {"command": "make"})
    assert said in b.ask("read_output", arguments).text


# changes, as the model hears of them


def test_an_edit_after_a_slip_says_so_and_shows_the_place() -> None:
    b = bench()
    said = b.said("edit_file", {"path": "src/a.py", "old": "   2|     return 1\n", "new": "    return 2\n"})
    assert said == (
        "replaced at line 2 of src/a.py; old did not stand there exactly: line numbers are not part of the file and "
        "were left out. It reads now:\n    1| def a():\n    2|     return 2"
    )
    assert b.files()["src/a.py"] == b"def a():\n    return 2\n"


def test_a_multi_line_text_in_the_middle_of_a_line_is_shown_as_it_came_out() -> None:
    b = bench()
    said = b.said("edit_file", {"path": "src/a.py", "old": "return 1", "new": "x = 1\n    return x"})
    assert said == (
        "replaced at line 2 of src/a.py. It reads now:\n    1| def a():\n    2|     x = 1\n    3|     return x"
    )


def test_every_place_can_be_replaced_at_once() -> None:
    b = bench()
    said = b.said("edit_file", {"path": "src/windows.py", "old": " = ", "new": ": int = ", "all": True})
    assert said == "replaced 2 places in src/windows.py, the first at line 1"
    assert b.files()["src/windows.py"] == b"a: int = 1\r\nb: int = 2\r\n"


def test_the_line_tells_which_of_several_places_is_meant() -> None:
    b = bench()
    call: JsonObject = {"path": "src/windows.py", "old": " = ", "new": ": int = "}
    assert "lines 1, 2" in b.ask("edit_file", call).text
    b.said("edit_file", {**call, "line": "2"})
    assert b.files()["src/windows.py"] == b"a = 1\r\nb: int = 2\r\n"


def test_an_edit_that_was_made_is_not_made_elsewhere_when_it_comes_again() -> None:
    b = bench()
    b.said("write_file", {"path": "b.py", "content": "if x:\n    a = 1\nif y:\n        a = 1\n"})
    call: JsonObject = {"path": "b.py", "old": "    a = 1\nif", "new": "    a = 2\nif"}
    b.said("edit_file", call)
    assert "this very edit of b.py was made already, at line 2:" in b.ask("edit_file", call).text


def test_a_file_that_does_not_parse_after_a_change_is_told_with_the_line() -> None:
    b = bench()
    said = b.said("edit_file", {"path": "src/a.py", "old": "def a():", "new": "def a(:"})
    assert said.split("\n")[-1].startswith("warning: src/a.py does not parse any more: line 1: ")
    assert said.endswith(": def a(:")
    assert "warning: conf.json does not parse" in b.said("write_file", {"path": "conf.json", "content": "{"})


def test_writing_what_is_there_is_told_to_change_nothing() -> None:
    said = bench().said("write_file", {"path": "src/a.py", "content": "def a():\n    return 1\n"})
    assert said == "src/a.py holds exactly this already: nothing was changed"


PATCH = """--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,2 @@
 def a():
-    return 1
+    return 2
--- /dev/null
+++ b/src/b.py
@@ -0,0 +1 @@
+b = 1
"""


def test_a_patch_changes_all_its_files() -> None:
    b = bench()
    assert b.said("apply_patch", {"patch": PATCH}) == "changed src/a.py at line 1\nwrote src/b.py (1 lines)"
    assert b.files() == FILES | {"src/a.py": b"def a():\n    return 2\n", "src/b.py": b"b = 1\n"}


def test_of_a_patch_that_does_not_fit_everywhere_nothing_is_applied() -> None:
    b = bench()
    result = b.ask("apply_patch", {"patch": PATCH + "--- a/empty.txt\n+++ b/empty.txt\n@@\n-x\n+y\n"})
    assert result.is_error
    assert "nothing was changed, in no file:\nhunk 1 of 1 for empty.txt: old does not stand" in result.text
    assert b.files() == FILES


def test_what_was_written_is_put_back_when_a_later_file_cannot_be() -> None:
    b = bench()
    blocked = PATCH.replace("b/src/b.py", "b/logo.png/b.py")
    assert "is no folder" in b.ask("apply_patch", {"patch": blocked}).text
    assert b.files() == FILES


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (None, "patch is missing"),
        (" ", "patch is missing"),
        ("do it", "no file is named in the patch"),
        (PATCH.replace("src/a.py", ".env"), "its name says that it holds secrets"),
        (PATCH.replace("src/a.py", "../a.py"), "not allowed (path."),
        (PATCH.replace("src/a.py", "none.py"), "there is no file none.py"),
        ("x" * 300_000, "send it in parts"),
    ],
)
def test_a_patch_that_cannot_be_is_refused(patch: object, said: str) -> None:
    b = bench()
    result = b.ask("apply_patch", {"patch": patch})
    assert result.is_error
    assert said in result.text
    assert b.files() == FILES


@pytest.mark.parametrize(
    ("format_", "names"),
    [
        (EditFormat.REPLACE, {"edit_file", "write_file"}),
        (EditFormat.PATCH, {"apply_patch", "write_file"}),
        (EditFormat.WHOLE, {"write_file"}),
    ],
)
def test_a_model_is_offered_the_changes_of_its_format(format_: EditFormat, names: set[str]) -> None:
    changing = {"edit_file", "apply_patch", "write_file"}
    assert {tool.name for tool in tools_for(format_)} & changing == names


values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(st.characters(), max_size=10),
    st.sampled_from(["src/a.py", "src", "return 1", "."]), st.lists(st.none(), max_size=1), st.just({"a": 1}),
)  # fmt: skip
keys = st.sampled_from(
    [
        "path",
        "patch",
        "run",
        "all",
        "line",
        "old",
        "new",
        "content",
        "command",
        "timeout_s",
        "pattern",
        "start_line",
        "other",
    ]
)
tools = st.sampled_from([tool.name for tool in (*TOOLS, APPLY_PATCH) if tool.name not in ("finish", "give_up")])


@given(tools, st.one_of(st.none(), st.dictionaries(keys, values)))
def test_whatever_a_model_sends_gets_an_answer_that_can_be_sent(name: str, arguments: JsonObject | None) -> None:
    assert bench().ask(name, arguments).text.encode()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read_file", {"path": ".env"}),
        ("read_file", {"path": "./.env"}),
        ("read_file", {"path": "/work/.env"}),
        ("edit_file", {"path": ".env", "old": "TOKEN", "new": "T"}),
    ],
)
def test_a_file_that_holds_secrets_is_not_read(name: str, arguments: JsonObject) -> None:
    b = bench()
    result = b.ask(name, arguments)
    assert result.is_error
    assert "its name says that it holds secrets" in result.text
    assert "canary" not in result.text
    assert b.files()[".env"] == FILES[".env"]


def test_a_search_keeps_back_what_such_a_file_holds() -> None:
    printed = b"./.env:1:TOKEN=canary\n./src/a.py:1:def a():  # canary\n"
    said = bench({"grep": Recorded(output=printed)}).said("search", {"pattern": "canary"})
    assert said.split("\n")[0] == "src/a.py:1:def a():  # canary"
    assert "TOKEN" not in said
    assert "(matches in .env are not shown" in said


def test_what_hides_in_a_file_or_an_output_is_spelled_out() -> None:
    b = bench({"make": Recorded(output="a\u200bb\r\n50%\r100%\x1b[31m\U000e0041\n".encode()),
               "grep": Recorded(output="src/hidden.py:1:x\u202ey\n".encode())})  # fmt: skip
    assert b.said("read_file", {"path": "src/hidden.py"}).startswith("    1| x = 'a<U+202E>b'  # <U+200B>needle")
    assert "a<U+200B>b\n50%\n100%<U+E0041>" in b.said("run", {"command": "make"})
    assert b.said("search", {"pattern": "x"}) == "src/hidden.py:1:x<U+202E>y"


def test_a_place_with_hidden_characters_is_edited_as_it_was_shown() -> None:
    b = bench()
    b.said("edit_file", {"path": "src/hidden.py", "old": "a<U+202E>b'  # <U+200B>needle", "new": "a<U+202E>c'"})
    assert b.files()["src/hidden.py"] == "x = 'a\u202ec'\ny = 2\n".encode()


def test_a_file_written_as_it_was_shown_keeps_its_hidden_characters() -> None:
    b = bench()
    b.said("write_file", {"path": "src/hidden.py", "content": "x = 'a<U+202E>b'  # <U+200B>needle\ny = 3\n"})
    assert b.files()["src/hidden.py"] == "x = 'a\u202eb'  # \u200bneedle\ny = 3\n".encode()
    b.said("write_file", {"path": "src/a.py", "content": "s = '<U+202E>'\n"})
    assert b.files()["src/a.py"] == b"s = '<U+202E>'\n"


def test_a_patch_deletes_a_file_by_a_command_or_nothing_happens() -> None:
    patch = PATCH + "*** Delete File: empty.txt\n"
    b = bench({"rm -f -- 'empty.txt'": Recorded(files={"empty.txt": None})})
    assert b.said("apply_patch", {"patch": patch}).endswith("\ndeleted empty.txt")
    assert "empty.txt" not in b.files()
    b = bench({"rm -f -- 'empty.txt'": Recorded(exit_code=1, output=b"rm: no\n"),
               "rm -f -- 'src/b.py'": Recorded(files={"src/b.py": None})})  # fmt: skip
    assert b.ask("apply_patch", {"patch": patch}).text.endswith("in no file:\nempty.txt could not be removed: rm: no")
    assert b.files() == FILES
    b = bench({"rm": Recorded(exit_code=1, output=b"rm: no\n")})
    assert "but src/b.py is changed already and could not be put back" in b.ask("apply_patch", {"patch": patch}).text


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("edit_file", {"file_path": "src/a.py", "old_string": "return 1", "new_string": "return 2"}),
        ("edit_file", {"path": "src/a.py", "old_text": "return 1", "new_text": "return 2"}),
        ("write_file", {"file_path": "src/a.py", "contents": "def a():\n    return 2\n"}),
    ],
)
def test_arguments_under_the_names_of_other_peoples_tools_are_understood(name: str, arguments: JsonObject) -> None:
    b = bench()
    b.said(name, arguments)
    assert b.files()["src/a.py"] == b"def a():\n    return 2\n"


def test_another_name_does_not_get_a_model_around_what_it_may_read() -> None:
    assert bench().ask("read_file", {"file_path": ".env"}).is_error
    assert bench().ask("write_file", {"file_path": ".git/config", "content": "x"}).is_error
