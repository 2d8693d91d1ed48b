"""Two offices in one installation: no row, frame or number of one reaches the other, by whatever door."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from services.gateway.admin import Falhou
from services.gateway.agendador import Agendador
from services.gateway.dispatcher import Dispatcher
from services.gateway.escritorio import erase_escritorio, export_escritorio
from services.gateway.live import LiveOptions
from services.gateway.pulsos import note_scraper
from services.gateway.routes.mortas import DE_OUTRO, DE_QUEM
from services.gateway.store import Conn, Pool, agendamentos, read_agora
from services.gateway.store.chaves import Escopo, create_chave
from services.gateway.store.empresas import PADRAO, PoolEmpresa, SemPapel, create_empresa, open_restritos, restrict
from shared.bus import DeadLetter
from shared.bus.topology import NAMER_BOLETOS
from shared.events import Arquivo, BoletoEtapa, BoletoNomear, ScraperPulso, Tarefa
from shared.files import ArquivoFalhou, FileStore, caminho_lugar, describe_interno
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, Resposta, open_balcao
from tests.gateway.cadastro import Loja, add_loja, list_itens, open_base, submit
from tests.gateway.motor import PASSOS, Maestro, capturado, falhou, parada
from tests.gateway.operacoes import OPERACOES, Operacao
from tests.gateway.vizinhos import Vizinho, bury, settle

# Of no office, but of the installation.
DA_INSTALACAO = {"empresas", "epoca", "migracoes", "outbox", "portais", "servicos"}
# What differs from one call to the next by itself.
MUDAM = {"GET /api/automation/health", "GET /api/automation/ws"}


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


async def add_filial(balcao: Balcao) -> int:
    """A second office with a key for everything in it."""
    async with balcao.pool.acquire() as conn, conn.transaction():
        id = await create_empresa(conn, "filial", "Filial", None)
    filial = PoolEmpresa(find_restritos(balcao), id)
    async with filial.acquire() as restrita:
        balcao.chaves["filial"] = await create_chave(restrita, "filial", Escopo.ADMIN, None, quem="teste")
    return id


def find_restritos(balcao: Balcao) -> Pool:
    restritos = balcao.gateway.ctx.restritos
    assert restritos is not None
    return restritos


def is_silent(resposta: Resposta, outro: Vizinho) -> bool:
    texto = resposta.bruto.decode("utf-8", "replace")
    return not any(marca in texto for marca in (*outro.marcas, *outro.so_do_escritorio))


# --- REST -------------------------------------------------------------------------------------------------------------


async def read_all(balcao: Balcao, vizinho: Vizinho, chave: str) -> dict[str, tuple[int, bytes]]:
    """Every GET of the document, on what is this neighbour's own."""
    lidas = {}
    for operacao in OPERACOES:
        if not operacao.has_efeito and str(operacao) not in MUDAM:
            resposta = await balcao.call(
                "GET", operacao.fill(vizinho.ids), chave=chave, headers={"Prefer": "respond-async"}
            )
            lidas[str(operacao)] = (resposta.status, resposta.bruto)
    return lidas


async def test_what_an_office_reads_is_the_same_whether_or_not_there_is_another(balcao: Balcao) -> None:
    meu = await settle(balcao, "18.111", 100)
    antes = await read_all(balcao, meu, "operador")
    filial = await add_filial(balcao)
    outro = await settle(balcao, "17.909", 200, filial)
    depois = await read_all(balcao, meu, "operador")
    for operacao, (status, corpo) in antes.items():
        assert depois[operacao] == (status, corpo), operacao
    assert sum(status == 200 for status, _ in antes.values()) > 25
    # The other one is there, and has as much to read.
    da_filial = await read_all(balcao, outro, "filial")
    for operacao, (status, corpo) in da_filial.items():
        assert not any(marca.encode() in corpo for marca in (*meu.marcas, *meu.so_do_escritorio)), operacao
        assert status == 200 or antes[operacao][0] != 200 or operacao.endswith("/mortas"), (operacao, corpo)


@pytest.mark.parametrize("de_quem", ["admin", "filial"])
async def test_no_id_of_another_office_leads_anywhere(balcao: Balcao, de_quem: str) -> None:
    filial = await add_filial(balcao)
    lojas = {"admin": await settle(balcao, "17.308", 100), "filial": await settle(balcao, "17.909", 200, filial)}
    outro = lojas["filial" if de_quem == "admin" else "admin"]
    antes = await outro.dump(balcao)
    # What lies in no office belongs to whoever looks after the installation; Meta has a signature, and no key.
    for operacao in [o for o in OPERACOES if o.lugares and o.escopo and "mortas" not in o.url]:
        resposta = await use(balcao, operacao, outro, de_quem)
        assert resposta.status in (403, 404, 422), f"{operacao}: {resposta.status} {resposta.corpo}"
        assert is_silent(resposta, outro), str(operacao)
    assert await outro.dump(balcao) == antes


async def test_nobody_is_told_by_anothers_channel_nor_told_for_another(balcao: Balcao) -> None:
    filial = await add_filial(balcao)
    meu, outro = await settle(balcao, "17.308", 100), await settle(balcao, "17.909", 200, filial)
    ids = {nome: (int(v.ids["pessoas/{id}"]), int(v.ids["canais/{id}"])) for nome, v in (("m", meu), ("o", outro))}
    for pessoa, canal in ((ids["m"][0], ids["o"][1]), (ids["o"][0], ids["m"][1]), ids["m"]):
        corpo = {"pessoa_id": pessoa, "canal_id": canal, "endereco": "67999990000"}
        resposta = await balcao.call("POST", "destinatarios", corpo, chave="filial")
        assert resposta.status == 404 and is_silent(resposta, meu), (corpo, resposta.corpo)


async def use(balcao: Balcao, operacao: Operacao, de: Vizinho, chave: str) -> Resposta:
    corpo: dict[str, str] | None = {} if operacao.has_efeito and operacao.formulario is None else None
    return await balcao.call(operacao.metodo, operacao.fill(de.ids), corpo, chave=chave)


async def test_the_dead_letters_are_the_installations_but_not_what_another_office_says_in_them(balcao: Balcao) -> None:
    filial = await add_filial(balcao)
    minha, dela = await add_loja(balcao.pool, "17.308"), await add_loja(balcao.pool, "17.909", empresa_id=filial)
    mensagens = [await bury_nomear(balcao, loja) for loja in (minha, dela)]
    assert (await balcao.call("GET", "mortas", chave="filial")).recusa == (403, "acesso.instalacao")
    assert (await balcao.call("POST", "mortas/x/reenviar", chave="filial")).recusa == (403, "acesso.instalacao")
    mortas = {morta["id"]: morta for morta in (await balcao.call("GET", "mortas")).data["mortas"]}
    assert mortas[mensagens[0]]["corpo"]["ponto_venda"] == "17.308"
    assert (mortas[mensagens[0]]["motivo"], mortas[mensagens[1]]["fila"]) == ("ninguém entende", "namer.boletos")
    assert mortas[mensagens[1]]["corpo"] == mortas[mensagens[1]]["motivo"] == DE_OUTRO
    # Who looks after the installation puts it back all the same.
    assert (await balcao.call("POST", f"mortas/{mensagens[1]}/reenviar")).status == 200
    assert (await list_itens(balcao.pool, await find_automacao(balcao, dela)))[0]["status"] == "pendente"


async def test_a_dead_letter_is_read_where_it_names_what_is_ones_own_alone(
    balcao: Balcao, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpos: list[bytes] = [b"\xff CLIENTE 1"]

    async def list_mortas(limit: int = 100) -> list[DeadLetter]:
        agora = datetime.now(UTC)
        return [DeadLetter(str(n), "x", f"KeyError: {n}", "x", corpo, agora) for n, corpo in enumerate(corpos)]

    async def read_corpos() -> list[Any]:
        mortas = (await balcao.call("GET", "mortas")).data["mortas"]
        assert all((morta["corpo"] == morta["motivo"]) is (morta["corpo"] in (DE_OUTRO, DE_QUEM)) for morta in mortas)
        return [morta["corpo"] for morta in mortas]

    monkeypatch.setattr(balcao.bus, "dead_letters", list_mortas)
    assert await read_corpos() == ["\ufffd CLIENTE 1"]
    filial = await add_filial(balcao)
    minha, dela = await add_loja(balcao.pool, "17.308"), await add_loja(balcao.pool, "17.909", empresa_id=filial)
    maestro = Maestro(balcao.pool)
    cercas = [await maestro.lease(loja) for loja in (minha, dela)]
    treino = await balcao.pool.fetchval("INSERT INTO treinos (linhas, empresa_id) VALUES (1, $1) RETURNING id", filial)
    corpos += [
        parada(minha, cercas[0]).model_dump_json().encode(),
        parada(dela, cercas[1]).model_dump_json().encode(),
        json.dumps({"cerca": cercas[1], "pedido_id": str(UUID(int=7)), "passos": ["CLIENTE 1"]}).encode(),
        json.dumps({"tarefa": {"cerca": cercas[1], "automacao_id": str(UUID(int=7))}}).encode(),
        json.dumps({"treino_id": treino, "erro": "CLIENTE 1"}).encode(),
        json.dumps({"cerca": cercas[0], "credencial_id": dela.credencial_id}).encode(),
        json.dumps({"cerca": True, "credencial_id": 2**63, "treino_id": "1", "pedido_id": "x"}).encode(),
        json.dumps({"cercas": [cercas[0]]}).encode(),
    ]
    lidos = await read_corpos()
    assert lidos[1]["credencial_id"] == minha.credencial_id
    assert [lidos[0], *lidos[2:]] == [DE_QUEM, *[DE_OUTRO] * 5, *[DE_QUEM] * 2]
    await balcao.pool.execute("UPDATE concessoes SET encerrada_em = now()")
    await erase_escritorio(balcao.pool, balcao.gateway.ctx.files, "filial")
    assert (await read_corpos())[2:6] == [DE_QUEM] * 4


async def bury_nomear(balcao: Balcao, loja: Loja) -> str:
    automacao_id = await submit(balcao.pool, loja, limite=1)
    [item] = await list_itens(balcao.pool, automacao_id)
    maestro = Maestro(balcao.pool)
    tarefa = await maestro.send(item["id"], await maestro.lease(loja))
    pedido = BoletoNomear(
        tarefa=tarefa, ponto_venda=loja.codigo, captura=Arquivo(caminho="x", sha256="0" * 64, tamanho=1),
        cpf=item["cpf"], grupo=1, cota=1, mes=11, ano=2026,
    )  # fmt: skip
    return await bury(balcao, pedido, NAMER_BOLETOS)


async def find_automacao(balcao: Balcao, loja: Loja) -> UUID:
    id: UUID = await balcao.pool.fetchval(
        "SELECT automacao_id FROM execucoes_automacao WHERE ponto_venda_id = $1", loja.id
    )
    return id


async def test_both_have_the_same_codes_names_and_contracts(balcao: Balcao) -> None:
    filial = await add_filial(balcao)
    minha, dela = await add_loja(balcao.pool, "17.308"), await add_loja(balcao.pool, "17308", empresa_id=filial)
    for chave, loja in (("admin", minha), ("filial", dela)):
        feita = await balcao.call("POST", "processar-downloads-ponto-venda", {"ponto_venda": "17308"}, chave=chave)
        id = await balcao.pool.fetchval(
            "SELECT ponto_venda_id FROM execucoes_automacao WHERE automacao_id = $1::uuid", feita.data["automacao_id"]
        )
        assert id == loja.id
        assert len((await balcao.call("GET", "clientes", chave=chave)).data["clientes"]) == 3
        assert len((await balcao.call("GET", "execucoes", chave=chave)).data["execucoes"]) == 1


async def test_an_office_that_is_switched_off_lets_nobody_in(balcao: Balcao) -> None:
    filial = await add_filial(balcao)
    await balcao.pool.execute("UPDATE empresas SET ativa = false WHERE id = $1", filial)
    assert (await balcao.call("GET", "execucoes", chave="filial")).recusa == (401, "acesso.chave_invalida")
    assert (await balcao.call("GET", "execucoes")).status == 200


# --- the socket -------------------------------------------------------------------------------------------------------


async def test_no_frame_of_another_office_comes_to_a_socket(balcao: Balcao) -> None:
    filial = await add_filial(balcao)
    minha = await add_loja(balcao.pool, "17.308")
    dela = await add_loja(balcao.pool, "17.909", base=50, empresa_id=filial)
    minhas, delas = await submit(balcao.pool, minha), await submit(balcao.pool, dela)
    async with balcao.socket("filial") as ws:
        await ws.send_json({"tipo": "assinar", "automacao_id": str(minhas)})
        assert (await ws.receive_json(timeout=5))["codigo"] == "execucao.nao_encontrada"
        await ws.send_json({"tipo": "assinar", "automacao_id": "*"})
        assert (await ws.receive_json(timeout=5))["tipo"] == "estado"
        maestro = Maestro(balcao.pool)
        for loja, automacao_id in ((minha, minhas), (dela, delas)):
            item = (await list_itens(balcao.pool, automacao_id))[0]
            await maestro.succeed(item["id"], await maestro.lease(loja))
            balcao.gateway.ctx.wake()
        quadros = []
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                while True:
                    quadros.append(await ws.receive_json())
        texto = json.dumps(quadros)
        assert str(delas) in texto
        assert str(minhas) not in texto


async def test_an_office_leaves_sockets_for_another_to_open(database_url: str, tmp_path: Path) -> None:
    opcoes, origem = LiveOptions(sockets_maximo=4), "https://crm.exemplo.com.br"
    async with open_balcao(database_url, tmp_path, live_options=opcoes) as balcao, AsyncExitStack() as abertos:
        await add_loja(balcao.pool, "17.308")
        for _ in range(3):
            await abertos.enter_async_context(balcao.socket())
        async with balcao.socket() as ws:
            await ws.send_json({"tipo": "assinar", "automacao_id": "*"})
            assert (await ws.receive_json(timeout=5))["tipo"] == "estado"
        await add_filial(balcao)
        await eventually(lambda: len(balcao.gateway.ctx.live.sockets) == 3)
        with pytest.raises(aiohttp.WSServerHandshakeError) as recusa:
            await abertos.enter_async_context(balcao.socket())
        assert recusa.value.status == 503
        bilhete = (await balcao.call("POST", "bilhetes", {"ponto_venda": "17.308", "origem": origem})).data["bilhete"]
        async with balcao.socket(None, headers={"Origin": origem}) as ws:
            await ws.send_json({"tipo": "autenticar", "bilhete": bilhete})
            assert (await ws.receive_json(timeout=5))["codigo"] == "socket.sem_vaga"
            assert (await ws.receive(timeout=5)).data == aiohttp.WSCloseCode.TRY_AGAIN_LATER
        async with balcao.socket("filial") as ws:
            await ws.send_json({"tipo": "assinar", "automacao_id": "*"})
            assert (await ws.receive_json(timeout=5))["tipo"] == "estado"


# --- SQL --------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def two_offices(balcao: Balcao) -> AsyncIterator[tuple[PoolEmpresa, Vizinho, Vizinho]]:
    filial = await add_filial(balcao)
    meu, outro = await settle(balcao, "17.308", 100), await settle(balcao, "17.909", 200, filial)
    await balcao.call(
        "POST", "bilhetes", {"ponto_venda": "17.909", "origem": "https://crm.exemplo.com.br"}, chave="filial"
    )
    await balcao.pool.execute("INSERT INTO treinos (linhas, empresa_id) VALUES (1, 1), (2, $1)", filial)
    yield PoolEmpresa(find_restritos(balcao), filial), meu, outro


async def test_no_statement_shows_or_changes_a_row_of_another_office(balcao: Balcao) -> None:
    async with two_offices(balcao) as (filial, meu, _):
        tabelas = {
            linha["tablename"]
            for linha in await balcao.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        }
        for tabela in sorted(tabelas - DA_INSTALACAO):
            antes = await balcao.pool.fetch(f"SELECT t::text FROM {tabela} t WHERE empresa_id = 1 ORDER BY 1")  # noqa: S608
            async with filial.acquire() as conn:
                vistas = {linha[0] for linha in await conn.fetch(f"SELECT empresa_id FROM {tabela}")}  # noqa: S608
                assert vistas <= {filial.empresa_id}, tabela
                await conn.execute(f"UPDATE {tabela} SET empresa_id = empresa_id")  # noqa: S608
                tr = conn.transaction()
                await tr.start()
                with suppress(asyncpg.ForeignKeyViolationError):
                    await conn.execute(f"DELETE FROM {tabela}")  # noqa: S608
                await tr.rollback()
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await conn.execute(f"TRUNCATE {tabela}")
            depois = await balcao.pool.fetch(f"SELECT t::text FROM {tabela} t WHERE empresa_id = 1 ORDER BY 1")  # noqa: S608
            assert depois == antes, tabela
        async with filial.acquire() as conn:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.fetch("SELECT corpo FROM outbox")
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await conn.execute(
                    "INSERT INTO webhooks (nome, url, segredo, ponto_venda_id) VALUES ('x', 'x', 'x', $1)", meu.loja.id
                )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(
                    "INSERT INTO pontos_venda (codigo, nome, empresa, url_base, empresa_id)"
                    " VALUES ('9', '9', '9', '9', 1)"
                )


async def test_every_row_names_the_office_of_those_that_it_belongs_to(balcao: Balcao) -> None:
    async with two_offices(balcao):
        vistas = 0
        for fk in await balcao.pool.fetch(
            "SELECT f.conrelid::regclass::text AS de, f.confrelid::regclass::text AS para, a.attname AS coluna"
            " FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]"
            " WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace"
        ):
            if not {fk["de"], fk["para"]} & DA_INSTALACAO:
                assert not await balcao.pool.fetchval(
                    f"SELECT count(*) FROM {fk['de']} d JOIN {fk['para']} p ON p.id = d.{fk['coluna']}"  # noqa: S608
                    " WHERE p.empresa_id <> d.empresa_id"
                ), fk
                vistas += 1
        assert vistas > 30


async def test_a_connection_serves_one_office_after_the_other(database_url: str) -> None:
    async with open_base(database_url) as pool, open_restritos(pool, database_url, max_size=1) as restritos:
        assert restritos
        async with pool.acquire() as conn:
            filial = await create_empresa(conn, "filial", "Filial", None)
        await add_loja(pool, "17.308"), await add_loja(pool, "17.909", empresa_id=filial)
        for _ in range(2):
            for empresa, codigo in ((PADRAO, "17.308"), (filial, "17.909")):
                async with PoolEmpresa(restritos, empresa).acquire() as conn:
                    assert [linha[0] for linha in await conn.fetch("SELECT codigo FROM pontos_venda")] == [codigo]


async def test_a_request_that_is_cut_off_leaves_no_transaction_behind(database_url: str) -> None:
    async with open_base(database_url) as pool, open_restritos(pool, database_url, max_size=1) as restritos:
        assert restritos
        minha = PoolEmpresa(restritos, PADRAO)
        with pytest.raises(asyncio.CancelledError):
            async with minha.acquire() as conn:
                await conn.prepare("SELECT codigo FROM pontos_venda")
                raise asyncio.CancelledError
        async with minha.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            assert await conn.fetch("SELECT codigo FROM pontos_venda") == []


async def test_the_background_works_for_one_office_inside_and_for_all_after(database_url: str) -> None:
    async with open_base(database_url) as pool, pool.acquire() as conn, conn.transaction():
        filial = await create_empresa(conn, "filial", "Filial", None)
        await conn.execute("INSERT INTO pontos_venda (codigo, nome, empresa, url_base) VALUES ('1', '1', '1', '1')")
        async with restrict(conn, filial):
            assert not await conn.fetch("SELECT FROM pontos_venda")
            await conn.execute("INSERT INTO auditoria (quem, acao, alvo) VALUES ('a', 'b', 'c')")
        assert await conn.fetchval("SELECT empresa_id FROM auditoria") == filial
        assert await conn.fetchval("SELECT count(*) FROM pontos_venda") == 1


async def test_what_the_background_does_is_audited_in_the_office_that_it_does_it_for(database_url: str) -> None:
    async with open_base(database_url) as pool:
        async with pool.acquire() as conn:
            filial = await create_empresa(conn, "filial", "Filial", None)
            loja = await add_loja(pool, "17.308", empresa_id=filial)
            agendamento = await agendamentos.insert_agendamento(conn, {
                "nome": "A", "ponto_venda_id": loja.id, "consultor_id": None, "mes": "atual",
                "regra": {"tipo": "dia_do_mes", "dia": 5, "hora": "08:00"}, "fuso": "America/Sao_Paulo",
                "perdidos": "recuperar", "ativo": True, "proxima_em": await read_agora(conn), "criado_por": "teste",
            })  # fmt: skip
        await Agendador(pool, lambda: None).tick()
        assert (
            await pool.fetchval("SELECT empresa_id FROM auditoria WHERE alvo = $1", f"agendamentos/{agendamento}")
            == filial
        )
        assert await pool.fetchval("SELECT empresa_id FROM execucoes_automacao") == filial


# --- files ------------------------------------------------------------------------------------------------------------


async def test_each_offices_boletos_go_to_its_own_folder(database_url: str) -> None:
    async with open_base(database_url) as pool:
        async with pool.acquire() as conn:
            filial = await create_empresa(conn, "filial", "Filial", None)
        pedidos = {}
        for empresa in (PADRAO, filial):
            loja = await add_loja(pool, "17.308", clientes=1, empresa_id=empresa)
            [item] = await list_itens(pool, await submit(pool, loja))
            maestro = Maestro(pool)
            tarefa = await maestro.send(item["id"], await maestro.lease(loja))
            await maestro.apply(*(BoletoEtapa(tarefa=tarefa, etapa=passo) for passo in PASSOS), capturado(tarefa))
            corpo = await pool.fetchval(
                "SELECT corpo FROM outbox WHERE rota = 'boleto.nomear' ORDER BY id DESC LIMIT 1"
            )
            pedidos[empresa] = json.loads(corpo)
        assert (pedidos[PADRAO]["escritorio"], pedidos[filial]["escritorio"]) == (None, "filial")


# --- one office as a whole --------------------------------------------------------------------------------------------


async def dump(balcao: Balcao, empresa_id: int) -> dict[str, list[str]]:
    tabelas = await balcao.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        tabela: [
            linha[0]
            for linha in await balcao.pool.fetch(
                f"SELECT t::text FROM {tabela} t WHERE empresa_id = $1 ORDER BY 1",  # noqa: S608
                empresa_id,
            )
        ]
        for tabela in sorted({linha[0] for linha in tabelas} - DA_INSTALACAO)
    }


async def test_an_office_is_taken_along_whole_without_what_opens_doors_or_is_anothers(
    balcao: Balcao, tmp_path: Path
) -> None:
    async with two_offices(balcao) as (filial, meu, dela):
        files = balcao.gateway.ctx.files
        await files.place("escritorios/filial/DAYLER/ANA.pdf", b"named by no row any more")
        await files.place("escritorios/filial-2/DAYLER/ANA.pdf", b"another's")
        resumo = await export_escritorio(balcao.pool, files, "filial", tmp_path / "filial.zip")
        assert resumo["linhas"] == sum(len(linhas) for linhas in (await dump(balcao, filial.empresa_id)).values())
        with zipfile.ZipFile(tmp_path / "filial.zip") as pacote:
            textos = {nome: pacote.read(nome).decode("utf-8", "replace") for nome in pacote.namelist()}
        assert f"arquivos/CONSULTOR {dela.loja.codigo}/CLIENTE_202.pdf" in textos
        assert [nome for nome in textos if "DAYLER" in nome] == ["arquivos/escritorios/filial/DAYLER/ANA.pdf"]
        tudo = "".join(textos.values())
        assert not any(marca in tudo for marca in (*meu.marcas, *meu.so_do_escritorio))
        assert not any(coluna in tudo for coluna in ("senha_encrypted", "senha_hash", "segredo", "csrf"))
        with pytest.raises(Falhou, match="já existe"):
            await export_escritorio(balcao.pool, files, "filial", tmp_path / "filial.zip")


async def test_an_office_that_is_erased_leaves_nothing_and_takes_nothing_of_anothers(balcao: Balcao) -> None:
    async with two_offices(balcao) as (filial, _, dela):
        files, id = balcao.gateway.ctx.files, filial.empresa_id
        antes = await dump(balcao, PADRAO)
        with pytest.raises(Falhou, match="não terminou"):
            await erase_escritorio(balcao.pool, files, "filial")
        assert (await balcao.call("GET", "execucoes", chave="filial")).status == 200
        await balcao.call("POST", f"execucoes/{dela.ids['execucoes/{automacao_id}']}/cancelar", chave="filial")
        await erase_escritorio(balcao.pool, files, "filial")
        assert not any((await dump(balcao, id)).values())
        depois = await dump(balcao, PADRAO)
        # That it was erased is told to whoever looks after the installation, and what is sent goes on being tried.
        for tabela in antes.keys() - {"auditoria", "avisos", "webhooks_entregas"}:
            assert depois[tabela] == antes[tabela], tabela
        assert [linha["codigo"] for linha in await list_empresas_de(balcao.pool)] == ["padrao"]
        assert [guardado.caminho async for guardado in files.list("") if "17.909" in guardado.caminho] == []
        assert [guardado.caminho async for guardado in files.list("") if "17.308" in guardado.caminho]
        assert (await balcao.call("GET", "execucoes", chave="filial")).status == 401
        with pytest.raises(Falhou, match="própria instalação"):
            await erase_escritorio(balcao.pool, files, "padrao")


async def test_a_boleto_kept_without_a_name_is_erased_where_it_lay_before_too(balcao: Balcao) -> None:
    async with two_offices(balcao) as (filial, _, dela):
        files = balcao.gateway.ctx.files
        so_dela, das_duas = b"%PDF so dela", b"%PDF das duas"
        for dados in (so_dela, das_duas):
            await files.put_interno("capturas", dados)
            await files.put_interno("sem_nome", dados)
        guardar = "UPDATE log_downloads_boletos SET captura = $2 WHERE id = $1"
        itens = await balcao.pool.fetch("SELECT id, empresa_id FROM log_downloads_boletos ORDER BY id")
        [meu, *_] = [item["id"] for item in itens if item["empresa_id"] == PADRAO]
        seus = [item["id"] for item in itens if item["empresa_id"] == filial.empresa_id]
        await balcao.pool.execute(guardar, meu, describe_interno("capturas", das_duas).model_dump())
        await balcao.pool.execute(guardar, seus[0], describe_interno("sem_nome", das_duas).model_dump())
        await balcao.pool.execute(guardar, seus[1], describe_interno("sem_nome", so_dela).model_dump())
        await balcao.call("POST", f"execucoes/{dela.ids['execucoes/{automacao_id}']}/cancelar", chave="filial")
        await erase_escritorio(balcao.pool, files, "filial")
        restam = [g.caminho for tipo in ("capturas", "sem_nome") async for g in files.list(f"_interno/{tipo}")]
        assert restam == [describe_interno("capturas", das_duas).caminho]


class Vagaroso(FileStore):
    """Reads and deletes when told."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.pedido, self.pode = asyncio.Event(), asyncio.Event()
        self.lidos: list[str] = []

    async def read(self, caminho: str) -> bytes:
        self.lidos.append(caminho)
        await self._wait()
        return await super().read(caminho)

    async def delete(self, caminho: str) -> None:
        await self._wait()
        await super().delete(caminho)

    async def _wait(self) -> None:
        self.pedido.set()
        await self.pode.wait()


async def add_arquivos(files: FileStore, pasta: str) -> str:
    """A boleto with the claim of its place and a note of what was written; where the claim lies."""
    caminho = f"{pasta}/ANA.pdf"
    await files.place(caminho, b"%PDF")
    await files.place(caminho_lugar(caminho), json.dumps({"identidade": "x", "caminho": caminho}).encode())
    await files.place(f"{caminho_lugar(caminho)}0", b"")
    return caminho_lugar(caminho)


@pytest.mark.parametrize("demora", ["read", "delete"])
async def test_others_work_on_while_the_files_of_an_office_are_erased(
    demora: str, database_url: str, tmp_path: Path
) -> None:
    async with open_base(database_url) as pool:
        async with pool.acquire() as conn:
            filial = await create_empresa(conn, "filial", "Filial", None)
        await add_loja(pool, "17.909", empresa_id=filial)
        files = Vagaroso(tmp_path.as_uri())
        meu = await add_arquivos(files, "DAYLER")
        if demora == "read":
            dele = await add_arquivos(files, "escritorios/filial/DAYLER")
        else:
            await files.place("escritorios/filial/DAYLER/BIA.pdf", b"%PDF")
            await FileStore.delete(files, meu)
        async with asyncio.TaskGroup() as grupo:
            apagando = grupo.create_task(erase_escritorio(pool, files, "filial"))
            async with asyncio.timeout(5):
                await files.pedido.wait()
                await add_loja(pool, "17.308")
            assert not apagando.done()
            files.pode.set()
        assert apagando.result()["arquivos"] == (2 if demora == "read" else 1)
        assert [g.caminho async for g in files.list("escritorios")] == []
        assert files.lidos == (sorted((meu, dele)) if demora == "read" else [])
        assert await pool.fetchval("SELECT codigo FROM pontos_venda") == "17.308"


async def test_an_erasure_that_was_cut_short_is_ended_by_the_same_again(
    balcao: Balcao, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(balcao) as (filial, _, dela):
        files = balcao.gateway.ctx.files
        lugar = await add_arquivos(files, "escritorios/filial/DAYLER")
        await balcao.call("POST", f"execucoes/{dela.ids['execucoes/{automacao_id}']}/cancelar", chave="filial")
        delete, restam = files.delete, 0

        async def fail_later(caminho: str) -> None:
            nonlocal restam
            if not restam:
                raise ArquivoFalhou("sem resposta")
            restam -= 1
            await delete(caminho)

        monkeypatch.setattr(files, "delete", fail_later)
        for quantas in (0, 1, 2):
            restam = quantas
            with pytest.raises(ArquivoFalhou):
                await erase_escritorio(balcao.pool, files, "filial")
            assert await balcao.pool.fetchval("SELECT count(*) FROM pontos_venda") == 2
        monkeypatch.undo()
        await erase_escritorio(balcao.pool, files, "filial")
        assert not any((await dump(balcao, filial.empresa_id)).values())
        ficaram = {guardado.caminho async for guardado in files.list("")}
        assert not [caminho for caminho in ficaram if "17.909" in caminho or caminho.startswith("escritorios")]
        assert lugar not in ficaram


async def list_empresas_de(pool: Pool) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT codigo FROM empresas ORDER BY id")


# --- fairness ---------------------------------------------------------------------------------------------------------


async def work(pool: Pool, dispatcher: Dispatcher) -> None:
    """A round: who was asked for a session gives it back, and each contract that was sent comes to its end."""
    cercas = await pool.fetch("SELECT cerca FROM concessoes WHERE encerrada_em IS NULL")
    ociosas_s = {linha["cerca"]: 0.0 for linha in cercas}
    pulso = ScraperPulso(scraper_id="s1", fila="scraper.s1", capacidade=8, ociosas_s=ociosas_s, parando=False)
    await note_scraper(pool, pulso)
    await dispatcher.tick()
    maestro = Maestro(pool)
    await pool.execute(
        "UPDATE concessoes SET encerrada_em = now() WHERE revogada_em IS NOT NULL AND encerrada_em IS NULL"
    )
    await pool.execute("UPDATE concessoes SET aberta = true")
    for linha in await pool.fetch(
        "SELECT automacao_id, id, despacho, tentativas, cerca FROM log_downloads_boletos l"
        " WHERE status = 'pendente' AND cerca IN (SELECT cerca FROM concessoes WHERE encerrada_em IS NULL)"
    ):
        tarefa = Tarefa(
            automacao_id=linha["automacao_id"], item_id=linha["id"], despacho=linha["despacho"],
            tentativa=linha["tentativas"] + 1, cerca=linha["cerca"],
        )  # fmt: skip
        await maestro.apply(falhou(tarefa, "cliente.nao_encontrado"))


@pytest.mark.parametrize("cada", [60, pytest.param(1250, marks=pytest.mark.completo)])
async def test_five_contracts_of_one_office_are_not_starved_by_all_those_of_another(
    cada: int, database_url: str
) -> None:
    async with open_base(database_url) as pool:
        async with pool.acquire() as conn:
            filial = await create_empresa(conn, "filial", "Filial", None)
        grandes = [await add_loja(pool, f"17.30{n}", clientes=cada, max_sessoes=2, base=n * 2000) for n in range(4)]
        for loja in grandes:
            await submit(pool, loja)
        dispatcher = Dispatcher(pool, lambda: None)
        for _ in range(4):
            await work(pool, dispatcher)
        assert await pool.fetchval("SELECT count(*) FROM concessoes WHERE encerrada_em IS NULL") == 8
        pequena = await submit(pool, await add_loja(pool, "17.300", clientes=5, base=90_000, empresa_id=filial))
        antes = await pool.fetchval(RESTAM, PADRAO)
        rodadas = 0
        while await pool.fetchval(RESTAM, filial):
            await work(pool, dispatcher)
            rodadas += 1
            assert rodadas < 10
        assert {item["status"] for item in await list_itens(pool, pequena)} == {"cpf_nao_encontrado"}
        # The other one has gone on all the while, and has most of its work still before it.
        assert 2 * cada < await pool.fetchval(RESTAM, PADRAO) < antes


RESTAM = "SELECT count(*) FROM log_downloads_boletos WHERE status IN ('pendente', 'processando') AND empresa_id = $1"


# --- where the database's user may not take the role ------------------------------------------------------------------


async def test_who_may_not_take_the_role_serves_one_office_and_no_second_one(database_url: str) -> None:
    async with open_base(database_url) as pool:
        await pool.execute("CREATE ROLE canopus_sem_papel")
        try:
            await pool.execute("ALTER TABLE empresas OWNER TO canopus_sem_papel")

            async def become(conn: Conn) -> None:
                await conn.execute("SET SESSION AUTHORIZATION canopus_sem_papel")

            async def keep(_: Conn) -> None:
                pass

            async with asyncpg.create_pool(database_url, min_size=1, max_size=1, init=become, reset=keep) as simples:
                async with open_restritos(simples, database_url, max_size=1) as restritos:
                    assert restritos is None
                async with simples.acquire() as conn:
                    with pytest.raises(SemPapel, match="GRANT canopus_escritorio"):
                        await create_empresa(conn, "filial", "Filial", None)
                await pool.execute("INSERT INTO empresas (codigo, nome) VALUES ('filial', 'Filial')")
                with pytest.raises(SemPapel):
                    async with open_restritos(simples, database_url, max_size=1):
                        pass
        finally:
            await pool.execute("ALTER TABLE empresas OWNER TO CURRENT_USER")
            await pool.execute("DROP ROLE canopus_sem_papel")
