"""What a repository wants to run is asked once, and a consent holds for exactly what was asked."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.settings import (
    RepositoryFiles,
    RepositoryRequest,
    Settings,
    consent_hash,
    consent_key,
    load,
    needs_consent,
)

HOME = {"CODEROUTE_CONFIG_DIR": "/nowhere"}


def loaded(repository: str, *overrides: str, **environ: str) -> Settings:
    return load(environ=HOME | environ, overrides=overrides, files=RepositoryFiles(coderoute_toml=repository))


class TestConsent:
    @pytest.mark.parametrize(
        "asks",
        [
            'test.command = "make test"',
            'test.command = ""',
            'test.env.A = "1"',
            'sandbox.setup = ["make"]',
            'sandbox.image = "python:3.12"',
        ],
    )
    def test_whoever_asks_to_run_something_needs_consent(self, asks: str) -> None:
        assert needs_consent(loaded(asks), InMemoryStore())

    @pytest.mark.parametrize("asks", ["", "limits.max_turns = 3", "sandbox.setup = []", "test.timeout_s = 3"])
    def test_whoever_asks_nothing_needs_none(self, asks: str) -> None:
        assert not needs_consent(loaded(asks), InMemoryStore())

    def test_the_users_own_commands_need_none(self) -> None:
        assert not needs_consent(loaded("", "test.command=make test", 'sandbox.setup=["make"]'), InMemoryStore())

    def test_a_consent_is_remembered_by_what_was_asked(self) -> None:
        store = InMemoryStore()
        settings = loaded('sandbox.setup = ["make"]')
        store.remember(consent_key(consent_hash(settings.asked)), "typed")
        assert not needs_consent(settings, store)
        assert needs_consent(loaded('sandbox.setup = ["make all"]'), store)

    def test_the_user_may_trust_one_request_ahead(self) -> None:
        asks = 'sandbox.setup = ["make"]'
        digest = consent_hash(loaded(asks).asked)
        assert not needs_consent(loaded(asks, f"trust.repository={digest}"), InMemoryStore())
        assert not needs_consent(loaded(asks, CODEROUTE_TRUST__REPOSITORY=digest), InMemoryStore())
        assert needs_consent(loaded('sandbox.setup = ["make all"]', f"trust.repository={digest}"), InMemoryStore())

    def test_the_user_may_trust_all(self) -> None:
        assert not needs_consent(loaded('sandbox.setup = ["make"]', "trust.all=true"), InMemoryStore())
        assert needs_consent(loaded('sandbox.setup = ["make"]', "trust.all=false"), InMemoryStore())

    def test_what_is_asked_is_what_the_file_says_even_where_the_user_overrules_it(self) -> None:
        settings = loaded(
            'test = { command = "make", env = { A = "1" } }\nsandbox = { image = "i", setup = ["s"] }',
            "test.command=true",
            "test.env.B=2",
        )
        assert settings.asked == RepositoryRequest(setup=("s",), test_command="make", test_env={"A": "1"}, image="i")

    def test_the_hash_does_not_depend_on_the_order_of_the_file(self) -> None:
        one = loaded('test.env = { A = "1", B = "2" }\nsandbox.image = "i"').asked
        other = loaded('sandbox.image = "i"\ntest.env = { B = "2", A = "1" }').asked
        assert consent_hash(one) == consent_hash(other)

    @hypothesis_settings(deadline=None)
    @given(st.from_type(RepositoryRequest), st.from_type(RepositoryRequest))
    def test_different_requests_have_different_hashes(self, one: RepositoryRequest, other: RepositoryRequest) -> None:
        assert (consent_hash(one) == consent_hash(other)) is (one == other)
