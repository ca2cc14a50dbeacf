"""Who becomes champion: leads, guardrails, the search for leaks, the decision."""
