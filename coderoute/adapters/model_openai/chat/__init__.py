"""The Chat Completions API, as OpenAI and everybody who is compatible with it speak it."""
