"""The only place that names concrete adapters: it opens the store, the repository, the engine and the models."""

from coderoute.wiring.check import Checked, check
from coderoute.wiring.demo import begin_demo
from coderoute.wiring.forge import Spot, look_up, tell_forge
from coderoute.wiring.house import House, now, open_house, version
from coderoute.wiring.people import approve, merge, moved_target, sit_down
from coderoute.wiring.terms import settings_for
from coderoute.wiring.world import begin, docker_host, drive, look_at

__all__ = [
    "Checked", "House", "Spot", "approve", "begin", "begin_demo", "check", "docker_host", "drive", "look_at", "look_up",
    "merge", "moved_target", "now", "open_house", "settings_for", "sit_down", "tell_forge", "version",
]  # fmt: skip
