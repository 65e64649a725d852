"""What is said to a model and what it says back, in no provider's dialect."""

from dataclasses import dataclass, field
from enum import StrEnum

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """One model behind one account. `api_key_env` names the variable; the key itself is never in a value."""

    provider: str
    """`anthropic`, `openai`, or `recorded` (the demo)."""
    model: str
    effort: str | None = None
    """`low`, `medium`, `high`, or None for the model's own default."""
    api: str | None = None
    """`responses` or `chat`; None: the adapter knows."""
    api_key_env: str | None = None
    base_url: str | None = None
    stream: bool | None = None
    """Whether the answer is asked for as a stream; None: the adapter knows. With a stream an error status comes before
    anything is paid, and nothing on the way gives up because of a long silence."""
    edit_format: str | None = None
    """How it writes changes: `replace`, `whole` or `patch`; None: as most do."""
    context_tokens: int | None = None
    """What a conversation with it may come to, the answer included, before it does not fit or costs more by the token;
    None: nobody knows."""

    @property
    def name(self) -> str:
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function offered to a model. `schema` is a strict JSON Schema object with every property listed as required
    or made nullable by the adapter where its provider demands that."""

    name: str
    description: str
    schema: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's wish. `arguments` is None when what came was no JSON object or the reply was cut short, so that it
    must not be executed; `raw_arguments` is what came. Either way it needs a result in the next turn."""

    id: str
    name: str
    arguments: JsonObject | None
    raw_arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    call_id: str
    text: str
    is_error: bool = False


class Stop(StrEnum):
    """Why the model stopped."""

    END = "end"
    TOOLS = "tools"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"
    CONTEXT_FULL = "context_full"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call as the provider reported them.

    `input_tokens` is the total; cached and cache-write tokens are part of it, not beside it.
    `cache_write_1h_tokens` are part of `cache_write_tokens`.
    `reasoning_tokens` are part of `output_tokens`.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """One answer. `usage` None: the provider did not say what it cost."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    stop: Stop
    usage: Usage | None
    opaque: list[JsonObject] = field(default_factory=list)
    """The provider's own content blocks, sent back unchanged in the next turn (thinking, signatures, call ids)."""
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One past turn: the model's reply and what its tool calls returned (or what we said instead)."""

    reply: ModelReply
    results: tuple[ToolResult, ...] = ()
    remark: str | None = None
    """Plain user text after the results, e.g. a repair request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTags:
    """Where in the story a call belongs; sent as the X-Coderoute-* headers and kept in the ledger."""

    run: str
    stage: str
    """triage, locate, plan, execute or review."""
    step: str = "-"
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """An append-only conversation: `opening` is the first user message, `exchanges` everything since."""

    model: ModelRef
    system: str
    opening: str
    exchanges: tuple[Exchange, ...] = ()
    tools: tuple[Tool, ...] = ()
    max_output_tokens: int = 8192
    tags: CallTags
    timeout_s: float = 600.0
    single: bool = False
    """The first answer is likely to be the last one, though look-ups are offered."""

    @property
    def is_worth_caching(self) -> bool:
        """Whether what is sent is likely to be sent again as the beginning of a next turn.

        Writing into a provider's cache costs a quarter of the input's price and a read saves nine tenths or more, so it
        pays where another turn comes with a chance of three in ten. A model that is offered nothing but the tool it
        answers with has another turn only to mend that answer. One that was not expected to look things up and does
        will go on.
        """
        return len(self.tools) > 1 and (not self.single or bool(self.exchanges))
