"""What set-up gets of the host."""

import base64
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from coderoute.adapters.sandbox_docker.host_settings import host_settings, without_passwords


def test_only_what_reaches_a_package_index_is_taken_from_the_host(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(b"certificates")
    settings = host_settings(
        {
            "HOME": str(tmp_path),
            "HTTPS_PROXY": "http://127.0.0.1:3128",
            "no_proxy": "localhost",
            "HTTP_PROXY": "",
            "PIP_EXTRA_INDEX_URL": "file:///mirror https://index.example/simple /mirror",
            "PIP_INDEX_URL": "file:///mirror",
            "npm_config_registry": "https://npm.example/",
            "SSL_CERT_FILE": str(bundle),
            "REQUESTS_CA_BUNDLE": str(tmp_path / "missing.pem"),
            "ANTHROPIC_API_KEY": "key",
            "AWS_SECRET_ACCESS_KEY": "key",
        }
    )
    mine = {name: value for name, value in settings.variables.items() if not name.startswith("PIP_INDEX")}
    assert mine == {
        "HTTPS_PROXY": "http://127.0.0.1:3128",
        "no_proxy": "localhost",
        "PIP_EXTRA_INDEX_URL": "https://index.example/simple",
        "npm_config_registry": "https://npm.example/",
    }
    assert settings.certificates["SSL_CERT_FILE"] == b"certificates"
    assert "REQUESTS_CA_BUNDLE" not in settings.certificates
    assert settings.proxies_on_loopback == ("HTTPS_PROXY",)


def test_pips_configuration_counts_where_the_environment_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "named.conf"
    file.write_text(
        "[global]\nindex-url = https://one.example/\nextra-index-url =\n  https://two.example/\n  file:///x\n"
    )
    environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(file)}
    assert host_settings(environ).variables["PIP_INDEX_URL"] == "https://one.example/"
    assert host_settings(environ).variables["PIP_EXTRA_INDEX_URL"] == "https://two.example/"
    environ["PIP_INDEX_URL"] = "https://mine.example/"
    assert host_settings(environ).variables["PIP_INDEX_URL"] == "https://mine.example/"
    assert host_settings({"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}).variables == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://me:secret@host/simple now", "see https://***@host/simple now"),
        ("https://token@host", "https://***@host"),
        ("https://host/@scope/name and me@example.org", "https://host/@scope/name and me@example.org"),
    ],
)
def test_urls_are_shown_without_passwords(text: str, shown: str) -> None:
    assert without_passwords(text) == shown


def test_a_password_of_these_variables_goes_from_text_in_every_form() -> None:
    password = "s3cret/canary-4711"
    settings = host_settings(
        {"HTTPS_PROXY": f"http://me:{quote(password, safe='')}@proxy:3128", "HOME": "/nonexistent"}
    )
    basic = base64.b64encode(f"me:{password}".encode()).decode()
    shown = settings.redacted(f"Proxy-Authorization: Basic {basic}\npassword {password}\n")
    assert "canary" not in shown
    assert basic[4:20] not in shown
    assert shown.count("[redacted: password in HTTPS_PROXY]") == 2
