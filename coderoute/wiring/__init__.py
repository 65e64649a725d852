"""The only place that names concrete adapters: it opens the store, the repository, the engine and the models."""

from coderoute.wiring.demo import begin_demo
from coderoute.wiring.house import House, now, open_house, version
from coderoute.wiring.people import approve, merge
from coderoute.wiring.terms import settings_for
from coderoute.wiring.world import begin, docker_host, drive, look_at

__all__ = [
    "House", "approve", "begin", "begin_demo", "docker_host", "drive", "look_at", "merge", "now", "open_house",
    "settings_for", "version",
]  # fmt: skip
