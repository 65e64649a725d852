"""How many tokens there are in what is sent to a model: what its provider counted, and bytes for the rest.

No provider's tokenizer is at hand, so the rest is an estimate: a token is four bytes of English prose, about three of
program text, and seldom less than two.
"""

import json

from coderoute.domain.conversation import Exchange, ModelRequest

FEWEST_BYTES_PER_TOKEN = 2
"""For an upper bound: what is reserved before a call."""
BYTES_PER_TOKEN = 3
"""For what is likely: whether a conversation still fits."""
HIDDEN_INPUT_TOKENS = 1_000
"""What a provider adds to a request with tools."""
FULL_SHARE = 0.8
"""Of the room for a conversation, beyond which it is not continued: the next results may be long."""


def sent_bytes(request: ModelRequest) -> int:
    """Of everything that is sent."""
    tools = [json.dumps([tool.name, tool.description, tool.schema]) for tool in request.tools]
    texts = [request.system, request.opening, *tools]
    return sum(map(utf8_bytes, texts)) + sum(utf8_bytes(said(turn)) + told_bytes(turn) for turn in request.exchanges)


def said(exchange: Exchange) -> str:
    opaque = exchange.reply.opaque
    return json.dumps(opaque, ensure_ascii=False) if opaque else exchange.reply.text


def told_bytes(exchange: Exchange) -> int:
    """Of what came after the model's reply."""
    return sum(utf8_bytes(result.text) for result in exchange.results) + utf8_bytes(exchange.remark or "")


def utf8_bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def upper_input_tokens(request: ModelRequest) -> int:
    """Rather more than the provider will count."""
    return sent_bytes(request) // FEWEST_BYTES_PER_TOKEN + HIDDEN_INPUT_TOKENS


def likely_input_tokens(request: ModelRequest) -> int:
    """As the provider counted the last turn, and what came since; without its count an estimate of everything."""
    last = request.exchanges[-1] if request.exchanges else None
    usage = None if last is None else last.reply.usage
    if last is None or usage is None or not usage.input_tokens:
        return sent_bytes(request) // BYTES_PER_TOKEN + HIDDEN_INPUT_TOKENS
    return usage.input_tokens + usage.output_tokens + told_bytes(last) // BYTES_PER_TOKEN


def is_outgrown(request: ModelRequest) -> bool:
    """Whether the conversation nears what the model can take in, or where it costs more by the token."""
    if request.model.context_tokens is None:
        return False
    room_tokens = request.model.context_tokens - request.max_output_tokens
    return likely_input_tokens(request) > FULL_SHARE * room_tokens
