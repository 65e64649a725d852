"""Where the time of a run goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from coderoute.adapters.model_scripted import ScriptedProvider, ScriptedReply
from coderoute.adapters.sandbox_inmemory import InMemorySandboxHost, Recorded
from coderoute.domain.conversation import CallTags, ModelRef, ModelRequest
from coderoute.domain.terms import Environment, Limits
from coderoute.stopwatch import Kind, Stopwatch, TimedHost, TimedProvider, covered

ENVIRONMENT = Environment(image=None, setup=(), limits=Limits())


@dataclass
class Clock:
    """Time passes when somebody says so."""

    now: float = 0.0
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Stopwatch:
    return Stopwatch(clock)


def test_what_happens_at_the_same_time_is_counted_once(clock: Clock, watch: Stopwatch) -> None:
    with watch.measure(Kind.MODEL):
        clock.now += 1
        with watch.measure(Kind.SANDBOX):
            clock.now += 2
    clock.now += 10
    with watch.measure(Kind.SANDBOX):
        clock.now += 4
    assert watch.seconds() == {"model": 3.0, "sandbox": 6.0, "waiting": 0.0, "any": 7.0, "whole": 17.0}


def test_what_failed_took_its_time_too(clock: Clock, watch: Stopwatch) -> None:
    def fails() -> None:
        with watch.measure(Kind.MODEL):
            clock.now += 3
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert watch.seconds()["model"] == 3.0


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [([], 0), ([(1, 2)], 1), ([(1, 4), (2, 3)], 3), ([(1, 3), (2, 5)], 4), ([(5, 6), (1, 2)], 2)],
)
def test_covered_time(spans: list[tuple[float, float]], seconds: float) -> None:
    assert covered(iter(spans)) == seconds


@dataclass
class Slow:
    """A command that takes its time."""

    clock: Clock
    files: list[str] = field(default_factory=list)

    def __call__(self, command: str, env: Mapping[str, str], files: Mapping[str, bytes]) -> Recorded:
        self.clock.now += 5
        return Recorded()


def test_every_work_of_a_sandbox_is_measured_and_comes_to_the_same(clock: Clock, watch: Stopwatch) -> None:
    plain = InMemorySandboxHost(Slow(clock))
    host = TimedHost(plain, watch)
    assert host.name == plain.name
    image = host.prepare(ENVIRONMENT, lambda: bytes(10_240))
    clock.step = 1.0  # between any two looks at the clock
    sandbox = host.open(image, bytes(10_240), ENVIRONMENT, "r")
    parts: list[Callable[[], object]] = [
        lambda: sandbox.write("a", b"1"), lambda: sandbox.read("a"), lambda: list(sandbox.snapshot()),
        lambda: sandbox.run("true", timeout_s=1).exit_code, sandbox.close,
    ]  # fmt: skip
    before = watch.seconds()["sandbox"]
    results = []
    for part in parts:
        results.append(part())
        after = watch.seconds()["sandbox"]
        assert after > before
        before = after
    assert results[1] == b"1"
    assert [file.path for file in results[2]] == ["a"]  # type: ignore[attr-defined]


def test_a_model_call_is_measured(clock: Clock, watch: Stopwatch) -> None:
    clock.step = 1.0
    reply = ScriptedReply(stage="plan", step=None, attempt=1, text="hello")
    request = ModelRequest(
        model=ModelRef(provider="recorded", model="x"), system="s", opening="o", tags=CallTags(run="r", stage="plan")
    )  # fmt: skip
    assert TimedProvider(ScriptedProvider([reply]), watch).complete(request).text == "hello"
    assert watch.seconds()["model"] == 1.0


def test_waiting_for_a_provider_is_measured(clock: Clock, watch: Stopwatch) -> None:
    clock.step = 1.0
    watch.sleep(0)
    clock.step = 0.0
    assert watch.seconds() == {"model": 0.0, "sandbox": 0.0, "waiting": 1.0, "any": 1.0, "whole": 2.0}
