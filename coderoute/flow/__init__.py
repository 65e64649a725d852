"""The flow of a run: `story.py` tells it, verb by verb; the other modules are its longer verbs."""
