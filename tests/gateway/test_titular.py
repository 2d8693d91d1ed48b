"""One person erased from everything (LGPD): no table and no file names them any more, and every count stays right."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.gateway.admin import Falhou
from services.gateway.store import titular as store
from services.gateway.store.empresas import PRIMEIRA, Empresa, create_empresa, restrict
from services.gateway.titular import erase_titular, export_titular, find_rastro
from services.namer.indice import read_planilha
from services.namer.reader import Leitor
from shared.contrato import format_documento, mask_documento
from shared.events import DadosBoleto, LinhasPlanilha, Tarefa
from shared.files import describe_interno
from shared.outcomes import Etapa
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_loja, cpf_de, list_itens, submit
from tests.gateway.motor import Maestro, capturado, falhou, list_quadros
from tests.gateway.porta import Porta, open_porta
from tests.gateway.receptor import Receptor, add_webhook
from tests.namer.planilhas import make_generica

ANA, BIA, CIDA = cpf_de(1), cpf_de(2), cpf_de(3)
NOME = "ÂNGELA DE SOUZA D'ÁVILA"
DIZERES = [
    ANA, format_documento(ANA), mask_documento(ANA), "angela@exemplo.com", "67 98888-7777",
    "ANGELA", "ÂNGELA", "ÁVILA_", "D'ÁVILA", "D'AVILA",
]  # fmt: skip
PLANILHA = make_generica(
    ("NOME", "DOCUMENTO", "GRUPO", "COTA", "PDV", "WHATSAPP", "SITUACAO"),
    [
        (f"{NOME} - 70%", format_documento(ANA), 6650, 1, 17308, "67 98888-7777", "NORMAL"),
        ("BIA LIMA", format_documento(BIA), 6650, 2, 17308, "", "NORMAL"),
        ("CIDA REIS", format_documento(CIDA), 6650, 3, 17308, "", "NORMAL"),
    ],
)
COMUM = b"a tela de entrada, que todos viram"
LOJA = Loja(1, "17.308", 1, 1)


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path / "boletos", namer=True) as aberta:
        await aberta.register()
        assert (await aberta.upload(PLANILHA)).status == 201
        yield aberta


async def ler(dados: bytes) -> LinhasPlanilha:
    return await read_planilha(dados, Leitor(()))


class Cena:
    """A job of three contracts with its scraper's side by hand; the namer is the real one."""

    def __init__(self, porta: Porta, slot: int = 0, loja: Loja = LOJA) -> None:
        self.porta, self.maestro, self.loja, self._slot = porta, Maestro(porta.pool), loja, slot

    async def open(self, **campos: Any) -> UUID:
        id = await submit(self.porta.pool, self.loja, **campos)
        self._slot += 1
        self.cerca = await self.maestro.lease(self.loja, self._slot)
        return id

    async def send(self, id: UUID, cpf: str) -> Tarefa:
        item = next(item for item in await list_itens(self.porta.pool, id) if item["cpf"] == cpf)
        return await self.maestro.send(item["id"], self.cerca)

    async def capture(self, tarefa: Tarefa, cpf: str, nome: str, cota: int, mes: int = 11) -> None:
        pdf = await self.porta.files.put_interno("capturas", f"%PDF {nome} {format_documento(cpf)} {mes}".encode())
        dados = DadosBoleto(
            cpf=cpf, nome_portal=nome, grupo=6650, cota=cota, ano=2026, mes=mes, vencimento=date(2026, mes, 10),
            valor=Decimal("10.00"), linha_digitavel="1" * 47,
        )  # fmt: skip
        evento = capturado(tarefa).model_copy(update={"captura": pdf, "boleto": dados, "recuo": "portal.mudou"})
        await self.maestro.apply(evento.model_copy(update={"avisos": (f"nome no portal: {nome}",)}))

    async def end(self, id: UUID) -> None:
        self.porta.engine.wake()
        ended = "SELECT finalizado_em IS NOT NULL FROM execucoes_automacao WHERE automacao_id = $1"
        await eventually(lambda: self.porta.pool.fetchval(ended, id))


async def live(porta: Porta) -> UUID:
    """A year at the office in short: boletos, failures with evidence, reports, a contact entered by hand."""
    cena, files = Cena(porta), porta.files
    await add_webhook(porta.pool, porta.chaveiro, Receptor(url="https://crm.exemplo.com.br/canopus"))
    id = await cena.open()
    for cpf, nome, cota in ((ANA, NOME, 1), (BIA, "BIA LIMA", 2)):
        await cena.capture(await cena.send(id, cpf), cpf, nome, cota)
    errado = await files.put_interno("quarentena", f"%PDF de {NOME} {ANA}".encode())
    tela = await files.put_interno("evidencias", f"tela com {NOME}".encode())
    mensagem = f"Documentos no PDF: {mask_documento(ANA)}; falta o do cliente."
    campos = {"mensagem": mensagem, "evidencia": (tela,), "quarentena": errado}
    tarefa = await cena.send(id, CIDA)
    await cena.maestro.apply(falhou(tarefa, "cliente.ambiguo", Etapa.BUSCANDO).model_copy(update=campos))
    await cena.end(id)
    await porta.pool.execute("UPDATE webhooks_entregas SET resposta = $1", f"recebido: {NOME}")

    erro = await cena.open(mes=10, cpfs=(ANA,), parametros={"pedido": NOME})
    comum = await files.put_interno("evidencias", COMUM)
    minha = await files.put_interno("evidencias", f"<p>{NOME}</p>".encode())
    texto = f"{NOME} tem duas cotas: {format_documento(ANA)}."
    falha = falhou(await cena.send(erro, ANA), "cliente.ambiguo", Etapa.BUSCANDO, evidencia=(comum, minha))
    await cena.maestro.apply(falha.model_copy(update={"mensagem": texto}))
    await cena.end(erro)
    await porta.pool.execute("UPDATE credenciais_canopus SET parada_evidencia = $1", [comum.model_dump()])

    cliente = await porta.pool.fetchval("SELECT id FROM clientes_finais WHERE cpf = $1", ANA)
    assert (await porta.call("PATCH", f"clientes/{cliente}", {"email": "angela@exemplo.com"})).status == 200
    assert (await porta.call("GET", f"execucoes/{id}/relatorio.xlsx")).status == 200
    # A name given up, a copy under it, and what waits to be sent.
    claim = {"identidade": f"17308/{ANA}/6650/1/2026-11", "caminho": "Marta/ANGELA_ANTES_NOVEMBRO.pdf"}
    await files.place("_interno/lugares/antes", json.dumps(claim).encode())
    await files.place(claim["caminho"], b"%PDF")
    corpo = json.dumps({"cpf": ANA, "nome": NOME})
    await porta.pool.execute("INSERT INTO outbox (fila, rota, corpo) VALUES ('namer.x', 'boleto.nomear', $1)", corpo)
    await porta.upload(PLANILHA, nome=f"MARTA {NOME}.xlsx")
    return id


async def read_tables(porta: Porta, pattern: str = ".") -> str:
    nomes = await porta.pool.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ $1", pattern
    )
    linhas = [
        f"{nome['tablename']}: {linha['t']}"
        for nome in nomes
        for linha in await porta.pool.fetch(f"SELECT t::text FROM {nome['tablename']} t")  # noqa: S608
    ]
    return "\n".join(linhas)


def unpack(dados: bytes) -> str:
    """What a file says, a workbook's parts opened."""
    if not dados.startswith(b"PK"):
        return dados.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(dados)) as pacote:
        return "\n".join(pacote.read(parte).decode("utf-8", "replace") for parte in pacote.namelist())


def find_dizeres(texto: str) -> set[str]:
    return {dizer for dizer in DIZERES if re.search(re.escape(dizer), texto, re.IGNORECASE)}


async def read_files(porta: Porta) -> str:
    return "\n".join([f"{caminho}: {unpack(await porta.files.read(caminho))}" for caminho in porta.list_files()])


async def read_contagens(porta: Porta) -> Any:
    estatisticas = (await porta.call("GET", "estatisticas")).data
    execucoes = (await porta.call("GET", "execucoes")).data["execucoes"]
    return estatisticas, [{k: v for k, v in e.items() if k != "parametros"} for e in execucoes]


async def test_nothing_names_the_person_any_more_and_every_count_stays(porta: Porta) -> None:
    id = await live(porta)
    assert find_dizeres(await read_tables(porta)) >= {ANA, mask_documento(ANA), "ÂNGELA", "angela@exemplo.com"}
    assert find_dizeres(await read_files(porta)) >= {ANA, format_documento(ANA), "ÂNGELA", "ÁVILA_"}
    contagens, dos_outros = await read_contagens(porta), await porta.call("GET", f"boletos?cpf={BIA}")

    previsto = await find_rastro(porta.pool, porta.files, ANA, ler)
    assert previsto.contagens == {"contratos": 1, "boletos": 1, "linhas": 2, "planilhas": 1, "arquivos": 10}
    assert find_dizeres(await read_tables(porta))  # a look changes nothing
    feito = await erase_titular(porta.pool, porta.files, ANA, ler)
    assert feito.contagens == previsto.contagens

    assert find_dizeres(await read_tables(porta)) == set()
    assert find_dizeres(await read_files(porta)) == set()
    assert await read_contagens(porta) == contagens
    quadros = await list_quadros(porta.pool, id)  # gapless, counters as they were
    assert {q["cliente"]["nome"] for q in quadros if q["cliente"]} == {None, "BIA LIMA", "CIDA REIS"}
    clientes = (await porta.call("GET", f"execucoes/{id}/clientes")).data["clientes"]
    assert [(c["status"], c["nome"]) for c in clientes] == [
        ("sucesso", None), ("sucesso", "BIA LIMA"), ("erro", "CIDA REIS"),
    ]  # fmt: skip
    assert (await porta.call("GET", f"boletos?cpf={BIA}")).data == dos_outros.data
    assert (await porta.call("GET", f"boletos/{dos_outros.data['boletos'][0]['id']}/pdf")).status == 200
    assert await porta.files.exists(describe_interno("evidencias", COMUM).caminho)
    # What other systems were to be told of them goes; that a boleto was removed they may know.
    avisos = await porta.pool.fetch("SELECT corpo FROM webhooks_entregas WHERE tipo = 'boleto.arquivado'")
    assert [json.loads(aviso["corpo"])["data"]["nome"] for aviso in avisos] == ["BIA LIMA"]
    assert len((await porta.call("GET", "boletos?desde=inicio")).data["apagados"]) == 1
    auditada = await porta.pool.fetchrow("SELECT alvo, detalhes FROM auditoria WHERE acao = 'titular.apagar'")
    assert auditada and (auditada["alvo"], auditada["detalhes"]) == ("titular", feito.contagens)
    with pytest.raises(Falhou, match="nada se sabe"):
        await erase_titular(porta.pool, porta.files, ANA, ler)


async def test_the_others_of_the_same_workbook_are_named_as_before(porta: Porta) -> None:
    await live(porta)
    await erase_titular(porta.pool, porta.files, ANA, ler)
    cena = Cena(porta, 10)
    id = await cena.open(mes=12, cpfs=(CIDA,))
    await cena.capture(await cena.send(id, CIDA), CIDA, "CIDA REIS", 3, 12)
    await cena.end(id)
    (item,) = await list_itens(porta.pool, id)
    assert (item["status"], item["arquivo_caminho"]) == ("sucesso", "Marta/CIDA_REIS_DEZEMBRO.pdf")
    # The file of rows is no workbook to be sent in by anybody.
    guardada = await porta.pool.fetchval("SELECT caminho FROM planilhas LIMIT 1")
    assert (await porta.upload(await porta.files.read(guardada))).status == 422
    # Nobody's rows are nobody's to do again.
    falhas = [e for e in (await porta.call("GET", "execucoes")).data["execucoes"] if e["processados_erro"]]
    de_novo = [await porta.call("POST", f"execucoes/{e['automacao_id']}/reprocessar", {}) for e in falhas]
    assert sorted(resposta.status for resposta in de_novo) == [201, 422]


async def test_a_person_with_a_contract_under_way_is_not_erased(porta: Porta) -> None:
    cena = Cena(porta)
    id = await cena.open()
    dela = "clientes_finais|boletos|eventos|planilhas|auditoria"
    tabelas, arquivos = await read_tables(porta, dela), await read_files(porta)
    with pytest.raises(Falhou, match=str(id)):
        await erase_titular(porta.pool, porta.files, ANA, ler)
    assert (await read_tables(porta, dela), await read_files(porta)) == (tabelas, arquivos)
    assert (await porta.call("POST", f"execucoes/{id}/cancelar")).status == 200
    await erase_titular(porta.pool, porta.files, ANA, ler)


async def test_what_is_known_of_a_person_is_handed_to_them(porta: Porta, tmp_path: Path) -> None:
    await live(porta)
    antes = await read_tables(porta, "clientes_finais|boletos|eventos")
    await export_titular(porta.pool, porta.files, ANA, ler, tmp_path / "ana.zip")
    assert await read_tables(porta, "clientes_finais|boletos|eventos") == antes
    with zipfile.ZipFile(tmp_path / "ana.zip") as pacote:
        dados = json.loads(pacote.read("dados.json"))
        nomes = pacote.namelist()
        assert pacote.read("arquivos/Marta/ÂNGELA_DE_SOUZA_D_ÁVILA_NOVEMBRO.pdf").startswith(b"%PDF")
    assert [cliente["cpf"] for cliente in dados["clientes"]] == [ANA]
    assert {linha["cpf"] for linha in dados["execucoes"]} == {ANA}
    assert not [nome for nome in nomes if "BIA" in nome or "relatorios" in nome or "lugares" in nome]
    with pytest.raises(Falhou, match="já existe"):
        await export_titular(porta.pool, porta.files, ANA, ler, tmp_path / "ana.zip")


async def test_an_erasure_cut_short_is_ended_by_the_next(porta: Porta, monkeypatch: pytest.MonkeyPatch) -> None:
    await live(porta)
    apaga, restam = porta.files.delete, 4

    async def die(caminho: str) -> None:
        nonlocal restam
        restam -= 1
        if restam < 0:
            raise ConnectionResetError
        await apaga(caminho)

    monkeypatch.setattr(porta.files, "delete", die)
    with pytest.raises(ConnectionResetError):
        await erase_titular(porta.pool, porta.files, ANA, ler)
    monkeypatch.undo()
    await erase_titular(porta.pool, porta.files, ANA, ler)
    assert find_dizeres(await read_tables(porta) + await read_files(porta)) == set()


# --- of several offices -----------------------------------------------------------------------------------------------


async def live_twice(porta: Porta) -> Empresa:
    """Another office with the same person, the same capture and the same workbook; the first one's year beside it."""
    await live(porta)
    async with porta.pool.acquire() as conn:
        filial = Empresa(await create_empresa(conn, "filial", "Filial", None), "filial")
    loja = await add_loja(porta.pool, "17.308", clientes=1, empresa_id=filial.id)
    await porta.pool.execute(
        "INSERT INTO planilhas (consultor_id, ponto_venda_id, nome_arquivo, caminho, sha256, tamanho, total,"
        " importados, atualizados, inativos, ignorados, erros, importada_por)"
        " SELECT $1, $2, nome_arquivo, caminho, sha256, tamanho, total, importados, atualizados, inativos, ignorados,"
        " erros, importada_por FROM planilhas ORDER BY id LIMIT 1",
        loja.consultor_id, loja.id,
    )  # fmt: skip
    cena = Cena(porta, 20, loja)
    id = await cena.open()
    await cena.capture(await cena.send(id, ANA), ANA, NOME, 1)
    await cena.end(id)
    return filial


async def read_office(porta: Porta, empresa: Empresa) -> str:
    """Its rows, and the files that they name."""
    tabelas = await porta.pool.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'empresa_id' ORDER BY 1"
    )
    linhas = [
        f"{tabela[0]}: {linha[0]}"
        for tabela in tabelas
        if tabela[0] != "concessoes"  # which end by themselves
        for linha in await porta.pool.fetch(
            f"SELECT t::text FROM {tabela[0]} t WHERE empresa_id = $1 ORDER BY 1",  # noqa: S608
            empresa.id,
        )
    ]
    caminhos = await porta.pool.fetch(
        "SELECT arquivo_caminho FROM boletos WHERE empresa_id = $1 UNION SELECT caminho FROM planilhas"
        " WHERE empresa_id = $1 ORDER BY 1",
        empresa.id,
    )
    return "\n".join([*linhas, *[unpack(await porta.files.read(linha[0])) for linha in caminhos]])


async def test_what_another_office_has_of_the_person_is_its_own_to_erase(porta: Porta, tmp_path: Path) -> None:
    filial = await live_twice(porta)
    dela = await read_office(porta, filial)
    assert find_dizeres(dela) >= {ANA, "ÂNGELA", format_documento(ANA)} and "escritorios/filial/" in dela
    await export_titular(porta.pool, porta.files, ANA, ler, tmp_path / "ana.zip", filial)
    with zipfile.ZipFile(tmp_path / "ana.zip") as pacote:
        (pdf,) = [nome for nome in pacote.namelist() if nome.endswith(".pdf")]
        assert pdf.startswith("arquivos/escritorios/filial/")
        assert len(json.loads(pacote.read("dados.json"))["execucoes"]) == 1

    await erase_titular(porta.pool, porta.files, ANA, ler)
    assert find_dizeres(await read_office(porta, PRIMEIRA)) == set()
    assert await read_office(porta, filial) == dela
    auditadas = "SELECT empresa_id FROM auditoria WHERE acao = 'titular.apagar' ORDER BY id"
    assert [linha[0] for linha in await porta.pool.fetch(auditadas)] == [PRIMEIRA.id]
    with pytest.raises(Falhou, match="nada se sabe"):
        await erase_titular(porta.pool, porta.files, ANA, ler)

    await erase_titular(porta.pool, porta.files, ANA, ler, filial)
    assert find_dizeres(await read_tables(porta) + await read_files(porta)) == set()
    assert [linha[0] for linha in await porta.pool.fetch(auditadas)] == [PRIMEIRA.id, filial.id]


async def test_what_waits_to_be_sent_for_another_office_is_sent(porta: Porta) -> None:
    filial = await live_twice(porta)
    async with porta.pool.acquire() as conn:
        tr = conn.transaction()
        await tr.start()
        itens = await conn.fetch("SELECT id, empresa_id FROM log_downloads_boletos WHERE cpf = $1 ORDER BY id", ANA)
        for item in itens:
            corpo = json.dumps({"tarefa": {"item_id": item["id"]}, "cpf": ANA})
            await conn.execute("INSERT INTO outbox (rota, corpo) VALUES ('boleto.nomear', $1)", corpo)
        async with restrict(conn, filial.id):
            titular = await store.find_titular(conn, ANA)
        await store.delete_mensagens(conn, titular)
        restam = await conn.fetch(
            "SELECT (corpo::jsonb #>> '{tarefa,item_id}')::bigint FROM outbox WHERE corpo ~ 'item_id'"
        )
        await tr.rollback()
    assert [linha[0] for linha in restam] == [item["id"] for item in itens if item["empresa_id"] == PRIMEIRA.id]
    assert len(restam) < len(itens)
