"""What a boleto yields, from the scraper's message to the table, REST and the report; and what older ones lack."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from shared.bus import Registry
from shared.bus.codec import decode, encode
from shared.events import EVENTOS, BoletoCapturado, Evento, Tarefa
from tests.gateway.cadastro import Loja, add_boleto, add_cliente, list_itens, submit
from tests.gateway.motor import Maestro, arquivado, capturado, falhou
from tests.gateway.porta import Porta, open_porta

LOJA = Loja(1, "17.308", 1, 1)
LINHA, CODIGO = "23793381286000782713695000063305416310000012345", "2" * 44
DADOS = {
    "linha_digitavel": LINHA, "codigo_barras": CODIGO, "nosso_numero": "26/34567-8", "banco": "237",
    "pagador": "ANA D'ÁVILA CONCEIÇÃO",
    "origens": {"linha_digitavel": "codigo_barras", "valor": "codigo_barras", "pagador": "ocr"},
}  # fmt: skip


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        await add_cliente(aberta.pool, 1, 1, 1)
        yield aberta


async def send(porta: Porta) -> tuple[Maestro, Tarefa]:
    (item,) = await list_itens(porta.pool, await submit(porta.pool, LOJA))
    maestro = Maestro(porta.pool)
    return maestro, await maestro.send(item["id"], await maestro.lease(LOJA))


def pass_on(evento: Evento, **mudado: Any) -> Evento:
    """As the bus delivers it, its JSON changed before."""
    corpo = json.loads(encode(evento).corpo) | mudado
    registro: Registry = EVENTOS
    lido = decode(registro, evento.rota, json.dumps(corpo).encode())
    assert isinstance(lido, Evento)
    return lido


async def test_what_was_read_is_in_the_table_and_on_rest(porta: Porta) -> None:
    maestro, tarefa = await send(porta)
    evento = capturado(tarefa)
    evento = evento.model_copy(update={"boleto": evento.boleto.model_copy(update=DADOS)})
    await maestro.apply(pass_on(evento), arquivado(tarefa))
    linha = await porta.pool.fetchrow("SELECT * FROM boletos")
    assert linha is not None and {campo: linha[campo] for campo in DADOS} == DADOS
    lista = (await porta.call("GET", "boletos")).data["boletos"]
    um = (await porta.call("GET", f"boletos/{lista[0]['id']}")).data
    assert lista == [um] and {campo: um[campo] for campo in DADOS} == DADOS
    assert (um["valor"], um["vencimento"]) == (123.45, "2026-11-10")


async def test_a_message_of_an_older_scraper_is_still_read_and_leaves_nothing_said(porta: Porta) -> None:
    maestro, tarefa = await send(porta)
    evento = capturado(tarefa)
    antigo = json.loads(evento.boleto.model_dump_json())
    for campo in ("banco", "pagador", "origens"):
        del antigo[campo]
    lido = pass_on(evento, versao=1, boleto=antigo)
    assert isinstance(lido, BoletoCapturado) and lido.boleto == evento.boleto
    await maestro.apply(lido, arquivado(tarefa))
    (boleto,) = (await porta.call("GET", "boletos")).data["boletos"]
    assert (boleto["banco"], boleto["pagador"], boleto["origens"]) == (None, None, {})
    falha = falhou(tarefa, "interno", boleto=evento.boleto)
    assert pass_on(falha, versao=1, boleto=antigo).model_dump(exclude={"versao"}) == falha.model_dump(
        exclude={"versao"}
    )


async def test_issued_again_a_boleto_says_what_the_new_paper_says(porta: Porta) -> None:
    maestro, tarefa = await send(porta)
    await maestro.apply(capturado(tarefa), arquivado(tarefa))
    nova = (await list_itens(porta.pool, await submit(porta.pool, LOJA, forcar=True)))[0]
    de_novo = await maestro.send(nova["id"], await maestro.lease(LOJA, 1))
    evento = capturado(de_novo)
    dados = evento.boleto.model_copy(update=DADOS | {"cota": tarefa.item_id})
    await maestro.apply(evento.model_copy(update={"boleto": dados}), arquivado(de_novo))
    (boleto,) = (await porta.call("GET", "boletos")).data["boletos"]
    assert (boleto["banco"], boleto["pagador"]) == ("237", DADOS["pagador"])


async def test_the_report_says_it_in_words_and_as_it_is_printed(database_url: str, tmp_path: Path) -> None:
    async with open_porta(database_url, tmp_path, namer=True) as porta:
        await porta.register()
        for numero in (1, 2):
            await add_cliente(porta.pool, 1, 1, numero)
        automacao_id = await submit(porta.pool, LOJA)
        boleto = await add_boleto(porta.pool, LOJA, 1)
        await porta.pool.execute(
            "UPDATE boletos SET linha_digitavel = $1, codigo_barras = $2, nosso_numero = $3, banco = $4, pagador = $5,"
            " origens = $6",
            *DADOS.values(),
        )
        await porta.pool.execute("UPDATE log_downloads_boletos SET boleto_id = $1 WHERE id = 1", boleto)
        resposta = await porta.call("GET", f"execucoes/{automacao_id}/relatorio.xlsx")
    cabecalho, *linhas = load_workbook(io.BytesIO(resposta.bruto))["Clientes"].iter_rows(values_only=True)
    feito, outro = (dict(zip(cabecalho, linha, strict=True)) for linha in linhas)
    assert {
        "Vencimento": "10/11/2026", "Valor": 100,
        "Linha digitável": "23793.38128 60007.827136 95000.063305 4 16310000012345",
        "Código de barras": CODIGO, "Banco": "237", "Nosso número": "26/34567-8", "Pagador": DADOS["pagador"],
        "Lido em": "código de barras, imagem (OCR)",
    }.items() <= feito.items()  # fmt: skip
    assert outro["Linha digitável"] is None and outro["Valor"] is None
