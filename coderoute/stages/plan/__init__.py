"""Task and located code -> Plan, by the frontier model; and what the plan should cost."""
