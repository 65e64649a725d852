"""A frozen price: what each kind of token costs, and where a request becomes a long one."""

from decimal import Decimal

import pytest

from coderoute.domain.conversation import Usage
from coderoute.domain.tariff import Rate, Tariff, Tier

PLAIN = Tariff(listed_as="m", input=Rate(usd_per_mtok=Decimal(4)), output=Rate(usd_per_mtok=Decimal(20)))
TIERED = Tariff(
    listed_as="m",
    input=Rate(
        usd_per_mtok=Decimal(1),
        tiers=(
            Tier(above_tokens=100, usd_per_mtok=Decimal(5)),
            Tier(above_tokens=200, usd_per_mtok=Decimal(9)),
        ),
    ),
    output=Rate(usd_per_mtok=Decimal(0)),
)


@pytest.mark.parametrize(("tokens", "rate"), [(100, 1), (101, 5), (200, 5), (201, 9)])
def test_a_tier_holds_for_all_tokens_from_the_first_one_above(tokens: int, rate: int) -> None:
    assert TIERED.cost_usd(Usage(input_tokens=tokens, output_tokens=0)) == Decimal(tokens * rate) / 10**6


def test_tokens_without_a_rate_of_their_own_cost_what_those_around_them_cost() -> None:
    usage = Usage(
        input_tokens=100, cached_input_tokens=30, cache_write_tokens=20, cache_write_1h_tokens=10, output_tokens=5
    )
    assert PLAIN.cost_usd(usage) == Decimal(100 * 4 + 5 * 20) / 10**6
