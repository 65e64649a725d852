"""Read-only tools over one tree of the repository, for models that plan or review: bounded, and without a sandbox."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from json import JSONDecodeError

from coderoute.domain.conversation import JsonObject, Tool, ToolCall, ToolResult
from coderoute.domain.lines import lines_of
from coderoute.domain.paths import shown as shown_path
from coderoute.domain.secret_files import is_secret_file, refusal_to_read
from coderoute.domain.visible import visible
from coderoute.errors import BadInput
from coderoute.ports import Repository

MAX_LINES = 400
MAX_CHARS = 24_000
MAX_LINE_CHARS = 2_000
MAX_MATCHES = 80

SURROGATE = re.compile(r"[\ud800-\udfff]")

READ_FILE = Tool(
    name="read_file",
    description="Read a text file of the repository. Each line comes as its number, `| ` and its text. Give start_line "
    "and end_line for a long file.",
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


class BadArgument(Exception):
    """An argument cannot be what was meant; the message is for the model."""


def numbered(text: str, start: int = 1, end: int | None = None) -> str:
    """Lines `start` to `end` of `text` with their numbers, cut at MAX_LINES and MAX_CHARS with a note how to go on.

    A line beyond MAX_LINE_CHARS is cut too: else no call could ever get past it.
    """
    lines = lines_of(text)
    first = max(1, start)
    last = min(len(lines), len(lines) if end is None else end)
    if first > last:
        return f"(the file has {len(lines)} lines; there is nothing from line {first} to {last})"
    shown: list[str] = []
    size = 0
    for number in range(first, last + 1):
        row = f"{number:>5}| {short(lines[number - 1])}"
        if len(shown) >= MAX_LINES or size + len(row) > MAX_CHARS:
            shown.append(f"... cut before line {number} of {len(lines)}: read on with start_line={number}")
            break
        shown.append(row)
        size += len(row) + 1
    return "\n".join(shown)


def short(line: str) -> str:
    more = len(line) - MAX_LINE_CHARS
    return line if more <= 0 else f"{line[:MAX_LINE_CHARS]} [... {more} characters of this line are left out]"


@dataclass(frozen=True, slots=True)
class Lookups:
    """Answers read_file, search and list_files from `tree`. The same call always gets the same answer.

    What a person would not see in a file is spelled out: who plans or reviews must not be steered by it.
    """

    repository: Repository
    tree: str

    def answer(self, call: ToolCall) -> ToolResult:
        """What the call found; a call we cannot serve gets an error that says what to do."""
        if call.arguments is None:
            return failed(call, no_arguments(call))
        broken = half_character(call.arguments)
        if broken is not None:
            return failed(call, broken)
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
        try:
            start, end = whole_number(arguments, "start_line"), whole_number(arguments, "end_line")
        except BadArgument as error:
            return failed(call, str(error))
        path = below_root(path)
        if is_secret_file(path):
            return failed(call, refusal_to_read(shown_path(path)))
        data = self.repository.read(self.tree, path)
        if data is None:
            return failed(call, self._missing(path))
        if b"\0" in data[:8192]:
            return failed(call, f"{shown_path(path)} is binary ({len(data):,} bytes)")
        if not data:
            return ToolResult(call_id=call.id, text="(the file is empty)")
        return ToolResult(call_id=call.id, text=visible(numbered(data.decode("utf-8", "replace"), start or 1, end)))

    def _missing(self, path: str) -> str:
        paths = [file.path for file in self.repository.files(self.tree)]
        if path == "" or any(known.startswith(f"{path}/") for known in paths):
            return f"{shown_path(path) or '.'} is a folder; list_files shows what is in it"
        name = path.rsplit("/", 1)[-1]
        near = [known for known in paths if known.rsplit("/", 1)[-1] == name]
        hint = f"did you mean {', '.join(map(shown_path, near[:3]))}?" if near else "list_files shows what there is"
        return f"there is no file {shown_path(path)}; {hint}"

    def search(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        pattern, path = arguments.get("pattern"), arguments.get("path")
        if not isinstance(pattern, str) or not pattern:
            return failed(call, "pattern is missing")
        if not isinstance(path, str | None):
            return failed(call, "path is a string")
        try:
            matches = self.repository.search(self.tree, pattern, below_root(path or "") or None)
        except BadInput as error:
            return failed(call, f"{error.problem}; {error.remedy}")
        readable = [match for match in matches if not is_secret_file(match.path)]
        rows = [f"{shown_path(m.path)}:{m.line}: {visible(m.text.rstrip()[:300])}" for m in readable[:MAX_MATCHES]]
        if len(readable) > MAX_MATCHES:
            rows.append(f"... {len(readable) - MAX_MATCHES} more: narrow the pattern or give a path")
        rows += not_shown(match.path for match in matches)
        return ToolResult(call_id=call.id, text="\n".join(rows) or "(no line matches)")

    def list_files(self, call: ToolCall, arguments: JsonObject) -> ToolResult:
        path = arguments.get("path")
        if not isinstance(path, str | None):
            return failed(call, "path is a string")
        paths = (file.path for file in self.repository.files(self.tree))
        return ToolResult(call_id=call.id, text=listing(paths, path or ""))


def listing(paths: Iterable[str], folder: str) -> str:
    """The paths below `folder`, at most MAX_LINES, each on a line of its own whatever is in its name."""
    folder = below_root(folder)
    found = [path for path in paths if not folder or path == folder or path.startswith(f"{folder}/")]
    if not found:
        return f"(no files below {shown_path(folder) or 'the root'})"
    more = [f"... {len(found) - MAX_LINES} more: give a deeper folder"] if len(found) > MAX_LINES else []
    return "\n".join([*map(shown_path, found[:MAX_LINES]), *more])


def not_shown(paths: Iterable[str]) -> list[str]:
    """A row that names the files among `paths` whose matches are kept back; none without any."""
    secret = sorted({path for path in paths if is_secret_file(path)})
    more = ", ..." if len(secret) > 5 else ""
    names = ", ".join(map(shown_path, secret[:5]))
    return [f"(matches in {names}{more} are not shown: the names say that they hold secrets)"] if secret else []


def below_root(path: str) -> str:
    """`path` as the tree has it: "./src/" is "src", and the root itself is ""."""
    path = path.removeprefix("./").rstrip("/")
    return "" if path == "." else path


def whole_number(arguments: JsonObject, name: str) -> int | None:
    """The argument of that name, also where it was written as text; None if it is absent.

    Raises:
        BadArgument: it is none.
    """
    value = arguments.get(name)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int | None):
        return value
    raise BadArgument(f"{name} is a whole number")


def no_arguments(call: ToolCall) -> str:
    """What to say to a call whose arguments are no JSON object, or not all that was meant."""
    raw = call.raw_arguments
    again = "send the call again"
    try:
        json.loads(raw)
    except JSONDecodeError as error:
        if error.pos < len(raw) and not error.msg.startswith("Unterminated"):  # else it was cut
            place = json.dumps(raw[max(0, error.pos - 20) : error.pos + 20], ensure_ascii=False)
            again += ': in a string a backslash is written \\\\ and a quotation mark \\"'
            return f"the arguments are no JSON object ({error.msg}, at {place}); {again}"
    except RecursionError:
        pass
    return f"the arguments are no JSON object; {again}"


def half_character(arguments: JsonObject) -> str | None:
    """What to say of arguments with a lone surrogate, which JSON may hold and no file or command; None without one."""
    name = next((n for n, value in arguments.items() if isinstance(value, str) and SURROGATE.search(value)), None)
    return None if name is None else f"{name} holds half a character; send the call again without it"


def failed(call: ToolCall, text: str) -> ToolResult:
    return ToolResult(call_id=call.id, text=f"error: {text}", is_error=True)
