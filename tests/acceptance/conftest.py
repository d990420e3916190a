"""What acceptance tests share: a configuration that is nobody's, and the story told once."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.acceptance.processes import free_port, redrabbit


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """What `redrabbit init` writes, with endpoints of this machine where nobody listens."""
    folder = tmp_path / "config"
    told = redrabbit("init", folder)
    assert told.returncode == 0, told.stderr
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    for endpoint in plant["endpoints"].values():
        for protocol in endpoint:
            endpoint[protocol] = f"127.0.0.1:{free_port()}"
    yaml.dump(plant, folder / "plant.yaml")
    return folder
