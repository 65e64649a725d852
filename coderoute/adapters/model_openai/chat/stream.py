"""The pieces of a streamed chat completion, put together again to the completion they are parts of."""

from dataclasses import dataclass, field

from coderoute.domain import wire
from coderoute.domain.conversation import JsonObject
from coderoute.domain.http_answer import ErrorWithin

WORDS = ("content", "refusal")


@dataclass(slots=True, kw_only=True)
class _Call:
    """What came of one tool call so far."""

    id: object = None
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    given: object = None
    """Arguments that came as an object, in one piece."""
    more: JsonObject = field(default_factory=dict)


class StreamedCompletion:
    """What came of a completion. `begun`: the model was at work; `whole`: it said why it stopped."""

    def __init__(self) -> None:
        self.begun = False
        self._finish: object = None
        self._usage: object = None
        self._words: dict[str, list[str]] = {name: [] for name in WORDS}
        self._calls: dict[object, _Call] = {}
        self._latest: dict[object, object] = {}
        """Index of a piece -> key of the call that such pieces belong to now."""

    @property
    def whole(self) -> bool:
        return self._finish is not None

    def take(self, event: JsonObject) -> None:
        """Add the next event.

        Raises:
            ErrorWithin: it says that the provider failed.
        """
        error = event.get("error")
        if error is not None:
            raise ErrorWithin(error if isinstance(error, dict) else {"message": str(error)}, event.get("usage"))
        self._usage = event.get("usage") or self._usage
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict) or choice.get("index") not in (0, None):
                continue
            if isinstance(choice.get("error"), dict):
                raise ErrorWithin(choice["error"], self._usage)
            self._add(choice.get("delta"))
            self._finish = choice.get("finish_reason") or self._finish

    @property
    def message(self) -> JsonObject | None:
        """The completion as it would have come in one piece; None while it is not whole."""
        if not self.whole:
            return None
        message: JsonObject = {name: "".join(pieces) or None for name, pieces in self._words.items()}
        message["tool_calls"] = [
            {
                **call.more, "id": call.id,
                "function": {"name": call.name, "arguments": call.given or "".join(call.arguments)},
            }
            for call in self._calls.values()
        ]  # fmt: skip
        return {"choices": [{"message": message, "finish_reason": self._finish}], "usage": self._usage}

    def _add(self, delta: object) -> None:
        if not isinstance(delta, dict):
            return
        self.begun = True
        for name in WORDS:
            if isinstance(delta.get(name), str):
                self._words[name].append(delta[name])
        pieces = delta.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._grow(piece)

    def _grow(self, piece: JsonObject) -> None:
        """A piece belongs to the call of its index. Where a server counts none, or every call as 0, another id begins
        another call."""
        identifier, index = piece.get("id"), piece.get("index")
        key = self._latest.get(index, index)
        if key in self._calls and identifier and self._calls[key].id not in (None, identifier):
            key = f"{index} {identifier}"
        self._latest[index] = key
        call = self._calls.setdefault(key, _Call())
        call.id = call.id or identifier
        name, arguments = wire.at(piece, "function", "name"), wire.at(piece, "function", "arguments")
        call.name = call.name or str(name or "")
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif isinstance(arguments, dict):
            call.given = arguments
        if isinstance(piece.get("extra_content"), dict):
            call.more["extra_content"] = piece["extra_content"]
