"""Which releases of runc let a container out (CVE-2025-31133, -52565, -52881)."""

import re

FIXED = {(1, 2): 8, (1, 3): 3}
"""The first good release of a line: 1.2.8, 1.3.3."""
FIXED_CANDIDATE = 3
"""Of 1.4.0: 1.4.0-rc.3."""


def has_known_escapes(version: str) -> bool | None:
    """Whether upstream's release of this number has them; None where it is no number. Distributions patch older ones
    without telling in the number."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)(?:[-~]rc\.?(\d+))?", version)
    if found is None:
        return None
    major, minor, patch = (int(part) for part in found.groups()[:3])
    if (major, minor) in FIXED:
        return patch < FIXED[major, minor] or (patch == FIXED[major, minor] and found[4] is not None)
    if (major, minor, patch) == (1, 4, 0) and found[4] is not None:
        return int(found[4]) < FIXED_CANDIDATE
    return (major, minor) < min(FIXED)
