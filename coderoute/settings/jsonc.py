"""JSON as editors write it: with comments and trailing commas."""

import json
import re

STRING_OR_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
STRING_OR_LAST_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')


def parse(text: str) -> object:
    """The value that `text` stands for.

    Raises:
        ValueError: it is no such JSON, is nested too deeply, or names a key of one table twice.
    """
    plain = STRING_OR_COMMENT.sub(lambda match: match[1] or " ", text.removeprefix("\ufeff"))
    plain = STRING_OR_LAST_COMMA.sub(lambda match: match[1] or "", plain)
    try:
        return json.loads(plain, object_pairs_hook=_table)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _table(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it names {json.dumps(twice)} twice")
    return table
