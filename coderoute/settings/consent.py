"""A repository's own commands and image run only with the user's consent, which holds for exactly that request."""

from coderoute.journal import canonical_sha256
from coderoute.ports import RunStore
from coderoute.settings.schema import RepositoryRequest, Settings


def consent_hash(request: RepositoryRequest) -> str:
    """Hex digest of everything the repository asks to run: any change of it is another request."""
    return canonical_sha256(RepositoryRequest, request)


def consent_key(digest: str) -> str:
    """Where a given consent is remembered in the store."""
    return f"consent:{digest}"


def needs_consent(settings: Settings, store: RunStore) -> bool:
    """Whether the user has to be asked before anything of the repository's request is done."""
    if settings.asked == RepositoryRequest() or settings.trust.all:
        return False
    digest = consent_hash(settings.asked)
    return settings.trust.repository != digest and store.recall(consent_key(digest)) is None
