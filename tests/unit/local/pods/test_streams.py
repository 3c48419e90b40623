"""Servers of connections with a first line of JSON."""

import asyncio
import gc
from pathlib import Path
from typing import Any

from paas_local.pods import streams


def test_the_end_of_a_process_with_open_connections_is_not_an_error(tmp_path: Path) -> None:
    errors: list[dict[str, Any]] = []

    async def serve(connection: streams.Connection) -> None:
        await connection.send({"open": True})
        await connection.receive()

    async def process() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        server = await asyncio.start_unix_server(streams.serving(serve), str(tmp_path / "socket"))
        client = await streams.connect_unix(tmp_path / "socket")
        assert await client.receive() == {"open": True}
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        assert await client.receive() == {}
        await client.close()
        server.close()

    asyncio.run(process())

    assert errors == []


def test_the_task_of_a_lost_connection_is_not_deleted_before_its_end(tmp_path: Path) -> None:
    errors: list[str] = []
    ended: list[bool] = []

    async def serve(connection: streams.Connection) -> None:
        await connection.send({"open": True})
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)

    async def process() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["message"]))
        server = await asyncio.start_unix_server(streams.serving(serve), str(tmp_path / "socket"))
        client = await streams.connect_unix(tmp_path / "socket")
        assert await client.receive() == {"open": True}
        await client.close()
        client.writer.transport.abort()
        for _ in range(10):
            await asyncio.sleep(0)
        gc.collect()
        assert ended == []
        server.close()

    asyncio.run(process())

    assert (errors, ended) == ([], [True])
