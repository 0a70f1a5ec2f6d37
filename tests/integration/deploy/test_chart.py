"""The chart renders to what Kubernetes takes, strictly, for every set of values that stands beside it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import validate  # type: ignore[attr-defined]
from sqlalchemy import Engine, text

from config.timing import PROFILES
from tasks.process import NAMES
from tests.factories import make_batch, make_request
from worker.domain.statuses import Channel

CHART = Path(__file__).parents[3] / "config" / "deploy" / "chart"
VALUES = sorted(path.name for path in (CHART / "ci").iterdir())
RELEASE = "1.34"
OF_OTHERS = {"ServiceMonitor", "ScaledObject", "TriggerAuthentication"}
HELM = os.environ.get("HELM") or shutil.which("helm")
MODELS = os.environ.get("KUBERNETES_MODELS")
"""A folder with the npm packages @kubernetes-models/keda and @kubernetes-models/prometheus-operator."""

needs_helm = pytest.mark.skipif(not HELM, reason="helm is not here: .ci/run brings it")


def render(values: str) -> list[dict[str, Any]]:
    """What helm makes of one set of values."""
    assert HELM
    done = subprocess.run(
        [HELM, "template", "o", str(CHART), "-f", str(CHART / "ci" / values)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.load_all(done.stdout, yaml.SafeLoader) if one]


@needs_helm
@pytest.mark.parametrize("values", VALUES)
def test_it_is_valid_strictly(values: str) -> None:
    for one in render(values):
        if one["kind"] not in OF_OTHERS:
            validate(one, RELEASE, strict=True)


@needs_helm
@pytest.mark.skipif(
    not MODELS, reason="the models of others' resources are not here: .ci/run brings them"
)
@pytest.mark.parametrize("values", VALUES)
def test_what_others_define_has_the_structure_they_publish(values: str, tmp_path: Path) -> None:
    # Node looks for packages beside the program.
    program = Path(shutil.copy(Path(__file__).with_name("validate_models.mjs"), tmp_path))
    (tmp_path / "node_modules").symlink_to(Path(str(MODELS)) / "node_modules")
    theirs = [one for one in render(values) if one["kind"] in OF_OTHERS]

    done = subprocess.run(
        ["node", str(program)],
        input=json.dumps(theirs),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [one["kind"] for one in theirs]


@needs_helm
def test_every_process_has_its_deployment_and_is_asked_whether_it_is_alive() -> None:
    made = {
        one["metadata"]["name"]: one for one in render("all.yaml") if one["kind"] == "Deployment"
    }

    assert sorted(made) == sorted(f"o-{name}" for name in NAMES)
    for name in set(NAMES) - {"flower"}:
        [container] = pod(made[f"o-{name}"])["containers"]
        assert container["args"] == [name]
        assert container["livenessProbe"]["exec"]["command"] == ["outreach", "alive", name]


@needs_helm
def test_a_pod_has_longer_to_stop_than_a_worker_takes_and_may_do_nothing_else() -> None:
    for one in render("default.yaml"):
        if one["kind"] == "Deployment":
            assert pod(one)["terminationGracePeriodSeconds"] >= PROFILES["production"].drain + 15
            assert pod(one)["securityContext"]["runAsNonRoot"] is True
            [container] = pod(one)["containers"]
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


@needs_helm
def test_a_process_that_does_not_exist_is_refused() -> None:
    done = subprocess.run(
        [str(HELM), "template", "o", str(CHART), "--set", "processes.fax.replicas=1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0
    assert "fax" in done.stderr


@needs_helm
def test_workers_are_scaled_by_what_is_due_in_the_database(engine: Engine) -> None:
    scaled = [one for one in render("one-channel.yaml") if one["kind"] == "ScaledObject"]

    assert [one["spec"]["scaleTargetRef"]["name"] for one in scaled] == ["o-email"]
    [trigger] = scaled[0]["spec"]["triggers"]
    with engine.connect() as connection:
        assert connection.scalar(text(trigger["metadata"]["query"])) == 0


@pytest.mark.parametrize("channel", Channel)
def test_due_work_of_a_channel_is_what_its_workers_are_scaled_by(
    engine: Engine, channel: Channel
) -> None:
    make_request(engine, batch=make_batch(engine, channel=channel))
    query = (CHART / "due.sql").read_text(encoding="utf-8")

    with engine.connect() as connection:
        due = {
            one: connection.scalar(text(query.replace("{{ .kind }}", one.value))) for one in Channel
        }
    assert due == {one: int(one is channel) for one in Channel}


def pod(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = deployment["spec"]["template"]["spec"]
    return spec
