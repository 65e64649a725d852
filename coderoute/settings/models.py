"""Which model serves which role when little or nothing was said, and whether its key is there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from coderoute.domain.conversation import ModelRef
from coderoute.domain.wire import is_this_machine
from coderoute.errors import ConfigurationError
from coderoute.settings import keys
from coderoute.settings.entries import Mistakes
from coderoute.settings.schema import Models, Settings
from coderoute.settings.values import Written, Wrong, address

KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
"""The SDKs' own variables, in the order in which a key found there chooses the default models."""
ENDPOINT_VARIABLES = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL"}

DEFAULTS = {
    ("anthropic", "frontier"): ModelRef(provider="anthropic", model="claude-opus-5-5", effort="high"),
    ("anthropic", "cheap"): ModelRef(provider="anthropic", model="claude-haiku-5-5"),
    ("openai", "frontier"): ModelRef(provider="openai", model="gpt-6.1-sol", effort="high"),
    ("openai", "cheap"): ModelRef(provider="openai", model="gpt-6-luna"),
}
NOT_TEXT = ("stream", "context_tokens")
"""Keys of a model whose values are no text."""
FAMILIES = (("anthropic", r"claude-"), ("openai", r"gpt-|o[1-9]|codex-"))
"""Provider and how the names of its models begin."""


def chosen(values: Mapping[keys.Path, object], environ: Mapping[str, str], mistakes: Mistakes) -> Models:
    """The model of each role: what was written, over the defaults of the provider whose key is there."""
    provider = next((name for name, variable in KEY_VARIABLES.items() if environ.get(variable)), None)

    def of(role: str, base: ModelRef | None) -> ModelRef | None:
        found = {path[2]: value for path, value in values.items() if path[:2] == ("models", role)}
        written = {key: str(value) for key, value in found.items() if key not in ("fallback", *NOT_TEXT)}
        model = _model(role, written, base, mistakes) if written else base
        others: dict[str, Any] = {key: found[key] for key in NOT_TEXT if key in found}
        return replace(model, **others) if model else None

    frontier = of("frontier", None if provider is None else DEFAULTS[provider, "frontier"])
    cheap = of("cheap", None if provider is None else DEFAULTS[provider, "cheap"])
    models = Models(frontier=frontier, cheap=cheap, premium=of("premium", frontier))
    return replace(models, fallbacks=_fallbacks(models, values, mistakes))


def _fallbacks(
    models: Models, values: Mapping[keys.Path, object], mistakes: Mistakes
) -> dict[str, tuple[ModelRef, ...]]:
    """By role, what was listed. The premium model shares the frontier's list while it is the same model."""
    found: dict[str, tuple[ModelRef, ...]] = {}
    for role in ("frontier", "cheap", "premium"):
        model: ModelRef | None = getattr(models, role)
        path = ("models", role, "fallback")
        names = values.get(path)
        if model is None:
            continue
        if names is None and role == "premium" and model == models.frontier and "frontier" in found:
            found[role] = found["frontier"]
        if not isinstance(names, tuple) or not names:
            continue
        if model.name in names:
            mistakes.add("settings", path, f"names {model.name}, the model itself")
        found[role] = tuple(_beside(model, name) for name in names)
    return found


def _beside(model: ModelRef, name: str) -> ModelRef:
    """The model `name` ("provider:model") with the effort of `model`; of one provider also with its account and
    address."""
    provider, _, its_name = name.partition(":")
    if provider == model.provider:
        return replace(model, model=its_name, edit_format=None, context_tokens=None)
    return ModelRef(provider=provider, model=its_name, effort=model.effort)


def require_keys(settings: Settings, environ: Mapping[str, str]) -> None:
    """Every role has a model, every model its key, and every key goes to an address fit for it.

    Raises:
        ConfigurationError: a line for each that has not.
    """
    lines: list[str] = []
    for role in ("frontier", "cheap", "premium"):
        model: ModelRef | None = getattr(settings.models, role)
        if model is None:
            lines.append(f"models.{role}: no model is chosen, and neither ANTHROPIC_API_KEY nor OPENAI_API_KEY is set")
            continue
        lines += _unusable(f"models.{role}", model, environ)
        for other in settings.models.fallbacks.get(role, ()):
            lines += _unusable(f"models.{role}.fallback", other, environ)
    if lines:
        raise ConfigurationError(
            "\n".join(lines),
            remedy="set the variable (export ANTHROPIC_API_KEY=...), or choose another model: "
            "-c models.frontier.provider=openai; coderoute demo needs no key",
        )


def _unusable(key: str, model: ModelRef, environ: Mapping[str, str]) -> Iterator[str]:
    variable = model.api_key_env or KEY_VARIABLES[model.provider]
    if not environ.get(variable) and not needs_no_key(model, environ):
        yield f"{key} ({model.name}): its key is missing: {variable} is not set"
    endpoint = ENDPOINT_VARIABLES[model.provider]
    if model.base_url is None and environ.get(endpoint):
        try:
            address(Written(value=environ[endpoint]))
        except Wrong as wrong:
            yield f"{key} ({model.name}): {endpoint} {wrong.allowed}"


def needs_no_key(model: ModelRef, environ: Mapping[str, str]) -> bool:
    """Whether `model` is served on this machine by a server that speaks OpenAI's words, and names no key of its own."""
    if model.provider != "openai" or model.api_key_env is not None:
        return False
    try:
        host = urlsplit(model.base_url or environ.get(ENDPOINT_VARIABLES["openai"]) or "").hostname
    except ValueError:
        return False
    return is_this_machine(host or "")


def _model(role: str, written: dict[str, str], base: ModelRef | None, mistakes: Mistakes) -> ModelRef | None:
    provider = written.get("provider") or _provider_of(written.get("model")) or (base.provider if base else None)
    if provider is None:
        missing = ("models", role, "provider")
        if missing not in mistakes.about:
            mistakes.add("settings", missing, "is missing; write anthropic or openai")
        return None
    start = (
        base if base and base.provider == provider else DEFAULTS[provider, "cheap" if role == "cheap" else "frontier"]
    )
    if written.get("model", start.model) != start.model:
        start = replace(start, effort=None, edit_format=None, context_tokens=None)
    fields: dict[str, Any] = {**written, "provider": provider}
    return replace(start, **fields)


def _provider_of(model: str | None) -> str | None:
    return next((provider for provider, begin in FAMILIES if model and re.match(begin, model)), None)
