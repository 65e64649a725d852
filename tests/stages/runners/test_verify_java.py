"""Maven and Gradle through the reports in their build folders: samples in their shape, and a real run of Maven."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.runners.gradle import RUNNER as GRADLE
from coderoute.stages.verify.runners.maven import RUNNER as MAVEN
from coderoute.stages.verify.runners.shape import Found

Write = Callable[[Mapping[str, str]], None]

SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0" name="com.acme.CalcTest" time="0.1"
    tests="6" errors="1" skipped="1" failures="1">
  <properties><property name="java.version" value="17"/></properties>
  <testcase name="adds" classname="com.acme.CalcTest" time="0.003"/>
  <testcase name="fails" classname="com.acme.CalcTest" time="0.007">
    <failure message="expected: &lt;3&gt;" type="AssertionFailedError"><![CDATA[expected: <3> but was: <2>]]></failure>
  </testcase>
  <testcase name="errors" classname="com.acme.CalcTest"><error message="boom" type="x">boom</error></testcase>
  <testcase name="off" classname="com.acme.CalcTest" time="0.0"><skipped message="later"/></testcase>
  <testcase name="many(int)[1]" classname="com.acme.CalcTest" time="0.008"/>
  <testcase name="deep" classname="com.acme.CalcTest$Inner" time="0.001"/>
  <testcase name="" classname="com.acme.SetupTest"><error message="setup" type="x">setup</error></testcase>
</testsuite>
"""
GRADLE_REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="com.acme.WebTest" tests="2" skipped="0" failures="0" errors="0" hostname="box" time="0.01">
  <properties/>
  <testcase name="opens()" classname="com.acme.WebTest" time="0.01"/>
  <testcase name="a nice name" classname="com.acme.WebTest" time="0.0"/>
  <system-out><![CDATA[]]></system-out>
</testsuite>
"""


def outcomes(found: Found) -> dict[str, str]:
    assert found.cases is not None
    return {one: case.outcome.value for one, case in zip(found.ids, found.cases, strict=True)}


def test_surefires_classes_have_their_files(write: Write, found: Callable[..., Found]) -> None:
    write(
        {
            "core/src/test/java/com/acme/CalcTest.java": "",
            "core/target/surefire-reports/TEST-com.acme.CalcTest.xml": SUREFIRE,
            "core/target/surefire-reports/com.acme.CalcTest.txt": "Tests run: 6",
        }
    )
    path = "core/src/test/java/com/acme/CalcTest.java"
    assert outcomes(found("maven", "mvn test", {"root": ""})) == {
        f"{path}::adds": "passed",
        f"{path}::fails": "failed",
        f"{path}::errors": "failed",
        f"{path}::off": "skipped",
        f"{path}::many(int)[1]": "passed",
        f"{path}::Inner::deep": "passed",
        "com.acme.SetupTest": "failed",
    }


def test_gradles_tasks_have_source_sets_of_their_name(write: Write, found: Callable[..., Found]) -> None:
    write(
        {
            "web/src/browserTest/kotlin/com/acme/WebTest.kt": "",
            "web/build/test-results/browserTest/TEST-com.acme.WebTest.xml": GRADLE_REPORT,
        }
    )
    assert outcomes(found("gradle", "./gradlew check", {"root": ""})) == {
        "web/src/browserTest/kotlin/com/acme/WebTest.kt::opens": "passed",
        "web/src/browserTest/kotlin/com/acme/WebTest.kt::a nice name": "passed",
    }


@pytest.mark.parametrize(
    ("framework", "report"),
    [
        ("maven", "target/surefire-reports/TEST-a.xml"),
        ("maven", "x/target/failsafe-reports/TEST-a.xml"),
        ("gradle", "build/test-results/test/TEST-a.xml"),
    ],
)
def test_a_report_that_the_change_brings_along_does_not_count(
    write: Write, run: Callable[..., TestReport], framework: str, report: str
) -> None:
    write({report: GRADLE_REPORT})
    result = run("true", framework)
    assert result.outcomes == {}
    assert "left no test report" in (result.problem or "")


def test_a_link_to_a_report_elsewhere_does_not_count(
    write: Write, run: Callable[..., TestReport], tmp_path: Path
) -> None:
    write({"forged/TEST-a.xml": GRADLE_REPORT, "target/readme": ""})
    (tmp_path / "checkout/target/surefire-reports").symlink_to("../forged")
    assert run("true", "maven").outcomes == {}
    assert (tmp_path / "checkout/forged/TEST-a.xml").exists(), "nothing outside of the report folders is removed"


def test_a_run_reports_what_it_wrote(write: Write, run: Callable[..., TestReport]) -> None:
    write({"sample.xml": GRADLE_REPORT})
    build = "mkdir -p build/test-results/test && cp sample.xml build/test-results/test/TEST-com.acme.WebTest.xml"
    assert run(build, "gradle").outcomes == {
        "com.acme.WebTest::a nice name": Outcome.PASSED,
        "com.acme.WebTest::opens": Outcome.PASSED,
    }


def test_one_report_that_cannot_be_read_spoils_the_run(write: Write, found: Callable[..., Found]) -> None:
    write({"target/surefire-reports/TEST-a.xml": SUREFIRE, "target/surefire-reports/TEST-b.xml": "<!DOCTYPE x><a/>"})
    assert "TEST-b.xml" in (found("maven", "mvn test", {"root": ""}).unreadable or "")


@pytest.mark.parametrize(
    ("framework", "line"),
    [
        ("maven", "[ERROR] @ROOT@/src/test/java/A.java:[5,10] cannot find symbol"),
        ("gradle", "@ROOT@/src/test/java/A.java:5: error: cannot find symbol"),
        ("gradle", "e: file://@ROOT@/src/test/java/A.java:5:10 Unresolved reference"),
    ],
)
def test_files_that_do_not_compile_have_failed(
    found: Callable[..., Found], tmp_path: Path, framework: str, line: str
) -> None:
    printed = f"x\n{line}\ny\n".replace("@ROOT@", str(tmp_path / "checkout"))
    report = found(framework, "mvn test", {"root": ""}, printed)
    assert outcomes(report) == {"src/test/java/A.java": "failed"}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("./mvnw -q test", "./mvnw -fae -q test"),
        ("cd x && mvn -ff verify", "cd x && mvn -ff verify"),
        ("make test", "make test"),
    ],
)
def test_maven_goes_on_behind_a_failing_module(command: str, told: str) -> None:
    made = MAVEN.tell(command, {}, (), "/r")
    assert made is not None
    assert made.command == told


def test_gradle_goes_on_too_and_takes_nothing_from_a_cache() -> None:
    made = GRADLE.tell("./gradlew test", {}, (), "/r")
    assert made is not None
    assert made.command == "./gradlew --continue --no-build-cache test"


def test_classes_narrow_a_plain_call_of_maven() -> None:
    only = ["core/src/test/java/com/acme/ATest.java::a", "src/test/kotlin/BTest.kt", "src/test/kotlin/BTest.kt::b"]
    (narrowed,) = MAVEN.narrowed("mvn test", only)
    assert narrowed.startswith("mvn test -Dtest=BTest,com.acme.ATest -DfailIfNoTests=false")
    assert MAVEN.narrowed("mvn test", ["com.acme.ATest::a"]) == ()
    assert MAVEN.narrowed("cd x && mvn test", only) == ()


POM = """
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>acme</groupId><artifactId>calc</artifactId><version>1</version>
<properties><maven.compiler.release>17</maven.compiler.release>
<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies><dependency><groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId>
<version>5.11.4</version><scope>test</scope></dependency></dependencies>
<build><plugins>
<plugin><artifactId>maven-surefire-plugin</artifactId><version>3.2.5</version></plugin>
<plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
<plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
</plugins></build></project>
"""


def test_a_real_run(needs: Callable[[str], str], write: Write, run: Callable[..., TestReport]) -> None:
    needs("mvn")
    path = "src/test/java/acme/CalcTest.java"
    write(
        {
            "pom.xml": POM,
            path: """
                package acme;
                import org.junit.jupiter.api.*;
                import org.junit.jupiter.params.*;
                import org.junit.jupiter.params.provider.*;
                class CalcTest {
                    @Test void adds() {}
                    @Test void fails() { Assertions.fail("red"); }
                    @Test @Disabled void off() {}
                    @ParameterizedTest @ValueSource(ints = {1, 2}) void many(int x) {}
                    @Nested class Inner { @Test void deep() {} }
                }
                """,
            "target/surefire-reports/TEST-forged.xml": SUREFIRE,
        }
    )
    report = run("mvn -o -B -q test", "maven")
    if "in offline mode" in report.output_tail:
        pytest.skip("Maven's local repository lacks what this build needs, and tests do not download")
    assert (report.problem, report.outcomes) == (
        None,
        {
            f"{path}::Inner::deep": Outcome.PASSED,
            f"{path}::adds": Outcome.PASSED,
            f"{path}::fails": Outcome.FAILED,
            f"{path}::many(int)[1]": Outcome.PASSED,
            f"{path}::many(int)[2]": Outcome.PASSED,
            f"{path}::off": Outcome.SKIPPED,
        },
    )
