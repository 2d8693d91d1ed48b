"""The demonstration's job by three processes over RabbitMQ and a PostgreSQL server: the same outcomes and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crm import import_planilhas, match_linha, register
from tests.flow.deployment import deployed
from tests.flow.rodada import finish, read_pdfs, submit
from tests.samples.demonstracao import demonstracao
from tests.simulator import Simulador


@pytest.mark.completo
@pytest.mark.timeout(600)
async def test_the_services_apart_do_what_the_one_process_does(
    tmp_path: Path, amqp_url: str, database_url: str
) -> None:
    amostra = demonstracao()
    async with (
        Simulador(amostra.cenario) as portal,
        deployed(tmp_path, amqp_url, database_url, scrapers=2) as (implantacao, cliente),
    ):
        await register(cliente, amostra, portal.url)
        await import_planilhas(cliente, amostra, tmp_path / "planilhas")
        obtidos = []
        for trabalho in amostra.trabalhos:
            linhas = (await finish(cliente, await submit(cliente, trabalho.corpo))).linhas
            obtidos.append([match_linha(linhas, esperado) for esperado in trabalho.esperados])
            assert not linhas
        pdfs = read_pdfs(implantacao)
    for trabalho, achados in zip(amostra.trabalhos, obtidos, strict=True):
        vistos = [(linha["status"], linha["codigo"], linha["arquivo"]) for linha in achados if linha]
        assert vistos == [(e.status, e.codigo, e.arquivo) for e in trabalho.esperados]
    assert set(pdfs) == {e.arquivo for t in amostra.trabalhos for e in t.esperados if e.arquivo}
    assert portal.sessoes()["21400"]["recusas"] == 1
