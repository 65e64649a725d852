"""The only place that names concrete adapters: it opens the store, the repository, the engine and the models."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coderoute.wiring.demo import begin_demo
    from coderoute.wiring.forge import Spot, look_up, tell_forge
    from coderoute.wiring.house import House, now, open_house, version
    from coderoute.wiring.people import approve, merge, moved_target, sit_down
    from coderoute.wiring.terms import settings_for
    from coderoute.wiring.world import begin, docker_host, drive, look_at

__all__ = [
    "House", "Spot", "approve", "begin", "begin_demo", "docker_host", "drive", "look_at", "look_up", "merge",
    "moved_target", "now", "open_house", "settings_for", "sit_down", "tell_forge", "version",
]  # fmt: skip

HOMES = {
    "demo": ("begin_demo",),
    "forge": ("Spot", "look_up", "tell_forge"),
    "house": ("House", "now", "open_house", "version"),
    "people": ("approve", "merge", "moved_target", "sit_down"),
    "terms": ("settings_for",),
    "world": ("begin", "docker_host", "drive", "look_at"),
}


def __getattr__(name: str) -> object:
    """A name's module is imported when the name is first asked for: `list` needs neither engine nor settings."""
    for home, names in HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
