"""Our tasks and records in other harnesses: inspect_ai and lm-evaluation-harness. Optional extras."""
