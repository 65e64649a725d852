"""OpenAI's models through its Responses API, which stores nothing: the whole conversation goes with each request."""

from coderoute.adapters.model_openai.provider import OpenAIProvider as OpenAIProvider
