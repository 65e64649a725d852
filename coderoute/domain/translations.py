"""Which files hold what a program says in some language: catalogues, and data in folders of languages."""

import re

_CATALOGUES = frozenset({"po", "pot", "ftl", "arb", "xlf", "xliff", "strings", "stringsdict", "resx"})
_DATA = frozenset({"json", "yml", "yaml", "xml", "toml", "properties", "txt"})
_LANGUAGE_FOLDER = re.compile(r"locales?|lang(uage)?s?|i18n|l10n|intl|translations?|values-.+|.+\.lproj")


def is_translation(path: str) -> bool:
    """Whether the file holds texts in some language, as far as its name tells."""
    *folders, name = path.lower().split("/")
    _, dot, ending = name.rpartition(".")
    if not dot:
        return False
    return ending in _CATALOGUES or (ending in _DATA and any(map(_LANGUAGE_FOLDER.fullmatch, folders)))
