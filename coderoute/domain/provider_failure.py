"""What a model provider's failure means: may it be tried again, was it billed, what can a person do about it."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.http_answer import BadEvent, TooLong, TooSlow, as_json
from coderoute.domain.wire import json_object
from coderoute.errors import ConfigurationError, ProviderError

RETRYABLE = frozenset({408, 409, 425, 429})
"""Beside every 5xx."""
NO_MONEY = ("insufficient_quota", "billing", "spend_limit", "organization_on_hold")
"""Words in error codes that mean: waiting does not help, somebody must pay or raise a limit."""
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})
"""Classes of httpx for requests that found no connection to leave by."""
LONGEST_MESSAGE = 300
GATEWAYS = frozenset({408, 502, 504, *range(520, 528)})
"""Said by something between us and the model, which may have been at work all the same."""

STATUS_OF_ERROR = {
    "invalid_request_error": 400, "invalid_prompt": 400, "authentication_error": 401, "billing_error": 402,
    "insufficient_quota": 429, "permission_error": 403, "not_found_error": 404, "model_not_found": 404,
    "request_too_large": 413, "rate_limit_error": 429, "rate_limit_exceeded": 429, "api_error": 500,
    "server_error": 500, "timeout_error": 504, "overloaded_error": 529, "server_overloaded": 529,
}  # fmt: skip
"""The status that an error inside an answer would have had as an answer of its own; any other is taken for a 500."""


class BilledFailure(ProviderError):
    """A failure that came with its bill: the ledger books `usage`, not an estimate."""

    usage: Usage

    @classmethod
    def of(cls, error: ProviderError, usage: Usage) -> "BilledFailure":
        made = cls(
            error.problem, remedy=error.remedy, retryable=error.retryable, billed=True,
            retry_after_s=error.retry_after_s, status=error.status,
        )  # fmt: skip
        made.usage = usage
        return made


def http_failure(
    model: ModelRef, *, status: int, headers: Mapping[str, str], body: bytes, key: str, key_env: str, streamed: bool
) -> ProviderError | ConfigurationError:
    """What an answer with an error status means.

    A stream gets its status before the model begins, so an error status instead of a stream costs nothing, unless it
    comes from a gateway. Without a stream a 5xx may come when the answer was written already.
    `headers` has lower-case names. `key` is cut out of whatever the provider says; `key_env` is the variable to name.
    """
    found = _meaning(model, status, f"answered HTTP {status}", headers, body, key, key_env)
    if isinstance(found, ProviderError):
        found.billed = None if status in GATEWAYS or (status >= 500 and not streamed) else False
    return found


def error_within(
    model: ModelRef, error: Mapping[str, object], *, key: str, key_env: str, generated: bool
) -> ProviderError | ConfigurationError:
    """What an error inside an answer of status 200 means: the same as that error alone, but it may have been billed."""
    kinds = [str(error[name]) for name in ("code", "type") if error.get(name) is not None]
    status = next((STATUS_OF_ERROR[kind] for kind in kinds if kind in STATUS_OF_ERROR), 500)
    name = "".join(c for c in (kinds or ["an error"])[0][:40] if c.isprintable())
    found = _meaning(model, status, f"broke off with {name}", {}, as_json({"error": dict(error)}), key, key_env)
    if isinstance(found, ProviderError):
        found.billed = True if generated else None
    return found


def _meaning(
    model: ModelRef, status: int, what: str, headers: Mapping[str, str], body: bytes, key: str, key_env: str
) -> ProviderError | ConfigurationError:
    said, codes = _said(body, key)
    if status in (401, 403):
        variable = model.api_key_env or key_env
        # OpenAI repeats parts of a wrong key in its 401.
        why = f"HTTP {status}" if status == 401 or not said else f"HTTP {status}: {said}"
        return ConfigurationError(
            f"{model.name} refused the key in {variable} ({why})",
            remedy=f"set {variable} to a key that may use {model.model}",
        )
    out_of_money = status == 402 or any(word in code for word in NO_MONEY for code in codes)
    retryable = (status in RETRYABLE or status >= 500) and not out_of_money and headers.get("x-should-retry") != "false"
    return ProviderError(
        f"{model.name} {what}" + (f": {said}" if said else ""),
        remedy=_remedy(status, out_of_money=out_of_money, retryable=retryable),
        retryable=retryable,
        billed=None,
        retry_after_s=retry_after_s(headers),
        status=status,
    )


def broken_connection(model: ModelRef, cause: BaseException | None, *, generated: bool = False) -> ProviderError:
    """No answer came, or not all of it, because of `cause` (an exception of httpx, TooLong, TooSlow or BadEvent).

    A request that never left costs nothing; what was generated is billed; otherwise nobody knows. What came of an
    answer until then is not used.
    """
    name = type(cause).__name__
    request_sent = name not in NEVER_SENT
    match cause:
        case TooSlow():
            what = "did not finish its answer in time"
        case TooLong() | BadEvent():
            what = f"sent no usable answer: {cause}"
        case _ if generated:
            what = "broke off in the middle of its answer"
        case _ if request_sent and name.endswith("Timeout"):
            what = "did not answer in time"
        case _ if request_sent:
            what = "broke the connection"
        case _:
            what = "cannot be reached"
    return ProviderError(
        f"{model.name} {what}",
        remedy="check the network and the provider's status page, then: coderoute resume",
        retryable=True,
        billed=True if generated else None if request_sent else False,
    )


def unusable_answer(
    model: ModelRef, why: str, *, request_id: str | None = None, generated: bool = False
) -> ProviderError:
    """An answer came with a good status, but it is none: a proxy's page, half a body, a failed generation."""
    return ProviderError(
        f"{model.name} sent no usable answer: {why}" + (f" (request {request_id})" if request_id else ""),
        remedy="check base_url and any proxy on the way, then: coderoute resume",
        retryable=True,
        billed=True if generated else None,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the provider asks: a number, or a date counted from the answer's own Date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):  # TypeError: one date with a zone and one without
        return None
    return max(0.0, wait.total_seconds())


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _said(body: bytes, key: str) -> tuple[str, tuple[str, ...]]:
    """The provider's message on one line, shortened and without the key, and its machine-readable codes."""
    error = (json_object(body) or {}).get("error")
    if not isinstance(error, dict):
        return "", ()
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    codes = tuple(str(value) for value in (error.get("type"), error.get("code"), code) if value is not None)
    message = " ".join(str(error.get("message") or "").split())
    message = "".join(character if character.isprintable() else "?" for character in message)
    if key:
        message = message.replace(key, "***")
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…", codes


def _remedy(status: int, *, out_of_money: bool, retryable: bool) -> str:
    if out_of_money:
        return "add credit or raise the limit at the provider, then: coderoute resume"
    if retryable:
        return "wait a while, then: coderoute resume"
    if 300 <= status < 400:
        return "redirects are not followed, since they would carry the key away: set base_url to the final address"
    if status == 404:
        return "check the model's name under models.* in coderoute.toml (and base_url, if you set one)"
    if status == 413:
        return "the request is too large for the provider: plan smaller steps"
    return "check model, effort and api under models.* in coderoute.toml; if they are right, report this as a bug"
