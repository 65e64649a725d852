"""The events of a streamed message, put together again to the message they are parts of."""

from typing import Any

from coderoute.domain import wire
from coderoute.domain.conversation import JsonObject
from coderoute.domain.http_answer import BadEvent, ErrorWithin

PARTS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
"""Kind of a delta -> the field it carries a piece of. Other kinds add nothing that we use."""


class StreamedMessage:
    """What came of a message. `begun`: the model was at work; `whole`: the message came to its end."""

    def __init__(self) -> None:
        self.begun = False
        self.whole = False
        self._message: JsonObject = {}
        self._usage: JsonObject = {}
        self._blocks: dict[object, object] = {}
        self._pieces: dict[object, dict[str, list[str]]] = {}

    def take(self, event: JsonObject) -> None:
        """Add the next event.

        Raises:
            ErrorWithin: it says that the provider failed.
            BadEvent: it does not fit what came before.
        """
        match event.get("type"):
            case "error":
                error = event.get("error")
                raise ErrorWithin(error if isinstance(error, dict) else event)
            case "message_start":
                self._message = {**_object(event, "message"), "content": []}
                self._count(self._message.get("usage"))
                self.begun = True
            case "content_block_start":
                block = event.get("content_block")
                self._blocks[event.get("index")] = dict(block) if isinstance(block, dict) else block
                self._pieces[event.get("index")] = {}
            case "content_block_delta":
                self._grow(event.get("index"), _object(event, "delta"))
            case "content_block_stop":
                self._finish(event.get("index"))
            case "message_delta":
                self._message |= {k: v for k, v in _object(event, "delta").items() if v is not None}
                self._count(event.get("usage"))
            case "message_stop":
                self.whole = self.begun and not self._pieces
            case _:
                pass  # ping, and what may be added to the API one day

    @property
    def message(self) -> JsonObject | None:
        """The message as it would have come in one piece; None while it is not whole."""
        if not self.whole:
            return None
        return {**self._message, "content": list(self._blocks.values()), "usage": self._usage}

    def _count(self, usage: object) -> None:
        """Later counts are totals, not additions."""
        if isinstance(usage, dict):
            self._usage |= {key: value for key, value in usage.items() if value is not None}

    def _grow(self, index: object, delta: dict[str, Any]) -> None:
        field = PARTS.get(str(delta.get("type")))
        if field is None:
            return
        piece, pieces = delta.get(field), self._pieces.get(index)
        if pieces is None or not isinstance(piece, str):
            raise BadEvent("a piece of a block that was not begun, or no text")
        pieces.setdefault(field, []).append(piece)

    def _finish(self, index: object) -> None:
        pieces = self._pieces.pop(index, None)
        if pieces is None:
            raise BadEvent("the end of a block that was not begun")
        block = self._blocks[index]
        if not isinstance(block, dict):
            return  # as in a message in one piece: what is no block is left out later
        for field, texts in pieces.items():
            text = "".join(texts)
            if field != "partial_json":
                block[field] = f"{block.get(field) or ''}{text}"
            elif text:
                given = wire.json_object(text)
                block["input"] = {wire.INVALID_JSON: text} if given is None else given


def _object(event: JsonObject, name: str) -> dict[str, Any]:
    value = event.get(name)
    if not isinstance(value, dict):
        raise BadEvent(f"an event without its {name}")
    return value
