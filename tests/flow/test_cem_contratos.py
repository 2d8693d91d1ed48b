"""A hundred contracts over two pontos de venda and three consultores, two scrapers, RabbitMQ and PostgreSQL apart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest

from tests.crm import match_linha
from tests.flow.rodada import Rodada, run_cem_contratos, sha256
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitMQ

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def rodada(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq: RabbitMQ, postgres_server: PostgresServer
) -> Iterator[Rodada]:
    vhost, banco = rabbitmq.create_vhost(), postgres_server.create_database()
    pasta = tmp_path_factory.mktemp("rodada")
    yield asyncio.run(run_cem_contratos(pasta, rabbitmq.url(vhost), postgres_server.url(banco)))
    postgres_server.drop_database(banco)
    rabbitmq.delete_vhost(vhost)


def read_texto(pdf: bytes) -> str:
    documento = pypdfium2.PdfDocument(BytesIO(pdf))
    return "\n".join(pagina.get_textpage().get_text_range() for pagina in documento)


def test_every_outcome_is_the_expected_one(rodada: Rodada) -> None:
    diferentes = []
    for trabalho, execucao in zip(rodada.amostra.trabalhos, rodada.execucoes, strict=True):
        linhas = list(execucao.linhas)
        for esperado in trabalho.esperados:
            linha = match_linha(linhas, esperado)
            obtido = (linha["status"], linha["codigo"], linha["arquivo"]) if linha else None
            if obtido != (esperado.status, esperado.codigo, esperado.arquivo):
                diferentes.append((esperado, obtido))
        assert not linhas
    assert not diferentes
    assert sum(len(execucao.linhas) for execucao in rodada.execucoes) == 100


def test_every_saved_pdf_is_the_one_the_portal_issued_for_that_client(rodada: Rodada) -> None:
    emitidos = {emitido["sha256"]: emitido for emitido in rodada.emitidos}
    certos = {e.arquivo: e for t in rodada.amostra.trabalhos for e in t.esperados if e.arquivo}
    assert set(rodada.arquivos) == set(certos)
    for caminho, pdf in rodada.arquivos.items():
        emitido, esperado = emitidos[sha256(pdf)], certos[caminho]
        assert emitido["cpf"] == esperado.documento
        if esperado.grupo is not None:
            assert (int(emitido["grupo"]), int(emitido["cota"])) == (int(esperado.grupo), int(esperado.cota or 0))
        assert emitido["vencimento"][:7] == f"{rodada.amostra.ano}-{rodada.amostra.mes:02d}"
        texto = read_texto(pdf)
        ano, mes, dia = emitido["vencimento"].split("-")
        assert f"{dia}/{mes}/{ano}" in texto
        reais = f"{float(emitido['valor']):,.2f}".translate(str.maketrans(",.", ".,"))
        assert reais in texto


def test_the_rows_files_and_database_agree_by_sha256(rodada: Rodada) -> None:
    no_banco = {linha["arquivo_caminho"]: linha["arquivo_sha256"].strip() for linha in rodada.banco["boletos"]}
    assert no_banco == {caminho: sha256(pdf) for caminho, pdf in rodada.arquivos_proximo_mes.items()}


def test_no_credential_ever_has_more_sessions_than_it_may(rodada: Rodada) -> None:
    limites = {p.usuario.zfill(10): p.max_sessoes for p in rodada.amostra.pontos_venda}
    vistas = {usuario.zfill(10): resumo for usuario, resumo in rodada.sessoes.items()}
    assert set(vistas) == set(limites)
    for usuario, resumo in vistas.items():
        assert 1 <= resumo["paralelas"] <= limites[usuario]
        assert resumo["recusas"] == 0
        assert resumo["derrubadas"] == 0


def test_both_scrapers_worked(rodada: Rodada) -> None:
    concessoes = rodada.banco["concessoes"]
    assert len({concessao["scraper_id"] for concessao in concessoes}) == 2


def test_a_client_cut_ten_times_ends_with_what_a_never_cut_one_has(rodada: Rodada) -> None:
    assert rodada.conexoes > 10
    assert rodada.sem_corte.clientes == rodada.cortada.clientes
    assert rodada.sem_corte.contadores == rodada.cortada.contadores
    assert rodada.sem_corte.seq == rodada.cortada.seq == rodada.execucoes[0].eventos[-1]["seq"]
    # Each begins with a snapshot, and whoever comes first hears of more; a cut may lead to another one.
    inicio = rodada.sem_corte.eventos[0]["seq"]
    cortados = [quadro for quadro in rodada.cortada.eventos if quadro["seq"] >= inicio]
    comuns = {quadro["seq"] for quadro in cortados}
    assert [q for q in rodada.sem_corte.eventos if q["seq"] in comuns] == cortados
    assert "retomada" in rodada.cortada.modos


def test_events_are_gapless_and_the_counters_of_every_frame_add_up(rodada: Rodada) -> None:
    for execucao in rodada.execucoes:
        assert [evento["seq"] for evento in execucao.eventos] == list(range(1, len(execucao.eventos) + 1))
        assert {sum(evento["contadores"].values()) for evento in execucao.eventos} == {len(execucao.linhas)}
    totais = {sum(q["contadores"].values()) for q in rodada.quadros if q["tipo"] in ("estado", "evento")}
    assert totais == {len(rodada.execucoes[0].linhas)}
    assert len(rodada.quadros) > 200


def test_the_same_job_again_downloads_nothing(rodada: Rodada) -> None:
    assert rodada.repetida is not None
    baixados = [linha for linha in rodada.execucoes[0].linhas if linha["status"] == "sucesso"]
    assert rodada.repetida.resumo["contadores"]["ja_baixado"] == len(baixados) > 40
    assert rodada.repetida.resumo["contadores"]["sucesso"] == 0
    # What the portal issued again is the one boleto that nothing could be filed of: a scan.
    ilegiveis = [linha for linha in rodada.repetida.linhas if linha["codigo"] == "documento.ilegivel"]
    assert rodada.emitidos_repetida == len(ilegiveis)


def test_forced_it_downloads_again_and_leaves_one_file_each(rodada: Rodada) -> None:
    assert rodada.forcada is not None
    sucessos = [linha for linha in rodada.forcada.linhas if linha["status"] == "sucesso"]
    assert len(sucessos) >= 5
    assert set(rodada.arquivos_forcada) == set(rodada.arquivos)
    assert {linha["arquivo"] for linha in sucessos} <= set(rodada.arquivos)


def test_the_next_months_job_downloads_the_next_months_boletos(rodada: Rodada) -> None:
    assert rodada.proximo_mes is not None
    novos = set(rodada.arquivos_proximo_mes) - set(rodada.arquivos)
    sucessos = {linha["arquivo"] for linha in rodada.proximo_mes.linhas if linha["status"] == "sucesso"}
    assert novos == sucessos != set()
    assert {linha["codigo"] for linha in rodada.proximo_mes.linhas if linha["status"] == "sem_boleto"} >= {
        "boleto.inexistente.outro_mes"
    }
    assert all(rodada.arquivos_proximo_mes[c] == rodada.arquivos_forcada[c] for c in rodada.arquivos_forcada)


# Where the domain keeps a client's document, and nowhere else.
COLUNAS_DE_DOCUMENTO = {
    ("clientes_finais", "cpf"),
    ("log_downloads_boletos", "cpf"),
    ("log_downloads_boletos", "dados_boleto"),
    ("boletos", "cpf"),
}


def test_passwords_are_nowhere_and_documents_only_where_the_domain_keeps_them(rodada: Rodada) -> None:
    senhas = [p.senha for p in rodada.amostra.pontos_venda]
    documentos = {c.documento for c in rodada.amostra.contratos}
    documentos |= {format_cpf(documento) for documento in documentos if len(documento) == 11}
    lugares = {"registros": rodada.logs}
    for tabela, linhas in rodada.banco.items():
        for linha in linhas:
            for coluna, valor in linha.items():
                chave = f"{tabela}.{coluna}"
                if (tabela, coluna) not in COLUNAS_DE_DOCUMENTO:
                    lugares[chave] = lugares.get(chave, "") + f"\n{valor}"
    for caminho, dados in rodada.internos.items():
        if caminho.startswith("evidencias/"):
            lugares[caminho] = dados.decode("latin-1")
    assert not [lugar for lugar, texto in lugares.items() for senha in senhas if senha in texto]
    tudo = "\n".join(str(linha) for linhas in rodada.banco.values() for linha in linhas)
    assert not [senha for senha in senhas if senha in tudo]
    assert not [
        (lugar, documento) for lugar, texto in lugares.items() for documento in documentos if documento in texto
    ]


def format_cpf(cpf: str) -> str:
    return f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"


def test_the_search_for_leaks_looked_at_something(rodada: Rodada) -> None:
    """The test above proves nothing where there was nothing to look at."""
    assert any(caminho.startswith("evidencias/") for caminho in rodada.internos)
    assert len(rodada.logs) > 1000
    assert rodada.banco["eventos"]
    assert rodada.banco["auditoria"]


def test_only_filed_boletos_end_in_pdf(rodada: Rodada) -> None:
    assert not [caminho for caminho in rodada.internos if Path(caminho).suffix]
