"""GitHub and GitHub Enterprise Server, over their REST API."""

from coderoute.adapters.forge_github.endpoint import known_server as known_server
from coderoute.adapters.forge_github.endpoint import token_for as token_for
from coderoute.adapters.forge_github.forge import GitHubForge as GitHubForge
from coderoute.adapters.forge_github.forge import open_forge as open_forge
