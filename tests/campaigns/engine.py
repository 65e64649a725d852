"""A Docker engine of one's own, which may be killed: in its own namespaces of network and mounts, with its own data.

Needs root. The machine's own engine is only asked for the sandbox's base image.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

IMAGE = "coderoute-sandbox:1"
ANSWERS_WITHIN_S = 90.0


class PrivateEngine:
    """Its files are below `folder`. Without a bridge and without firewall rules, and never beside another engine in one
    network namespace: an engine without a bridge removes the other's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.host = f"unix://{folder}/docker.sock"
        self.deaths = 0
        self._log = (folder / "dockerd.log").open("ab")
        self._holder = subprocess.Popen(["unshare", "--net", "--mount", "sleep", "infinity"])
        while Path(f"/proc/{self._holder.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            time.sleep(0.01)
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        (self.folder / "docker.pid").unlink(missing_ok=True)  # of the one that was killed
        containerd = self.folder / "exec" / "containerd" / "containerd.pid"
        if containerd.exists() and not is_alive(containerd.read_text().strip()):
            containerd.unlink()  # dockerd takes one that died for its own, as long as nobody asked how it ended
        places = [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec", f"--host={self.host}"]
        self._daemon = subprocess.Popen(
            ["nsenter", f"--target={self._holder.pid}", "--net", "--mount", "dockerd", *places,
             f"--pidfile={self.folder}/docker.pid", "--bridge=none", "--iptables=false", "--ip6tables=false"],
            stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while not self.answers():
            if time.monotonic() > deadline or self._daemon.poll() is not None:
                raise RuntimeError(f"the private engine does not answer; see {self.folder}/dockerd.log")
            time.sleep(0.1)

    def answers(self) -> bool:
        asked = subprocess.run(["docker", "--host", self.host, "version"], capture_output=True, check=False)
        return asked.returncode == 0

    def kill(self) -> None:
        """With SIGKILL; its containers go on without it until it starts again."""
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGKILL)
            self._daemon.wait()
            self.deaths += 1

    def load_image(self) -> None:
        """A copy of the machine's base image."""
        with subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE) as saving:
            subprocess.run(
                ["docker", "--host", self.host, "load", "--quiet"], stdin=saving.stdout, check=True, capture_output=True
            )

    def close(self) -> None:
        """Ends the engine, its containers and what it wrote."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.terminate()
            self._daemon.wait()
        for process in self._left():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._holder.kill()
        self._holder.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _left(self) -> list[int]:
        """The processes that work on our files, and those they started: shims, and the containers' first."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in (self._holder.pid, os.getpid()):
                with suppress(OSError):
                    if str(self.folder).encode() in (entry / "cmdline").read_bytes():
                        found += [int(entry.name), *children(entry.name)]
        return found


def children(process: str) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_alive(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False
