# The answering service with the starter index. No torch, no model: point JMEDQA_GENERATOR__BASE_URL at a
# model server (compose.yaml does), or leave it unset for extractive answers.
#
#   docker build -t jmedqa .
#   docker run --rm -p 127.0.0.1:8000:8000 -e JMEDQA_AUTH__REQUIRED=never jmedqa   # this machine only; else make a key

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# For indexer/kernels.c; the final stage has no compiler.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/jmedqa
ENV PATH=/opt/jmedqa/bin:$PATH
# The lock alone first: its layer is rebuilt only when it changes. It holds the build tools too (setuptools).
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt
COPY pyproject.toml setup.py README.md LICENSE jmedqa.py ./
COPY corpora corpora
COPY indexer indexer
COPY service service
COPY benchmarks benchmarks
RUN pip install --no-deps --no-build-isolation .
COPY configs configs
# The index is built here, with the vectors that ship beside the corpus: the first answer waits for nothing.
RUN jmedqa index build --config configs/index.toml --out /var/lib/jmedqa/index

FROM python:3.11-slim
LABEL org.opencontainers.image.title="jmedqa" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/jmedqa jmedqa
COPY --from=build /opt/jmedqa /opt/jmedqa
COPY --from=build /src/configs /etc/jmedqa
# Written by nobody while it serves, except the index, which a rebuild replaces.
COPY --from=build --chown=jmedqa:jmedqa /var/lib/jmedqa /var/lib/jmedqa
# A volume that is mounted here for the first time takes over owner and mode.
RUN install -d -o jmedqa -g jmedqa -m 700 /var/lib/jmedqa/state
ENV PATH=/opt/jmedqa/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    JMEDQA_SERVER__HOST=0.0.0.0 \
    JMEDQA_INDEX__DIR=/var/lib/jmedqa/index \
    JMEDQA_STATE__DIR=/var/lib/jmedqa/state
USER jmedqa
WORKDIR /var/lib/jmedqa
EXPOSE 8000
# /healthz, not /readyz: a service whose model server is down still searches, and a restart would not help it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["jmedqa", "serve", "--config", "/etc/jmedqa/serve.toml"]
