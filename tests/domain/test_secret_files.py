"""Which files no model is shown, by their names alone."""

import pytest

from coderoute.domain.secret_files import is_secret_file, without_secret_files

SECRET = """.env .ENV app/.env .env.local .env.production deploy/prod.env .envrc id_rsa .ssh/id_ed25519 home/.ssh/config
    certs/server.pem tests/certs/client.key store.p12 app.jks .netrc _netrc .git-credentials .pypirc .htpasswd
    .aws/credentials infra/.aws/config credentials credentials.json config/credentials.yml client_secret_12.json
    service-account.json service_account_prod.json secrets.yaml config/secrets.yml secrets.toml .docker/config.json
    .dockerconfigjson .kube/config kubeconfig terraform.tfstate prod.tfvars .gnupg/secring.gpg .vault-token key.ppk"""
ORDINARY = """.env.example .env.sample .env.template .env.dist example.env env.py environment.yml id_rsa.pub
    .ssh/known_hosts src/secrets.py credentials.py tests/test_credentials.py secrets.md keys.py keyboard.key.md
    config.json docker/config.json credentials.example.json secrets.sample.yml monkey.txt README.md
    .github/workflows/ci.yml tfstate.go pem.c .npmrc"""


@pytest.mark.parametrize("path", SECRET.split())
def test_a_file_that_holds_secrets_is_known_by_its_name(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize("path", ORDINARY.split())
def test_an_example_and_ordinary_code_may_be_read(path: str) -> None:
    assert not is_secret_file(path)


PATCH = b"""diff --git a/app.py b/app.py
index 1..2 100644
--- a/app.py
+++ b/app.py
@@ -1 +1 @@
-a
+b
diff --git a/deploy/.env b/deploy/.env
index 1..2 100644
--- a/deploy/.env
+++ b/deploy/.env
@@ -1,2 +1,2 @@
 PASSWORD=canary
-DEBUG=0
+DEBUG=1
diff --git a/z.py b/z.py
deleted file mode 100644
"""


def test_a_patch_for_a_model_leaves_out_what_such_a_file_holds() -> None:
    shown = without_secret_files(PATCH)
    assert b"canary" not in shown
    assert b"DEBUG" not in shown
    assert b"diff --git a/deploy/.env b/deploy/.env\n(not shown" in shown
    assert shown.startswith(PATCH[: PATCH.index(b"diff --git a/deploy")])
    assert shown.endswith(PATCH[PATCH.index(b"diff --git a/z.py") :])


def test_a_patch_without_such_a_file_is_the_same() -> None:
    patch = PATCH.replace(b".env", b"env.py")
    assert without_secret_files(patch) == patch
    assert without_secret_files(b"") == b""
