#!/usr/bin/env python3
"""A charm that runs a FerretDB server, with a database and a user for each related application."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import clients, databases, provider
    from paas_local.providers.common.clients import Client
    from paas_local.providers.mongodb_k8s.charm.src import mongodb
else:
    import clients
    import databases
    import mongodb
    import provider
    from clients import Client


class MongodbCharm(databases.DatabaseCharm):
    """FerretDB on one unit; a database exists from its first document on."""

    endpoints = ("database",)
    reserved = mongodb.RESERVED
    operator = mongodb.ADMINISTRATOR
    version = ""

    def server(self) -> provider.Server:
        """Describe the server on the data in its storage; at its first start it creates the administrator."""
        options = f"-listen=0.0.0.0:{mongodb.PORT} -data=/var/lib/mongodb -administrator={mongodb.ADMINISTRATOR}"
        return provider.Server(
            container="mongodb",
            command=f"/bin/ferretdb {options}",
            port=mongodb.PORT,
            environment=self._first_password(),
            user=None,
        )

    def _first_password(self) -> dict[str, str]:
        """Return the variable with the password that creates the administrator; a new password restarts nothing."""
        secret = self.own_secret("first-operator", lambda: {"password": self.operator_password()})
        return {"PASSWORD": secret["password"]}

    def renew(self, password: str) -> None:
        """Change the password of the administrator, who logs in with the present one."""
        with mongodb.administration(self.operator_password()) as admin:
            admin.command("updateUser", mongodb.ADMINISTRATOR, pwd=password, roles=[])

    def relations_with_user(self) -> frozenset[int]:
        """Ask for the users, and for the version of MongoDB that the server reports to clients."""
        with mongodb.administration(self.operator_password()) as admin:
            self.version = str(admin.command("buildInfo")["version"])
            users = [str(user["user"]) for user in admin.command("usersInfo")["users"]]
        self.unit.set_workload_version(self.version)
        return clients.relation_ids(users)

    def create_user(self, client: Client) -> None:
        """Create the user; FerretDB has no roles, and creates the database at its first document."""
        with mongodb.administration(self.operator_password()) as admin:
            admin.command("createUser", client.user, pwd=client.password, roles=[])

    def remove_users(self, relations: Iterable[int]) -> None:
        """Remove the users; open connections continue."""
        with mongodb.administration(self.operator_password()) as admin:
            for relation in sorted(relations):
                admin.command("dropUser", f"relation-{relation}")

    def connection(self, client: Client) -> Mapping[str, str]:
        """Return the address of the server, which has no replica set."""
        login, database = f"{client.user}:{client.password}", quote(client.database, safe="")
        return {
            "endpoints": self.fqdn,
            "uris": f"mongodb://{login}@{self.fqdn}:{mongodb.PORT}/{database}?authSource={mongodb.USERS}",
            "version": self.version,
        }


if __name__ == "__main__":
    ops.main(MongodbCharm)
