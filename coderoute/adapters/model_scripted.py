"""A model whose replies were written down beforehand: for tests, and for the demo that needs no key."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coderoute.domain.conversation import JsonObject, ModelReply, ModelRequest, Stop, ToolCall, Usage
from coderoute.domain.wire import arguments_object
from coderoute.errors import ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedReply:
    """One reply and the place in the story it belongs to; `step` or `attempt` None: any.

    `stop` None: what the tool calls imply. A call's id is given to it when it is made.
    """

    stage: str
    step: str | None = None
    attempt: int | None = None
    text: str = ""
    tool_calls: tuple[tuple[str, JsonObject], ...] = ()
    """(name, arguments) of each call."""
    usage: Usage | None = None
    stop: Stop | None = None

    def belongs_to(self, request: ModelRequest) -> bool:
        tags = request.tags
        return self.stage == tags.stage and self.step in (None, tags.step) and self.attempt in (None, tags.attempt)


class ScriptedProvider:
    """A ModelProvider: of the replies that belong to a request's place in the story, the n-th answers its n-th turn.

    So an answer depends on the request alone: a run that was killed and resumed hears the same again. `requests`
    keeps what was asked, in order.
    """

    def __init__(self, replies: Iterable[ScriptedReply]) -> None:
        self.replies = tuple(replies)
        self.requests: list[ModelRequest] = []

    @classmethod
    def from_json(cls, text: str) -> "ScriptedProvider":
        """From a JSON list of `{stage, step?, attempt?, text?, tool_calls?: [{name, arguments}], usage?, stop?}`.

        Raises:
            ValueError: the text is no such list; the message names the entry.
        """
        entries = json.loads(text)
        if not isinstance(entries, list):
            raise ValueError("recorded replies are a JSON list")
        return cls(_reply(number, entry) for number, entry in enumerate(entries))

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        self.requests.append(request)
        turn, tags = len(request.exchanges), request.tags
        fitting = [reply for reply in self.replies if reply.belongs_to(request)]
        place = f"stage {tags.stage}, step {tags.step}, attempt {tags.attempt}, turn {turn + 1}"
        if turn >= len(fitting):
            raise ProviderError(
                f"{request.model.name} has no recorded reply for {place}",
                remedy="a recorded model answers only the story it was recorded for; use a real one for anything else",
                retryable=False,
                billed=False,
            )
        reply = fitting[turn]
        schemas = {tool.name: tool.schema for tool in request.tools}
        stop = reply.stop or (Stop.TOOLS if reply.tool_calls else Stop.END)
        whole = stop in (Stop.TOOLS, Stop.END)
        calls = tuple(
            ToolCall(
                id=f"call_{tags.stage}_{tags.step}_{tags.attempt}_{turn + 1}_{number}",
                name=name,
                arguments=arguments_object(arguments, schemas.get(name)) if whole else None,
                raw_arguments=json.dumps(arguments, ensure_ascii=False),
            )
            for number, (name, arguments) in enumerate(reply.tool_calls, start=1)
        )
        return ModelReply(
            text=reply.text,
            tool_calls=calls,
            stop=stop,
            usage=reply.usage,
            request_id=place,
        )


def _reply(number: int, entry: object) -> ScriptedReply:
    try:
        if not isinstance(entry, Mapping):
            raise TypeError("not an object")
        fields = dict(entry)
        calls, usage, stop = fields.pop("tool_calls", ()), fields.pop("usage", None), fields.pop("stop", None)
        return ScriptedReply(
            tool_calls=tuple((str(call["name"]), dict(call["arguments"])) for call in calls),
            usage=None if usage is None else Usage(**usage),
            stop=None if stop is None else Stop(stop),
            **fields,
        )
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"recorded reply {number} cannot be read: {error}") from error
