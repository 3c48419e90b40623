"""The rewriting of a charm's files from paas-charm to these packages, as pure functions of their texts.

Only what has one meaning is rewritten: imports, the base class, the requirement and three calls. Everything else that
depends on paas-charm is a finding for a person.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_PACKAGES: Final = ("paas_charm", "paas_app_charmer")
"""The package's name today, and before 1.0."""
_ENVIRONMENT: Final = "override environment()"
_OWN_HANDLER: Final = "the base class does not call it: observe the event, or delete the method"
_VARIABLES: Final = "context.environment has its variables"
DEFINITIONS: Final = {
    "restart": "override readiness_problems(), files() or after_start()",
    "_reconcile": "override readiness_problems(), files() or after_start()",
    "is_ready": "override readiness_problems()",
    "_create_app": _ENVIRONMENT,
    "_create_charm_state": _ENVIRONMENT,
    "_gen_environment": _ENVIRONMENT,
    "gen_environment": _ENVIRONMENT,
    "_base_url": "override environment() and set the variable that ends with BASE_URL",
    "_workload_config": "set ports in paas-config.yaml or options, and services in rockcraft.yaml or services()",
    "get_framework_config": "declare the options in charmcraft.yaml; context.options has their values",
    "framework_config_class": "declare the options in charmcraft.yaml; context.options has their values",
    "get_cos_dir": "put dashboards and alert rules into cos_custom/",
    "build_cos_dir": "put dashboards and alert rules into cos_custom/",
    **dict.fromkeys(
        (
            "_on_config_changed",
            "_on_ingress_ready",
            "_on_ingress_revoked",
            "_on_pebble_ready",
            "_on_secret_changed",
            "_on_secret_storage_relation_changed",
            "_on_update_status",
        ),
        _OWN_HANDLER,
    ),
}
"""Methods and attributes of paas-charm that a charm may override, and what to do here."""
CALLS: Final = {"restart": "reconcile", "_reconcile": "reconcile", "is_ready": "workload_context"}
"""Methods of paas-charm whose calls without arguments are renamed; ``workload_context`` returns None if not ready."""
USES: Final = {
    "restart": "call reconcile(); to migrate again, declare the action force-migration",
    "_reconcile": "call reconcile()",
    "is_ready": "return the reasons from readiness_problems(); run_command() raises CommandError with them",
    "_create_app": "context.environment has the variables; run_command() runs with them",
    "_gen_environment": "context.environment has the variables; run_command() runs with them",
    "_create_charm_state": "context has the options, the port and the URL",
    "_container": "use self.unit.get_container()",
    "_workload_config": "context has app_dir, port and base_url; run_command() runs as the application's user",
    "_base_url": "context.base_url",
    "_ingress": "context.base_url; the charm publishes the port",
    "_database_migration": "declare the action force-migration",
    "_secret_storage": "context.environment has the secret key",
    "update_app_and_unit_status": "return Blocked or Waiting from readiness_problems()",
    "get_framework_config": "context.options",
    "_framework_name": "write the framework's name",
    "_state_dir": "use a folder of your own",
    "_observability": "paas-config.yaml sets scrape jobs; cos_custom/ has dashboards and rules",
    **dict.fromkeys(
        (
            "_database_requirers",
            "_http_proxy",
            "_oauth",
            "_openfga",
            "_rabbitmq",
            "_redis",
            "_s3",
            "_saml",
            "_smtp",
            "_tracing",
            "_valkey",
        ),
        _VARIABLES,
    ),
}
"""Members of paas-charm that a charm may use, and what to do here."""
_REQUIREMENT_IN_TOML: Final = re.compile(
    r"""(?P<quote>["'])(?P<text>paas[-_.](?:app[-_.])?charm(?:er)?\b(?:(?!(?P=quote)).)*)(?P=quote)"""
)
_LINES: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")


class UnknownFrameworkError(Exception):
    """A charm of a framework that has no package here; the argument is the framework's name."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that a person has to change."""

    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The new text of a file."""

    text: str
    frameworks: frozenset[str] = frozenset()
    """Frameworks whose charm class the file uses."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Edit:
    start: int
    end: int
    text: str


def python(text: str, frameworks: frozenset[str]) -> Moved:
    """Rewrite a Python file.

    Raises ``UnknownFrameworkError``, and ``SyntaxError`` for a file that Python cannot parse.
    """
    mover = _Mover(text, ast.parse(text), frameworks)
    mover.visit(mover.tree)
    source = text.encode()
    for edit in sorted(mover.edits, key=lambda edit: edit.start, reverse=True):
        source = source[: edit.start] + edit.text.encode() + source[edit.end :]
    findings = sorted(mover.findings, key=lambda finding: finding.line)
    return Moved(text=source.decode(), frameworks=frozenset(mover.used), findings=tuple(findings))


def requirements(text: str, requirement: str) -> Moved:
    """Rewrite a ``requirements.txt``; comments and markers stay."""
    lines = [_requirement_line(line, requirement) for line in text.splitlines(keepends=True)]
    return Moved(text="".join(lines))


def pyproject(text: str, requirement: str) -> Moved:
    """Rewrite the requirement in a ``pyproject.toml``."""

    def replace(match: re.Match[str]) -> str:
        return match["quote"] + _requirement(match["text"], requirement) + match["quote"]

    return Moved(text=_REQUIREMENT_IN_TOML.sub(replace, text))


def _requirement_line(line: str, requirement: str) -> str:
    content, separator, comment = line.partition("#")
    before = content.strip()
    if not before:
        return line
    return content.replace(before, _requirement(before, requirement)) + separator + comment


def _requirement(text: str, requirement: str) -> str:
    """Return the new requirement in place of paas-charm's, with its marker; others are unchanged."""
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return text
    if canonicalize_name(parsed.name) not in {canonicalize_name(package) for package in _PACKAGES}:
        return text
    _, semicolon, marker = text.partition(";")
    return requirement + semicolon + marker


class _Mover(ast.NodeVisitor):
    """Collects the edits and the findings of one Python file."""

    def __init__(self, text: str, tree: ast.Module, frameworks: frozenset[str]) -> None:
        self.tree = tree
        self.edits: list[_Edit] = []
        self.findings: list[Finding] = []
        self.used: set[str] = set()
        self._frameworks = frameworks
        self._source = text.encode()
        lengths = [len(line) for line in _LINES.findall(self._source)]
        self._line_starts = [sum(lengths[:place]) for place in range(len(lengths))]
        self._charm_names: set[str] = set()
        """Names in the file that mean a charm class of paas-charm."""
        self._defined: set[str] | None = None
        """Members that the charm class around the visited node defines itself; None outside of one."""

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            package, _, rest = alias.name.partition(".")
            if package not in _PACKAGES:
                continue
            if not rest or "." in rest:
                self._find(node, f"import {alias.name}: import the charm class of one framework")
                continue
            new = self._package(rest)
            self._edit(alias, f"{new} as {alias.asname}" if alias.asname else new)
            self._charm_names.add(f"{alias.asname or alias.name}.Charm")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        package, _, rest = (node.module or "").partition(".")
        if package not in _PACKAGES or node.level:
            return
        names = [alias.name for alias in node.names]
        framework = rest.removesuffix(".charm")
        if not rest and len(names) == 1:
            (alias,) = node.names
            self._edit(node, f"import {self._package(alias.name)} as {alias.asname or alias.name}")
            self._charm_names.add(f"{alias.asname or alias.name}.Charm")
        elif names == ["Charm"]:
            self._edit(node, self._segment(node).replace(node.module or "", self._package(framework), 1))
            self._charm_names.add(node.names[0].asname or "Charm")
        else:
            self._find(node, f"from {node.module} import {', '.join(names)}: these packages have no such names")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        defined = self._defined
        match node:
            case ast.Attribute(value=ast.Name(id=package), attr=name) if package in _PACKAGES:
                if name in self._frameworks:
                    self._edit(node, self._package(name))
                else:
                    self._find(node, f"{package}.{name}: these packages have no such name")
            case _ if defined is None:
                self.generic_visit(node)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in USES and name not in defined:
                self._find(node, f"self.{name}: {USES[name]}")
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name) if name in USES | DEFINITIONS:
                self._find(node, f"super().{name}: {DEFINITIONS.get(name) or USES[name]}")
            case _:
                self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=[], keywords=[]) if (
                name in CALLS and self._defined is not None and name not in self._defined
            ):
                self._edit(node, f"self.{CALLS[name]}()")
            case _:
                self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not any(ast.unparse(base) in self._charm_names for base in node.bases):
            self.generic_visit(node)
            return
        members = {name: member for member in node.body for name in _names(member)}
        for name, member in members.items():
            if name in DEFINITIONS:
                self._find(member, f"{node.name}.{name}: {DEFINITIONS[name]}")
        before, self._defined = self._defined, set(members)
        self.generic_visit(node)
        self._defined = before

    def _package(self, framework: str) -> str:
        if framework not in self._frameworks:
            raise UnknownFrameworkError(framework)
        self.used.add(framework)
        return f"paas_{framework}"

    def _find(self, node: ast.stmt | ast.expr, text: str) -> None:
        self.findings.append(Finding(line=node.lineno, text=text))

    def _edit(self, node: ast.stmt | ast.expr | ast.alias, text: str) -> None:
        start, end = self._span(node)
        self.edits.append(_Edit(start=start, end=end, text=text))

    def _segment(self, node: ast.stmt) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()

    def _span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._line_starts[node.lineno - 1] + node.col_offset,
            self._line_starts[node.end_lineno - 1] + node.end_col_offset,
        )


def _names(statement: ast.stmt) -> Iterator[str]:
    """Return the names that a statement of a class body defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            return
