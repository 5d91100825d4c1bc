"""The file that says what an index is built of: ``[[corpus]]`` and ``[index]`` in TOML."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from indexer.settings import BuildJob


def read_build_job(config: Path) -> BuildJob:
    """The job of a configuration file, its relative paths made those of the file's folder.

    Raises:
        ValueError: Naming the file, and the field that is wrong.
    """
    try:
        job = BuildJob.model_validate(tomllib.loads(config.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{config} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()
        )
        raise ValueError(f"{config}: {faults}") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise ValueError(f"{config}: {error}") from error
    return _resolved(job, config.resolve().parent)


def _resolved(job: BuildJob, base: Path) -> BuildJob:
    """Paths of a configuration are relative to the folder of its file."""
    corpora = tuple(
        corpus.model_copy(
            update={
                "paths": tuple(base / path for path in corpus.paths),
                "leave_out": tuple(base / path for path in corpus.leave_out),
            }
        )
        for corpus in job.corpus
    )
    encoder = job.index.encoder
    if encoder.model is not None and (base / encoder.model).is_dir():
        encoder = encoder.model_copy(update={"model": str(base / encoder.model)})
    reranking = job.index.reranking
    if reranking.model is not None and (base / reranking.model).is_dir():
        reranking = reranking.model_copy(update={"model": str(base / reranking.model)})
    vectors = tuple(base / file for file in job.index.vectors)
    analysis = job.index.analysis
    analysis = analysis.model_copy(
        update={
            "user_dictionary": analysis.user_dictionary and base / analysis.user_dictionary,
            "synonyms": tuple(base / table for table in analysis.synonyms),
        }
    )
    index = job.index.model_copy(
        update={"analysis": analysis, "encoder": encoder, "reranking": reranking, "vectors": vectors}
    )
    return BuildJob(corpus=corpora, index=index)
