"""The test runners we understand: one module for each, and the shape they share."""
