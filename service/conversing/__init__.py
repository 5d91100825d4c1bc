"""Questions that follow one another: each is rewritten into one that stands alone, and that is shown."""
