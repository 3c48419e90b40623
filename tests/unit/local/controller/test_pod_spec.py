"""The folders of a unit's pod, and the mounts of its storage."""

import dataclasses
from pathlib import Path

import pytest
import yaml
from model_builders import FLASK, NOW, empty
from paas_local.controller import pod_spec
from paas_local.controller.pod_spec import Folders
from paas_local.juju import operations
from paas_local.juju.charm import Container, StorageRange
from paas_local.juju.model import Application, Model, named_unit

UNIT = "keeper/0"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(root=tmp_path / "model")


def deployed(tmp_path: Path) -> Model:
    packed, words, rock = (tmp_path / name for name in ("packed", "words", "rock"))
    for folder in (packed, words, rock):
        folder.mkdir()
    (packed / "metadata.yaml").write_text("name: keeper")
    (packed / "dispatch").touch()
    (words / "content").write_text("first")
    charm = dataclasses.replace(
        FLASK,
        name="keeper",
        folder=str(packed),
        storage=("one", "data"),
        multiple={"data": StorageRange(minimum=2, maximum=None)},
        files={"words": "words.txt", "later": "later.bin"},
        containers={"app": Container(name="app", mounts={"/one": "one", "/data": "data"})},
    )
    resources = {"app-image": str(rock), "words": str(words)}
    request = operations.Request(charm=charm, application="keeper", resources=resources, config={})
    return operations.deploy(empty(), request, ["10.152.0.2"], NOW)


def create(folders: Folders, model: Model) -> Application:
    spec = pod_spec.spec(folders, model, named_unit(model, UNIT))
    pod_spec.create_folders(folders, spec, model.applications["keeper"])
    return model.applications["keeper"]


def test_resources_are_files_below_their_names(folders: Folders, tmp_path: Path):
    create(folders, deployed(tmp_path))

    resources = folders.resources(UNIT)
    assert sorted(str(path.relative_to(resources)) for path in resources.glob("*/*")) == [
        "app-image/content.yaml",
        "words/words.txt",
    ]
    assert (resources / "words/words.txt").read_text() == "first"
    image = yaml.safe_load((resources / "app-image/content.yaml").read_text())
    assert image == {"registrypath": f"file://{tmp_path}/rock", "username": "", "password": ""}


def test_a_replaced_file_takes_the_place_of_the_former_one(folders: Folders, tmp_path: Path):
    model = deployed(tmp_path)
    create(folders, model)
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "content").write_text("second")

    create(folders, operations.refresh(model, "keeper", None, {"words": str(newer)}, NOW))

    assert (folders.resources(UNIT) / "words/words.txt").read_text() == "second"


def test_a_singular_storage_is_at_its_path_and_several_are_below_it(folders: Folders, tmp_path: Path):
    model = deployed(tmp_path)

    spec = pod_spec.spec(folders, model, named_unit(model, UNIT))

    own = tmp_path / "model/storage/keeper-0"
    assert spec.charm_storage == {
        "/var/lib/juju/storage/one": own / "one",
        "/var/lib/juju/storage/data": own / "data",
    }
    assert spec.containers[0].storage == {
        "/one": own / "one/0",
        "/data": own / "data",
        "/data/1": own / "data/1",
        "/data/2": own / "data/2",
    }


def test_storage_outlives_a_pod_and_ends_with_its_unit(folders: Folders, tmp_path: Path):
    model = deployed(tmp_path)
    application = create(folders, model)
    (folders.storage(UNIT, "data/1") / "kept").touch()

    create(folders, model)
    assert (folders.storage(UNIT, "data/1") / "kept").exists()
    assert folders.storage(UNIT, "one/0").is_dir()

    pod_spec.remove_folders(folders, application.units[UNIT])
    assert [path.name for path in folders.root.glob("*/*")] == []


def test_an_added_storage_gets_its_folder(folders: Folders, tmp_path: Path):
    model = deployed(tmp_path)
    application = create(folders, model)
    unit = application.units[UNIT]
    more = dataclasses.replace(unit, storage=(*unit.storage, "data/7"))

    pod_spec.create_storage(folders, dataclasses.replace(application, units={UNIT: more}), UNIT)

    assert sorted(path.name for path in folders.storage(UNIT, "data").iterdir()) == ["1", "2", "7"]
