"""What a run came to: intervals, paired tests, and the pages that show them."""
