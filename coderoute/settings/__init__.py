"""What the user and the repository want, from files, environment and command line, as one frozen value."""

from coderoute.settings.consent import consent_hash, consent_key, needs_consent
from coderoute.settings.image_files import resolved
from coderoute.settings.load import load, user_prices
from coderoute.settings.models import needs_no_key, require_keys
from coderoute.settings.schema import RepositoryRequest, Route, SandboxSettings, Settings
from coderoute.settings.sources import RepositoryFiles, user_file

__all__ = [
    "RepositoryFiles",
    "RepositoryRequest",
    "Route",
    "SandboxSettings",
    "Settings",
    "consent_hash",
    "consent_key",
    "load",
    "needs_consent",
    "needs_no_key",
    "require_keys",
    "resolved",
    "user_file",
    "user_prices",
]
