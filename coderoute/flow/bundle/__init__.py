"""A run goes from one machine to another as a bundle; what arrives waits for a person there."""

from coderoute.flow.bundle.arriving import Gate, Opened, Place, arrive, open_bundle
from coderoute.flow.bundle.guard import refuse_work
from coderoute.flow.bundle.leaving import bundle_of

__all__ = ["Gate", "Opened", "Place", "arrive", "bundle_of", "open_bundle", "refuse_work"]
