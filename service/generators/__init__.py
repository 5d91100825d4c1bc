"""Whatever writes the answer: a model server, or rules that copy sentences."""

from service.generators.protocol import Completion, Delta, Generator, Limits

__all__ = ["Completion", "Delta", "Generator", "Limits"]
