"""What becomes of a provider's failure: retry, bill, and the words for a person."""

import json

import pytest

from coderoute.domain.conversation import ModelRef
from coderoute.domain.provider_failure import LONGEST_MESSAGE, http_failure, retry_after_s
from coderoute.errors import ConfigurationError, ProviderError

MODEL = ModelRef(provider="openai", model="gpt-5-mini")


def failure(status: int, error: object, **headers: str) -> ProviderError:
    found = http_failure(
        MODEL,
        status=status,
        headers=headers,
        body=json.dumps({"error": error}).encode(),
        key="sk-1",
        key_env="KEY",
        streamed=True,
    )
    assert isinstance(found, ProviderError)
    return found


@pytest.mark.parametrize(
    ("what", "headers", "wait_s"),
    [
        ("seconds", {"retry-after": "7"}, 7.0),
        ("milliseconds win", {"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        (
            "a date, counted from the answer's own",
            {"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"},
            30.0,
        ),
        (
            "a date in the past",
            {"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"},
            0.0,
        ),
        ("a date and nothing to count from", {"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
        ("a day", {"retry-after": "86400"}, 86400.0),
        ("less than nothing", {"retry-after": "-1"}, None),
        ("for ever", {"retry-after": "inf"}, None),
        ("words", {"retry-after": "soon"}, None),
        ("silence", {}, None),
    ],
)
def test_retry_after(what: str, headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers) == wait_s, what


@pytest.mark.parametrize(
    ("what", "status", "error", "headers", "retryable"),
    [
        ("a rate limit", 429, {"code": "rate_limit_exceeded"}, {}, True),
        ("an empty account, openai", 429, {"code": "insufficient_quota"}, {}, False),
        ("an empty account, anthropic", 402, {"type": "billing_error"}, {}, False),
        ("a spend limit", 429, {"details": {"error_code": "enforced_spend_limit_reached"}}, {}, False),
        ("the provider says no", 529, {}, {"x-should-retry": "false"}, False),
        ("a redirect", 307, {}, {}, False),
        ("a status nobody knows", 599, {}, {}, True),
    ],
)
def test_only_what_waiting_can_mend_is_tried_again(
    what: str, status: int, error: object, headers: dict[str, str], retryable: bool
) -> None:
    assert failure(status, error, **headers).retryable is retryable, what


def test_an_empty_account_is_named_as_what_to_mend() -> None:
    assert "add credit" in failure(429, {"code": "insufficient_quota"}).remedy


def test_a_message_is_one_line_of_bounded_length_without_control_characters() -> None:
    problem = failure(400, {"message": "a\x1b[2J\n\tb " + "x" * 10_000}).problem
    assert problem.startswith("openai:gpt-5-mini answered HTTP 400: a?[2J b xxx")
    assert problem.endswith("…")
    assert len(problem) < LONGEST_MESSAGE + 50


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"", b'{"error": "text"}', b"\xff", b"[" * 100_000])
def test_an_unreadable_error_is_named_by_its_status(body: bytes) -> None:
    found = http_failure(MODEL, status=502, headers={}, body=body, key="k", key_env="KEY", streamed=True)
    assert found.problem == "openai:gpt-5-mini answered HTTP 502"


def test_what_a_provider_repeats_of_a_wrong_key_is_not_repeated_again() -> None:
    body = b'{"error": {"message": "Incorrect API key provided: sk-ab***yz"}}'
    found = http_failure(
        MODEL, status=401, headers={}, body=body, key="sk-abcdefyz", key_env="OPENAI_API_KEY", streamed=True
    )
    assert isinstance(found, ConfigurationError)
    assert found.problem == "openai:gpt-5-mini refused the key in OPENAI_API_KEY (HTTP 401)"
