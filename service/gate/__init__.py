"""Thresholds fitted to labelled data: which passages a model is shown, and when no answer is given."""
