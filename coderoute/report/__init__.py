"""What is known about a run, as JSON with pinned keys (DESIGN 5.3)."""

from coderoute.report.calls import calls_of as calls_of
from coderoute.report.cost import cost_json as cost_json
from coderoute.report.cost import cost_of_all as cost_of_all
from coderoute.report.document import document as document
