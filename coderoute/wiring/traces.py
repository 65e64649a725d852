"""Whether a run is told as spans, and to whom: the OTEL_* variables of the user's environment say so."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from coderoute.errors import ConfigurationError
from coderoute.ports import ModelProvider
from coderoute.wiring.house import House, version

if TYPE_CHECKING:
    from coderoute.adapters.traces_otel import OtelTraces

Show = Callable[[str, Mapping[str, object]], None]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
OURS = "http/protobuf"


class Traces(Protocol):
    """Hears a run's events, and sees its model calls."""

    def hear(self, event: str, data: Mapping[str, object]) -> None: ...

    def around(self, provider: ModelProvider) -> ModelProvider: ...


class NoTraces:
    """Nobody wants spans."""

    def hear(self, event: str, data: Mapping[str, object]) -> None:
        """Nothing."""

    def around(self, provider: ModelProvider) -> ModelProvider:
        return provider


@contextmanager
def traced(house: House, run_id: str, show: Show) -> Iterator[Traces]:
    """What makes spans of the run during the block; they are sent by its end, or lost after a few seconds. Where they
    are wanted and cannot be made, `show` hears `traces.off` with the `problem`, once."""
    traces, why_not = None, None
    if wanted(house.environ):
        hold_header_values(house)
        try:
            traces = made(house.environ, run_id)
        except ImportError as error:
            why_not = f"{error.name} is not installed; the extra coderoute-runner[otel] has it"
        except ConfigurationError as error:
            why_not = error.problem
    if why_not is not None:
        show("traces.off", {"problem": f"no spans are sent: {why_not}"})
    if traces is None:
        yield NoTraces()
        return
    try:
        yield traces
    finally:
        traces.close()


def made(environ: Mapping[str, str], run_id: str) -> "OtelTraces":
    """Raises ImportError without the packages, ConfigurationError for a protocol that is not ours."""
    protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), OURS)
    if protocol != OURS:
        raise ConfigurationError(f"{protocol} is asked for, and we speak {OURS}", remedy=f"{PROTOCOLS[1]}={OURS}")
    from coderoute.adapters.traces_otel import OtelTraces

    return OtelTraces(run_id, version=version())


def hold_header_values(house: House) -> None:
    """A collector's key stands in them: it is in no text we keep, show or send."""
    for name in HEADERS:
        for number, pair in enumerate(house.environ.get(name, "").split(","), 1):
            words = unquote(pair.partition("=")[2]).split()
            if words:
                house.keys.take_in(f"{name} {number}", words[-1])


def wanted(environ: Mapping[str, str]) -> bool:
    """An endpoint is named, and nothing that everybody's OpenTelemetry obeys says no."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environ.get(name) for name in ENDPOINTS)
