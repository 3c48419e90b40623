"""Check of the English in docstrings, comments, messages, names of tests and variables, Markdown and YAML descriptions.

``make lint`` checks the whole repository; ``python scripts/check_english.py PATH...`` checks those files and folders.
Code between backticks, code blocks and URLs do not count.
"""

import ast
import collections.abc
import inspect
import io
import pathlib
import re
import subprocess
import sys
import tokenize
import typing

# Text that others wrote, and this check's own examples of bad English.
EXCLUDED = re.compile(r"/charm/lib/|/fixtures/|check_english\.py$|\.(css|json|lock|sum|typed)$|(^|/)LICENSE$")

# The pattern of whole words, and what to write instead. A space matches a line break too.
FORBIDDEN = {
    "anew": "again",
    "likewise|besides": "also",
    "beside": "next to",
    "for ever": "forever",
    "lies": "is",
    "stands?(?!-)|stood": "is",
    "told": "receives, reads, is notified",
    r"(?<!there\s)(?:is|are|was|were) no(?! longer)": "is not a, has no",
    "nobody|whoever|whom|whomever|of ours|that which|those which": "the noun that is meant",
    "customary": "default",
    "obstacles?": "readiness problem",
    "situations?": "context",
    "stems?": "prefix",
    "blots?|blotted": "mask",
    "unfit": "unencodable",
    "displaced?|displaces": "override",
    "owes?|owed": "pending",
    "verbs?": "command, HTTP method",
    "agenda": "next hook",
    "standstill|stray": "the error, or blocked or waiting",
    "seams?": "boundary",
    "mends?|mended": "fix",
}
RULES = re.compile(
    r"(?<![\w-])(?:" + "|".join(f"({pattern})" for pattern in FORBIDDEN).replace(" ", r"\s+") + r")\b", re.IGNORECASE
)
QUESTION = "what|which|who|whose|whom|whether|where|how|why|whatever|whoever"
OPENING = re.compile(rf"\s*({QUESTION}|gives?|tells?|says?)\b", re.IGNORECASE)
TITLE = re.compile(rf"# (?:\d+\.? )?({QUESTION})\b", re.IGNORECASE)
CODE = re.compile(r"(`+).+?\1|https?://\S+|(?<=\])\([^)]*\)", re.DOTALL)
DESCRIPTION = re.compile(r"( *)(?:- )?(?:description|summary|title):(.*)")
# Names that say how a value was obtained, or invented words for things that have one.
NAMES = re.compile(
    r"_*(asked|found|given|told|wanted|bag|blot|customary|fault|obstacles|refusal|situation|standstill|stem|stray|trouble"
    r"|unfit|wrong)",
    re.IGNORECASE,
)
MESSAGE = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")


class Text(typing.NamedTuple):
    """A piece of prose, and the line of its file on which it starts."""

    line: int
    words: str
    is_docstring: bool = False


def without_code(text: str) -> str:
    """Return the text with code blocks, inline code and URLs blanked; every word stays on its line."""
    lines: list[str] = []
    in_fence = in_list = False
    for line in text.split("\n"):
        if is_fence := line.lstrip().startswith("```"):
            in_fence = not in_fence
        elif line.strip() and not line.startswith(" "):
            in_list = bool(re.match(r"[-*] |\d+\. ", line))
        is_code = line.startswith("    ") and not in_list and not "".join(lines[-1:]).strip()
        lines.append("" if is_fence or in_fence or is_code else line)
    return CODE.sub(lambda code: "_" + "\n" * code[0].count("\n"), "\n".join(lines))


def yaml_text(source: str, marker: str) -> Text:
    """Return the comments and YAML descriptions of a file, every word on its line."""
    lines: list[str] = []
    margin = None
    for line in source.split("\n"):
        if description := DESCRIPTION.match(line):
            margin = len(description[1])
            lines.append(description[2])
        elif margin is not None and (not line.strip() or len(line) - len(line.lstrip()) > margin):
            lines.append(line.strip())
        else:
            margin = None
            lines.append(f" {line}".partition(f" {marker}")[2])
    return Text(1, "\n".join(lines))


def python_texts(source: str, nodes: collections.abc.Sequence[ast.AST]) -> typing.Iterator[Text]:
    """Yield the docstrings, also those of attributes, the comments, the messages and the names of tests of a module."""
    docstrings: set[ast.AST] = set()
    for node in nodes:
        match node:
            case ast.Expr(ast.Constant(str(words)) as string):
                docstrings.add(string)
                yield Text(string.lineno, inspect.cleandoc(words), is_docstring=True)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test_"):
                yield Text(node.lineno, name.replace("_", " "))
            case ast.Constant(str(words)) if node not in docstrings and MESSAGE.search(words):
                yield Text(node.lineno, words.replace("\n", " "))
            case _:
                pass
    lines = [""] * (source.count("\n") + 2)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = token.string.lstrip("#").strip()
    yield Text(1, "\n".join(lines))


def invented_names(nodes: collections.abc.Sequence[ast.AST]) -> typing.Iterator[tuple[int, str]]:
    """Yield the line and the message of every name of a Python module that does not name a type or a role."""
    for node in nodes:
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.arg(arg=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ) if NAMES.fullmatch(name):
                yield node.lineno, f'name "{name}": name the type or the role'
            case _:
                pass


def findings(path: pathlib.Path) -> typing.Iterator[tuple[int, str]]:
    """Yield the line and the message of every broken rule of a file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        nodes = [*ast.walk(ast.parse(source))]
        texts = list(python_texts(source, nodes))
        yield from invented_names(nodes)
    elif re.search(r"\.(md|html)(\.template)?$", path.name):
        texts = [Text(1, source)]
    else:
        texts = [yaml_text(source, {".go": "//", ".mod": "//", ".sql": "--"}.get(path.suffix, "#"))]
    for text in texts:
        words = without_code(text.words)
        if text.is_docstring and (match := OPENING.match(words)):
            yield text.line, f'docstring opens with "{match[1]}": open with Return, Read, Build, or a noun'
        if path.parent.name == "decisions" and (match := TITLE.match(words)):
            yield 1, f'title opens with "{match[1]}": write the decision, such as "Build databags without cosl"'
        for match in RULES.finditer(words):
            line = text.line + words.count("\n", 0, match.start())
            instead = [*FORBIDDEN.values()][(match.lastindex or 0) - 1]
            yield line, f'"{" ".join(match[0].split())}": write {instead}'


def main(arguments: list[str]) -> int:
    """Print the findings of the files and folders, or of the whole repository; return the exit code."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *arguments]
    names = subprocess.run(listing, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    count = 0
    for name in names:
        path = pathlib.Path(name)
        if EXCLUDED.search(name) or not path.exists():
            continue
        for line, message in sorted(findings(path)):
            sys.stdout.write(f"{name}:{line}: {message}\n")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
