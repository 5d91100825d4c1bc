"""What the log says of a finished answer: counts and names, and nothing that was asked or said."""

from service.answers import Answer


def answer_line(strategy: str, answer: Answer) -> dict[str, object]:
    """The fields of the line ``answer``."""
    found = [claim.status for claim in answer.claims]
    return {
        "strategy": strategy,
        "generation": answer.provenance.generation,
        "model": answer.provenance.model,
        "steps": len(answer.steps),
        "abstained": answer.reason.code if answer.reason is not None else None,
        "claims": len(found),
        "verified": found.count("verified"),
        "contradicted": found.count("contradicted"),
        "calls": answer.usage.calls,
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
    }
