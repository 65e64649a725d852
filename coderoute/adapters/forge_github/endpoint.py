"""Where a forge's API is, and which token may go there: a token goes to no server that it was not given for."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from coderoute.domain.issue_name import GITHUB, server_of
from coderoute.domain.wire import key_error
from coderoute.errors import BadInput, ConfigurationError
from coderoute.keys import Keys

GH_TIMEOUT_S = 15.0
GH_TOKEN_CHARS = 1000
GH_PASSES = (
    "HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "GH_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS",
)  # fmt: skip
"""What `gh` needs to find its configuration and the user's key ring."""
CLOUD = ("GITHUB_TOKEN", "GH_TOKEN")
ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


def known_server(environ: Mapping[str, str]) -> str:
    """The forge that names without a host mean: GITHUB_SERVER_URL, else the one of GITHUB_API_URL, else GitHub.

    Raises:
        ConfigurationError: a variable holds no https address.
    """
    if environ.get("GITHUB_SERVER_URL"):
        return _address("GITHUB_SERVER_URL", environ)
    if environ.get("GITHUB_API_URL"):
        api = _address("GITHUB_API_URL", environ)
        parts = urlsplit(api)
        return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"
    return GITHUB


def api_of(server: str, environ: Mapping[str, str]) -> str:
    """The base address of the REST API of `server`, without a slash at its end.

    Raises:
        ConfigurationError: GITHUB_API_URL is no https address (or http on this machine).
    """
    if environ.get("GITHUB_API_URL") and server == known_server(environ):
        return _address("GITHUB_API_URL", environ) + urlsplit(environ["GITHUB_API_URL"]).path.rstrip("/")
    host = urlsplit(server).netloc
    if server == GITHUB or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{server}/api/v3"


def token_for(server: str, keys: Keys) -> str:
    """The token for `server`: that of the environment where it is meant for this server, else what `gh` has for it.

    GITHUB_TOKEN and GH_TOKEN are meant for GITHUB_SERVER_URL (github.com where it is not set), those for Enterprise
    for the server that GH_HOST names. From here on it is held like any other key.

    Raises:
        ConfigurationError: there is none, or it is nothing that could be sent.
    """
    host = urlsplit(server).netloc
    known = known_server(keys.environ)
    variables = CLOUD if server == known else ()
    if keys.environ.get("GH_HOST", "").lower() == host or (server == known and server != GITHUB):
        variables = (*variables, *ENTERPRISE)
    for variable in variables:
        token = keys.hold(variable).strip()
        if token:
            if unfit := key_error(token, variable):
                raise unfit
            return token
    printed = _from_gh(host, keys.environ)
    if printed is None:
        unused = [name for name in CLOUD if keys.environ.get(name)] if server != known else []
        problem = f"no token for {host}"
        if unused:
            problem += f": {', '.join(unused)} is for {urlsplit(known).netloc} and goes nowhere else"
        other = "" if server == GITHUB else f" --hostname {host}"
        names = "GITHUB_TOKEN" if server == GITHUB else f"GITHUB_SERVER_URL={server} and GITHUB_TOKEN"
        raise ConfigurationError(problem, remedy=f"set {names}, or: gh auth login{other}")
    return keys.take_in("gh auth token", printed)


def _address(variable: str, environ: Mapping[str, str]) -> str:
    try:
        return server_of(environ[variable])
    except BadInput as wrong:
        raise ConfigurationError(f"{variable}: {wrong.problem}", remedy=f"mend {variable}: {wrong.remedy}") from wrong


def _from_gh(host: str, environ: Mapping[str, str]) -> str | None:
    """What `gh auth token` prints for `host`; None where there is no gh, or it has none."""
    program = _gh(environ)
    if program is None:
        return None
    passed = {name: environ[name] for name in GH_PASSES if environ.get(name)}
    try:
        ended = subprocess.run(
            [program, "auth", "token", "--hostname", host],
            env={**passed, "PATH": "/usr/bin:/bin", "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GH_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    token = ended.stdout[: GH_TOKEN_CHARS + 1].decode("utf-8", "replace").strip()
    if ended.returncode != 0 or not token or len(token) > GH_TOKEN_CHARS or key_error(token, "gh auth token"):
        return None
    return token


def _gh(environ: Mapping[str, str]) -> str | None:
    """gh's absolute path. A relative entry of PATH is passed over: it would mean a gh of the repository."""
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        candidate = Path(folder) / "gh"
        if candidate.is_absolute() and candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return None
