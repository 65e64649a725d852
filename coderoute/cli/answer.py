"""The answer of a command as one JSON document."""

import json
from collections.abc import Mapping


def one_document(content: Mapping[str, object]) -> str:
    """`content` as JSON in plain letters; all escaped where it holds the bytes of a file name that is no UTF-8."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(content, indent=2)
    return text
