"""The generator the settings ask for."""

from service.generators.extractive import ExtractiveGenerator, Terms
from service.generators.openai_compatible import OpenAIGenerator
from service.generators.protocol import Generator
from service.settings import GeneratorSettings


def configured_generator(settings: GeneratorSettings, terms: Terms) -> Generator:
    """A model server where an address is set, else sentences copied from the evidence.

    Args:
        terms: The live index's analysis, for answers without a model.
    """
    server = settings.openai()
    return ExtractiveGenerator(terms) if server is None else OpenAIGenerator(server)
