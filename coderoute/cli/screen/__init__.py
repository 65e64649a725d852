"""The gate's screen: the evidence, then the patch hunk by hunk, then the question. It decides nothing."""
