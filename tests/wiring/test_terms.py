"""Settings become the terms that a run is frozen with."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.tariff import Rate, Tariff, Tier
from coderoute.domain.terms import Environment, ImageBuild, Limits, Terms
from coderoute.journal import from_json, to_json
from coderoute.settings import RepositoryRequest, SandboxSettings, load
from coderoute.wiring.house import open_house
from coderoute.wiring.terms import environment_of, terms_of, wishes, with_prices, with_room

DEAR = Tariff(
    listed_as="dear", input=Rate(usd_per_mtok=Decimal(77)), output=Rate(usd_per_mtok=Decimal(77)),
)  # fmt: skip
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


def test_the_models_that_were_listed_are_asked_in_their_order_and_no_other() -> None:
    overrides = ['models.cheap.fallback=["openai:x", "anthropic:y"]']
    terms = terms_of(load(environ=ENVIRON, overrides=overrides), NoPrices())
    cheap = terms.models["cheap"].name

    asked = [terms.model_for("cheap", excluding) for excluding in ((), {cheap}, {cheap, "openai:x"})]
    assert [model.name for model in asked if model] == [cheap, "openai:x", "anthropic:y"]
    assert terms.model_for("cheap", {cheap, "openai:x", "anthropic:y"}) is None
    assert terms.model_for("frontier", {terms.models["frontier"].name}) is None
    assert {model.name for model in terms.every_model} == {
        cheap, "openai:x", "anthropic:y", terms.models["frontier"].name,
    }  # fmt: skip


def test_terms_that_were_frozen_before_there_were_fallbacks_can_still_be_read() -> None:
    terms = terms_of(load(environ=ENVIRON), NoPrices())
    old = json.loads(to_json(Terms, terms))
    del old["fallbacks"], old["tariffs"]

    assert from_json(Terms, json.dumps(old)) == terms


def test_a_run_costs_what_the_list_said_when_it_began(tmp_path: Path) -> None:
    overrides = ['models.cheap.fallback=["openai:gpt-6-luna"]']
    house = open_house({**ENVIRON, "CODEROUTE_STATE_DIR": str(tmp_path)})
    terms = with_prices(house, terms_of(load(environ=ENVIRON, overrides=overrides), NoPrices()))
    assert set(terms.tariffs) == {model.name for model in terms.every_model}

    frozen = house.prices(terms.prices, dict.fromkeys(terms.tariffs, DEAR))
    usage, at = Usage(input_tokens=1_000_000, output_tokens=0), datetime(2026, 11, 22, tzinfo=UTC)
    assert {frozen.cost_usd(model, usage, at) for model in terms.every_model} == {Decimal(77)}


def test_a_price_that_is_set_after_the_run_began_holds_only_where_there_was_none(tmp_path: Path) -> None:
    price = "{input_usd_per_mtok = 5, output_usd_per_mtok = 5}"
    environ = {"CODEROUTE_CONFIG_DIR": str(tmp_path), "CODEROUTE_STATE_DIR": str(tmp_path)}
    (tmp_path / "coderoute.toml").write_text(f'[prices]\n"openai:a" = {price}\n"openai:b" = {price}\n')
    prices = open_house(environ).prices({}, {"openai:a": DEAR})
    usage, at = Usage(input_tokens=1_000_000, output_tokens=0), datetime(2026, 11, 22, tzinfo=UTC)
    costs = [prices.cost_usd(ModelRef(provider="openai", model=name), usage, at) for name in ("a", "b")]
    assert costs == [Decimal(77), Decimal(5)]


def test_what_a_repository_wants_to_run_is_told_row_by_row() -> None:
    asked = RepositoryRequest(setup=("make", "a\u202eb"), test_command="t", test_env={"A": "1"}, image="x:1")

    assert wishes(asked) == (
        "set-up (with network): make", "set-up (with network): a<U+202E>b", "tests: t", "with A=1", "image: x:1",
    )  # fmt: skip
    assert wishes(RepositoryRequest()) == ()


def test_the_files_that_make_an_image_are_shown_whole_and_safely() -> None:
    asked = RepositoryRequest(
        variables={"A": "1"}, build=ImageBuild(dockerfile="d/D", arguments={"B": "2"}, target="last"),
        files={"d/D": "FROM x\n\nRUN a\u202eb\n"},
    )  # fmt: skip

    assert wishes(asked) == (
        "every command with A=1", "image built (as root, with network) from d/D, stage last", "built with B=2", "d/D:",
        "  | FROM x", "  | ", "  | RUN a<U+202E>b",
    )  # fmt: skip


def test_the_image_of_the_settings_is_that_of_the_sandbox() -> None:
    settings = SandboxSettings(
        build=ImageBuild(dockerfile="D"), variables={"A": "1"}, setup=("make",), runtime="runsc", cpus=1.5,
        memory_mb=4000, pids=300, disk_mb=2000,
    )  # fmt: skip

    environment = environment_of(settings)

    assert environment == Environment(
        image=None, setup=("make",), runtime="runsc", build=ImageBuild(dockerfile="D"), variables={"A": "1"},
        limits=Limits(cpus=1.5, memory_mb=4000, pids=300, disk_mb=2000),
    )  # fmt: skip


def tariff(*, context_tokens: int | None = None, step: int | None = None) -> Tariff:
    tiers = () if step is None else (Tier(above_tokens=step, usd_per_mtok=Decimal(2)),)
    plain = Rate(usd_per_mtok=Decimal(1))
    return Tariff(
        listed_as="m", input=Rate(usd_per_mtok=Decimal(1), tiers=tiers), output=plain, context_tokens=context_tokens
    )


@pytest.mark.parametrize(
    ("set_", "listed", "room"),
    [
        (None, None, None),
        (None, tariff(), None),
        (None, tariff(context_tokens=1_000_000), 1_000_000),
        (None, tariff(context_tokens=1_000_000, step=100_000), 100_000),
        (None, tariff(step=100_000), 100_000),
        (8_000, tariff(context_tokens=1_000_000, step=100_000), 8_000),
    ],
)
def test_a_conversation_has_room_up_to_the_window_or_a_step_of_the_price(
    set_: int | None, listed: Tariff | None, room: int | None
) -> None:
    assert with_room(ModelRef(provider="p", model="m", context_tokens=set_), listed).context_tokens == room


def test_a_run_is_frozen_with_the_room_of_each_model(tmp_path: Path) -> None:
    house = open_house({**ENVIRON, "CODEROUTE_STATE_DIR": str(tmp_path)})
    overrides = ['models.cheap.fallback=["openai:gpt-6-luna"]']
    terms = with_prices(house, terms_of(load(environ=ENVIRON, overrides=overrides), NoPrices()))
    assert {model.name: model.context_tokens for model in terms.every_model} == {
        "anthropic:claude-haiku-5-5": 100_000, "anthropic:claude-opus-5-5": 1_000_000, "openai:gpt-6-luna": 272_000,
    }  # fmt: skip
