from pathlib import Path

import pytest
from paas_local.build import charms
from paas_local.build.errors import ProjectError
from paas_local.controller import charm_metadata
from paas_local.juju.charm import Action, Container, Endpoint, Option, StorageRange


def test_a_charms_declarations():
    charm = charms.Charm(
        folder=Path("/charms/x"),
        name="x",
        metadata={
            "name": "x",
            "requires": {"db": {"interface": "pg", "limit": 1}},
            "provides": {"web": {"interface": "http"}},
            "peers": {"peers": {"interface": "p"}},
            "containers": {
                "app": {
                    "resource": "image",
                    "uid": 999,
                    "mounts": [{"storage": "data", "location": "/data"}, {"storage": "logs"}],
                },
                "plain": None,
            },
            "storage": {
                "data": {"type": "filesystem"},
                "logs": {"type": "filesystem", "location": "/logs", "multiple": {"range": "0-3"}},
            },
            "resources": {"image": {"type": "oci-image"}, "file": {"type": "file", "filename": "words.txt"}},
        },
        options={"n": {"type": "int", "default": 1, "description": "d"}, "t": {}},
        actions={"act": {"description": "a", "params": {"p": {"type": "string"}}, "required": ["p"]}},
        mounts=(),
        base="ubuntu@22.04",
    )

    declared = charm_metadata.declared(charm)

    assert declared.base == "ubuntu@22.04"
    assert declared.endpoints == {
        "db": Endpoint(name="db", interface="pg", role="requirer", limit=1),
        "web": Endpoint(name="web", interface="http", role="provider"),
        "peers": Endpoint(name="peers", interface="p", role="peer"),
    }
    assert declared.containers == {
        "app": Container(name="app", resource="image", uid=999, mounts={"/data": "data", "/logs": "logs"}),
        "plain": Container(name="plain"),
    }
    assert (declared.storage, declared.images) == (("data", "logs"), ("image",))
    assert declared.multiple == {"logs": StorageRange(minimum=0, maximum=3)}
    assert declared.files == {"file": "words.txt"}
    assert declared.options == {"n": Option(type="int", default=1, description="d"), "t": Option()}
    assert declared.actions["act"] == Action(
        schema={"type": "object", "properties": {"p": {"type": "string"}}, "required": ["p"]}
    )


def with_range(text: object) -> charms.Charm:
    metadata = {"name": "x", "storage": {"data": {"type": "filesystem", "multiple": {"range": text}}}}
    return charms.Charm(folder=Path("/charms/x"), name="x", metadata=metadata, options={}, actions={}, mounts=())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(2, (2, 2), id="a number"),
        pytest.param("0-3", (0, 3), id="a range"),
        pytest.param("1-", (1, None), id="no maximum"),
        pytest.param("2+", (2, None), id="or more"),
    ],
)
def test_the_range_of_a_storage(text: object, expected: tuple[int, int | None]):
    allowed = charm_metadata.declared(with_range(text)).multiple["data"]

    assert (allowed.minimum, allowed.maximum) == expected


def test_a_range_that_is_not_one_names_its_key():
    with pytest.raises(ProjectError) as raised:
        charm_metadata.declared(with_range("many"))

    assert str(raised.value) == (
        "metadata.yaml: storage.data.multiple.range: must be a number or a range, as 2, 0-3 or 1-; found many"
    )
