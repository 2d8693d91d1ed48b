"""Workbooks behind Google Drive links, on a server that answers as Google does: found by every form of link, imported
once, by accounts of their own office alone."""

from __future__ import annotations

import asyncio
import io
import json
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.gateway.atualizador import QUEM, Atualizador, Ritmo, make_marca, make_pedido, next_horario
from services.gateway.destinos import DestinoFalhou
from services.gateway.links import Link, parse_link
from services.gateway.nuvem import LIMITE_BYTES, Nuvem, Origens, Planilha
from services.gateway.store.chaves import Escopo
from services.gateway.store.empresas import create_empresa
from services.gateway.store.links import claim_links
from services.namer.settings import NamerSettings
from services.namer.worker import Namer
from tests.eventually import eventually
from tests.gateway.porta import Porta, open_porta
from tests.gateway.test_planilhas import ANA, BIA, CAIO, linha, planilha
from tests.servers.links import Google, Guardado, open_google

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz_0-9"
LINK = f"https://drive.google.com/file/d/{ID}/view?usp=sharing"
SHEETS = f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0"
UMA = planilha(linha(ANA, "6650 1"))
AVISO_FALSO = b"<form id='download-form' action='https://a..google.com/'></form>"
DUAS = planilha(linha(ANA, "6650 1"), linha(BIA, "6650 2", "BIA"))


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    async with open_google() as aberto:
        yield aberto


def make_nuvem(google: Google) -> Nuvem:
    return Nuvem(privados=True, limite_s=3.0, origens=Origens(google.url, google.url))


@pytest.fixture
async def porta(database_url: str, tmp_path: Path, google: Google) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path, namer=True, nuvem=make_nuvem(google)) as aberta:
        await aberta.register()
        yield aberta


@asynccontextmanager
async def running(*atualizadores: Atualizador) -> AsyncIterator[None]:
    tarefas = [asyncio.create_task(atualizador.run()) for atualizador in atualizadores]
    try:
        yield
    finally:
        for tarefa in tarefas:
            tarefa.cancel()
        await asyncio.gather(*tarefas, return_exceptions=True)


async def set_link(porta: Porta, link: str | None = LINK, id: int = 1) -> Any:
    return (await porta.call("PATCH", f"consultores/{id}", {"link_planilha_drive": link})).data


async def refresh(porta: Porta, id: int = 1, **opcoes: Any) -> Any:
    return await porta.call("POST", f"consultores/{id}/atualizar-planilha", **opcoes)


async def look(porta: Porta, id: int = 1) -> dict[str, Any]:
    vista: dict[str, Any] = (await porta.call("GET", f"consultores/{id}")).data
    return vista


async def settled(porta: Porta, id: int = 1) -> dict[str, Any]:
    async def check() -> dict[str, Any] | None:
        vista = await look(porta, id)
        return None if vista["atualizando_planilha"] else vista

    achada: dict[str, Any] | None = await eventually(check)
    assert achada
    return achada


async def make_due(porta: Porta) -> None:
    await porta.pool.execute("UPDATE links_planilha SET proxima_em = now(), reservada_ate = NULL")


async def list_importacoes(porta: Porta) -> list[tuple[str, str]]:
    linhas = await porta.pool.fetch("SELECT importada_por, nome_arquivo FROM planilhas ORDER BY id")
    return [(linha["importada_por"], linha["nome_arquivo"]) for linha in linhas]


async def add_conta(porta: Porta, google: Google, quem: str, empresa_id: int = 1, *, ativo: bool = True) -> None:
    """A mirror in Google Drive, by whose account links may be opened."""
    await porta.pool.execute(
        "INSERT INTO espelhos (nome, destino, endereco, segredo, empresa_id, ativo)"
        " VALUES ($1::text, 'drive://' || $1, $2, $3, $4, $5)",
        quem, google.url, porta.chaveiro.encrypt(google.make_conta(quem)), empresa_id, ativo,
    )  # fmt: skip


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texto", "tipo"),
    [
        (LINK, "arquivo"), (SHEETS, "planilha"),
        (f"https://drive.google.com/file/d/{ID}", "arquivo"), (f"https://drive.google.com/open?id={ID}", "arquivo"),
        (f"https://drive.google.com/uc?id={ID}&export=download", "arquivo"),
        (f"https://docs.google.com/uc?export=download&id={ID}", "arquivo"),
        (f"https://drive.google.com/u/0/open?usp=drive_copy&id={ID}", "arquivo"),
        (f"https://drive.google.com/file/u/1/d/{ID}/edit", "arquivo"),
        (f"https://drive.google.com/a/exemplo.com.br/file/d/{ID}/view", "arquivo"),
        (f"https://docs.google.com/spreadsheets/u/0/d/{ID}/edit?usp=drive_web#gid=7", "planilha"),
        (f"https://docs.google.com/spreadsheets/d/{ID}/export?format=csv", "planilha"),
        (f"https://docs.google.com:443/spreadsheets/d/{ID}?rtpof=true&sd=true", "planilha"),
        (f" https://DOCS.google.com/spreadsheets/d/{ID} ", "planilha"),
    ],
)  # fmt: skip
def test_every_form_of_link_leads_to_its_file(texto: str, tipo: str) -> None:
    assert parse_link(texto) == Link(ID, tipo)  # type: ignore[arg-type]
    chave = f"{texto.strip().split('#')[0]}{'&' if '?' in texto else '?'}resourcekey=0-aB_9"
    assert parse_link(chave).chave == "0-aB_9"


@pytest.mark.parametrize(
    "texto",
    [
        "", "planilha da Marta", f"http://drive.google.com/file/d/{ID}", f"https://drive.google.com.mau.exemplo/file/d/{ID}",
        f"https://mau.exemplo/drive.google.com/file/d/{ID}", f"https://drive.google.com@mau.exemplo/file/d/{ID}",
        f"https://ana@drive.google.com/file/d/{ID}", f"https://drive.google.com:8443/file/d/{ID}",
        f"https://127.0.0.1/file/d/{ID}", f"https://sheets.google.com/spreadsheets/d/{ID}", "https://[drive/file",
        f"https://drive.google.com/drive/folders/{ID}", "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml",
        f"https://docs.google.com/document/d/{ID}/edit", f"https://drive.google.com/open?id={ID}&id=outro-arquivo",
        "https://drive.google.com/file/d/../../etc/passwd", "https://drive.google.com/open?id=a%2Fb%2Fc%2Fd%2Fe%2Ff",
        f"file:///file/d/{ID}", f"https://drive.google.com/file/d/{'a' * 200}",
    ],
)  # fmt: skip
def test_any_other_address_is_refused_with_the_remedy(texto: str) -> None:
    with pytest.raises(ValueError, match="Compartilhar, Copiar link"):
        parse_link(texto)


def test_a_look_is_due_at_six_and_each_so_many_hours_after_it() -> None:
    def hora(texto: str, horas: int) -> str:
        return f"{next_horario(datetime.fromisoformat(texto), horas).astimezone(UTC):%d %H:%M}"

    assert hora("2026-11-25T05:59:00-03:00", 24) == "25 09:00"
    assert hora("2026-11-25T06:00:00-03:00", 24) == "26 09:00"
    assert hora("2026-11-25T06:00:00-03:00", 8) == "25 17:00"
    assert [hora("2026-11-25T23:30:00-03:00", horas) for horas in (6, 7, 1)] == ["26 03:00", "26 06:00", "26 03:00"]


# --- opened as anyone does --------------------------------------------------------------------------------------------


async def test_whatever_the_link_looks_like_the_file_behind_it_is_found(google: Google) -> None:
    nuvem = make_nuvem(google)
    google.arquivos[ID] = Guardado(UMA)
    achada = await nuvem.open(parse_link(LINK), (), None)
    assert achada and (achada.dados, achada.nome, achada.exportada) == (UMA, "MARTA__PLANILHA_GERAL.xlsx", False)
    # A spreadsheet that is an Excel file, and a native one under a file's link.
    assert (await nuvem.open(parse_link(SHEETS), (), None)) == achada
    google.arquivos[ID] = Guardado(UMA, planilha=True)
    for link in (LINK, SHEETS):
        exportada = await nuvem.open(parse_link(link), (), None)
        assert exportada and (exportada.dados, exportada.exportada) == (UMA, True)
    # What cannot be scanned is asked for again; what carries a resource key is found by it.
    google.arquivos[ID] = Guardado(DUAS, aviso=True, chave="0-k")
    grande = await nuvem.open(parse_link(f"{LINK}&resourcekey=0-k"), (), None)
    assert grande and grande.dados == DUAS


async def test_what_cannot_be_opened_is_said_with_the_remedy(google: Google) -> None:
    nuvem = make_nuvem(google)
    with pytest.raises(DestinoFalhou, match="compartilhe-o com qualquer pessoa com o link"):
        await nuvem.open(parse_link(LINK), (), None)
    google.arquivos[ID] = Guardado(UMA, aberto=False)
    for link in (LINK, SHEETS):
        with pytest.raises(DestinoFalhou, match="não está aberto") as fechado:
            await nuvem.open(parse_link(link), (), None)
        assert fechado.value.status == 404
    google.arquivos[ID] = Guardado(b"PK" + bytes(LIMITE_BYTES))
    with pytest.raises(DestinoFalhou, match="passa de 20 MB"):
        await nuvem.open(parse_link(LINK), (), None)
    google.arquivos[ID] = Guardado(UMA, aberto=False)
    for status in (429, 503):
        google.falhas = [status]
        with pytest.raises(DestinoFalhou, match="pediu uma pausa") as pausa:
            await nuvem.open(parse_link(LINK), (), None)
        assert pausa.value.status == status


async def test_nothing_but_google_is_ever_asked(google: Google) -> None:
    google.arquivos[ID] = Guardado(UMA)
    async with open_google() as outro:
        outro.arquivos[ID] = Guardado(UMA)
        for desvio in (f"{outro.url}/download?id={ID}", f"http://drive.google.com/download?id={ID}", "https://google.com.mau.exemplo/",
                       f"{google.url}/uc?id={ID}", "https://[google.com/", "javascript:alert(1)"):  # fmt: skip
            google.desvio = desvio
            with pytest.raises(DestinoFalhou, match="não está aberto"):
                await make_nuvem(google).open(parse_link(LINK), (), None)
        assert outro.pedidos == []


async def test_what_a_server_writes_oddly_breaks_nothing(porta: Porta, google: Google) -> None:
    await set_link(porta)
    # A page that is a file is taken for one, and never for what Google says of it.
    google.arquivos[ID] = Guardado(AVISO_FALSO, nome="pagina.html", tipo="text/html")
    assert (await refresh(porta)).corpo["codigo"] == "planilha_invalida"
    assert google.baixados == ["anyone"]
    # Names that none can have.
    for desvio in ("https://a..google.com/", f"https://{'a' * 64}.google.com/"):
        google.desvio = desvio
        assert (await refresh(porta)).corpo["codigo"] == "planilha.nuvem_indisponivel"
    # Bytes of a header that are no text.
    do_link = dict.fromkeys(("consultor_id", "ponto_venda_id", "ponto_venda", "alcance", "empresa_id"))
    pedido = make_pedido(do_link, Planilha(UMA, "C:\\MAR\udcc7O\t.xlsx", exportada=False), "m", QUEM)  # type: ignore[arg-type]
    assert pedido.parametros["nome_arquivo"] == "MARO.xlsx"


def pack(conteudo: bytes, ano: int) -> bytes:
    pacote = io.BytesIO()
    with zipfile.ZipFile(pacote, "w") as aberto:
        aberto.writestr(zipfile.ZipInfo("xl/worksheets/sheet1.xml", (ano, 1, 1, 0, 0, 0)), conteudo)
    return pacote.getvalue()


def test_an_export_that_is_packed_anew_is_the_same_and_a_file_is_its_bytes() -> None:
    def mark(dados: bytes, *, exportada: bool) -> str:
        return make_marca(Planilha(dados, "a.xlsx", exportada))

    hoje, amanha, outra = pack(b"ANA", 2026), pack(b"ANA", 2027), pack(b"BIA", 2026)
    assert mark(hoje, exportada=True) == mark(amanha, exportada=True) != mark(outra, exportada=True)
    assert mark(hoje, exportada=False) != mark(amanha, exportada=False)
    assert len({mark(dados, exportada=True) for dados in (b"", b"PK", hoje, hoje[:-9])}) == 4


# --- refreshed --------------------------------------------------------------------------------------------------------


async def test_a_link_is_imported_by_itself_once_for_each_content(porta: Porta, google: Google) -> None:
    google.arquivos[ID] = Guardado(UMA)
    async with running(porta.atualizador):
        vista = await set_link(porta)
        assert vista["link_planilha_drive"] == LINK and vista["atualizando_planilha"]
        feita = await settled(porta)
        assert feita["ultima_atualizacao_planilha"] and feita["erro_planilha"] is None and feita["clientes"] == 1
        # Due again, the same bytes; then others.
        await make_due(porta)
        await settled(porta)
        assert len(await list_importacoes(porta)) == 1 and google.baixados == ["anyone"] * 2
        google.arquivos[ID] = Guardado(DUAS)
        await make_due(porta)
        assert (await settled(porta))["clientes"] == 2
        # Given again it stays as it is; another begins anew.
        assert not (await set_link(porta))["atualizando_planilha"]
        assert (await set_link(porta, SHEETS))["ultima_atualizacao_planilha"] is None
        await settled(porta)
    nome = "MARTA__PLANILHA_GERAL.xlsx"
    assert await list_importacoes(porta) == [(QUEM, nome)] * 3
    assert (await set_link(porta, None))["link_planilha_drive"] is None
    assert await porta.pool.fetchval("SELECT count(*) FROM links_planilha") == 0
    auditado = await porta.pool.fetchval("SELECT string_agg(detalhes::text, ' ') FROM auditoria")
    assert "trocado" in auditado and ID not in auditado


async def test_a_person_refreshes_one_and_is_told_what_an_upload_would_tell(porta: Porta, google: Google) -> None:
    sem_link = await refresh(porta)
    assert (sem_link.status, sem_link.corpo["codigo"]) == (409, "planilha.sem_link")
    await set_link(porta)
    fechada = await refresh(porta)
    assert (fechada.status, fechada.corpo["codigo"]) == (422, "planilha.link_recusado")
    assert (await look(porta))["erro_planilha"] == fechada.corpo["error"]
    google.arquivos[ID] = Guardado(DUAS)
    google.falhas = [503]
    assert (await refresh(porta)).corpo["codigo"] == "planilha.nuvem_indisponivel"
    feita = await refresh(porta, chave="operador")
    assert (feita.status, feita.data["importados"]) == (201, 2), feita.corpo
    assert (await look(porta))["erro_planilha"] is None
    igual = await refresh(porta)
    assert (igual.status, igual.data) == (200, feita.data) and "em dia" in igual.corpo["message"]
    outra_vez = await refresh(porta, params={"forcar": "true"})
    assert (outra_vez.status, outra_vez.data["atualizados"]) == (201, 2)
    quem = [quem for quem, _ in await list_importacoes(porta)]
    assert "operador" in quem[0] and "admin" in quem[1]
    acoes = await porta.pool.fetch("SELECT DISTINCT acao FROM auditoria WHERE alvo = 'consultores/1'")
    assert {linha["acao"] for linha in acoes} >= {"consultor.atualizar_planilha", "consultor.alterar"}


async def test_what_is_no_workbook_is_imported_once_and_again_when_a_person_asks(porta: Porta, google: Google) -> None:
    google.arquivos[ID] = Guardado(b"isto nao e planilha")
    await set_link(porta)
    async with running(porta.atualizador):
        assert "não é uma planilha" in ((await settled(porta))["erro_planilha"] or "")
        await make_due(porta)
        vista = await settled(porta)
        assert "não é uma planilha" in (vista["erro_planilha"] or "") and vista["ultima_atualizacao_planilha"] is None
        assert await porta.pool.fetchval("SELECT count(*) FROM pedidos") == 1
        assert (await porta.call("POST", "consultores/atualizar-planilhas")).corpo["data"] == {"pedidas": 1}
        await eventually(lambda: porta.pool.fetchval("SELECT count(*) = 2 FROM pedidos"))
        await settled(porta)
    assert (await refresh(porta)).corpo["codigo"] == "planilha_invalida"


async def test_a_failure_is_tried_again_with_pauses_that_grow_until_the_next_hour(porta: Porta, google: Google) -> None:
    await set_link(porta)
    async with running(porta.atualizador):
        for falhas in range(7):
            await settled(porta)
            sql = "SELECT extract(epoch FROM proxima_em - tentada_em)::float8 AS pausa, tentada_em FROM links_planilha"
            estado = await porta.pool.fetchrow(sql)
            assert estado
            ate_as_seis_s = (next_horario(estado["tentada_em"], 24) - estado["tentada_em"]).total_seconds()
            assert abs(estado["pausa"] - min(300 * 2**falhas, 14400, ate_as_seis_s)) < 5
            await make_due(porta)
        google.arquivos[ID] = Guardado(UMA)
        await make_due(porta)
        await eventually(lambda: porta.pool.fetchval("SELECT falhas = 0 AND erro IS NULL FROM links_planilha"))


async def test_two_gateways_open_what_is_due_once_and_one_that_dies_leaves_it_to_the_other(
    porta: Porta, google: Google
) -> None:
    outro = Atualizador(
        porta.pool, porta.files, porta.chaveiro, porta.pedidos, make_nuvem(google), ritmo=Ritmo(olhada_s=0.02)
    )
    google.arquivos[ID] = Guardado(UMA)
    google.pode_responder.clear()
    await set_link(porta)
    async with running(porta.atualizador, outro):
        await eventually(lambda: porta.pool.fetchval("SELECT reserva IS NOT NULL FROM links_planilha"))
        ocupada = await refresh(porta)
        assert (ocupada.status, ocupada.corpo["codigo"]) == (409, "planilha.ocupada")
        async with porta.pool.acquire() as conn:
            assert await claim_links(conn, 9, 60.0) == []
        google.pode_responder.set()
        await settled(porta)
        assert google.baixados == ["anyone"]
        google.arquivos[ID] = Guardado(DUAS)
        google.pode_responder.clear()
        await porta.pool.execute("UPDATE links_planilha SET reserva = NULL")
        await make_due(porta)
        await eventually(lambda: porta.pool.fetchval("SELECT reserva IS NOT NULL FROM links_planilha"))
    # Both ended while they were opening it.
    google.pode_responder.set()
    await porta.pool.execute("UPDATE links_planilha SET reservada_ate = now()")
    async with running(outro):
        await eventually(lambda: porta.pool.fetchval("SELECT count(*) = 2 FROM planilhas"))
    assert len(google.baixados) == 2


async def test_without_a_namer_nothing_is_opened_and_all_is_done_when_it_is_back(
    database_url: str, tmp_path: Path, google: Google
) -> None:
    google.arquivos[ID] = Guardado(UMA)
    async with open_porta(database_url, tmp_path, nuvem=make_nuvem(google)) as porta, running(porta.atualizador):
        await porta.register()
        await set_link(porta)
        assert (await refresh(porta)).corpo["codigo"] == "servico.sem_namer"
        assert (await porta.call("POST", "consultores/atualizar-planilhas")).status == 503
        assert google.baixados == []
        async with Namer(porta.bus, porta.files, NamerSettings()):
            await eventually(lambda: porta.pool.fetchval("SELECT count(*) = 1 FROM planilhas"))
        assert (await settled(porta))["erro_planilha"] is None


async def test_what_another_link_led_to_is_not_imported_after_it(
    database_url: str, tmp_path: Path, google: Google
) -> None:
    """A large workbook is still being read when its link is put right: with two namers it would come last, and stay."""
    google.arquivos[ID] = Guardado(UMA)
    async with open_porta(database_url, tmp_path, nuvem=make_nuvem(google)) as porta:
        await porta.register()
        for depois in (SHEETS, None):
            await set_link(porta)
            pedido_id = await porta.atualizador.refresh(1, "teste", forcar=False)
            assert pedido_id
            await set_link(porta, depois)
            async with Namer(porta.bus, porta.files, NamerSettings()):
                resposta = await eventually(partial(porta.pedidos.find_resposta, pedido_id))
            assert resposta and (resposta.status, resposta.corpo["codigo"]) == (409, "planilha.ocupada")
        assert await list_importacoes(porta) == [] and (await look(porta))["clientes"] == 0


async def test_an_import_that_nobody_answers_is_tried_again(porta: Porta, google: Google) -> None:
    google.arquivos[ID] = Guardado(UMA)
    await set_link(porta)
    assert (await refresh(porta)).status == 201
    await porta.pool.execute(
        "UPDATE pedidos SET respondido_em = NULL, perguntado_em = now() - interval '1 hour', perguntas = 99"
    )
    await porta.pedidos.sweep()
    estado = await porta.pool.fetchrow("SELECT erro, falhas, proxima_em - now() AS falta FROM links_planilha")
    assert estado and "não respondeu" in estado["erro"] and estado["falhas"] == 1 and estado["falta"].seconds < 310


# --- whose ------------------------------------------------------------------------------------------------------------


async def test_the_offices_own_accounts_open_what_is_shared_with_them_and_those_of_another_never(
    porta: Porta, google: Google
) -> None:
    async with porta.pool.acquire() as conn:
        filial = await create_empresa(conn, "filial", "Filial", None)
    await add_conta(porta, google, "alheia", filial)
    await add_conta(porta, google, "desligada", ativo=False)
    await add_conta(porta, google, "revogada")
    google.arquivos[ID] = Guardado(UMA, aberto=False, com=("alheia", "desligada"))
    await set_link(porta)
    recusa = (await refresh(porta)).corpo["error"]
    assert "compartilhe-o com" in recusa and "consentimento foi revogado" in recusa
    await add_conta(porta, google, "nossa")
    google.arquivos[ID] = Guardado(UMA, aberto=False, com=("alheia", "nossa"))
    assert (await refresh(porta)).data["importados"] == 1
    # Known by its mark, it is not even sent.
    assert (await refresh(porta)).status == 200
    assert google.baixados == ["nossa"]
    google.arquivos[ID] = Guardado(DUAS, nome="Marta", planilha=True, aberto=False, com=("nossa",))
    assert (await refresh(porta)).data["importados"] == 1
    assert (await list_importacoes(porta))[-1][1] == "Marta.xlsx"
    # What formulas say may change though nobody has changed them.
    google.arquivos[ID] = replace(google.arquivos[ID], dados=planilha(linha(CAIO, "6650 3")))
    assert [(await refresh(porta)).status for _ in range(2)] == [201, 200]
    assert {quem for _, quem in google.pedidos} == {"nossa"}


async def test_a_link_brings_no_rows_beyond_the_reach_of_who_gave_it(porta: Porta, google: Google) -> None:
    await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "21.400"})
    await porta.add_chave("loja", Escopo.OPERADOR, "21.400")
    dela = {"link_planilha_drive": LINK}
    assert (await porta.call("PATCH", "consultores/1", dela, chave="loja")).status == 404
    assert (await porta.call("PATCH", "consultores/2", dela, chave="loja")).data["link_planilha_drive"] == LINK
    google.arquivos[ID] = Guardado(planilha(linha(ANA, "6650 1"), linha(BIA, "6650 2", pv="21.400")))
    relato = (await refresh(porta, 2)).data
    assert (relato["importados"], relato["ignorados"]) == (1, 1), "whoever asks"
    assert (await refresh(porta, 1, chave="loja")).status == 404
    assert (await refresh(porta, 2, chave="leitura")).status == 403
    oculto = (await porta.call("GET", "consultores/2", chave="leitura")).data
    assert oculto["link_planilha_drive"] == "***"
    # All of them: those that the caller sees, and are active.
    google.arquivos[ID] = Guardado(planilha(linha(CAIO, "6650 3", pv="21.400")))
    await set_link(porta)
    assert (await porta.call("POST", "consultores/atualizar-planilhas", chave="loja")).corpo["data"] == {"pedidas": 1}
    await porta.call("PATCH", "consultores/1", {"ativo": False})
    assert (await refresh(porta)).corpo["codigo"] == "consultor.inativo"
    async with running(porta.atualizador):
        await settled(porta, 2)
    assert await porta.pool.fetchval("SELECT tentada_em IS NULL FROM links_planilha WHERE consultor_id = 1")
    assert [quem.partition("(")[2] for quem, _ in await list_importacoes(porta)] == ["admin)", "loja)"]
    await porta.call("PATCH", "pontos-venda/21.400", {"ativo": False})
    assert (await refresh(porta, 2)).corpo["codigo"] == "ponto_venda.inativo"
    assert (await porta.call("POST", "consultores/atualizar-planilhas")).corpo["data"] == {"pedidas": 0}


async def test_a_link_given_again_by_one_who_sees_more_brings_what_they_see(porta: Porta, google: Google) -> None:
    await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "21.400"})
    await porta.add_chave("loja", Escopo.OPERADOR, "21.400")
    google.arquivos[ID] = Guardado(planilha(linha(ANA, "6650 1"), linha(BIA, "6650 2", pv="21.400")))
    dela = {"link_planilha_drive": LINK}
    assert (await porta.call("PATCH", "consultores/2", dela, chave="loja")).status == 200
    assert (await refresh(porta, 2)).data["ignorados"] == 1
    assert (await porta.call("PATCH", "consultores/2", dela)).status == 200
    relato = (await refresh(porta, 2)).data
    assert (relato["importados"], relato["ignorados"]) == (1, 0)


async def test_who_asks_while_it_is_being_opened_is_not_forgotten(porta: Porta, google: Google) -> None:
    """What was read by then may be older than what they want in."""
    google.arquivos[ID] = Guardado(UMA)
    await set_link(porta)
    assert (await refresh(porta)).status == 201
    for falhas in ([], [503]):
        google.pode_responder.clear()
        async with asyncio.TaskGroup() as grupo:
            aberta = grupo.create_task(refresh(porta))
            await eventually(lambda: porta.pool.fetchval("SELECT reserva IS NOT NULL FROM links_planilha"))
            assert (await porta.call("POST", "consultores/atualizar-planilhas")).corpo["data"] == {"pedidas": 1}
            google.falhas = list(falhas)
            google.pode_responder.set()
        assert aberta.result().status == (503 if falhas else 200)
        sql = "SELECT proxima_em <= now() AND pedida_por IS NOT NULL FROM links_planilha"
        assert await porta.pool.fetchval(sql)
    google.arquivos[ID] = Guardado(DUAS)
    async with running(porta.atualizador):
        assert (await settled(porta))["clientes"] == 2
    assert "admin" in (await list_importacoes(porta))[-1][0]
    assert await porta.pool.fetchval("SELECT proxima_em > now() AND pedida_por IS NULL FROM links_planilha")


def test_at_a_terminal_links_are_asked_for(database_url: str, tmp_path: Path) -> None:
    ambiente: dict[str, str | None] = {nome: None for nome in os.environ if nome.startswith("CANOPUS_")}
    ambiente |= {"CANOPUS_DATABASE_URL": database_url, "CANOPUS_DATA_DIR": str(tmp_path)}

    async def prepare() -> None:
        async with open_porta(database_url, tmp_path) as porta:
            await porta.register()
            await set_link(porta)
            await porta.call("POST", "consultores", {"nome": "Zé", "ponto_venda": "21.400"})

    def canopus(*argumentos: str) -> Result:
        return CliRunner().invoke(main, ("planilhas", "atualizar", *argumentos), env=ambiente)

    asyncio.run(prepare())
    assert canopus().stdout == "Planilhas a atualizar: 1.\n"
    assert json.loads(canopus("--consultor", "marta", "--json").stdout) == {"pedidas": 1}
    assert "não há consultor Zé com link" in canopus("--consultor", "Zé").stderr


async def test_what_is_no_link_is_refused_at_its_field(porta: Porta) -> None:
    for link in ("https://mau.exemplo/x", f"https://drive.google.com/drive/folders/{ID}"):
        resposta = await porta.call("PATCH", "consultores/1", {"link_planilha_drive": link})
        assert (resposta.status, resposta.campos) == (422, ["link_planilha_drive"])
    corpo = {"nome": "Rui", "ponto_venda": "17308", "link_planilha_drive": SHEETS}
    assert (await porta.call("POST", "consultores", corpo)).data["link_planilha_drive"] == SHEETS
    assert await porta.pool.fetchval("SELECT alcance IS NULL FROM links_planilha")
