"""What set-up commands get of this host so that they can reach a package index: proxies, indexes, certificates."""

import configparser
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from coderoute.domain.redaction import Redactor

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY")
INDEXES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_DEFAULT_TIMEOUT",
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "NPM_CONFIG_REGISTRY",
    "YARN_REGISTRY",
    "YARN_NPM_REGISTRY_SERVER",
    "GOPROXY",
    "GONOPROXY",
    "GOPRIVATE",
    "GOSUMDB",
    "GONOSUMDB",
)
CERTIFICATES = (
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "NPM_CONFIG_CAFILE",
    "CARGO_HTTP_CAINFO",
)
PIP_OPTIONS = {
    "index-url": "PIP_INDEX_URL",
    "extra-index-url": "PIP_EXTRA_INDEX_URL",
    "trusted-host": "PIP_TRUSTED_HOST",
    "cert": "PIP_CERT",
}

ON_THIS_HOST = re.compile(r"^(file:|[/.~])", re.IGNORECASE)
LOOPBACK = re.compile(r"^(\w+://)?([^/@\s]*@)?(localhost|127\.[\d.]+|\[::1\])(:\d+)?(/|$)", re.IGNORECASE)
PASSWORD = re.compile(r"\w://[^/\s:@]*:([^/\s@]+)@")
USER_INFO = re.compile(r"(\w://)[^/\s@]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """`variables` for the environment of one command at a time: values may hold passwords.

    `certificates` are the files that some variables must name: variable -> content.
    """

    variables: Mapping[str, str]
    certificates: Mapping[str, bytes]

    def redacted(self, text: str) -> str:
        """`text` without the passwords in the variables, in whichever form a program prints them."""
        found = {
            f"password in {name}": unquote(password)
            for name, value in self.variables.items()
            for password in PASSWORD.findall(value)
        }
        return Redactor(found)(text)

    @property
    def proxies_on_loopback(self) -> tuple[str, ...]:
        """Proxy variables a container cannot use, since its loopback is its own."""
        return tuple(
            name
            for name, value in self.variables.items()
            if name.upper() in PROXIES and name.upper() != "NO_PROXY" and LOOPBACK.match(value)
        )


def host_settings(environ: Mapping[str, str] | None = None) -> HostSettings:
    """From the environment, and from pip's configuration files where the environment says nothing.

    Package indexes that are folders of this host are left out: no container can see them.
    """
    environ = os.environ if environ is None else environ
    found = {**_pip_configuration(environ), **environ}
    variables: dict[str, str] = {}
    certificates: dict[str, bytes] = {}
    for name, value in found.items():
        known = name.upper()
        if known in PROXIES and value:
            variables[name] = value
        elif known in INDEXES and (reachable := " ".join(v for v in value.split() if not ON_THIS_HOST.match(v))):
            variables[name] = reachable
        elif known in CERTIFICATES and Path(value).is_file() and os.access(value, os.R_OK):
            certificates[name] = Path(value).read_bytes()
    return HostSettings(variables=variables, certificates=certificates)


def without_passwords(text: str) -> str:
    """`text` with the user and password of every URL in it removed."""
    return USER_INFO.sub(r"\1***@", text)


def _pip_configuration(environ: Mapping[str, str]) -> dict[str, str]:
    """What pip's configuration files say, as the variables pip reads; the later file wins, as with pip."""
    if environ.get("PIP_CONFIG_FILE") == os.devnull:
        return {}
    home = Path(environ.get("HOME", "/nonexistent"))
    user = home / "Library/Application Support/pip/pip.conf" if sys.platform == "darwin" else None
    xdg = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    files = [Path("/etc/pip.conf"), home / ".pip/pip.conf", xdg, user]
    if named := environ.get("PIP_CONFIG_FILE"):
        files.append(Path(named))
    configuration = configparser.RawConfigParser()
    try:
        configuration.read([file for file in files if file is not None], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}  # pip itself will complain about it to whoever runs pip
    return {
        variable: " ".join(configuration.get("global", option).split())
        for option, variable in PIP_OPTIONS.items()
        if configuration.has_option("global", option)
    }
