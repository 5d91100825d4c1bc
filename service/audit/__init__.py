"""Who asked what, when, and what answered: a log that cannot be changed unseen."""
