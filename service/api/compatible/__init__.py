"""The OpenAI-compatible interface under ``/v1``: for clients that speak nothing else.

What they cannot say of themselves is added: citations stand in the text as ``[1]`` with a list at its end,
and once more as data in the field ``jmedqa``.
"""
