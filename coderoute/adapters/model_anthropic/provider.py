"""One request to the Messages API, and everything that may become of it."""

import re
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from coderoute.adapters.model_anthropic.reply import reply_from
from coderoute.adapters.model_anthropic.request import request_body
from coderoute.adapters.model_anthropic.stream import StreamedMessage
from coderoute.domain import wire
from coderoute.domain.conversation import JsonObject, ModelReply, ModelRequest
from coderoute.domain.http_answer import (
    LARGEST_ERROR_BYTES,
    Allowance,
    BadEvent,
    ErrorAnswer,
    ErrorWithin,
    HttpAnswer,
    TooLong,
    TooSlow,
    error_answer,
    events,
    is_stream,
)
from coderoute.domain.provider_failure import broken_connection, error_within, http_failure, unusable_answer
from coderoute.stopwatch import hung_up

if TYPE_CHECKING:
    import anthropic

KEY_VARIABLE = "ANTHROPIC_API_KEY"
CONNECT_TIMEOUT_S = 10.0
ERROR_BODY_S = 10.0

CONTEXT_FULL = re.compile(r"prompt is too long|exceed context limit")
"""How the 400 for a conversation that outgrew the model is worded; it has no code of its own."""


class AnthropicProvider:
    """A ModelProvider. `base_url` None: the SDK's own variable (ANTHROPIC_BASE_URL), else Anthropic's address."""

    def __init__(self, api_key: str, base_url: str | None = None) -> None:
        self._key = api_key.strip()
        self._base_url = base_url

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        if unfit := wire.key_error(self._key, request.model.api_key_env or KEY_VARIABLE):
            raise unfit
        client = self._client
        import anthropic

        allowance = Allowance(ends_s=monotonic() + request.timeout_s, monotonic=monotonic)
        body: dict[str, Any] = request_body(request)
        if streams(request):
            body["stream"] = True
        try:
            with client.messages.with_streaming_response.create(
                **body,
                extra_headers=wire.tag_headers(request.tags),
                # An explicit timeout also keeps the SDK from refusing a large max_tokens without a stream.
                timeout=anthropic.Timeout(request.timeout_s, connect=CONNECT_TIMEOUT_S),
            ) as raw:
                answer = raw.http_response
                with hung_up(answer, allowance.ends_s):
                    message = self._received(request, answer, allowance)
                return reply_from(request, message, answer.headers.get("request-id"))
        except anthropic.APIConnectionError as error:
            if isinstance(error.__cause__, ErrorAnswer):
                return self._failed(request, error.__cause__)
            raise broken_connection(request.model, error.__cause__) from None

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> "anthropic.Anthropic":
        import anthropic

        client = anthropic.Anthropic(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            http_client=anthropic.DefaultHttpxClient(
                follow_redirects=False, event_hooks={"response": [_stop_at_an_error]}
            ),
        )
        if unsafe := wire.endpoint_error(str(client.base_url)):
            raise unsafe
        return client

    def _received(self, request: ModelRequest, answer: HttpAnswer, allowance: Allowance) -> JsonObject | None:
        """The message in an answer with status 200, None if it is no JSON object.

        Raises:
            ProviderError, ConfigurationError
        """
        import httpx2

        model, streamed = request.model, StreamedMessage()
        chunks = allowance.of(answer.iter_bytes())
        try:
            if not is_stream(answer):
                message = wire.json_object(b"".join(chunks))
                error = wire.at(message, "error")
                if isinstance(error, dict):
                    raise ErrorWithin(error)
                return message
            for event in events(chunks):
                streamed.take(event)
        except ErrorWithin as failed:
            raise error_within(
                model, failed.error, key=self._key, key_env=KEY_VARIABLE, generated=streamed.begun
            ) from None
        except (httpx2.RequestError, TooLong, TooSlow, BadEvent) as error:
            if not streamed.whole:
                raise broken_connection(model, allowance.cause(error), generated=streamed.begun) from None
        if not streamed.whole:
            raise unusable_answer(
                model, "it ends half-way", request_id=answer.headers.get("request-id"), generated=streamed.begun
            )
        return streamed.message

    def _failed(self, request: ModelRequest, answer: ErrorAnswer) -> ModelReply:
        failure = http_failure(
            request.model, status=answer.status, headers=answer.headers, body=answer.body, key=self._key,
            key_env=KEY_VARIABLE, streamed=streams(request),
        )  # fmt: skip
        if answer.status == 400 and CONTEXT_FULL.search(failure.problem):
            return wire.context_full()
        raise failure from None


def streams(request: ModelRequest) -> bool:
    """Anthropic asks for streams where answers may be long, and every account may have them."""
    return request.model.stream is not False


def _stop_at_an_error(answer: Any) -> None:
    """Called with every answer before the SDK reads it: the SDK would read an error to its end, however long it is."""
    import httpx2

    if not answer.is_success:
        allowance = Allowance(ends_s=monotonic() + ERROR_BODY_S, monotonic=monotonic, most_bytes=LARGEST_ERROR_BYTES)
        with hung_up(answer, allowance.ends_s):
            raise error_answer(answer, allowance, httpx2.RequestError)
