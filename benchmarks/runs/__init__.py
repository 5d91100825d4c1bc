"""One execution of a benchmark on disk: arms, records, the journal of replies, and the schedule."""
