"""A bare FastAPI endpoint that answers with as many bytes as a search does: the floor to compare with.

python -m benchmarks.perf.echo --port 8102 --reply reply.json
"""

import argparse
import json
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--reply", type=Path, required=True)
    arguments = parser.parse_args()
    reply = json.loads(arguments.reply.read_bytes())
    app = FastAPI()

    @app.get("/echo")
    async def echo(q: str) -> JSONResponse:
        return JSONResponse(reply | {"query": q})

    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
