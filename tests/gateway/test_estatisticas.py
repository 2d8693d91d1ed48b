"""Statistics: plain counts, and true."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.store.chaves import Escopo
from services.gateway.store.estatisticas import read_estatisticas
from tests.gateway.cadastro import Loja, add_cliente, submit
from tests.gateway.porta import Porta, open_porta


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


# (status, codigo, consultor, days ago, seconds of `emitindo`)
FEITOS = (
    ("sucesso", None, 1, 0, 1.0),
    ("sucesso", None, 1, 0, 2.0),
    ("sucesso", None, None, 3, 3.0),
    ("erro", "portal.fora_do_ar", 1, 0, None),
    ("sem_boleto", "boleto.inexistente", 1, 10, None),
    ("sem_boleto", "boleto.inexistente", 1, 10, None),
    ("ja_baixado", None, 1, 0, None),
    ("sucesso", None, 1, 40, 9.0),
)


async def add_feitos(porta: Porta) -> None:
    for numero in range(1, len(FEITOS) + 1):
        await add_cliente(porta.pool, 1, 1, numero)
    await submit(porta.pool, Loja(1, "17.308", 1, 1))
    itens = await porta.pool.fetch("SELECT id FROM log_downloads_boletos ORDER BY id")
    for item, (status, codigo, consultor, dias, segundos) in zip(itens, FEITOS, strict=True):
        await porta.pool.execute(
            "UPDATE log_downloads_boletos SET status = $2, codigo = $3, consultor_id = $4, duracoes_s = $6,"
            " tentativas = 1, finalizado_em = now() - make_interval(days => $5) WHERE id = $1",
            item["id"], status, codigo, consultor, dias, {"emitindo": segundos} if segundos else {},
        )  # fmt: skip


async def test_counts_are_those_of_the_rows(porta: Porta) -> None:
    await add_feitos(porta)
    dados = (await porta.call("GET", "estatisticas", chave="leitura")).data
    hoje, semana, mes = (dados["totais"][janela] for janela in ("hoje", "dias_7", "dias_30"))
    assert (hoje["total"], hoje["sucesso"], hoje["erro"], hoje["ja_baixado"]) == (4, 2, 1, 1)
    assert hoje["taxa_sucesso"] == pytest.approx(2 / 3, abs=1e-4)
    assert (semana["total"], mes["total"], mes["sem_boleto"]) == (5, 7, 2)
    assert mes["taxa_sucesso"] == 0.5
    assert dados["etapas"] == [{"etapa": "emitindo", "medidas": 3, "p50_s": 2.0, "p95_s": 2.9}]
    assert [(c["consultor"], c["total"], c["sucesso"]) for c in dados["por_consultor"]] == [
        ("Marta", 6, 2),
        (None, 1, 1),
    ]
    assert [(c["codigo"], c["quantidade"]) for c in dados["por_causa"]] == [
        ("boleto.inexistente", 2), ("portal.fora_do_ar", 1)
    ]  # fmt: skip
    assert dados["por_causa"][0]["titulo"] == "Sem boleto"


async def test_nothing_done_is_zeros_and_no_rate(porta: Porta) -> None:
    dados = (await porta.call("GET", "estatisticas")).data
    assert dados["totais"]["dias_30"]["total"] == 0 and dados["totais"]["dias_30"]["taxa_sucesso"] is None
    assert dados["etapas"] == dados["por_consultor"] == dados["por_causa"] == []


async def test_a_bound_key_counts_only_its_own(porta: Porta) -> None:
    await add_feitos(porta)
    await porta.add_chave("loja", Escopo.LEITURA, "21.400")
    dados = (await porta.call("GET", "estatisticas", chave="loja")).data
    assert dados["totais"]["dias_30"]["total"] == 0 and "Marta" not in json.dumps(dados)


PORTAL = {"buscando": 1.0, "emitindo": 2.0, "baixando": 1.0}
FORA, SEM_NOME, NEGOCIO = "portal.fora_do_ar.http_5xx", "nome.nao_encontrado", "boleto.inexistente"
# (status, codigo, consultor, days ago, time of day, seconds by step, failed attempts: codigo, etapa, time of day)
Semeado = tuple[str, str | None, int | None, int, str, dict[str, float], list[tuple[str, str, str]]]
SEMEADOS: tuple[Semeado, ...] = (
    ("sucesso", None, 1, 0, "00:00", {"autenticando": 9.0, **PORTAL, "nomeando": 0.5}, [(FORA, "buscando", "23:59")]),
    ("sucesso", None, 1, 0, "09:10", PORTAL, []),
    ("sucesso", None, 2, 0, "09:20", {**PORTAL, "emitindo": 4.0}, [("sessao.expirada", "emitindo", "09:19")]),
    ("erro", FORA, 1, 6, "09:30", {}, [(FORA, "buscando", "09:29"), (FORA, "baixando", "09:30")]),
    ("sem_boleto", NEGOCIO, 2, 6, "09:40", {}, [(NEGOCIO, "buscando", "09:40")]),
    ("erro", SEM_NOME, None, 7, "10:00", PORTAL, [(SEM_NOME, "nomeando", "10:00")]),
    ("erro", "cliente.cpf_invalido", 1, 29, "00:01", {}, [("cliente.cpf_invalido", "na_fila", "00:01")]),
    ("ja_baixado", None, 1, 29, "22:00", {}, []),
    ("sucesso", None, 1, 30, "23:59", PORTAL, []),
    ("cancelado", None, 2, 0, "09:00", {}, []),
)  # fmt: skip
POR_DIA = "(finalizado_em AT TIME ZONE 'America/Sao_Paulo')::date"
ULTIMOS_30 = f"{POR_DIA} > (now() AT TIME ZONE 'America/Sao_Paulo')::date - 30"


async def seed(porta: Porta, semeados: tuple[Semeado, ...] = SEMEADOS) -> None:
    """One execution whose rows ended as told, at São Paulo's times of day."""
    assert (await porta.call("POST", "consultores", {"nome": "Ivo", "ponto_venda": "17308"})).status == 201
    for numero in range(1, len(semeados) + 1):
        await add_cliente(porta.pool, 1, 1, numero)
    await submit(porta.pool, Loja(1, "17.308", 1, 1))
    itens = await porta.pool.fetch("SELECT id FROM log_downloads_boletos ORDER BY id")
    for item, (status, codigo, consultor, dias, hora, duracoes, falhas) in zip(itens, semeados, strict=True):
        historico = [
            {"tentativa": n, "codigo": c, "mensagem": "visto", "etapa": etapa, "em": f"2026-11-24T{em}:00-03:00"}
            for n, (c, etapa, em) in enumerate(falhas, 1)
        ]
        await porta.pool.execute(
            "UPDATE log_downloads_boletos SET status = $2, codigo = $3::text, consultor_id = $4, duracoes_s = $7,"
            " historico = $8, tentativas = ($3::text IS DISTINCT FROM 'cliente.cpf_invalido')::int, finalizado_em ="
            " ((now() AT TIME ZONE 'America/Sao_Paulo')::date - $5::int + $6::text::time)"
            " AT TIME ZONE 'America/Sao_Paulo' WHERE id = $1",
            item["id"], status, codigo, consultor, dias, hora, duracoes, historico,
        )  # fmt: skip


async def test_thirty_days_are_told_one_by_one_with_their_rate(porta: Porta) -> None:
    await seed(porta)
    dias = (await porta.call("GET", "estatisticas")).data["por_dia"]
    assert len(dias) == 30 and dias == sorted(dias, key=lambda dia: dia["dia"])
    assert [(dia["total"], dia["sucesso"], dia["taxa_sucesso"]) for dia in (dias[0], dias[-8], dias[-7], dias[-1])] == [
        (2, 0, None), (1, 0, 0.0), (2, 0, 0.0), (4, 3, 1.0)
    ]  # fmt: skip
    assert (dias[-2]["total"], dias[-2]["taxa_sucesso"]) == (0, None)
    for dia in dias:
        for status in ("sucesso", "erro", "sem_boleto", "cpf_nao_encontrado", "ja_baixado", "cancelado"):
            contados = await porta.pool.fetchval(
                f"SELECT count(*) FROM log_downloads_boletos WHERE {POR_DIA}::text = $1 AND status = $2",  # noqa: S608
                dia["dia"], status,
            )  # fmt: skip
            assert dia[status] == contados


async def test_months_are_told_by_consultor_and_add_up_to_the_rows(porta: Porta) -> None:
    antigo: Semeado = ("sucesso", None, 1, 400, "12:00", {}, [])
    await seed(porta, (*SEMEADOS, ("sucesso", None, 2, 330, "12:00", {}, []), antigo))
    meses = (await porta.call("GET", "estatisticas")).data["por_mes"]
    assert sum(mes["total"] for mes in meses) == len(SEMEADOS) + 1
    for mes in meses:
        contados = await porta.pool.fetchval(
            "SELECT count(*) FROM log_downloads_boletos WHERE consultor_id IS NOT DISTINCT FROM $1"
            " AND to_char(finalizado_em AT TIME ZONE 'America/Sao_Paulo', 'YYYY-MM') = $2",
            mes["consultor_id"], f"{mes['ano']}-{mes['mes']:02d}",
        )  # fmt: skip
        assert mes["total"] == contados
    assert {mes["consultor"] for mes in meses} == {"Marta", "Ivo", None}


async def test_days_and_months_begin_in_sao_paulo_whatever_the_time_zone_of_the_database(porta: Porta) -> None:
    """Chicago sets its clocks on 14 March, and is still in February when March begins in São Paulo."""
    await seed(porta, (SEMEADOS[1],) * 4)
    async with porta.pool.acquire() as conn, conn.transaction():
        for numero, fim in enumerate(
            ("2026-03-31 23:59", "2026-04-01 00:01", "2027-02-13 23:59", "2027-02-14 00:01"), 1
        ):
            await conn.execute(
                "UPDATE log_downloads_boletos SET finalizado_em = ($2 || '-03')::timestamptz WHERE id = $1", numero, fim
            )
        await conn.execute("CREATE SCHEMA relogio; SET LOCAL search_path = relogio, pg_catalog, public")
        await conn.execute(
            "CREATE FUNCTION relogio.now() RETURNS timestamptz LANGUAGE sql AS"
            " $$ SELECT '2027-03-15 12:00-03'::timestamptz $$; SET LOCAL TimeZone = 'America/Chicago'"
        )
        dados = await read_estatisticas(conn, None)
    assert [(mes["ano"], mes["mes"], mes["total"]) for mes in dados["por_mes"]] == [(2026, 4, 1), (2027, 2, 2)]
    assert [dia["total"] for dia in dados["por_dia"]] == [1] + [0] * 29
    assert dados["etapas"][0]["medidas"] == sum(hora["tentativas"] for hora in dados["por_hora"]) == 1


async def test_the_portals_time_is_that_of_the_download_however_late_the_name_comes(porta: Porta) -> None:
    await seed(porta, (SEMEADOS[1],))
    await porta.pool.execute(
        "UPDATE log_downloads_boletos SET capturado_em ="
        " ((now() AT TIME ZONE 'America/Sao_Paulo')::date + time '03:00') AT TIME ZONE 'America/Sao_Paulo'"
    )
    horas = (await porta.call("GET", "estatisticas")).data["por_hora"]
    assert [hora["hora"] for hora in horas if hora["tentativas"]] == [3]


async def test_what_was_never_tried_lowers_no_rate(porta: Porta) -> None:
    """A CPF refused before any browser, and the contracts that a stopped credential leaves behind."""
    await seed(porta, (SEMEADOS[1], SEMEADOS[1], SEMEADOS[1]))
    await porta.pool.execute("UPDATE log_downloads_boletos SET status = 'erro', codigo = 'login.recusado' WHERE id > 1")
    await porta.pool.execute("UPDATE log_downloads_boletos SET tentativas = 0 WHERE id = 3")
    dados = (await porta.call("GET", "estatisticas")).data
    for contagem in (dados["totais"]["hoje"], dados["por_dia"][-1], dados["por_mes"][0], dados["por_consultor"][0]):
        assert (contagem["total"], contagem["erro"], contagem["taxa_sucesso"]) == (3, 2, 0.5)


async def test_the_portals_hours_tell_of_attempts_their_times_and_technical_faults(porta: Porta) -> None:
    await seed(porta)
    horas = (await porta.call("GET", "estatisticas")).data["por_hora"]
    assert [hora["hora"] for hora in horas] == list(range(24))

    def show(hora: int) -> tuple[Any, ...]:
        return tuple(horas[hora][campo] for campo in ("tentativas", "p50_s", "p95_s", "taxa_falhas_tecnicas"))

    # Naming and logging in are no part of the portal's time; a refusal before any browser is no attempt at it.
    assert show(0) == (1, 4.0, 4.0, 0.0)
    assert show(23) == (1, None, None, 1.0)
    # Two PDFs, one session lost, two errors of the portal, one true answer.
    assert show(9) == (6, 5.0, 5.9, 0.5)
    assert show(10) == (1, 4.0, 4.0, 0.0)
    assert show(12) == (0, None, None, None)


async def test_every_total_is_the_count_of_its_rows(porta: Porta) -> None:
    await seed(porta)
    dados = (await porta.call("GET", "estatisticas")).data
    contados = await porta.pool.fetch(
        f"SELECT status, count(*) AS n FROM log_downloads_boletos WHERE {ULTIMOS_30} GROUP BY status"  # noqa: S608
    )
    mes = dados["totais"]["dias_30"]
    assert contados and all(mes[linha["status"]] == linha["n"] for linha in contados)
    assert [dados["totais"][j]["total"] for j in ("hoje", "dias_7", "dias_30")] == [4, 6, 9]
    assert sum(dia["total"] for dia in dados["por_dia"]) == sum(c["total"] for c in dados["por_consultor"]) == 9
    assert sum(causa["quantidade"] for causa in dados["por_causa"]) == mes["erro"] + mes["sem_boleto"] == 4


async def test_statistics_of_one_consultor_or_ponto_de_venda_alone(porta: Porta) -> None:
    await seed(porta)

    async def count(filtro: str) -> int:
        return int((await porta.call("GET", f"estatisticas?{filtro}")).data["totais"]["dias_30"]["total"])

    assert await count("consultor=ivo") == 3
    assert await count("consultor=1&ponto_venda=17308") == 5
    assert await count("ponto_venda=21400") == 0
    ivo = (await porta.call("GET", "estatisticas?consultor=Ivo")).data
    assert {mes["consultor"] for mes in ivo["por_mes"]} == {"Ivo"} and ivo["por_hora"][9]["tentativas"] == 3
    assert (await porta.call("GET", "estatisticas?consultor=Ninguém")).campos == ["consultor"]
    assert (await porta.call("GET", "estatisticas?mes=3")).status == 422
    await porta.add_chave("loja", Escopo.LEITURA, "21.400")
    for caminho in ("estatisticas?ponto_venda=17308", "estatisticas.csv?ponto_venda=17308"):
        assert (await porta.call("GET", caminho, chave="loja")).status == 403


async def read_csv(porta: Porta, filtro: str = "", **opcoes: Any) -> dict[str, list[dict[str, str]]]:
    """Each table of the CSV under its title."""
    resposta = await porta.call("GET", f"estatisticas.csv{filtro}", **opcoes)
    assert resposta.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert resposta.headers["Content-Disposition"].startswith('attachment; filename="estatisticas-20')
    assert resposta.bruto.startswith(b"\xef\xbb\xbf")
    tabelas: dict[str, list[dict[str, str]]] = {}
    bloco: list[list[str]] = []
    for linha in csv.reader(io.StringIO(resposta.bruto.decode("utf-8-sig"), newline=""), delimiter=";"):
        if linha:
            bloco.append(linha)
            continue
        [titulo], colunas, *linhas = bloco
        tabelas[titulo] = [dict(zip(colunas, celulas, strict=True)) for celulas in linhas]
        bloco = []
    return tabelas


async def test_the_csv_has_the_same_numbers_written_as_excel_reads_them_here(porta: Porta) -> None:
    await seed(porta)
    dados = (await porta.call("GET", "estatisticas")).data
    tabelas = await read_csv(porta, chave="leitura")
    assert [linha["Total"] for linha in tabelas["Totais"]] == ["4", "6", "9"]
    assert [linha["Período"] for linha in tabelas["Totais"]] == ["Hoje", "7 dias", "30 dias"]
    assert tabelas["Totais"][1]["Taxa de sucesso"] == "0,6"
    assert [int(linha["Baixados"]) for linha in tabelas["Resultados por dia"]] == [
        d["sucesso"] for d in dados["por_dia"]
    ]
    ano, mes, dia = dados["por_dia"][-1]["dia"].split("-")
    assert tabelas["Resultados por dia"][-1]["Dia"] == f"{dia}/{mes}/{ano}"
    nove = tabelas["Portal por hora do dia, 30 dias"][9]
    assert (nove["Metade em até (s)"], nove["95% em até (s)"], nove["Taxa de falhas técnicas"]) == ("5,0", "5,9", "0,5")
    assert {linha["Consultor"] for linha in tabelas["Resultados por mês e consultor"]} >= {"Ivo", "Sem consultor"}
    assert {
        linha["Consultor"] for linha in (await read_csv(porta, "?consultor=ivo"))["Resultados por consultor, 30 dias"]
    } == {"Ivo"}


@pytest.mark.parametrize("inicio", ["=1+1", "+1", "-1", "@SOMA", "\t=1", "\r=1", "\n=1"])
async def test_no_cell_of_the_csv_is_a_formula(porta: Porta, inicio: str) -> None:
    await seed(porta)
    await porta.pool.execute("UPDATE consultores SET nome = $1 WHERE id = 1", f'{inicio};"x"')
    consultores = (await read_csv(porta))["Resultados por consultor, 30 dias"]
    assert f'\'{inicio};"x"' in [linha["Consultor"] for linha in consultores]


@pytest.mark.completo
async def test_two_hundred_thousand_contracts_are_counted(porta: Porta) -> None:
    await add_cliente(porta.pool, 1, 1, 1)
    automacao_id = await submit(porta.pool, Loja(1, "17.308", 1, 1))
    await porta.pool.execute(
        "INSERT INTO log_downloads_boletos (execucao_id, automacao_id, ponto_venda_id, consultor_id, cpf, status,"
        " duracoes_s, dados_boleto, historico, finalizado_em)"
        " SELECT 1, $1, 1, 1, lpad(n::text, 11, '0'), 'sucesso', $2, $2, $3, now() - n * interval '4 minutes'"
        " FROM generate_series(1, 200000) AS n",
        automacao_id, PORTAL,
        [{"tentativa": 1, "codigo": FORA, "mensagem": "visto", "etapa": "buscando", "em": "2026-11-24T09:00-03:00"}],
        timeout=100,
    )  # fmt: skip
    await porta.pool.execute("VACUUM ANALYZE log_downloads_boletos", timeout=100)
    dados = (await porta.call("GET", "estatisticas")).data
    assert sum(mes["total"] for mes in dados["por_mes"]) > 100_000


async def test_contracts_that_the_browser_had_to_do_again_are_counted_by_what_stopped_the_requests(
    porta: Porta,
) -> None:
    await add_feitos(porta)
    await porta.pool.execute(
        'UPDATE log_downloads_boletos SET dados_boleto = \'{"recuo": "portal.mudou.seletor"}\''
        " WHERE id IN (SELECT id FROM log_downloads_boletos ORDER BY id LIMIT 2)"
    )
    dados = (await porta.call("GET", "estatisticas", chave="leitura")).data
    assert [(r["codigo"], r["quantidade"]) for r in dados["recuos"]] == [("portal.mudou.seletor", 2)]
    assert dados["recuos"][0]["titulo"]
