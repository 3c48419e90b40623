"""One dispatch of a Flask charm under ops.testing; ``scripts/bench_dispatch.py`` runs it in a process of its own.

``dispatch_once.py settle FOLDER MODULE`` runs events until the application is active, and saves the state.
``dispatch_once.py measure FOLDER MODULE`` runs one config-changed that changes nothing on that state, and prints the
measurements as JSON.
"""

import importlib
import json
import pickle
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

CALLS = ("replan_services", "restart_services", "start_services", "stop_services", "send_signal", "exec", "push")
DATABASE = {
    "database": "flask-k8s",
    "endpoints": "pg-primary:5432",
    "username": "relation_id_7",
    "password": "a-password",
    "data": '{"database": "flask-k8s"}',
}


def main() -> None:
    """Run one of the two modes."""
    mode, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    began = time.perf_counter()
    module = importlib.import_module(name)
    imported = time.perf_counter() - began
    # A charm does not import ops.testing, so it is imported after the measured import.
    world = World(folder, module.Charm)
    if mode == "settle":
        world.keep(world.settled())
    else:
        json.dump({"import": imported, **world.measured()}, sys.stdout)


class World:
    """A charm and its Juju model under ops.testing."""

    def __init__(self, folder: Path, charm: Any) -> None:
        from ops import testing  # noqa: PLC0415 - see main

        self._folder = folder
        self._testing = testing
        meta: dict[str, Any] = json.loads((folder / "charmcraft.json").read_text())
        keys = ("name", "summary", "description", "containers", "resources", "peers", "requires", "provides")
        self._context = testing.Context(
            type("FlaskCharm", (charm,), {}),
            meta={key: meta[key] for key in keys},
            config={"options": meta["config"]["options"]},
            actions=meta["actions"],
            app_name="flask-k8s",
            juju_version="3.6.11",
            charm_root=folder / "charm",
        )

    def settled(self) -> Any:
        """Return a state in which an event changes nothing."""
        on = self._context.on
        peer = self._testing.PeerRelation("secret-storage")
        database = self._testing.Relation("postgresql", "postgresql_client", remote_app_data=DATABASE)
        state = self._testing.State(
            leader=True,
            containers={self._container()},
            relations={peer, database},
            model=self._testing.Model("demo", type="kubernetes"),
        )
        state = self._context.run(on.relation_created(peer), state)
        state = self._context.run(on.pebble_ready(state.get_container("flask-app")), state)
        state = self._context.run(on.relation_changed(state.get_relation(database.id)), state)
        state = self._context.run(on.config_changed(), state)
        if state.unit_status != self._testing.ActiveStatus():
            sys.exit(f"the charm does not become active: {state.unit_status}")
        return state

    def _container(self) -> Any:
        import ops  # noqa: PLC0415 - see main

        command = "/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py 'app:app' -k [ sync ]"
        layer = {"services": {"flask": {"override": "replace", "startup": "enabled", "command": command}}}
        places = {"base": "/flask", "tmp": "/tmp/flask"}  # noqa: S108 - inside the container
        for name in places:
            (self._folder / name / "app").mkdir(parents=True, exist_ok=True)
        return self._testing.Container(
            "flask-app",
            can_connect=True,
            layers={"image": ops.pebble.Layer(layer)},
            execs={self._testing.Exec(["/bin/python3"]), self._testing.Exec(["python3"])},
            mounts={
                name: self._testing.Mount(location=place, source=self._folder / name) for name, place in places.items()
            },
        )

    def keep(self, state: Any) -> None:
        """Save the state for the measured processes."""
        (self._folder / "state.pickle").write_bytes(pickle.dumps(state))

    def measured(self) -> dict[str, Any]:
        """Run one config-changed that changes nothing; return the measurements."""
        state = pickle.loads((self._folder / "state.pickle").read_bytes())  # noqa: S301 - written by the settle mode
        calls = self._counted()
        began, cpu = time.perf_counter(), time.process_time()
        after = self._context.run(self._context.on.config_changed(), state)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        if after.unit_status != self._testing.ActiveStatus():
            sys.exit(f"the charm is not active any more: {after.unit_status}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"dispatch": took, "dispatch cpu": used, "peak": peak, "calls": calls}

    def _counted(self) -> Counter[str]:
        """Count the Pebble calls, and still make them."""
        import ops  # noqa: PLC0415 - see main

        calls: Counter[str] = Counter(dict.fromkeys(CALLS, 0))
        real = ops.Container.__init__

        def counting_init(container: ops.Container, *args: Any, **kwargs: Any) -> None:
            real(container, *args, **kwargs)
            for name in CALLS:
                setattr(container.pebble, name, self._counting(name, getattr(container.pebble, name), calls))

        ops.Container.__init__ = counting_init
        return calls

    @staticmethod
    def _counting(name: str, call: Any, calls: Counter[str]) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            calls[name] += 1
            return call(*args, **kwargs)

        return counted


if __name__ == "__main__":
    main()
