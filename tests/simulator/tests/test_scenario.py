"""Scenario files: read from TOML, refused when wrong; and every knob there is stands in some test."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.simulator import scenario
from tests.simulator.dates import resolve_data
from tests.simulator.knobs import Botoes, Grupo
from tests.simulator.scenario import load_cenario, parse_cenario
from tests.simulator.tests.scenes import ANA, make_cenario


def write_example(folder: Path) -> Path:
    """The example in the module's own docstring is a scenario."""
    lines = (scenario.__doc__ or "").splitlines()[2:]
    path = folder / "cenario.toml"
    path.write_text("\n".join(line.removeprefix("    ") for line in lines), encoding="utf-8")
    return path


def test_the_documented_example_is_a_valid_scenario(tmp_path: Path) -> None:
    cenario = load_cenario(write_example(tmp_path))
    assert cenario.hoje == date(2026, 11, 24)
    assert cenario.clientes[0].botoes.emissao.documento == "truncado"
    assert cenario.botoes.busca.confirmar is True
    assert cenario.vencimento(cenario.clientes[0].cotas[0].parcelas[0]) == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("text", "esperado"),
    [
        ("+10d", "2026-12-04"), ("-40d", "2026-10-15"), ("mes@10", "2026-11-10"), ("mes+1@31", "2026-12-31"),
        ("mes+2@31", "2027-01-31"), ("mes+3@31", "2027-02-28"), ("mes-11@1", "2025-12-01"),
        ("2026-02-28", "2026-02-28"),
    ],
)  # fmt: skip
def test_dates_are_relative_to_today(text: str, esperado: str) -> None:
    assert resolve_data(text, date(2026, 11, 24)).isoformat() == esperado


@pytest.mark.parametrize(
    "patch",
    [
        {"botoes": {"emissao": {"documento": "inventado"}}},
        {"botoes": {"emissao": {"inventado": 1}}},
        {"botoes": {"inventado": {}}},
        {"inventado": 1},
        {"raiz": "WWW"},
        {"clientes": [{"cpf": "1", "nome": "X", "ponto_venda": "17308"}]},
        {"clientes": [{"cpf": ANA, "nome": "X", "ponto_venda": "99999"}]},
        {"credenciais": [{"ponto_venda": "1", "usuario": "1", "senha": "x", "max_sessoes": 0}]},
    ],
)
def test_a_wrong_scenario_is_refused(patch: dict[str, Any]) -> None:
    data = {"credenciais": [{"ponto_venda": "17308", "usuario": "1", "senha": "x"}]} | patch
    with pytest.raises(ValidationError):
        parse_cenario(data)


def test_a_wrong_date_is_refused() -> None:
    with pytest.raises(ValidationError):
        make_cenario(cotas=[{"grupo": "1", "cota": "1", "parcelas": [{"vencimento": "amanhã", "valor": "1"}]}])


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("isto não é toml", encoding="utf-8")
    with pytest.raises(tomllib.TOMLDecodeError):
        load_cenario(path)


def test_a_clients_knobs_win_one_by_one() -> None:
    all_, own = Botoes.model_validate, {"emissao": {"documento": "vazio"}}
    merged = all_({"emissao": {"chave_unica": True, "documento": "html"}}).merge(all_(own))
    assert (merged.emissao.documento, merged.emissao.chave_unica) == ("vazio", True)
    assert merged.busca == Botoes().busca


def test_every_knob_is_tested() -> None:
    """A knob that no test turns may do nothing at all."""
    written = "\n".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    missing = []
    for group, field in Botoes.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, Grupo)
        missing += [f"{group}.{knob}" for knob in kind.model_fields if f'"{knob}"' not in written and knob != group]
    assert not [m for m in missing if not m.startswith("latencia.")]
    assert '{"latencia": {passo:' in written
