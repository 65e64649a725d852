"""OpenAI's models through its Responses API, which stores nothing: the whole conversation goes with each request; and
everybody else's who speaks Chat Completions."""

from coderoute.adapters.model_openai.provider import OpenAIProvider as OpenAIProvider
