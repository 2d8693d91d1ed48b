"""What the pages say is what the tree holds: README's map, the settings, the routes and the events."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from shared.events import EVENTOS

RAIZ = Path(__file__).parent.parent
README = (RAIZ / "README.md").read_text(encoding="utf-8")


def classes_used_in(*pastas: str) -> dict[str, set[str]]:
    """Names called or referred to, by file, so that a message's maker and its reader can be found."""
    usados: dict[str, set[str]] = {}
    for pasta in pastas:
        for arquivo in (RAIZ / pasta).rglob("*.py"):
            arvore = ast.parse(arquivo.read_text(encoding="utf-8"))
            usados[arquivo.relative_to(RAIZ).as_posix()] = {
                no.id for no in ast.walk(arvore) if isinstance(no, ast.Name)
            } | {no.attr for no in ast.walk(arvore) if isinstance(no, ast.Attribute)}
    return usados


def calls_in(*pastas: str) -> set[str]:
    chamados: set[str] = set()
    for pasta in pastas:
        for arquivo in (RAIZ / pasta).rglob("*.py"):
            for no in ast.walk(ast.parse(arquivo.read_text(encoding="utf-8"))):
                if isinstance(no, ast.Call):
                    chamados.add(ast.unparse(no.func).split(".")[-1])
    return chamados


def test_every_message_has_a_publisher_and_a_consumer() -> None:
    """A message that nobody reads is a promise that nobody keeps."""
    feitos = calls_in("services")
    modulos = list(classes_used_in("services").values())
    nomes = {evento.__name__ for evento in EVENTOS.values()}
    assert not nomes - feitos
    # Who makes it, and who takes it.
    assert not {nome for nome in nomes if sum(nome in usados for usados in modulos) < 2}


def test_the_readme_map_is_the_tree() -> None:
    citados = set(re.findall(r"`((?:services|shared|tests|setup|scripts)/[\w./-]*)`", README))
    assert citados, "README.md has no map"
    assert not [caminho for caminho in citados if not (RAIZ / caminho).exists()]
    pastas = {
        p.relative_to(RAIZ).as_posix() + "/" for p in (RAIZ / "services").iterdir() if p.is_dir() and p.name[0] != "_"
    }
    assert not [pasta for pasta in pastas if pasta not in README]


def test_every_setting_stands_in_the_readme_and_every_one_there_exists() -> None:
    lidos: set[str] = set()
    for arquivo in [RAIZ / "shared/settings.py", *(RAIZ / "services").rglob("settings.py")]:
        for no in ast.walk(ast.parse(arquivo.read_text(encoding="utf-8"))):
            if isinstance(no, ast.ClassDef) and "Settings" in no.name:
                lidos |= {
                    f"CANOPUS_{item.target.id.upper()}"
                    for item in no.body
                    if isinstance(item, ast.AnnAssign)
                    and isinstance(item.target, ast.Name)
                    and item.target.id != "model_config"
                }
    escritos = set(re.findall(r"`(CANOPUS_[A-Z_]+)`", README))
    assert lidos - escritos == set()
    assert escritos - lidos == set()


def test_the_readme_links_lead_somewhere() -> None:
    alvos = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert not [alvo for alvo in alvos if not (RAIZ / alvo).exists()]


def test_what_the_readme_says_it_survives_is_tested() -> None:
    """Each row of the table names the test that shows it."""
    secao = README.partition("## What it survives\n")[2].partition("\n## ")[0]
    linhas = [linha for linha in secao.splitlines() if linha.startswith("| ")][1:]
    assert linhas
    for linha in linhas:
        citados = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", linha)
        assert citados, f"no test: {linha}"
        for arquivo, nome in citados:
            assert re.search(rf"^(async )?def {nome}\(", (RAIZ / arquivo).read_text(encoding="utf-8"), re.M), nome
    faltas = {p.relative_to(RAIZ).as_posix() for p in (RAIZ / "tests/faults").glob("test_*.py")}
    assert faltas - set(re.findall(r"tests/faults/test_\w+\.py", secao)) <= {"tests/faults/test_caos.py"}


def test_what_the_readme_says_it_connects_to_is_tested() -> None:
    secao = README.partition("## Connects to\n")[2].partition("\n## ")[0]
    linhas = [linha for linha in secao.splitlines() if linha.startswith("| ")][1:]
    assert linhas
    assert not [linha for linha in linhas if not re.search(r"`tests/[\w/]+/test_\w+\.py`", linha)]
