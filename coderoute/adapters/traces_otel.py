"""A run as OpenTelemetry spans: the run, its stages and step attempts, its model calls. No text of a prompt or reply.

Names and attributes are those of the GenAI semantic conventions; what is ours begins with `coderoute.`.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from coderoute.domain.conversation import CallTags, ModelReply, ModelRequest, Stop
from coderoute.errors import CoderouteError, ProviderError
from coderoute.ports import ModelProvider

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import Span

EXPORT_TIMEOUT_S = 3.0
"""How long the end of a command may wait for a collector that does not answer."""
TOLD = frozenset({
    "step", "attempt", "class", "decision", "trigger", "cause", "to", "status", "candidate", "verdict", "risk", "role",
    "try", "diff_lines", "diff_files",
})  # fmt: skip
"""What of an event's data goes out: words of ours and numbers. Titles, reasons and commands may be anybody's text."""
FINISH = {
    Stop.END: "stop", Stop.TOOLS: "tool_call", Stop.MAX_TOKENS: "length", Stop.REFUSAL: "content_filter",
    Stop.CONTEXT_FULL: "length", Stop.OTHER: "error",
}  # fmt: skip
BAD_ENDS = frozenset({"failed", "unavailable"})

Place = tuple[str, str, int]
"""(stage, step or `-`, attempt)."""


@dataclass(slots=True)
class Open:
    """A span that has not ended. `last_ns` is when something last happened in it."""

    span: "Span"
    last_ns: int
    cost_usd: Decimal = field(default_factory=Decimal)


class OtelTraces:
    """Hears a run's events and stands around its providers. Safe to use from several threads.

    All processes that ever work on a run write into one trace. Without an `exporter` spans go by OTLP over HTTP to
    where the OTEL_* variables say; a collector that does not answer loses them, and holds nothing up.

    Raises:
        ImportError: the packages of the extra `otel` are not installed.
    """

    def __init__(self, run_id: str, *, version: str, exporter: "SpanExporter | None" = None) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter(timeout=EXPORT_TIMEOUT_S)
            # its complaints about a collector would stand in the middle of a run's progress
            logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        named = Resource({"service.name": "coderoute", "service.version": version})
        told = Resource.create()
        if str(told.attributes.get("service.name", "")).startswith("unknown_service"):  # the user gave none
            told = told.merge(named)
        self._sdk = TracerProvider(resource=told, id_generator=_ids(run_id), shutdown_on_exit=False)
        self._sdk.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._sdk.get_tracer("coderoute", version)
        self._run_id = run_id
        self._open: dict[Place, Open] = {}
        self._root: Open | None = None
        self._lock = threading.Lock()
        self._since = time.time_ns() - time.monotonic_ns()

    def around(self, provider: ModelProvider) -> ModelProvider:
        """`provider`, with a span for each call."""
        return TracedProvider(provider, self)

    def hear(self, event: str, data: Mapping[str, object]) -> None:
        """Take in an event of the run."""
        known = {f"coderoute.{key}": _plain(value) for key, value in data.items() if key in TOLD and value is not None}
        with self._lock:
            match event:
                case "run.working":
                    self._ensure_root()
                case "run.waiting":
                    self._end_all(str(data.get("status")))
                case "attempt.started" | "verify.started":
                    stage = "execute" if event == "attempt.started" else "verify"
                    self._at(_place_of(stage, data)).span.set_attributes(known)
                case "attempt.decided":
                    for stage in ("verify", "execute"):
                        self._end(_place_of(stage, data), known)
                case "model_call":
                    self._book(_place_of(str(data.get("stage")), data), Decimal(str(data.get("cost_usd", 0))))
                case _:
                    self._ensure_root().span.add_event(event, known, self.now_ns())

    def close(self) -> None:
        """Everything is sent, or given up within a few seconds."""
        with self._lock:
            self._end_all(None)
        self._sdk.force_flush(int(EXPORT_TIMEOUT_S * 1000))
        self._sdk.shutdown()

    def now_ns(self) -> int:
        """Wall-clock time that nobody can set while the process lives."""
        return self._since + time.monotonic_ns()

    def call_span(self, request: ModelRequest) -> "Span":
        """A span that has begun, below that of the call's place."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        model = request.model
        with self._lock:
            parent = self._at(_place_of_call(request.tags)).span
        return self._tracer.start_span(
            f"chat {model.model}", set_span_in_context(parent), SpanKind.CLIENT,
            {
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": model.provider,
                "gen_ai.request.model": model.model, "gen_ai.request.max_tokens": request.max_output_tokens,
                "gen_ai.conversation.id": self._run_id, "coderoute.turn": len(request.exchanges) + 1,
            },
            start_time=self.now_ns(),
        )  # fmt: skip

    def end_call(self, span: "Span", tags: CallTags) -> None:
        now_ns = self.now_ns()
        span.end(now_ns)
        with self._lock:
            self._at(_place_of_call(tags)).last_ns = now_ns

    def _ensure_root(self) -> Open:
        if self._root is None:
            attributes = {"coderoute.run": self._run_id}
            span = self._tracer.start_span("coderoute run", attributes=attributes, start_time=self.now_ns())
            self._root = Open(span, self.now_ns())
        return self._root

    def _at(self, place: Place) -> Open:
        """The span of a place in the story; begun now if there is none. What verifies an attempt is a part of it."""
        from opentelemetry.trace import set_span_in_context

        found = self._open.get(place)
        if found is None:
            stage, step, attempt = place
            tried = self._open.get(("execute", step, attempt)) if stage == "verify" else None
            parent = (tried or self._ensure_root()).span
            attributes: dict[str, str | int] = {
                "coderoute.run": self._run_id, "coderoute.stage": stage, "coderoute.step": step,
                "coderoute.attempt": attempt,
            }  # fmt: skip
            now_ns = self.now_ns()
            span = self._tracer.start_span(
                f"{stage} {step} {attempt}" if step != "-" else f"{stage} {attempt}", set_span_in_context(parent),
                attributes=attributes, start_time=now_ns,
            )  # fmt: skip
            found = self._open[place] = Open(span, now_ns)
        return found

    def _book(self, place: Place, cost_usd: Decimal) -> None:
        for where in (self._at(place), self._ensure_root()):
            where.cost_usd += cost_usd
            where.span.set_attribute("coderoute.cost_usd", f"{where.cost_usd:f}")

    def _end(self, place: Place, attributes: Mapping[str, str | int | float | bool]) -> None:
        found = self._open.pop(place, None)
        if found is not None:
            found.span.set_attributes(attributes)
            found.span.end(self.now_ns())

    def _end_all(self, status: str | None) -> None:
        """End what is open: a stage when something last happened in it, the run now."""
        from opentelemetry.trace import StatusCode

        for place in reversed(tuple(self._open)):
            found = self._open.pop(place)
            found.span.end(found.last_ns)
        if self._root is None:
            return
        if status is not None:
            self._root.span.set_attribute("coderoute.status", status)
        if status in BAD_ENDS:
            self._root.span.set_status(StatusCode.ERROR)
        self._root.span.end(self.now_ns())
        self._root = None


class TracedProvider:
    """A ModelProvider with a span for each call."""

    def __init__(self, provider: ModelProvider, traces: OtelTraces) -> None:
        self._provider = provider
        self._traces = traces

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        from opentelemetry.trace import StatusCode

        span = self._traces.call_span(request)
        try:
            reply = self._provider.complete(request)
        except BaseException as error:
            span.set_attribute("error.type", _error_type(error))
            span.set_status(StatusCode.ERROR)
            raise
        else:
            span.set_attributes(_of_reply(reply))
            return reply
        finally:
            self._traces.end_call(span, request.tags)


def _of_reply(reply: ModelReply) -> dict[str, str | int | tuple[str, ...]]:
    found: dict[str, str | int | tuple[str, ...]] = {"gen_ai.response.finish_reasons": (FINISH[reply.stop],)}
    if reply.request_id is not None:
        found["gen_ai.response.id"] = reply.request_id
    usage = reply.usage
    if usage is not None:
        found |= {
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_input_tokens,
            "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        }
    return found


def _error_type(error: BaseException) -> str:
    """The HTTP status, else the kind of error; never its text, which may be the provider's."""
    if isinstance(error, ProviderError) and error.status is not None:
        return str(error.status)
    if isinstance(error, ProviderError) and error.__cause__ is not None:
        return type(error.__cause__).__name__
    return type(error).__name__ if isinstance(error, CoderouteError | KeyboardInterrupt) else "_OTHER"


def _plain(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _place_of(stage: str, data: Mapping[str, object]) -> Place:
    attempt = data.get("attempt")
    return stage, str(data.get("step") or "-"), attempt if isinstance(attempt, int) else 1


def _place_of_call(tags: CallTags) -> Place:
    return tags.stage, tags.step, tags.attempt


def _ids(run_id: str) -> "IdGenerator":
    """Of spans by chance, of the trace by the run."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class OfRun(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return int.from_bytes(hashlib.sha256(f"coderoute run {run_id}".encode()).digest()[:16], "big")

        def is_trace_id_random(self) -> bool:
            return False

    return OfRun()
