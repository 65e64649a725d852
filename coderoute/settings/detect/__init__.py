"""What a repository's files tell about its language, its tests and what these need. Nothing of it is ever run."""

from coderoute.settings.detect.files import Files
from coderoute.settings.detect.found import Detection, Found
from coderoute.settings.detect.languages import detect, worth_reading

__all__ = ["Detection", "Files", "Found", "detect", "worth_reading"]
