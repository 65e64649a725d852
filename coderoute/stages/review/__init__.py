"""Plan, whole patch and evidence -> Review, by the premium model."""
