"""Settings become the terms that a run is frozen with."""

from datetime import datetime
from decimal import Decimal

from coderoute.domain.conversation import ModelRef, Usage
from coderoute.settings import RepositoryRequest, load
from coderoute.wiring.terms import terms_of, wishes

ENVIRON = {"CODEROUTE_CONFIG_DIR": "/nowhere", "ANTHROPIC_API_KEY": "k"}


class NoPrices:
    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        return None


def test_what_a_takeover_takes_and_whether_tests_are_tried_come_from_the_settings() -> None:
    overrides = ["people.takeover_minutes=45.5", "verify.mutation=true"]
    terms = terms_of(load(environ=ENVIRON, overrides=overrides), NoPrices())

    assert (terms.takeover_minutes, terms.mutation) == (Decimal("45.5"), True)


def test_without_a_word_they_are_the_defaults() -> None:
    terms = terms_of(load(environ=ENVIRON), NoPrices())

    assert (terms.takeover_minutes, terms.mutation) == (Decimal(30), False)


def test_a_framework_that_follows_from_the_command_is_frozen_with_it() -> None:
    terms = terms_of(load(environ=ENVIRON, overrides=["test.command=go test ./..."]), NoPrices())

    assert terms.test.framework == "go"


def test_what_a_repository_wants_to_run_is_told_row_by_row() -> None:
    asked = RepositoryRequest(setup=("make", "a\u202eb"), test_command="t", test_env={"A": "1"}, image="x:1")

    assert wishes(asked) == (
        "set-up (with network): make", "set-up (with network): a<U+202E>b", "tests: t", "with A=1", "image: x:1",
    )  # fmt: skip
    assert wishes(RepositoryRequest()) == ()
