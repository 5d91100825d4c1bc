"""`service.sqlite` with its tables."""

import os

from service.state.answers import Answers
from service.state.conversations import Conversations
from service.state.database import Database, make_private_folder
from service.state.errors import translated
from service.state.feedback import FeedbackTable
from service.state.idempotency import Idempotency
from service.state.jobs import Jobs
from service.state.keys import Keys
from service.state.rows import Clock, now
from service.state.schema import SERVICE
from service.state.serving import share
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
        try:
            make_private_folder(path.parent)
            self._lock = share(path.parent)
        except OSError as error:
            raise translated(error, path) from error
        try:
            self.database = Database.open(path, SERVICE, busy_timeout_s=self.settings.busy_timeout_s)
        except BaseException:
            os.close(self._lock)
            raise
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
            del self.database
            os.close(self._lock)
