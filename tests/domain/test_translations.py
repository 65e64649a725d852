"""Which files hold texts in some language."""

import pytest

from coderoute.domain.translations import is_translation


@pytest.mark.parametrize(
    "path",
    ["locale/he/LC_MESSAGES/app.po", "app.pot", "a/he.ftl", "src/i18n/ar.json", "res/values-ar/strings.xml",
     "ios/he.lproj/Main.strings", "Languages/fa.yml", "config/locales/he.yaml"],
)  # fmt: skip
def test_a_catalogue_or_the_data_of_a_language(path: str) -> None:
    assert is_translation(path)


@pytest.mark.parametrize(
    "path", ["src/app.py", "locale/he/plural.py", "i18n/index.ts", "data/he.json", "po", "language.json", "locale"]
)
def test_code_and_other_data_are_none(path: str) -> None:
    assert not is_translation(path)
