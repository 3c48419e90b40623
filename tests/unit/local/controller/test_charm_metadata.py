from pathlib import Path

from paas_local.build import charms
from paas_local.controller import charm_metadata
from paas_local.juju.charm import Action, Container, Endpoint, Option


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
            "storage": {"data": {"type": "filesystem"}, "logs": {"type": "filesystem", "location": "/logs"}},
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
    assert declared.files == {"file": "words.txt"}
    assert declared.options == {"n": Option(type="int", default=1, description="d"), "t": Option()}
    assert declared.actions["act"] == Action(
        schema={"type": "object", "properties": {"p": {"type": "string"}}, "required": ["p"]}
    )
