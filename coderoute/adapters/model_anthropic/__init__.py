"""Anthropic's models through its Messages API: one HTTP request per call, no retries."""

from coderoute.adapters.model_anthropic.provider import AnthropicProvider as AnthropicProvider
