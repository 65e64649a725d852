"""Which model serves a role when little was said, and whether its key is there."""

from collections.abc import Callable

import pytest

from coderoute.domain.conversation import ModelRef
from coderoute.errors import ConfigurationError
from coderoute.settings import Settings, require_keys

Load = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


class TestModels:
    @pytest.mark.parametrize(
        ("keys", "frontier", "cheap"),
        [
            (["ANTHROPIC_API_KEY"], "anthropic:claude-opus-5-5", "anthropic:claude-haiku-5-5"),
            (["OPENAI_API_KEY"], "openai:gpt-6.1-sol", "openai:gpt-6-luna"),
            (["OPENAI_API_KEY", "ANTHROPIC_API_KEY"], "anthropic:claude-opus-5-5", "anthropic:claude-haiku-5-5"),
        ],
    )
    def test_the_key_that_is_there_chooses_the_models(
        self, load_with: Load, keys: list[str], frontier: str, cheap: str
    ) -> None:
        models = load_with(**dict.fromkeys(keys, "k")).models
        assert models.frontier is not None
        assert models.cheap is not None
        assert (models.frontier.name, models.frontier.effort, models.cheap.name) == (frontier, "high", cheap)
        assert models.premium == models.frontier

    def test_without_a_key_and_a_word_there_are_none(self, load_with: Load) -> None:
        models = load_with(OPENAI_API_KEY="").models
        assert (models.frontier, models.cheap, models.premium) == (None, None, None)

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ('effort = "low"', ModelRef(provider="anthropic", model="claude-opus-5-5", effort="low")),
            ('model = "claude-x"', ModelRef(provider="anthropic", model="claude-x")),
            ('model = "gpt-x"', ModelRef(provider="openai", model="gpt-x")),
            ('model = "qwen"', ModelRef(provider="anthropic", model="qwen")),
            ('provider = "openai"', ModelRef(provider="openai", model="gpt-6.1-sol", effort="high")),
            ('provider = "openai"\nmodel = "claude-x"', ModelRef(provider="openai", model="claude-x")),
            ('model = "o3"\neffort = "low"', ModelRef(provider="openai", model="o3", effort="low")),
        ],
    )
    def test_what_is_not_written_of_a_model_follows_from_the_rest(
        self, load_with: Load, written: str, expected: ModelRef
    ) -> None:
        assert load_with(file=f"[models.frontier]\n{written}", ANTHROPIC_API_KEY="k").models.frontier == expected

    def test_premium_is_the_frontier_model_but_for_what_is_written(self, load_with: Load) -> None:
        frontier = '[models.frontier]\nmodel = "gpt-x"\nbase_url = "https://g.example"\napi_key_env = "K"\n'
        assert load_with(file=frontier + '[models.premium]\neffort = "high"').models.premium == ModelRef(
            provider="openai", model="gpt-x", effort="high", base_url="https://g.example", api_key_env="K"
        )

    def test_another_provider_takes_no_address_or_key_of_the_first(self, load_with: Load) -> None:
        frontier = '[models.frontier]\nmodel = "gpt-x"\nbase_url = "https://g.example"\napi_key_env = "K"\n'
        assert load_with(file=frontier + '[models.premium]\nmodel = "claude-x"').models.premium == ModelRef(
            provider="anthropic", model="claude-x"
        )

    def test_a_model_of_an_unknown_family_needs_a_provider(self, mistakes: Mistakes) -> None:
        assert mistakes("models.cheap.model=qwen") == [
            "settings: models.cheap.provider: is missing; write anthropic or openai"
        ]


class TestHowAModelWorks:
    def test_a_format_of_changes_and_a_context_are_the_models_own(self, load_with: Load) -> None:
        written = '[models.cheap]\nprovider = "openai"\nmodel = "qwen"\nedit_format = "patch"\ncontext_tokens = 32768\n'
        models = load_with(file=written + 'fallback = ["openai:other"]', ANTHROPIC_API_KEY="k").models
        assert models.cheap == ModelRef(provider="openai", model="qwen", edit_format="patch", context_tokens=32768)
        assert models.fallbacks["cheap"] == (ModelRef(provider="openai", model="other"),)
        assert models.frontier is not None
        assert models.frontier.edit_format is None

    def test_a_default_model_can_be_given_a_context_alone(self, load_with: Load) -> None:
        cheap = load_with("models.cheap.context_tokens=50000", ANTHROPIC_API_KEY="k").models.cheap
        assert cheap == ModelRef(provider="anthropic", model="claude-haiku-5-5", context_tokens=50000)

    def test_only_known_formats_and_whole_numbers_are_taken(self, mistakes: Mistakes) -> None:
        assert mistakes("models.cheap.edit_format=diff", ANTHROPIC_API_KEY="k") == [
            '-c: models.cheap.edit_format = "diff": must be replace, whole or patch'
        ]
        assert "must be a whole number" in mistakes("models.cheap.context_tokens=10", ANTHROPIC_API_KEY="k")[0]


LISTED = """
[models.frontier]
model = "claude-x"
effort = "high"
base_url = "https://g.example"
api_key_env = "TEAM_KEY"
fallback = ["anthropic:claude-y", "openai:gpt-x"]
"""
SECOND = ModelRef(
    provider="anthropic", model="claude-y", effort="high", base_url="https://g.example", api_key_env="TEAM_KEY"
)
THIRD = ModelRef(provider="openai", model="gpt-x", effort="high")


class TestFallbacks:
    def test_only_those_that_the_user_listed_are_there_in_their_order(self, load_with: Load) -> None:
        assert load_with(ANTHROPIC_API_KEY="k").models.fallbacks == {}
        models = load_with(file=LISTED, ANTHROPIC_API_KEY="k").models
        assert models.fallbacks == {"frontier": (SECOND, THIRD), "premium": (SECOND, THIRD)}

    def test_another_premium_model_has_none_of_the_frontiers(self, load_with: Load) -> None:
        models = load_with(file=LISTED + '[models.premium]\nmodel = "claude-z"', ANTHROPIC_API_KEY="k").models
        assert set(models.fallbacks) == {"frontier"}

    def test_premium_can_have_none_while_the_frontier_has_some(self, load_with: Load) -> None:
        models = load_with(file=LISTED + "[models.premium]\nfallback = []", ANTHROPIC_API_KEY="k").models
        assert set(models.fallbacks) == {"frontier"}

    def test_a_model_is_no_fallback_of_itself(self, mistakes: Mistakes) -> None:
        assert mistakes(file='[models.cheap]\nmodel = "gpt-x"\nfallback = ["openai:gpt-x"]') == [
            "settings: models.cheap.fallback: names openai:gpt-x, the model itself"
        ]

    def test_each_needs_its_key(self, load_with: Load) -> None:
        settings = load_with(file=LISTED, ANTHROPIC_API_KEY="k")
        with pytest.raises(ConfigurationError) as refused:
            require_keys(settings, {"ANTHROPIC_API_KEY": "k", "TEAM_KEY": "t"})
        missing = "models.frontier.fallback (openai:gpt-x): its key is missing: OPENAI_API_KEY is not set"
        assert missing in refused.value.problem.split("\n")
        require_keys(settings, {"ANTHROPIC_API_KEY": "k", "TEAM_KEY": "t", "OPENAI_API_KEY": "o"})


class TestStream:
    def test_whether_an_answer_is_streamed_can_be_said_for_each_model(self, load_with: Load) -> None:
        models = load_with("models.cheap.stream=false", "models.premium.stream=true", ANTHROPIC_API_KEY="k").models
        assert models.cheap is not None
        assert models.frontier is not None
        assert models.premium is not None
        assert (models.cheap.stream, models.frontier.stream, models.premium.stream) == (False, None, True)


class TestApi:
    @pytest.mark.parametrize("api", ["responses", "chat"])
    def test_either_api_can_be_chosen_for_a_model(self, load_with: Load, api: str) -> None:
        models = load_with(f"models.cheap.api={api}", OPENAI_API_KEY="k").models
        assert models.cheap is not None
        assert models.cheap.api == api

    def test_the_repository_cannot_choose_it(self, mistakes: Mistakes) -> None:
        (line,) = mistakes(coderoute_toml='[models.cheap]\napi = "chat"', OPENAI_API_KEY="k")
        assert "models.cheap.api" in line


class TestKeys:
    @pytest.mark.parametrize(
        ("address", "more", "variable"),
        [
            ("http://127.0.0.1:11434/v1", {}, None),
            ("http://localhost:8000/v1", {}, None),
            (None, {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, None),
            ("https://models.example/v1", {}, "OPENAI_API_KEY"),
            ("https://models.example/v1", {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "OPENAI_API_KEY"),
            (None, {}, "OPENAI_API_KEY"),
        ],
    )
    def test_a_server_on_this_machine_needs_no_key(
        self, load_with: Load, address: str | None, more: dict[str, str], variable: str | None
    ) -> None:
        environ = {"ANTHROPIC_API_KEY": "k", **more}
        base_url = [f"models.cheap.base_url={address}"] if address else []
        settings = load_with("models.cheap.provider=openai", "models.cheap.model=qwen3-coder", *base_url, **environ)
        if variable is None:
            require_keys(settings, environ)
            return
        with pytest.raises(ConfigurationError, match=f"its key is missing: {variable} is not set"):
            require_keys(settings, environ)

    def test_a_key_that_was_named_is_needed_wherever_the_server_is(self, load_with: Load) -> None:
        local = ("models.cheap.provider=openai", "models.cheap.base_url=http://127.0.0.1:1/v1")
        settings = load_with(*local, "models.cheap.api_key_env=TEAM_KEY", ANTHROPIC_API_KEY="k")
        with pytest.raises(ConfigurationError, match="TEAM_KEY is not set"):
            require_keys(settings, {"ANTHROPIC_API_KEY": "k"})

    def test_anthropics_api_needs_its_key_on_this_machine_too(self, load_with: Load) -> None:
        settings = load_with("models.cheap.base_url=http://127.0.0.1:1", ANTHROPIC_API_KEY="k")
        with pytest.raises(ConfigurationError, match="ANTHROPIC_API_KEY is not set"):
            require_keys(settings, {})

    def test_keys_that_are_there_are_enough(self, load_with: Load) -> None:
        environ = {"ANTHROPIC_API_KEY": "k", "TEAM_KEY": "t"}
        settings = load_with("models.cheap.api_key_env=TEAM_KEY", **environ)
        require_keys(settings, environ)

    def test_each_missing_key_is_named_with_its_model(self, load_with: Load) -> None:
        settings = load_with(
            "models.cheap.model=gpt-6-luna", "models.premium.api_key_env=TEAM_KEY", ANTHROPIC_API_KEY="k"
        )
        with pytest.raises(ConfigurationError) as refused:
            require_keys(settings, {"OPENAI_API_KEY": ""})
        assert refused.value.problem.split("\n") == [
            "models.frontier (anthropic:claude-opus-5-5): its key is missing: ANTHROPIC_API_KEY is not set",
            "models.cheap (openai:gpt-6-luna): its key is missing: OPENAI_API_KEY is not set",
            "models.premium (anthropic:claude-opus-5-5): its key is missing: TEAM_KEY is not set",
        ]
        assert refused.value.exit_code == 78

    def test_without_any_model_both_variables_are_named(self, load_with: Load) -> None:
        with pytest.raises(ConfigurationError, match="neither ANTHROPIC_API_KEY nor OPENAI_API_KEY is set"):
            require_keys(load_with(), {})

    def test_a_key_is_not_sent_to_an_open_address_from_the_environment(self, load_with: Load) -> None:
        environ = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://gateway.example"}
        with pytest.raises(ConfigurationError, match="ANTHROPIC_BASE_URL must be an https address"):
            require_keys(load_with(**environ), environ)
        require_keys(load_with(**environ), environ | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080"})


@pytest.mark.parametrize(
    "address",
    [
        "https://gateway.example/v1",
        "http://localhost:11434/v1",
        "http://127.0.0.1:8080",
        "http://127.8.9.1",
        "http://[::1]:1/",
    ],
)
def test_an_address_is_https_or_on_this_machine(load_with: Load, address: str) -> None:
    settings = load_with(f"models.cheap.base_url={address}", OPENAI_API_KEY="k")
    assert settings.models.cheap is not None
    assert settings.models.cheap.base_url == address
