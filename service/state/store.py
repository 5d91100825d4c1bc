"""`service.sqlite` with its tables."""

from service.state.answers import Answers
from service.state.conversations import Conversations
from service.state.database import Database
from service.state.feedback import FeedbackTable
from service.state.idempotency import Idempotency
from service.state.jobs import Jobs
from service.state.keys import Keys
from service.state.rows import Clock, now
from service.state.schema import SERVICE
from service.state.settings import StateSettings


class Store:
    """The constructor opens nothing; `open` before the first use and `close` after the last."""

    def __init__(self, settings: StateSettings, clock: Clock = now) -> None:
        self.settings = settings
        self.clock = clock

    def open(self) -> None:
        """Open or make the file; blocks.

        Raises:
            StateUnavailable: With the cure.
        """
        path = self.settings.dir / "service.sqlite"
        self.database = Database.open(path, SERVICE, busy_timeout_s=self.settings.busy_timeout_s)
        self.keys = Keys(self.database, self.clock)
        self.answers = Answers(self.database, self.clock)
        self.conversations = Conversations(self.database, self.clock)
        self.jobs = Jobs(self.database, self.clock)
        self.feedback = FeedbackTable(self.database, self.clock)
        self.idempotency = Idempotency(self.database, self.clock)

    def close(self) -> None:
        """Finish what was asked for and let the file go; harmless where it is not open."""
        if hasattr(self, "database"):
            self.database.close()
