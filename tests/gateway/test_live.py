"""The socket: every promise of its protocol, over the real server, with cuts, slow readers and other people's keys."""

from __future__ import annotations

import asyncio
import json
import random
import socket as sockets
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from services.gateway.api import BASE
from services.gateway.live import LiveOptions
from services.gateway.store.chaves import Escopo
from services.gateway.sweeper import Guarda, Sweeper
from shared.events import ExecucaoEvento
from shared.files import FileStore
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, Quadro, open_balcao, read_eventos, read_quadro, subscribe
from tests.gateway.cadastro import Loja, add_loja, list_itens, submit
from tests.gateway.figurantes import ScraperFigurante, run_namer
from tests.gateway.motor import Maestro, add_eventos, list_quadros
from tests.socket_client import SocketClient, Visao

STATUS = {
    "pendente", "processando", "sucesso", "erro", "cpf_nao_encontrado", "sem_boleto", "ja_baixado", "cancelado",
}  # fmt: skip
FINAIS = ("concluida", "concluida_com_falhas", "bloqueada", "erro", "cancelada")


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(
        database_url, tmp_path, origens="https://crm.exemplo.com.br, https://CRM.cliente.exemplo/"
    ) as aberto:
        yield aberto


async def head(balcao: Balcao, id: UUID) -> int:
    seq: int = await balcao.pool.fetchval("SELECT seq FROM execucoes_automacao WHERE automacao_id = $1", id)
    return seq


async def run_all(balcao: Balcao, loja: Loja, id: UUID) -> int:
    """Every contract to its success; returns the last event's number."""
    maestro = Maestro(balcao.pool)
    slots = await balcao.pool.fetchval("SELECT count(*) FROM concessoes")
    cerca = await maestro.lease(loja, slot=slots)
    for item in await list_itens(balcao.pool, id):
        await maestro.succeed(item["id"], cerca)
    return await head(balcao, id)


# --- subscribing ------------------------------------------------------------------------------------------------------


async def test_a_subscription_is_answered_by_one_snapshot_and_then_every_event_once(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=4)
    id = await submit(balcao.pool, loja)
    async with balcao.socket() as ws:
        assert ws.protocol == "canopus.v1"
        estado = await subscribe(ws, id)
        ultimo = await run_all(balcao, loja, id)
        eventos = await read_eventos(ws, ultimo)
    assert set(estado) == {"tipo", "automacao_id", "epoca", "seq", "modo", "execucao", "contadores", "clientes"}
    assert (estado["tipo"], estado["modo"]) == ("estado", "inicial")
    assert set(estado["contadores"]) == STATUS
    rest = (await balcao.call("GET", f"execucoes/{id}/clientes")).data["clientes"]
    assert [set(linha) for linha in estado["clientes"]] == [set(linha) for linha in rest]
    assert len(estado["clientes"]) == estado["execucao"]["total_clientes"] == 4
    assert [e["seq"] for e in eventos] == list(range(estado["seq"] + 1, ultimo + 1))
    assert eventos == (await list_quadros(balcao.pool, id))[estado["seq"] :]


async def test_a_resumption_repeats_the_cursor_and_brings_what_was_missed(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    async with balcao.socket() as ws:
        antes = await subscribe(ws, id)
    ultimo = await run_all(balcao, loja, id)
    async with balcao.socket() as ws:
        desde = {"epoca": antes["epoca"], "seq": antes["seq"]}
        estado = await subscribe(ws, id, desde)
        eventos = await read_eventos(ws, ultimo)
        assert (estado["modo"], estado["seq"], estado["clientes"]) == ("retomada", antes["seq"], [])
        assert estado["contadores"]["sucesso"] == 3
        assert [e["seq"] for e in eventos] == list(range(antes["seq"] + 1, ultimo + 1))
        # Level with the end: nothing follows, and the next frame is the answer to another subscription.
        em_dia = await subscribe(ws, id, {"epoca": antes["epoca"], "seq": ultimo})
        assert (em_dia["modo"], em_dia["seq"]) == ("retomada", ultimo)
        assert (await subscribe(ws, id))["modo"] == "inicial"


async def test_asked_for_again_at_once_each_answer_is_followed_by_its_own_events_alone(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=60)
    id = await submit(balcao.pool, loja)
    ultimo = await run_all(balcao, loja, id)
    async with balcao.socket() as ws:
        epoca = (await subscribe(ws, id))["epoca"]
        for _ in range(5):
            await ws.send_json({"tipo": "assinar", "automacao_id": str(id), "desde": {"epoca": epoca, "seq": 0}})
        estados, visto = 0, ultimo
        while (estados, visto) != (5, ultimo):
            quadro = await read_quadro(ws)
            if quadro["tipo"] == "estado":
                estados, visto = estados + 1, quadro["seq"]
            else:
                assert quadro["seq"] == visto + 1, (estados, visto)
                visto = quadro["seq"]


async def test_a_cursor_that_does_not_hold_is_answered_by_a_new_beginning(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    ultimo = await run_all(balcao, loja, id)
    async with balcao.socket() as ws:
        epoca = (await subscribe(ws, id))["epoca"]
        await balcao.pool.execute("DELETE FROM eventos WHERE seq <= 5")
        for desde in (
            {"epoca": str(uuid4()), "seq": ultimo},
            {"epoca": epoca, "seq": ultimo + 1},
            {"epoca": epoca, "seq": 4},
        ):
            estado = await subscribe(ws, id, desde)
            assert (estado["modo"], estado["seq"], len(estado["clientes"])) == ("reinicio", ultimo, 3), desde
        assert (await subscribe(ws, id, {"epoca": epoca, "seq": 5}))["modo"] == "retomada"
        assert len(await read_eventos(ws, ultimo)) == ultimo - 5


async def test_a_purged_execution_still_says_how_it_ended_and_hides_no_gap(balcao: Balcao, tmp_path: Path) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    ultimo = await run_all(balcao, loja, id)
    eventos = f"execucoes/{id}/eventos"
    inteiros = (await balcao.call("GET", f"{eventos}?limite=500")).corpo["data"]
    assert (inteiros["primeiro"], inteiros["seq"], len(inteiros["eventos"])) == (1, ultimo, ultimo)
    await balcao.pool.execute("UPDATE execucoes_automacao SET finalizado_em = now() - interval '9 days'")
    await balcao.pool.execute("UPDATE eventos SET em = now() - interval '9 days'")
    files = FileStore((tmp_path / "vazia").as_uri())
    await Sweeper(balcao.pool, files, lambda: None, Guarda()).clean()
    assert await balcao.pool.fetchval("SELECT count(*) FROM eventos") == 0
    async with balcao.socket() as ws:
        epoca = None
        for desde, modo in ((None, "inicial"), (ultimo - 1, "reinicio"), (ultimo, "retomada"), (0, "reinicio")):
            estado = await subscribe(ws, id, None if desde is None else {"epoca": epoca, "seq": desde})
            epoca = estado["epoca"]
            assert (estado["modo"], estado["seq"]) == (modo, ultimo), desde
            assert estado["execucao"]["status"] == "concluida" and estado["contadores"]["sucesso"] == 3
            assert len(estado["clientes"]) == (0 if modo == "retomada" else 3)
    sem = (await balcao.call("GET", f"{eventos}?desde=2")).corpo["data"]
    assert (sem["eventos"], sem["primeiro"], sem["seq"], sem["cursor"]) == ([], None, ultimo, None)
    assert len((await balcao.call("GET", f"execucoes/{id}/clientes")).corpo["data"]["clientes"]) == 3


async def test_a_star_hears_every_execution_those_to_come_included(balcao: Balcao) -> None:
    loja, vizinha = await add_loja(balcao.pool), await add_loja(balcao.pool, "21.400", base=100)
    primeira = await submit(balcao.pool, loja)
    async with balcao.socket() as ws:
        estado = await subscribe(ws, "*")
        assert (estado["automacao_id"], estado["execucao"], estado["clientes"]) == ("*", None, [])
        segunda = await submit(balcao.pool, vizinha)
        await run_all(balcao, vizinha, segunda)
        esperados = [(str(segunda), q["seq"]) for q in await list_quadros(balcao.pool, segunda)]
        vistos: list[tuple[str, int]] = []
        while len([v for v in vistos if v[0] == str(segunda)]) < len(esperados):
            quadro = await read_quadro(ws)
            vistos.append((quadro["automacao_id"], quadro["seq"]))
        assert [v for v in vistos if v[0] == str(segunda)] == esperados
        assert len(vistos) == len(set(vistos))
        # One of them on its own as well: its events come once, not twice.
        inicial = await subscribe(ws, primeira)
        ultimo = await run_all(balcao, loja, primeira)
        eventos = await read_eventos(ws, ultimo)
        assert [e["seq"] for e in eventos] == list(range(inicial["seq"] + 1, ultimo + 1))


async def test_a_cancelled_subscription_hears_no_more(balcao: Balcao) -> None:
    loja, vizinha = await add_loja(balcao.pool), await add_loja(balcao.pool, "21.400", base=100)
    uma, outra = await submit(balcao.pool, loja), await submit(balcao.pool, vizinha)
    async with balcao.socket() as ws:
        await subscribe(ws, uma)
        await subscribe(ws, outra)
        await ws.send_json({"tipo": "cancelar_assinatura", "automacao_id": str(uma)})
        # Answered in order, so the cancelling was seen.
        await subscribe(ws, outra)
        await run_all(balcao, loja, uma)
        ultimo = await run_all(balcao, vizinha, outra)
        assert {e["automacao_id"] for e in await read_eventos(ws, ultimo)} == {str(outra)}


async def test_two_replicas_tell_the_same_without_a_bus_between_them(
    balcao: Balcao, database_url: str, tmp_path: Path
) -> None:
    """The other replica's bus hears nothing: its second look at the table does."""
    async with open_balcao(database_url, tmp_path) as outro:
        loja = await add_loja(balcao.pool)
        id = await submit(balcao.pool, loja)
        async with balcao.socket() as aqui, outro.socket() as la:
            assert await subscribe(aqui, id) == await subscribe(la, id)
            ultimo = await run_all(balcao, loja, id)
            assert await read_eventos(aqui, ultimo) == await read_eventos(la, ultimo)


async def test_news_that_come_twice_late_or_early_change_nothing(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    async with balcao.socket() as ws:
        estado = await subscribe(ws, id)
        for seq in (1, 999, 1, 999):
            await balcao.bus.publish(ExecucaoEvento(automacao_id=id, seq=seq))
        ultimo = await run_all(balcao, loja, id)
        eventos = await read_eventos(ws, ultimo)
        assert [e["seq"] for e in eventos] == list(range(estado["seq"] + 1, ultimo + 1))


# --- cuts and slow readers --------------------------------------------------------------------------------------------


async def test_a_client_cut_ten_times_ends_with_what_a_never_cut_one_has(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=60, max_sessoes=2)
    id = await submit(balcao.pool, loja)

    def check(quadro: Quadro) -> None:
        if "contadores" in quadro:
            assert set(quadro["contadores"]) == STATUS
            assert sum(quadro["contadores"].values()) == 60

    def has_ended(visao: Visao) -> bool:
        return visao.execucao.get("status") in FINAIS

    def has_reached(cliente: SocketClient, seq: int) -> bool:
        return has_ended(cliente.visao) or (cliente.visao.seq or 0) >= seq

    def client(espera_s: float) -> SocketClient:
        return SocketClient(balcao.origem, str(id), balcao.headers("leitura"), check, lambda _: espera_s)

    inteiro, cortado = client(0.01), client(0.01)

    async def cut(sorte: random.Random) -> None:
        for corte in range(1, 11):
            # At random points, spread over the run.
            alvo = corte * 20 + sorte.randrange(15)
            await eventually(partial(has_reached, cortado, alvo), 30)
            await cortado.cut()

    async with (
        ScraperFigurante(balcao.bus, contrato_s=0.01).run(),
        run_namer(balcao.bus),
        asyncio.timeout(40),
        asyncio.TaskGroup() as grupo,
    ):
        grupo.create_task(inteiro.run(has_ended))
        grupo.create_task(cortado.run(has_ended))
        grupo.create_task(cut(random.Random(7)))
    assert cortado.conexoes > 5
    assert set(cortado.visao.modos[1:]) == {"retomada"}
    todos = await list_quadros(balcao.pool, id)
    for cliente in (inteiro, cortado):
        assert cliente.visao.eventos == todos[todos.index(cliente.visao.eventos[0]) :]
    assert inteiro.visao.clientes == cortado.visao.clientes
    assert inteiro.visao.contadores == cortado.visao.contadores
    assert cortado.visao.contadores["sucesso"] == 60


async def test_a_client_that_no_socket_reaches_reads_the_same_over_rest(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    ultimo = await run_all(balcao, loja, id)
    async with balcao.socket() as ws:
        epoca = (await subscribe(ws, id))["epoca"]
    # A network that lets no socket through: its address answers nothing.
    cliente = SocketClient(balcao.origem, str(id), balcao.headers("leitura"), espera_s=lambda _: 0, ws="/nenhum")
    visao = await asyncio.wait_for(cliente.run(lambda v: (v.seq or 0) >= ultimo), 10)
    assert (visao.epoca, cliente.conexoes) == (epoca, 0)
    assert visao.eventos == await list_quadros(balcao.pool, id)


async def test_a_reader_that_does_not_keep_up_is_closed_with_4008_and_resumes(
    database_url: str, tmp_path: Path
) -> None:
    async with open_balcao(database_url, tmp_path, live_options=LiveOptions(fila_maxima=50)) as balcao:
        loja = await add_loja(balcao.pool, clientes=400)
        id = await submit(balcao.pool, loja)
        lento = aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=_small_socket))
        async with lento:
            ws = await lento.ws_connect(
                f"{balcao.origem}{BASE}/ws", headers=balcao.headers(), protocols=["canopus.v1"], max_msg_size=0
            )
            estado = await subscribe(ws, id)
            # Not read while all this comes; the rest of the gateway goes on beside it.
            await add_eventos(balcao.pool, id, 4000)
            ultimo = await head(balcao, id)
            await eventually(lambda: not balcao.gateway.ctx.live.sockets)
            assert (await balcao.call("GET", f"execucoes/{id}")).data["execucao"]["seq"] == ultimo
            vistos = []
            while (mensagem := await ws.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                vistos.append(json.loads(mensagem.data))
            assert ws.close_code == 4008
        assert len(vistos) < 4000
        assert [v["seq"] for v in vistos] == list(range(estado["seq"] + 1, estado["seq"] + 1 + len(vistos)))
        cliente = SocketClient(balcao.origem, str(id), balcao.headers())
        cliente.visao.apply(estado)
        for quadro in vistos:
            cliente.visao.apply(quadro)
        visao = await asyncio.wait_for(cliente.run(lambda v: (v.seq or 0) >= ultimo), 20)
        assert [e["seq"] for e in visao.eventos] == list(range(estado["seq"] + 1, ultimo + 1))


def _small_socket(endereco: Any) -> sockets.socket:
    familia, tipo, proto, _, _ = endereco
    sock = sockets.socket(familia, tipo, proto)
    sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    sock.setblocking(False)
    return sock


async def test_a_long_backlog_is_read_at_the_readers_pace_and_not_taken_for_slowness(
    database_url: str, tmp_path: Path
) -> None:
    async with open_balcao(database_url, tmp_path, live_options=LiveOptions(fila_maxima=20)) as balcao:
        loja = await add_loja(balcao.pool)
        id = await submit(balcao.pool, loja)
        async with balcao.socket() as ws:
            estado = await subscribe(ws, id)
        await add_eventos(balcao.pool, id, 3000)
        async with balcao.socket() as ws:
            await subscribe(ws, id, {"epoca": estado["epoca"], "seq": 0})
            eventos = await read_eventos(ws, await head(balcao, id))
            assert [e["seq"] for e in eventos] == list(range(1, estado["seq"] + 3001))


async def test_a_stopping_gateway_says_goodbye_and_is_quick_about_it(database_url: str, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as sessao:
        async with open_balcao(database_url, tmp_path) as balcao:
            ws = await sessao.ws_connect(
                f"{balcao.origem}{BASE}/ws", headers=balcao.headers(), protocols=["canopus.v1"]
            )
            await subscribe(ws, "*")
            adeus = asyncio.create_task(ws.receive(timeout=10))
            inicio = time.monotonic()
        assert time.monotonic() - inicio < 5
        assert (await adeus).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 1001


async def test_a_database_that_goes_away_ends_no_socket(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    async with balcao.socket() as ws:
        estado = await subscribe(ws, id)
        await balcao.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        ultimo = await run_all(balcao, loja, id)
        assert [e["seq"] for e in await read_eventos(ws, ultimo)] == list(range(estado["seq"] + 1, ultimo + 1))


# --- the pulse --------------------------------------------------------------------------------------------------------


async def test_the_pulse_tells_the_last_event_of_each_execution(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path, live_options=LiveOptions(pulso_s=1.0)) as balcao:
        loja = await add_loja(balcao.pool)
        id = await submit(balcao.pool, loja)
        async with balcao.socket() as ws:
            await subscribe(ws, id)
            ultimo = await run_all(balcao, loja, id)
            await read_eventos(ws, ultimo)
            pulso = await read_quadro(ws)
            while pulso != {"tipo": "pulso", "seqs": {str(id): ultimo}}:
                assert pulso["tipo"] == "pulso"
                pulso = await read_quadro(ws)


async def test_a_peer_that_answers_no_ping_is_let_go_after_two(database_url: str, tmp_path: Path) -> None:
    async with (
        open_balcao(database_url, tmp_path, live_options=LiveOptions(pulso_s=0.2)) as balcao,
        balcao.socket(autoping=False) as mudo,
        balcao.socket() as vivo,
    ):
        fica = asyncio.create_task(_read_pulsos(vivo, 8))
        pings = 0
        while (mensagem := await mudo.receive(timeout=5)).type is not aiohttp.WSMsgType.CLOSE:
            pings += mensagem.type is aiohttp.WSMsgType.PING
        assert (mudo.close_code, pings) == (1001, 2)
        # One that answers stays.
        await fica


async def _read_pulsos(ws: aiohttp.ClientWebSocketResponse, quantos: int) -> None:
    for _ in range(quantos):
        assert (await read_quadro(ws))["tipo"] == "pulso"


async def test_a_revoked_key_closes_its_sockets(database_url: str, tmp_path: Path) -> None:
    async with (
        open_balcao(database_url, tmp_path, live_options=LiveOptions(pulso_s=0.2)) as balcao,
        balcao.socket("leitura") as ws,
    ):
        await balcao.pool.execute("UPDATE chaves_api SET revogada_em = now() WHERE nome = 'leitura'")
        while (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert ws.close_code == 4401


# --- who may listen ---------------------------------------------------------------------------------------------------


async def refused(balcao: Balcao, chave: str | None, **opcoes: Any) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as recusa:
        async with balcao.socket(chave, **opcoes):
            pass
    return recusa.value.status


async def close_code(ws: aiohttp.ClientWebSocketResponse) -> tuple[str, int | None]:
    """The slug of the `erro` frame, and the code the socket is closed with."""
    quadro = await read_quadro(ws)
    assert quadro["tipo"] == "erro"
    assert quadro["error"]
    assert (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    return quadro["codigo"], ws.close_code


async def test_a_page_of_another_origin_is_refused_unless_it_is_allowed(balcao: Balcao) -> None:
    assert await refused(balcao, "admin", headers={"Origin": "https://outro.exemplo"}) == 403
    assert await refused(balcao, "admin", headers={"Origin": "null"}) == 403
    assert await refused(balcao, "admin", headers={"Origin": "http://[::1"}) == 403
    for origem in ("https://crm.exemplo.com.br", balcao.origem):
        async with balcao.socket("admin", headers={"Origin": origem}) as ws:
            assert (await subscribe(ws, "*"))["tipo"] == "estado"
    balcao.chaves["errada"] = "cano_errada"
    assert await refused(balcao, "errada") == 401
    assert await refused(balcao, "admin", protocols=["outro.v1"]) == 400
    assert (await balcao.call("GET", "ws")).recusa == (426, "socket.upgrade")
    assert (await balcao.call("GET", "ws", chave=None)).recusa == (401, "acesso.sem_chave")


async def make_bilhete(balcao: Balcao, ponto_venda: str, origem: str, chave: str = "admin") -> str:
    resposta = await balcao.call("POST", "bilhetes", {"ponto_venda": ponto_venda, "origem": origem}, chave=chave)
    assert resposta.status == 201
    bilhete: str = resposta.data["bilhete"]
    return bilhete


async def test_a_ticket_opens_one_socket_of_its_origin_for_its_ponto_de_venda(balcao: Balcao) -> None:
    loja, outra = await add_loja(balcao.pool), await add_loja(balcao.pool, "21.400", base=50)
    id, alheia = await submit(balcao.pool, loja), await submit(balcao.pool, outra)
    origem = {"Origin": "https://crm.cliente.exemplo"}
    bilhete = await make_bilhete(balcao, "17308", "https://CRM.cliente.exemplo/")
    quadro = {"tipo": "autenticar", "bilhete": bilhete}
    async with balcao.socket(None, headers=origem) as ws:
        await ws.send_json(quadro)
        assert (await subscribe(ws, id))["tipo"] == "estado"
        assert (await subscribe(ws, alheia))["codigo"] == "execucao.nao_encontrada"
    async with balcao.socket(None, headers=origem) as ws:
        await ws.send_json(quadro)
        assert await close_code(ws) == ("acesso.bilhete_invalido", 4401)
    for outra_origem in ({"Origin": "https://crm.exemplo.com.br"}, {}):
        async with balcao.socket(None, headers=outra_origem) as ws:
            novo = await make_bilhete(balcao, "17308", origem["Origin"])
            await ws.send_json({"tipo": "autenticar", "bilhete": novo})
            assert await close_code(ws) == ("acesso.origem", 4401)
    velho = await make_bilhete(balcao, "17308", origem["Origin"])
    await balcao.pool.execute("UPDATE bilhetes SET expira_em = now() - interval '1 second'")
    async with balcao.socket(None, headers=origem) as ws:
        await ws.send_json({"tipo": "autenticar", "bilhete": velho})
        assert await close_code(ws) == ("acesso.bilhete_invalido", 4401)
    assert velho not in str(await balcao.pool.fetch("SELECT * FROM bilhetes"))


async def test_where_origins_are_listed_no_ticket_is_made_or_taken_for_another(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    corpo = {"ponto_venda": "17.308", "origem": "https://outro.exemplo"}
    assert set((await balcao.call("POST", "bilhetes", corpo)).campos) == {"origem"}
    assert await refused(balcao, None, headers={"Origin": "https://outro.exemplo"}) == 403
    assert await make_bilhete(balcao, "17.308", balcao.origem)


async def test_where_none_are_listed_the_ticket_names_its_own(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        id = await submit(balcao.pool, await add_loja(balcao.pool))
        bilhete = await make_bilhete(balcao, "17308", "https://crm.exemplo.com.br")
        async with balcao.socket(None, headers={"Origin": "https://crm.exemplo.com.br"}) as ws:
            await ws.send_json({"tipo": "autenticar", "bilhete": bilhete})
            assert (await subscribe(ws, id))["tipo"] == "estado"


async def test_a_cookie_says_nothing_for_a_page_of_another_origin(balcao: Balcao) -> None:
    id = await submit(balcao.pool, await add_loja(balcao.pool))
    do_crm = {"Origin": "https://crm.exemplo.com.br", "Cookie": "canopus_sessao=canos_encerrada"}
    async with balcao.socket(None, headers=do_crm) as ws:
        await ws.send_json({"tipo": "autenticar", "bilhete": await make_bilhete(balcao, "17308", do_crm["Origin"])})
        assert (await subscribe(ws, id))["tipo"] == "estado"
    assert await refused(balcao, None, headers={**do_crm, "Origin": balcao.origem}) == 401
    assert await refused(balcao, None, headers={**do_crm, "Origin": "https://outro.exemplo"}) in (401, 403)


async def test_a_ticket_is_good_where_the_person_has_the_dashboards_cookie_too(
    database_url: str, tmp_path: Path
) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        id = await submit(balcao.pool, await add_loja(balcao.pool))
        do_crm = {"Origin": "https://crm.exemplo.com.br", "Cookie": "canopus_sessao=canos_encerrada"}
        async with balcao.socket(None, headers=do_crm) as ws:
            await ws.send_json({"tipo": "autenticar", "bilhete": await make_bilhete(balcao, "17308", do_crm["Origin"])})
            assert (await subscribe(ws, id))["tipo"] == "estado"


async def test_a_ticket_is_only_made_for_what_the_key_sees(balcao: Balcao) -> None:
    await add_loja(balcao.pool)
    await balcao.add_chave("alheia", Escopo.LEITURA, (await add_loja(balcao.pool, "21.400", base=50)).id)
    corpo = {"ponto_venda": "17.308", "origem": "https://crm.exemplo.com.br"}
    assert (await balcao.call("POST", "bilhetes", corpo, chave="alheia")).recusa == (403, "acesso.ponto_venda")
    for origem in (
        "crm", "https://", "https://a/b", "javascript:alert(1)", "https://u:s@crm.exemplo", "http://[::1",
        "https://crm:99999", "https://crm exemplo",
    ):  # fmt: skip
        assert set((await balcao.call("POST", "bilhetes", {**corpo, "origem": origem})).campos) == {"origem"}


async def test_a_socket_that_does_not_say_who_it_is_is_closed(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path, live_options=LiveOptions(autenticacao_s=0.2)) as balcao:
        async with balcao.socket(None) as ws:
            assert await close_code(ws) == ("acesso.sem_chave", 4401)
        async with balcao.socket(None) as ws:
            await ws.send_json({"tipo": "assinar", "automacao_id": "*", "desde": None})
            assert await close_code(ws) == ("acesso.sem_chave", 4401)


async def test_a_key_hears_only_its_own_ponto_de_venda(balcao: Balcao) -> None:
    loja, outra = await add_loja(balcao.pool), await add_loja(balcao.pool, "21.400", base=50)
    await balcao.add_chave("minha", Escopo.LEITURA, loja.id)
    id, alheia = await submit(balcao.pool, loja), await submit(balcao.pool, outra)
    async with balcao.socket("minha") as ws:
        erro = await subscribe(ws, alheia)
        assert (erro["tipo"], erro["codigo"]) == ("erro", "execucao.nao_encontrada")
        assert (await subscribe(ws, "*"))["tipo"] == "estado"
        await run_all(balcao, outra, alheia)
        ultimo = await run_all(balcao, loja, id)
        assert {e["automacao_id"] for e in await read_eventos(ws, ultimo)} == {str(id)}


async def test_bad_frames_are_told_and_too_many_end_the_socket(balcao: Balcao) -> None:
    async with balcao.socket() as ws:
        for texto, codigo in (
            ("{", "quadro.nao_json"),
            ("[]", "quadro.tipo_desconhecido"),
            ('{"tipo": "dançar"}', "quadro.tipo_desconhecido"),
            ('{"tipo": "assinar"}', "quadro.invalido"),
            ('{"tipo": "assinar", "automacao_id": "17"}', "quadro.invalido"),
            (json.dumps({"tipo": "assinar", "automacao_id": str(uuid4()), "desde": 5}), "quadro.invalido"),
            (json.dumps({"tipo": "assinar", "automacao_id": str(uuid4())}), "execucao.nao_encontrada"),
            ('{"tipo": "autenticar", "bilhete": "x"}', "quadro.invalido"),
        ):
            await ws.send_str(texto)
            quadro = await read_quadro(ws)
            assert (quadro["tipo"], quadro["codigo"]) == ("erro", codigo), texto
        await ws.send_bytes(b"\x00")
        assert (await read_quadro(ws))["codigo"] == "quadro.binario"
        for _ in range(20):
            await ws.send_str("{")
        while (await ws.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert ws.close_code == 1008


async def test_no_frame_shows_a_whole_cpf(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool)
    id = await submit(balcao.pool, loja)
    textos: list[str] = []
    async with balcao.socket() as ws:
        await ws.send_json({"tipo": "assinar", "automacao_id": str(id), "desde": None})
        ultimo = await run_all(balcao, loja, id)
        while not textos or json.loads(textos[-1])["seq"] < ultimo:
            textos.append((await ws.receive(timeout=5)).data)
    cpfs = [item["cpf"] for item in await list_itens(balcao.pool, id)]
    assert cpfs
    assert not [cpf for cpf in cpfs if cpf in "".join(textos)]
    assert "***." in textos[0]
