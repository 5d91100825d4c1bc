"""A run over REST: a real service answers, with its own index and model; outcomes are those in process."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.runs.folder import read_manifest, read_records
from service.api.app import create_app
from service.settings import Settings
from tests.benchmarks.runs.sample_run import EXTRACTIVE, write_config, write_data
from tests.service.running import closed_port, served


def test_a_running_service_gives_what_the_strategies_give_in_this_process(
    run_index: Path, tmp_path: Path
) -> None:
    data = write_data(tmp_path / "data", questions=4, papers=2)
    config = write_config(tmp_path / "run.toml", data, run_index, EXTRACTIVE)
    settings = Settings(**{"index": {"dir": run_index}})
    arguments = ["run", "--config", str(config), "--json"]
    with served(create_app(settings)) as url:
        done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "rest"), "--url", url])
    assert done.exit_code == 0, (done.output, done.exception)
    assert CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "here")]).exit_code == 0

    def outcomes(out: Path) -> dict[tuple[str, str, str], object]:
        return {
            (record.task, record.item, record.arm.partition("/")[2]): (
                record.parsed,
                [step.evidence for step in record.steps],
                record.response and record.response.sha256,
            )
            for record in read_records(out)
        }

    assert outcomes(tmp_path / "rest") == outcomes(tmp_path / "here")
    assert read_manifest(tmp_path / "rest")["over_rest"]
    assert CliRunner().invoke(app, ["report", str(tmp_path / "rest")]).exit_code == 0


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "not-an-address"])
def test_no_service_is_said_before_anything_is_asked(address: str, run_index: Path, tmp_path: Path) -> None:
    url = address.format(port=closed_port())
    config = write_config(tmp_path / "run.toml", write_data(tmp_path / "data"), run_index, EXTRACTIVE)
    arguments = ["run", "--config", str(config), "--out", str(tmp_path / "out"), "--url", url]
    assert "--url" in str(CliRunner().invoke(app, arguments).exception)
