"""A call's arguments under the names that its tool knows, and what to say of those that do not fit."""

from coderoute.domain.conversation import JsonObject, Tool
from coderoute.domain.visible import visible

ALIASES = {
    "path": ("file_path", "filepath", "file", "filename", "file_name", "target_file"),
    "old": ("old_text", "old_string", "old_str", "search", "find"),
    "new": ("new_text", "new_string", "new_str", "replace", "replacement"),
    "all": ("replace_all",),
    "content": ("contents", "text", "file_text", "new_content"),
    "command": ("cmd", "commands"),
    "timeout_s": ("timeout",),
    "pattern": ("regex", "query", "search_pattern"),
    "patch": ("diff", "input"),
    "start_line": ("start", "line_start", "from_line"),
    "end_line": ("end", "line_end", "to_line"),
}
"""What models that learnt other tools call an argument of ours."""


def as_named(tool: Tool, arguments: JsonObject) -> JsonObject:
    """`arguments` with those renamed that are missing under our name and there under another that the tool has not."""
    known = properties(tool)
    result = dict(arguments)
    for name in known:
        other = next((o for o in ALIASES.get(name, ()) if o in result and o not in known), None)
        if name not in result and other is not None:
            result[name] = result.pop(other)
    return result


def problem_of(tool: Tool, arguments: JsonObject) -> str | None:
    """What is missing, what came instead, and what is expected; None where every required argument is there."""
    known = properties(tool)
    required = [name for name in known if name in required_of(tool)]
    missing = [name for name in required if name not in arguments]
    if not missing:
        return None
    rows = [f"{name} is missing" for name in missing]
    rows += [f"there is no argument {visible(name[:60])}" for name in arguments if name not in known]
    optional = [name for name in known if name not in required]
    more = f"; it may have {', '.join(optional)}" if optional else ""
    return f"{'; '.join(rows[:12])}. {tool.name} needs {', '.join(required)}{more}"


def properties(tool: Tool) -> tuple[str, ...]:
    found = tool.schema.get("properties")
    return tuple(found) if isinstance(found, dict) else ()


def required_of(tool: Tool) -> tuple[str, ...]:
    found = tool.schema.get("required")
    return tuple(str(name) for name in found) if isinstance(found, list | tuple) else ()
