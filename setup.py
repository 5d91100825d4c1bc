"""The one compiled part, ``indexer/kernels.c``: everything else of the build is in ``pyproject.toml``.

``optional``: where there is no C compiler the installation goes on without it, and the index is searched
by numpy, slower and with the same results. The file holds plain functions (ctypes), no Python API.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "indexer._kernels",
            ["indexer/kernels.c"],
            # Scores equal the numpy engine's to the last bit: no fused multiply-add.
            extra_compile_args=["-O3", "-ffp-contract=off"],
            optional=True,
        )
    ]
)
