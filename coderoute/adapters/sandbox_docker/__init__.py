"""Sandboxes that are Docker containers: hardened, offline, thrown away."""

from coderoute.adapters.sandbox_docker.host import DockerSandboxHost

__all__ = ["DockerSandboxHost"]
