"""Command lines are split as in a shell, without expansion."""

import pytest
from paas_local.pebble.plan import command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ("a", "b")),
        ("a \"b c\" 'd e'", ("a", "b c", "d e")),
        ('a\\ b "q\\"q" \'s\\s\' "n\\n"', ("a b", 'q"q', "s\\s", "nn")),
        ("a '' \"\"", ("a", "", "")),
        ("a # comment", ("a",)),
        ("a#b", ("a#b",)),
        ("\"a\"b'c'", ("abc",)),
        ("a;b && c > $X *", ("a;b", "&&", "c", ">", "$X", "*")),
        ("  a\tb\n", ("a", "b")),
        ("", ()),
    ],
)
def test_splits_into_words(text: str, words: tuple[str, ...]):
    assert command.split(text) == words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('sleep "1', "EOF found when expecting closing quote"),
        ("sleep '1", "EOF found when expecting closing quote"),
        ("sleep 1\\", "EOF found after escape character"),
        ('sleep "1\\', "EOF found after escape character"),
        ("sleep [ 1 [ 2 ] ]", "cannot nest [ ... ] groups"),
        ("sleep [ 1 ] 2", "cannot have any arguments after [ ... ] group"),
        ("[ sleep 1 ]", "cannot start command with [ ... ] group"),
        ("sleep ]", "cannot have ] outside of [ ... ] group"),
    ],
)
def test_refuses_an_invalid_command_line(text: str, problem: str):
    with pytest.raises(command.BadCommandError) as raised:
        command.parse(text)

    assert str(raised.value) == problem


def test_words_in_brackets_are_defaults():
    assert command.parse("prog fixed [ --port 80 ]") == command.Command(("prog", "fixed"), ("--port", "80"))
    assert command.parse("prog [ --port").words == ("prog", "--port")


def test_other_arguments_replace_the_defaults():
    assert command.with_arguments("echo fixed [ x ]", ("--given", "x y")) == "echo fixed [ --given 'x y' ]"
