"""One request to the Responses API, and everything that may become of it."""

from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from coderoute.adapters.model_openai.reply import reply_from, usage_of
from coderoute.adapters.model_openai.request import request_body
from coderoute.adapters.model_openai.stream import StreamedResponse
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
from coderoute.domain.provider_failure import (
    BilledFailure,
    broken_connection,
    error_within,
    http_failure,
    unusable_answer,
)
from coderoute.errors import ProviderError

if TYPE_CHECKING:
    import openai

KEY_VARIABLE = "OPENAI_API_KEY"
CONNECT_TIMEOUT_S = 10.0
ERROR_BODY_S = 10.0

CONTEXT_FULL = "context_length_exceeded"


class OpenAIProvider:
    """A ModelProvider. `base_url` None: the SDK's own variable (OPENAI_BASE_URL), else OpenAI's address."""

    def __init__(self, api_key: str, base_url: str | None = None) -> None:
        self._key = api_key.strip()
        self._base_url = base_url
        self._whole_only: set[str] = set()
        """Models that this account may not stream."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        if unfit := wire.key_error(self._key, request.model.api_key_env or KEY_VARIABLE):
            raise unfit
        client = self._client
        import openai

        allowance = Allowance(ends_s=monotonic() + request.timeout_s, monotonic=monotonic)
        body: dict[str, Any] = request_body(request)
        if self._streams(request):
            body["stream"] = True
        try:
            with client.responses.with_streaming_response.create(
                **body,
                extra_headers=wire.tag_headers(request.tags),
                timeout=openai.Timeout(request.timeout_s, connect=CONNECT_TIMEOUT_S),
            ) as raw:
                answer = raw.http_response
                response = self._received(request, answer, allowance)
                return reply_from(request, response, answer.headers.get("x-request-id"))
        except OutgrewTheModel:
            return wire.context_full()
        except ErrorAnswer as error:
            return self._failed(request, error)
        except openai.APIConnectionError as error:
            raise broken_connection(request.model, error.__cause__) from None

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        client = openai.OpenAI(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False, event_hooks={"response": [_stop_at_an_error]}
            ),
        )
        if unsafe := wire.endpoint_error(str(client.base_url)):
            raise unsafe
        return client

    def _received(self, request: ModelRequest, answer: HttpAnswer, allowance: Allowance) -> JsonObject | None:
        """The response in an answer with status 200, None if it is no JSON object.

        Raises:
            ProviderError, ConfigurationError, OutgrewTheModel
        """
        import httpx2

        model, streamed = request.model, StreamedResponse()
        chunks = allowance.of(answer.iter_bytes())
        try:
            if not is_stream(answer):
                return sound(wire.json_object(b"".join(chunks)))
            for event in events(chunks):
                streamed.take(event)
            sound(streamed.message)
        except ErrorWithin as failed:
            if failed.error.get("code") == CONTEXT_FULL:
                raise OutgrewTheModel from None
            failure = error_within(model, failed.error, key=self._key, key_env=KEY_VARIABLE, generated=streamed.begun)
            usage = usage_of(failed.usage, request.max_output_tokens)
            if usage is not None and isinstance(failure, ProviderError):
                raise BilledFailure.of(failure, usage) from None
            raise failure from None
        except (httpx2.RequestError, TooLong, TooSlow, BadEvent) as error:
            if not streamed.whole:
                raise broken_connection(model, error, generated=streamed.begun) from None
        if not streamed.whole:
            raise unusable_answer(
                model, "it ends half-way", request_id=answer.headers.get("x-request-id"), generated=streamed.begun
            )
        return streamed.message

    def _streams(self, request: ModelRequest) -> bool:
        """Only where the settings say so: some models are not streamed to an organization that was not verified."""
        return request.model.stream is True and request.model.model not in self._whole_only

    def _failed(self, request: ModelRequest, answer: ErrorAnswer) -> ModelReply:
        model, streamed = request.model, self._streams(request)
        failure = http_failure(
            model, status=answer.status, headers=answer.headers, body=answer.body, key=self._key,
            key_env=KEY_VARIABLE, streamed=streamed,
        )  # fmt: skip
        error = wire.at(wire.json_object(answer.body), "error")
        if answer.status == 400 and wire.at(error, "code") == CONTEXT_FULL:
            return wire.context_full()
        if answer.status == 400 and streamed and wire.at(error, "param") == "stream":
            self._whole_only.add(model.model)
            raise ProviderError(
                f"{model.name} is not streamed to this account",
                remedy="leave stream out of the settings of this model", retryable=True, billed=False, status=400,
            ) from None  # fmt: skip
        raise failure from None


class OutgrewTheModel(Exception):
    """The provider began to answer before it saw that the conversation is too long."""


def sound(response: JsonObject | None) -> JsonObject | None:
    """`response`, unless it says that the provider failed.

    Raises:
        ErrorWithin
    """
    error = wire.at(response, "error")
    if isinstance(error, dict):
        raise ErrorWithin(error, wire.at(response, "usage"))
    return response


def _stop_at_an_error(answer: Any) -> None:
    """Called with every answer before the SDK reads it: the SDK would read an error to its end, however long it is."""
    import httpx2

    if not answer.is_success:
        allowance = Allowance(ends_s=monotonic() + ERROR_BODY_S, monotonic=monotonic, most_bytes=LARGEST_ERROR_BYTES)
        raise error_answer(answer, allowance, httpx2.RequestError)
