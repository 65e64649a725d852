"""What looks like a key, and what only looks like it to a nervous eye. No key stands here in one piece."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.secrets import find_secrets

MIXED = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5zA7bC9dE2fG4hJ6kL8mN1pQ3rS5tU7vW9xYbZdA4"
UPPER = "QK7ZP2MXW4RT6NB3VHDC5LJSYQK7ZP2MXW4RT6NB3VHDC5LJSYAEGF2476"
HEX = "9f1c4e7a2b5d8063" * 4
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"


def token(payload: dict[str, object]) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, payload)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join((*encoded, MIXED[:43]))


KEYS = {
    "anthropic": "sk-ant-" + "api03-" + MIXED[:60],
    "openai project": "sk-proj-" + MIXED[:48],
    "openai service": "sk-svcacct-" + MIXED[:40],
    "openai old": "sk-" + MIXED[:48],
    "openrouter": "sk-or-v1-" + HEX,
    "stripe": "sk_live_" + MIXED[:24],
    "github person": "ghp_" + MIXED[:36],
    "github app": "ghs_" + MIXED[:36],
    "github oauth": "gho_" + MIXED[:36],
    "github fine": "github_pat_" + MIXED[:22] + "_" + MIXED[:59],
    "gitlab": "glpat-" + MIXED[:20],
    "aws": "AKIA" + UPPER[:16],
    "aws temporary": "ASIA" + UPPER[3:19],
    "slack": "xoxb-" + "284719305512-" + MIXED[:24],
    "google": "AIza" + MIXED[:35],
    "hugging face": "hf_" + MIXED[:34],
    "npm": "npm_" + MIXED[:36],
    "sendgrid": "SG." + MIXED[:22] + "." + MIXED[10:53],
    "web token": token({"sub": "u-7719", "iat": 1790000000}),
}

PLACES = ["{}", "export KEY={}", "key = '{}'", '{{"key": "{}"}}', "https://x:{}@host/", "Bearer {},", "# {}", "({})"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_found_wherever_it_stands(key: str, place: str) -> None:
    found = list(find_secrets(place.format(key)))
    assert [secret.value for secret in found] == [key]


def test_an_aws_secret_is_known_by_its_name() -> None:
    secret = MIXED[:20] + "/" + MIXED[20:39]
    (found,) = find_secrets(f'aws_secret_access_key = "{secret}"')
    assert found.value == secret


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("newline", ["\n", "\\n", '\\n"\n    "'])
def test_a_private_key_is_found(kind: str, newline: str) -> None:
    text = "x = '''" + f"-----BEGIN {kind}" + f"PRIVATE KEY-----{newline}{BODY}{newline}"
    assert len(list(find_secrets(text))) == 1


ORDINARY = [
    "sk-...",
    "sk-ant-...",
    "sk-ant-api03-your-key-here-your-key-here",
    "sk-" + "x" * 48,
    "sk-" + "0123456789abcdef" * 3,
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AKIA" + "0" * 16,
    "ghp_" + "x" * 36,
    "ghp_" + "1234567890" * 4,
    "github_pat_<token>",
    "xoxb-your-token-here-your-token-here",
    "AIza" + "example" * 5,
    "sk_test_" + MIXED[:24],
    "if text.startswith('-----BEGIN PRIVATE KEY-----'):",
    "-----BEGIN " + "PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "-----BEGIN " + f"PUBLIC KEY-----\n{BODY}",
    "-----BEGIN " + f"CERTIFICATE-----\n{BODY}",
    token({"sub": "1234567890", "name": "John Doe"}),
    "eyJhbGciOiJIUzI1NiJ9",
    "task-" + MIXED[:40],
    "disk-" + MIXED[:40],
    "desk_live_" + MIXED[:30],
    "sha256:" + HEX,
    "integrity sha512-" + MIXED + "==",
    "AKIAdventure = ANOTHERCONSTANTNAME",
    "MAKIA" + UPPER[:16],
    "uuid = '123e4567-e89b-12d3-a456-426614174000'",
    "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
    "prefixes = ('sk-ant-', 'sk-proj-', 'ghp_', 'AKIA', 'xox')",
    r"re.compile(r'sk-ant-[A-Za-z0-9_-]{24,}')",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_has_no_secret(text: str) -> None:
    assert list(find_secrets(text)) == []


def test_a_secret_does_not_print_itself() -> None:
    (secret,) = find_secrets(KEYS["anthropic"])
    assert KEYS["anthropic"] not in repr(secret)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789_-./ \n\"'=():", max_size=300))
def test_random_text_has_no_secret(text: str) -> None:
    assert list(find_secrets(text)) == []


@pytest.mark.parametrize("text", ["sk-" * 200_000, "eyJ" + "a" * 500_000, "eyJa." * 100_000, "-----BEGIN " * 50_000,
                                  "aws secret " * 50_000, "-----BEGIN PRIVATE KEY-----" + "\n" * 500_000])  # fmt: skip
def test_text_made_to_hurt_a_pattern_is_searched_all_the_same(text: str) -> None:
    assert list(find_secrets(text)) == []
