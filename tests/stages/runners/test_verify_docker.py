"""Our files and reports in the real sandbox: another user, a root that cannot be written, no network."""

import io
import tarfile
import uuid
from contextlib import closing

import pytest

from coderoute.adapters.sandbox_docker import DockerSandboxHost
from coderoute.domain.judgement import Outcome
from coderoute.ports import Environment, Limits
from coderoute.stages.verify.tests_run import run_tests

pytestmark = pytest.mark.docker

PLAIN = Environment(image=None, setup=(), limits=Limits())
FILES = {
    "tests/test_a.py": b"""
import unittest
class T(unittest.TestCase):
    def test_a(self): pass
    def test_b(self): self.fail("red")
""",
    "target/surefire-reports/TEST-forged.xml": b"<testsuite><testcase classname='a.B' name='c'/></testsuite>",
}


def checkout() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in FILES.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_unittest_reports_each_test_and_nothing_is_left_in_the_checkout() -> None:
    with closing(DockerSandboxHost(host_id=f"tests-{uuid.uuid4()}")) as host:
        image = host.prepare(PLAIN, checkout)
        with closing(host.open(image, checkout(), PLAIN, "run")) as sandbox:
            for only in ((), ("tests/test_a.py::T::test_a",)):
                report = run_tests(
                    sandbox, "python -B -m unittest discover tests", framework="unittest", timeout_s=60, env={},
                    only=only, report_dir=f"/tmp/cr-{uuid.uuid4().hex}",
                )  # fmt: skip
                outcomes = {"tests/test_a.py::T::test_a": Outcome.PASSED, "tests/test_a.py::T::test_b": Outcome.FAILED}
                assert report.problem is None
                assert report.outcomes == {test: how for test, how in outcomes.items() if not only or test in only}
            assert {file.path for file in sandbox.snapshot()} == set(FILES)
            forged = run_tests(
                sandbox, "true", framework="maven", timeout_s=60, env={}, report_dir=f"/tmp/cr-{uuid.uuid4().hex}"
            )
            assert "left no test report" in (forged.problem or "")
