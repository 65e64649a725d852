"""Java and Kotlin: Maven or Gradle, by the project's own wrapper where it has one."""

from coderoute.settings.detect.files import Files
from coderoute.settings.detect.found import Found

NOTE = (
    "the sandbox's own image has no Java: name an image that has",
    "the tests run offline: a first `coderoute doctor` cannot tell whether set-up fetches all they need",
)


def find(files: Files) -> Found | None:
    tests = files.matching(r"(.*/)?src/[^/]*[tT]est[^/]*/(java|kotlin|groovy|scala)/.+")
    if "pom.xml" in files.paths:
        maven = "./mvnw" if "mvnw" in files.paths else "mvn"
        return Found(
            language="Java", command=f"{maven} -B -o test" if tests else None,
            why_command=f"pom.xml and {tests[0]} are there" if tests else "pom.xml is there, but no src/test",
            setup=(f"{maven} -B dependency:go-offline", f"{maven} -B test-compile"), why_setup="pom.xml is there",
            image="maven:3", notes=NOTE,
        )  # fmt: skip
    build = files.matching(r"(build|settings)\.gradle(\.kts)?")
    if build:
        gradle = "./gradlew" if "gradlew" in files.paths else "gradle"
        return Found(
            language="Java", command=f"{gradle} --no-daemon --offline test" if tests else None,
            why_command=f"{build[0]} and {tests[0]} are there" if tests else f"{build[0]} is there, but no src/test",
            setup=(f"{gradle} --no-daemon testClasses",), why_setup=f"{build[0]} is there", image="gradle:8",
            notes=NOTE,
        )  # fmt: skip
    return None
