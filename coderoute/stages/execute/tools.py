"""The executor's tools, served by a sandbox: what a model may do to the checkout, and how it hears of mistakes."""

import re

from coderoute.domain import paths
from coderoute.domain.conversation import JsonObject, Tool, ToolCall, ToolResult
from coderoute.domain.lines import lines_of
from coderoute.domain.secret_files import is_secret_file, refusal_to_read
from coderoute.domain.visible import visible
from coderoute.domain.work import Ending
from coderoute.lookups import (
    LIST_FILES,
    READ_FILE,
    SEARCH,
    below_root,
    failed,
    half_character,
    listing,
    not_shown,
    numbered,
)
from coderoute.ports import Sandbox
from coderoute.stages.execute.editing import Misfit, replace_once, restored, syntax_problem

MAX_OUTPUT_CHARS = 12_000
MAX_MATCHES = 80
MAX_FILE_BYTES = 1_000_000
MAX_COMMAND_BYTES = 100_000
"""Linux takes no argument longer than 128 KiB, and a command is one argument of `sh -c`."""
DEFAULT_TIMEOUT_S = 120.0
MAX_TIMEOUT_S = 900.0
LOOKUP_TIMEOUT_S = 20.0
MATCH = re.compile(r"(?P<path>.*?):\d+:")

NOT_LOOKED_INTO = (".git", ".venv", "node_modules", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache")
"""Folders that hold what others made: their matches would bury the repository's own."""

EDIT_FILE = Tool(
    name="edit_file",
    description="Replace one piece of text in a file. `old` must stand there exactly once, character for character.",
    schema={
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "old": {"type": "string", "description": "The text to replace, without line numbers."},
            "new": {"type": "string", "description": "What stands there afterwards; empty to delete."},
        },
        "required": ["path", "old", "new"],
        "additionalProperties": False,
    },
)
WRITE_FILE = Tool(
    name="write_file",
    description="Make a file hold exactly `content`; missing folders are made.",
    schema={
        "type": "object",
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
        "additionalProperties": False,
    },
)
RUN = Tool(
    name="run",
    description="Run a shell command (sh -c) at the repository's root. Nothing keeps running afterwards. Long output "
    "is cut in the middle for you: do not pipe to head or tail, that hides the exit code.",
    schema={
        "type": "object",
        "properties": {
            "command": {"type": "string"},
            "timeout_s": {"type": "integer", "description": "Seconds; 120 if absent."},
        },
        "required": ["command"],
        "additionalProperties": False,
    },
)
FINISH = Tool(
    name="finish",
    description="The step is done and checked: deliver it.",
    schema={
        "type": "object",
        "properties": {"summary": {"type": "string", "description": "What was changed, in one or two sentences."}},
        "required": ["summary"],
        "additionalProperties": False,
    },
)
GIVE_UP = Tool(
    name="give_up",
    description="The step cannot be done; say what is in the way.",
    schema={
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "kind": {"type": "string", "enum": ["unclear", "impossible", "environment", "needs_stronger"]},
        },
        "required": ["reason", "kind"],
        "additionalProperties": False,
    },
)
TOOLS = (READ_FILE, SEARCH, LIST_FILES, EDIT_FILE, WRITE_FILE, RUN, FINISH, GIVE_UP)
CHANGES_THE_SANDBOX = frozenset({EDIT_FILE.name, WRITE_FILE.name, RUN.name})


class Workbench:
    """Serves tool calls from one sandbox. Model mistakes come back as error results that say what to do next.

    `env` is given to every command the model runs, as it is to the test command.
    """

    def __init__(self, sandbox: Sandbox, env: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._env = env
        self.commands = 0

    def perform(self, call: ToolCall) -> ToolResult:
        """The result of `call`.

        Raises:
            SandboxLost
        """
        if call.arguments is None:
            return failed(call, "the arguments are no JSON object; send the call again")
        broken = half_character(call.arguments)
        if broken is not None:
            return failed(call, broken)
        match call.name:
            case "read_file":
                return self._read_file(call, call.arguments)
            case "search":
                return self._search(call, call.arguments)
            case "list_files":
                return self._list_files(call, call.arguments)
            case "edit_file":
                return self._edit_file(call, call.arguments)
            case "write_file":
                return self._write_file(call, call.arguments)
            case "run":
                return self._run(call, call.arguments)
            case unknown:
                names = ", ".join(tool.name for tool in TOOLS)
                return failed(call, f"there is no tool {unknown!r}; the tools are {names}")

    def _read_file(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = PathArgument(arguments)
        if path.problem is not None:
            return failed(call, path.problem)
        if is_secret_file(path.text):
            return failed(call, refusal_to_read(path.text))
        start, end = arguments.get("start_line"), arguments.get("end_line")
        if not isinstance(start, int | None) or not isinstance(end, int | None):
            return failed(call, "start_line and end_line are whole numbers")
        data = self._sandbox.read(path.text)
        if data is None:
            return failed(call, f"there is no file {path.text}; list_files and search show what there is")
        if b"\0" in data[:8192]:
            return failed(call, f"{path.text} is binary ({len(data):,} bytes)")
        if not data:
            return ToolResult(call_id=call.id, text="(the file is empty)")
        return ToolResult(call_id=call.id, text=visible(numbered(data.decode("utf-8", "replace"), start or 1, end)))

    def _search(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        pattern = arguments.get("pattern")
        if not isinstance(pattern, str) or not pattern:
            return failed(call, "pattern is missing")
        if "\0" in pattern or "\n" in pattern:
            return failed(call, "the pattern has a line break or a NUL byte; search for one line")
        path = PathArgument(arguments, default=".")
        if path.problem is not None:
            return failed(call, path.problem)
        skipped = " ".join(f"--exclude-dir={name}" for name in NOT_LOOKED_INTO)
        command = f"grep -rnIE {skipped} -e {quoted(pattern)} -- {quoted(path.text)} | head -n 500"
        result = self._sandbox.run(command, timeout_s=LOOKUP_TIMEOUT_S)
        printed = [row.removeprefix("./")[:300] for row in lines_of(result.text)]
        found = [row for row in printed if not row.startswith("grep: ")]
        secret = [name for row in found if (name := file_of(row)) is not None and is_secret_file(name)]
        rows = [visible(row) for row in found if file_of(row) not in secret]
        if result.ending is Ending.TIMEOUT and not rows:
            return failed(call, "the search took too long; give a simpler pattern or a folder")
        if not found and printed:
            return failed(call, visible(printed[0]))
        more = (
            [f"... {len(rows) - MAX_MATCHES} more: narrow the pattern or give a path"]
            if len(rows) > MAX_MATCHES
            else []
        )
        text = "\n".join(rows[:MAX_MATCHES] + more + not_shown(secret))
        return ToolResult(call_id=call.id, text=text or "(no line matches)")

    def _list_files(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = PathArgument(arguments, default=".")
        if path.problem is not None:
            return failed(call, path.problem)
        pruned = " -o ".join(f"-name {name}" for name in NOT_LOOKED_INTO)
        find = f"find {quoted('./' + path.text)} \\( {pruned} \\) -prune -o -type f -print | sort | head -n 2000"
        result = self._sandbox.run(find, timeout_s=LOOKUP_TIMEOUT_S)
        rows = [row.removeprefix("./").removeprefix("./") for row in lines_of(result.text)]
        if rows and all(row.startswith("find: ") for row in rows):
            return failed(call, visible(rows[0]))
        return ToolResult(call_id=call.id, text=visible(listing(rows, "")))

    def _edit_file(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = PathArgument(arguments)
        old, new = arguments.get("old"), arguments.get("new")
        if path.problem is not None:
            return failed(call, path.problem)
        if not isinstance(old, str) or not isinstance(new, str):
            return failed(call, "old and new are strings")
        if is_secret_file(path.text):
            return failed(call, refusal_to_read(path.text))
        data = self._sandbox.read(path.text, limit=MAX_FILE_BYTES + 1)
        if data is None:
            return failed(call, f"there is no file {path.text}; to make one use write_file")
        if len(data) > MAX_FILE_BYTES:
            return failed(call, f"{path.text} is larger than {MAX_FILE_BYTES:,} bytes; change it with run")
        try:
            edited = replace_once(path.text, data.decode("utf-8", "surrogateescape"), old, new)
        except Misfit as misfit:
            return failed(call, visible(str(misfit)))
        problem = self._sandbox.write(path.text, edited.text.encode("utf-8", "surrogateescape"))
        if problem is not None:
            return failed(call, problem)
        done = f"replaced at line {edited.line} of {path.text}"
        return ToolResult(call_id=call.id, text=told(done, path.text, edited.text))

    def _write_file(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = PathArgument(arguments)
        content = arguments.get("content")
        if path.problem is not None:
            return failed(call, path.problem)
        if not isinstance(content, str):
            return failed(call, "content is a string")
        if "<U+" in content:
            before = self._sandbox.read(path.text, limit=MAX_FILE_BYTES) or b""
            content = restored(content, before.decode("utf-8", "replace"))
        data = content.encode()
        if len(data) > MAX_FILE_BYTES:
            return failed(call, f"content has {len(data):,} bytes; the limit is {MAX_FILE_BYTES:,}")
        problem = self._sandbox.write(path.text, data)
        if problem is not None:
            return failed(call, problem)
        done = f"wrote {path.text} ({len(lines_of(content))} lines)"
        return ToolResult(call_id=call.id, text=told(done, path.text, content))

    def _run(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        command, timeout_s = arguments.get("command"), arguments.get("timeout_s")
        if not isinstance(command, str) or not command.strip():
            return failed(call, "command is missing")
        if "\0" in command or len(command.encode()) > MAX_COMMAND_BYTES:
            return failed(call, "the command is too long or has a NUL byte; put a script into a file")
        if not isinstance(timeout_s, int | None):
            return failed(call, "timeout_s is a whole number of seconds")
        self.commands += 1
        limit_s = min(max(1.0, float(timeout_s or DEFAULT_TIMEOUT_S)), MAX_TIMEOUT_S)
        result = self._sandbox.run(command, timeout_s=limit_s, env=self._env)
        match result.ending:
            case Ending.EXIT:
                head = f"exit code {result.exit_code} after {result.duration_s:.1f} s"
            case Ending.TIMEOUT:
                head = f"killed after {limit_s:.0f} s (timeout); give a larger timeout_s or a smaller command"
            case Ending.OUT_OF_MEMORY:
                head = "killed: out of memory"
            case Ending.OUTPUT_FLOOD:
                head = "killed: far too much output"
        printed = visible(result.text.replace("\r\n", "\n").replace("\r", "\n"))
        return ToolResult(call_id=call.id, text=f"{head}\n{head_and_tail(printed)}".rstrip())


class PathArgument:
    """A path argument: relative to the checkout, as admission would have it, or a problem to tell the model."""

    def __init__(self, arguments: JsonObject, default: str | None = None) -> None:
        value = arguments.get("path") or default
        self.text = ""
        self.problem: str | None = None
        if not isinstance(value, str):
            self.problem = "path is missing"
            return
        self.text = below_root("" if value == "/work" else value.removeprefix("/work/")) or "."
        refused = None if self.text == "." else paths.refusal(self.text)
        if refused is not None:
            self.problem = f"this path is not allowed ({refused.rule}): {refused.detail}"


def file_of(row: str) -> str | None:
    """The path in a row of grep's, None in a row that has none."""
    match = MATCH.match(row)
    return None if match is None else match["path"]


def told(done: str, path: str, text: str) -> str:
    """What was done, and a warning where the file no longer parses."""
    problem = syntax_problem(path, text)
    return done if problem is None else f"{done}\nwarning: {problem}"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def head_and_tail(text: str, limit: int = MAX_OUTPUT_CHARS) -> str:
    """The first quarter and the last three quarters of what does not fit: errors stand at the end."""
    if len(text) <= limit:
        return text
    head, tail = limit // 4, limit * 3 // 4
    return (
        f"{text[:head]}\n... {len(text) - limit} characters cut; redirect to a file and read parts ...\n{text[-tail:]}"
    )
