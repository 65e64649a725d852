"""Read-only tools over one tree of the repository, for models that plan or review: bounded, and without a sandbox."""

from collections.abc import Iterable
from dataclasses import dataclass

from coderoute.domain.conversation import JsonObject, Tool, ToolCall, ToolResult
from coderoute.errors import BadInput
from coderoute.ports import Repository

MAX_LINES = 400
MAX_CHARS = 24_000
MAX_MATCHES = 80

READ_FILE = Tool(
    name="read_file",
    description="Read a text file of the repository, with line numbers. Give start_line and end_line for a long one.",
    schema={
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "Path from the repository's root."},
            "start_line": {"type": "integer", "description": "First line, from 1."},
            "end_line": {"type": "integer", "description": "Last line, included."},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)
SEARCH = Tool(
    name="search",
    description="Find lines that match an extended regular expression (as grep -E).",
    schema={
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "Extended regular expression, case-sensitive."},
            "path": {"type": "string", "description": "Only in this file or folder."},
        },
        "required": ["pattern"],
        "additionalProperties": False,
    },
)
LIST_FILES = Tool(
    name="list_files",
    description="List the files below a folder.",
    schema={
        "type": "object",
        "properties": {"path": {"type": "string", "description": "A folder; the root if absent."}},
        "required": [],
        "additionalProperties": False,
    },
)


def numbered(text: str, start: int = 1, end: int | None = None) -> str:
    """Lines `start` to `end` of `text` with their numbers, cut at MAX_LINES and MAX_CHARS with a note how to go on."""
    lines = text.splitlines()
    first = max(1, start)
    last = min(len(lines), len(lines) if end is None else end)
    if first > last:
        return f"(the file has {len(lines)} lines; there is nothing from line {first} to {last})"
    shown: list[str] = []
    size = 0
    for number in range(first, last + 1):
        row = f"{number:>5}  {lines[number - 1]}"
        if len(shown) >= MAX_LINES or size + len(row) > MAX_CHARS:
            shown.append(f"... cut before line {number} of {len(lines)}: read on with start_line={number}")
            break
        shown.append(row)
        size += len(row) + 1
    return "\n".join(shown)


@dataclass(frozen=True, slots=True)
class Lookups:
    """Answers read_file, search and list_files from `tree`. The same call always gets the same answer."""

    repository: Repository
    tree: str

    def answer(self, call: ToolCall) -> ToolResult:
        """What the call found; a call we cannot serve gets an error that says what to do."""
        if call.arguments is None:
            return failed(call, "the arguments are no JSON object; send the call again")
        match call.name:
            case "read_file":
                return self.read_file(call, call.arguments)
            case "search":
                return self.search(call, call.arguments)
            case "list_files":
                return self.list_files(call, call.arguments)
            case unknown:
                return failed(call, f"there is no tool {unknown!r}")

    def read_file(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = arguments.get("path")
        if not isinstance(path, str) or not path:
            return failed(call, "path is missing")
        start, end = arguments.get("start_line"), arguments.get("end_line")
        if not isinstance(start, int | None) or not isinstance(end, int | None):
            return failed(call, "start_line and end_line are whole numbers")
        data = self.repository.read(self.tree, path.removeprefix("./"))
        if data is None:
            near = [file.path for file in self.repository.files(self.tree) if file.path.endswith(path.split("/")[-1])]
            hint = f"; did you mean {', '.join(near[:3])}?" if near else "; list_files shows what there is"
            return failed(call, f"there is no file {path}{hint}")
        if b"\0" in data[:8192]:
            return failed(call, f"{path} is binary ({len(data):,} bytes)")
        return ToolResult(call_id=call.id, text=numbered(data.decode("utf-8", "replace"), start or 1, end))

    def search(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        pattern, path = arguments.get("pattern"), arguments.get("path")
        if not isinstance(pattern, str) or not pattern:
            return failed(call, "pattern is missing")
        if not isinstance(path, str | None):
            return failed(call, "path is a string")
        try:
            matches = self.repository.search(self.tree, pattern, path or None)
        except BadInput as error:
            return failed(call, f"{error.problem}; {error.remedy}")
        if not matches:
            return ToolResult(call_id=call.id, text="(no line matches)")
        rows = [f"{match.path}:{match.line}: {match.text[:300]}" for match in matches[:MAX_MATCHES]]
        if len(matches) > MAX_MATCHES:
            rows.append(f"... {len(matches) - MAX_MATCHES} more: narrow the pattern or give a path")
        return ToolResult(call_id=call.id, text="\n".join(rows))

    def list_files(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = arguments.get("path")
        if not isinstance(path, str | None):
            return failed(call, "path is a string")
        return ToolResult(
            call_id=call.id, text=listing((file.path for file in self.repository.files(self.tree)), path or "")
        )


def listing(paths: Iterable[str], folder: str) -> str:
    """The paths below `folder`, at most MAX_LINES."""
    prefix = folder.strip("./") + "/" if folder.strip("./") else ""
    found = [path for path in paths if path.startswith(prefix)]
    if not found:
        return f"(no files below {folder})"
    more = [f"... {len(found) - MAX_LINES} more: give a deeper folder"] if len(found) > MAX_LINES else []
    return "\n".join(found[:MAX_LINES] + more)


def failed(call: ToolCall, text: str) -> ToolResult:
    return ToolResult(call_id=call.id, text=f"error: {text}", is_error=True)
