"""From an issue to a merged, verified change at the lowest total cost."""
