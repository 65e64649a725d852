"""Models, and what they cost."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from coderoute.domain.conversation import ModelRef, ModelReply, ModelRequest, Usage


class ModelProvider(Protocol):
    """One provider's models. One call is one HTTP request: retries are the caller's, budgeted and recorded."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """The model's answer to `request`.

        A reply with unusable tool arguments, a refusal or a cut is a reply, not an error.

        Raises:
            ProviderError: no usable reply (HTTP error, broken connection, unreadable body).
            ConfigurationError: no key, or the provider refused the key.
        """
        ...


class PriceList(Protocol):
    """What tokens cost at a moment."""

    def cost_usd(self, model: ModelRef, usage: Usage, at: datetime) -> Decimal | None:
        """Exact dollars for `usage` of a request sent at `at`, or None when the model's price is unknown."""
        ...
