"""Every runner that reports each test, by the framework's name. Any other framework is judged by its exit code."""

from coderoute.stages.verify.runners import cargo, go, gradle, jest, maven, node, pytest, unittest, vitest
from coderoute.stages.verify.runners.shape import Runner

RUNNERS: dict[str, Runner] = {
    module.RUNNER.framework: module.RUNNER
    for module in (pytest, unittest, go, jest, vitest, node, cargo, maven, gradle)
}
