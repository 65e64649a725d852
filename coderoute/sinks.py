"""Where text leaves this process, to a model or into the store: each is given a front that lets no key through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coderoute.domain.conversation import Exchange, ModelReply, ModelRequest, Usage
    from coderoute.domain.money import CallState, LedgerRow
    from coderoute.domain.run import Approval, Event, RunRecord, Status, UnreadableRun
    from coderoute.ports import ModelProvider, RunStore

Redact = Callable[[str], str]

REMEMBERED_TEXTS = 512
"""A conversation is sent again with every turn; what was looked through is not looked through again."""


class RedactingProvider:
    """A ModelProvider that sees no key: neither this process's own nor what looks like anybody's.

    What the model said itself goes back to it unchanged, as its provider demands; it was told no key.
    """

    def __init__(self, provider: ModelProvider, redact: Redact) -> None:
        from coderoute.domain.redaction import without_likely_keys

        self._provider = provider
        self._fit = lru_cache(maxsize=REMEMBERED_TEXTS)(lambda text: without_likely_keys(redact(text)))

    def complete(self, request: ModelRequest) -> ModelReply:
        """See ports.ModelProvider."""
        return self._provider.complete(
            replace(
                request,
                system=self._fit(request.system),
                opening=self._fit(request.opening),
                exchanges=tuple(self._exchange(exchange) for exchange in request.exchanges),
            )
        )

    def _exchange(self, exchange: Exchange) -> Exchange:
        results = tuple(replace(result, text=self._fit(result.text)) for result in exchange.results)
        remark = None if exchange.remark is None else self._fit(exchange.remark)
        return replace(exchange, results=results, remark=remark)


class RedactingStore:
    """A RunStore into which no key is written. What a signature or a hash is over must be redacted before it is made:
    an approval is stored as it is."""

    def __init__(self, store: RunStore, redact: Redact) -> None:
        self._store = store
        self._redact = redact

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self._redact(text)

    def create(self, run: RunRecord) -> None:
        self._store.create(
            replace(
                run, title=self._redact(run.title), problem=self._maybe(run.problem), remedy=self._maybe(run.remedy),
                questions=tuple(map(self._redact, run.questions)),
            )
        )  # fmt: skip

    def set_status(
        self,
        run_id: str,
        status: Status,
        *,
        reason: str | None = None,
        problem: str | None = None,
        remedy: str | None = None,
        questions: Sequence[str] = (),
        title: str | None = None,
    ) -> None:
        self._store.set_status(
            run_id, status, reason=reason, problem=self._maybe(problem), remedy=self._maybe(remedy),
            questions=tuple(map(self._redact, questions)), title=self._maybe(title),
        )  # fmt: skip

    def put_record(self, run_id: str, key: str, kind: str, value: str) -> None:
        self._store.put_record(run_id, key, kind, self._redact(value))

    def settle_call(
        self,
        row_id: int,
        *,
        state: CallState,
        cost_usd: Decimal,
        usage: Usage | None,
        latency_s: float | None,
        problem: str | None,
        record: tuple[str, str, str] | None = None,
    ) -> None:
        safe = None if record is None else (record[0], record[1], self._redact(record[2]))
        self._store.settle_call(
            row_id, state=state, cost_usd=cost_usd, usage=usage, latency_s=latency_s, problem=self._maybe(problem),
            record=safe,
        )  # fmt: skip

    def add_event(self, event: Event) -> None:
        self._store.add_event(replace(event, data={key: self._plain(value) for key, value in event.data.items()}))

    def _plain(self, value: Any) -> Any:
        """JSON with every text in it redacted."""
        match value:
            case str():
                return self._redact(value)
            case dict():
                return {key: self._plain(item) for key, item in value.items()}
            case list() | tuple():
                return [self._plain(item) for item in value]
            case _:
                return value

    def add_outcome(self, run_id: str, place: str, value: str) -> None:
        self._store.add_outcome(run_id, place, self._redact(value))

    def remember(self, key: str, value: str) -> None:
        self._store.remember(key, self._redact(value))

    def put_approval(self, approval: Approval) -> None:
        self._store.put_approval(approval)

    def open_call(self, row: LedgerRow, *, budget_usd: Decimal | None) -> int | None:
        return self._store.open_call(row, budget_usd=budget_usd)

    def get(self, run_id: str) -> RunRecord | None:
        return self._store.get(run_id)

    def runs(self) -> tuple[RunRecord | UnreadableRun, ...]:
        return self._store.runs()

    def record(self, run_id: str, key: str) -> str | None:
        return self._store.record(run_id, key)

    def records(self, run_id: str, prefix: str = "") -> tuple[tuple[str, str], ...]:
        return self._store.records(run_id, prefix)

    def calls(self, run_id: str | None = None) -> tuple[LedgerRow, ...]:
        return self._store.calls(run_id)

    def events(self, run_id: str) -> tuple[Event, ...]:
        return self._store.events(run_id)

    def approvals(self, run_id: str) -> tuple[Approval, ...]:
        return self._store.approvals(run_id)

    def outcomes(self, limit: int) -> tuple[tuple[str, str], ...]:
        return self._store.outcomes(limit)

    def lock(self, name: str) -> AbstractContextManager[bool]:
        return self._store.lock(name)

    def recall(self, key: str) -> str | None:
        return self._store.recall(key)

    def forget(self, key: str) -> None:
        self._store.forget(key)

    def problems(self) -> tuple[str, ...]:
        return self._store.problems()

    def purge(self, run_id: str) -> None:
        self._store.purge(run_id)
