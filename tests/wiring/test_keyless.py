"""A model server on this machine may have no key."""

import pytest

from coderoute.domain.conversation import ModelRef
from coderoute.errors import ConfigurationError
from coderoute.keys import Keys
from coderoute.wiring.world import make_provider

LOCAL = "http://127.0.0.1:11434/v1"


def test_a_server_on_this_machine_is_asked_without_a_key() -> None:
    make_provider(ModelRef(provider="openai", model="qwen3-coder", base_url=LOCAL), None, Keys({}))


@pytest.mark.parametrize(
    "model",
    [
        ModelRef(provider="openai", model="qwen3-coder", base_url="https://models.example/v1"),
        ModelRef(provider="openai", model="qwen3-coder", base_url=LOCAL, api_key_env="TEAM_KEY"),
        ModelRef(provider="anthropic", model="claude-opus-5-5", base_url=LOCAL),
    ],
    ids=["elsewhere", "a named key", "anthropic"],
)
def test_any_other_needs_its_key(model: ModelRef) -> None:
    with pytest.raises(ConfigurationError, match="no key for"):
        make_provider(model, None, Keys({}))
