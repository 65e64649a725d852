"""When a model is left alone, for how long, and who may try whether it is back."""

from dataclasses import replace

from coderoute.domain.breaker import FAILURES_IN_A_ROW, LEFT_ALONE_S, Breakers
from coderoute.domain.conversation import ModelRef

MODEL = ModelRef(provider="openai", model="m")


def failed(times: int) -> Breakers:
    breakers = Breakers()
    for _ in range(times):
        breakers.failed(MODEL, 0.0)
    return breakers


def test_a_model_is_asked_until_it_failed_often_enough_in_a_row() -> None:
    assert failed(FAILURES_IN_A_ROW - 1).admit(MODEL, 1.0)
    assert not failed(FAILURES_IN_A_ROW).admit(MODEL, 1.0)


def test_it_is_told_how_long_that_lasts() -> None:
    breakers = failed(FAILURES_IN_A_ROW)
    assert [breakers.left_alone_s(MODEL, now_s) for now_s in (0.0, 1.0, 2 * LEFT_ALONE_S)] == [60.0, 59.0, 0.0]


def test_one_models_trouble_is_not_that_of_another_account_or_address() -> None:
    breakers = failed(FAILURES_IN_A_ROW)
    assert breakers.admit(replace(MODEL, base_url="https://gateway.example"), 1.0)
    assert breakers.admit(replace(MODEL, api_key_env="TEAM_KEY"), 1.0)
    assert not breakers.admit(replace(MODEL, effort="high"), 1.0)


def test_while_one_request_tries_the_others_wait() -> None:
    breakers = failed(FAILURES_IN_A_ROW)
    assert [breakers.admit(MODEL, LEFT_ALONE_S) for _ in range(2)] == [True, False]
    assert breakers.admit(MODEL, 2 * LEFT_ALONE_S), "the one that tried came to no end"


def test_an_answer_makes_everything_as_before() -> None:
    breakers = failed(FAILURES_IN_A_ROW)
    breakers.answered(MODEL)
    assert breakers.admit(MODEL, 1.0)
    assert not breakers.failed(MODEL, 1.0)
