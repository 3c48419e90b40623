"""The newest output of services is kept, line by line."""

from paas_local.pebble.services.logs import Logs, excerpt


def messages(logs: Logs, limit: int = -1) -> list[str]:
    return [line.message for line in logs.last(limit)]


def test_output_in_any_chunks_becomes_lines():
    logs = Logs()
    buffer = logs.buffer("a")

    for part in (b"on", b"e\ntw", b"o\n", "ä".encode()[:1], "ä".encode()[1:]):
        buffer.write(part)

    assert messages(logs) == ["one", "two", "ä"]


def test_lines_of_all_services_are_in_the_order_of_time():
    logs = Logs()

    for service, line in (("b", b"1\n"), ("a", b"2\n"), ("b", b"3\n")):
        logs.buffer(service).write(line)

    assert messages(logs) == ["1", "2", "3"]
    assert messages(logs, 2) == ["2", "3"]
    assert messages(logs, 0) == []
    assert [line.message for line in logs.last(-1, ["a"])] == ["2"]


def test_a_long_line_is_cut_into_pieces():
    logs = Logs()

    logs.buffer("a").write(b"x" * 10_000 + b"\n")

    assert [len(message) for message in messages(logs)] == [4067, 4096, 1837]


def test_the_oldest_lines_are_dropped():
    logs = Logs()

    logs.buffer("b").write("".join(f"{number}\n" for number in range(100_000, 110_001)).encode())

    assert len(messages(logs)) == 2844
    assert messages(logs)[-1] == "110000"


def test_an_excerpt_has_a_mark_if_there_are_more_lines():
    logs = Logs()
    buffer = logs.buffer("a")
    buffer.write(b"1\n2\n3\nrest")
    buffer.end()

    assert excerpt(logs.last(-1), 2) == "    (...)\n    2\n    3\n    rest"
    assert excerpt([], 2) == "    "


def test_a_follower_receives_complete_lines():
    logs = Logs()
    queue = logs.follow()

    logs.buffer("a").write(b"one\ntwo")

    assert queue.get_nowait().message == "one"
    assert queue.empty()
    logs.unfollow(queue)
