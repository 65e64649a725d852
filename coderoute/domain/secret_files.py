"""Files that hold secrets, by their names: what no model is shown, whatever stands in them."""

import re
from fnmatch import fnmatchcase

NAMES = (
    ".env", ".env.*", "*.env", ".envrc", ".flaskenv", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.pem",
    "*.key", "*.ppk", "*.p8", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.pkcs12", ".netrc", "_netrc",
    ".pgpass", ".my.cnf", ".git-credentials", ".pypirc", ".htpasswd", ".dockercfg", ".dockerconfigjson",
    ".vault-token", ".s3cfg", ".boto", "credentials", "credentials.json", "credentials.y*ml", "credentials.ini",
    "credentials.toml", "credentials.csv", "client_secret*.json", "service[-_]account*.json", "secret.json",
    "secrets.json", "secret.y*ml", "secrets.y*ml", "secret.toml", "secrets.toml", "secrets.ini", "secrets.txt",
    "kubeconfig", "*.kubeconfig", "*.tfstate", "*.tfstate.backup", "*.tfvars", "wallet.dat", "*.asc.key", "*.age",
    "*.secret",
)  # fmt: skip
PLACES = (".aws/config", ".docker/config.json", ".kube/config", ".config/gh/hosts.yml", ".cargo/credentials.toml",
          ".gem/credentials", ".config/gcloud/*.json", ".ssh/*", ".gnupg/*")  # fmt: skip
"""A folder and a name in it, at any depth."""

PUBLIC = re.compile(
    r"(?:^|[._-])(?:examples?|samples?|templates?|tmpl|dist|defaults?|schema|pub)(?:$|[._-])|^known_hosts$"
)
"""A part of the name that says: there is nothing secret in this one."""


def is_secret_file(path: str) -> bool:
    """Whether the file's name says that it holds secrets; `.env.example` and `id_rsa.pub` say they do not."""
    folded = path.casefold()
    folder, _, name = folded.rpartition("/")
    if PUBLIC.search(name):
        return False
    if any(fnmatchcase(name, pattern) for pattern in NAMES):
        return True
    inner = "/".join([*folder.split("/")[-2:], name])
    return any(fnmatchcase(inner, pattern) or fnmatchcase(inner, f"*/{pattern}") for pattern in PLACES)


def refusal_to_read(path: str) -> str:
    """What a model is told that asks for such a file."""
    return (
        f"{path} is not shown to models: its name says that it holds secrets. Work without it; if you need to know "
        "which settings there are, look for an example file or for the code that reads them"
    )


_SECTION = re.compile(rb"(?m)^diff --git ")
_PATHS = re.compile(rb'^diff --git "?a/(?P<old>.*?)"? "?b/(?P<new>.*?)"?$', re.MULTILINE)


def without_secret_files(patch: bytes) -> bytes:
    """A patch in git's format, for a model's eyes: the sections of such files say only that they were changed."""
    starts = [found.start() for found in _SECTION.finditer(patch)]
    if not starts:
        return patch
    parts = [patch[: starts[0]]]
    for start, end in zip(starts, [*starts[1:], len(patch)], strict=True):
        section = patch[start:end]
        names = _PATHS.match(section)
        paths = [names["old"], names["new"]] if names else []
        if any(is_secret_file(path.decode("utf-8", "replace")) for path in paths):
            section = section.split(b"\n", 1)[0] + b"\n(not shown: its name says that it holds secrets)\n"
        parts.append(section)
    return b"".join(parts)
