"""Dead letters over HTTP: readable without a secret, and put back where they died."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.gateway.store.chaves import Escopo
from services.gateway.store.execucoes import cancel_execucao
from shared.bus import Delivery, Message, Reject
from shared.bus.codec import encode
from shared.bus.topology import NAMER_BOLETOS, NAMER_PEDIDOS, Queue
from shared.events import Arquivo, BoletoNomear, Evento, PlanilhaLer
from tests.eventually import eventually
from tests.gateway.cadastro import Loja, add_cliente, list_itens, submit
from tests.gateway.motor import Maestro
from tests.gateway.porta import Porta, open_porta

PERGUNTA = PlanilhaLer(
    pedido_id=UUID(int=7),
    responder_a="gateway.r1.respostas",
    planilha=Arquivo(caminho="_interno/planilhas/x", sha256="0" * 64, tamanho=1),
    nome_arquivo="ANA 111.444.777-35.xlsx",
)


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


async def kill(porta: Porta, evento: Evento = PERGUNTA, fila: Queue = NAMER_PEDIDOS) -> str:
    """A message that no one could handle; its id."""

    async def refuse(_: object, __: Delivery) -> None:
        raise Reject("não se entende o CPF 111.444.777-35")

    mensagem = encode(evento)
    async with porta.bus.consume(fila, refuse):
        assert await porta.bus.publish_many([mensagem]) == [None]
        await eventually(porta.bus.dead_letters)
    return mensagem.id


async def test_a_dead_letter_is_read_masked_and_put_back(porta: Porta) -> None:
    id = await kill(porta)
    resposta = await porta.call("GET", "mortas")
    [morta] = resposta.data["mortas"]
    assert (morta["id"], morta["rota"], morta["fila"]) == (id, "planilha.ler", "namer.pedidos")
    assert morta["corpo"]["nome_arquivo"] == "ANA ***.444.777-**.xlsx"
    assert "111.444" not in resposta.bruto.decode()
    voltou: list[object] = []

    async def note(evento: object, _: Delivery) -> None:
        voltou.append(evento)

    async with porta.bus.consume(NAMER_PEDIDOS, note):
        assert (await porta.call("POST", f"mortas/{id}/reenviar")).status == 200
        await eventually(lambda: voltou == [PERGUNTA])
    assert (await porta.call("GET", "mortas")).data["mortas"] == []
    assert (await porta.call("POST", f"mortas/{id}/reenviar")).status == 404
    assert await porta.pool.fetchval("SELECT count(*) FROM auditoria WHERE acao = 'morta.reenviar'") == 1


async def test_the_dead_letter_of_a_cancelled_execution_is_dropped(porta: Porta) -> None:
    loja = Loja(1, "17.308", 1, 1)
    for numero in (1, 2):
        await add_cliente(porta.pool, 1, 1, numero)
    automacao_id = await submit(porta.pool, loja)
    maestro, itens = Maestro(porta.pool), await list_itens(porta.pool, automacao_id)
    tarefa = await maestro.send(itens[0]["id"], await maestro.lease(loja))
    pedido = BoletoNomear(
        tarefa=tarefa, ponto_venda="17.308", captura=PERGUNTA.planilha, cpf="", grupo=1, cota=1, mes=11, ano=2026
    )
    id = await kill(porta, pedido, NAMER_BOLETOS)
    await eventually(lambda: porta.pool.fetchval("SELECT count(*) FROM log_downloads_boletos WHERE status = 'erro'"))
    async with porta.pool.acquire() as conn, conn.transaction():
        await cancel_execucao(conn, automacao_id, "ana")
    resposta = await porta.call("POST", f"mortas/{id}/reenviar")
    assert resposta.status == 200 and "descartada" in resposta.corpo["message"]
    assert (await porta.call("GET", "mortas")).data["mortas"] == []
    assert await porta.pool.fetchval("SELECT count(*) FROM auditoria WHERE acao = 'morta.descartar'") == 1
    assert (await list_itens(porta.pool, automacao_id))[0]["status"] == "erro"


async def test_dead_letters_are_for_those_who_run_the_whole(porta: Porta) -> None:
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    for chave in ("operador", "leitura", "loja"):
        assert (await porta.call("GET", "mortas", chave=chave)).status == 403
        assert (await porta.call("POST", "mortas/x/reenviar", chave=chave)).status == 403


async def test_what_no_program_can_read_is_shown_as_it_is_and_kept_when_put_back(porta: Porta) -> None:
    """Of another version, of another shape, no JSON at all: each dies alone, and again when nothing has changed."""
    doente = {**json.loads(encode(PERGUNTA).corpo), "versao": 99}
    corpos = [
        json.dumps(doente).encode(),
        b'{"cpf": ["111.444.777-35", 11144477735, "1144477735", "***.444.777-**"], "senha_cifrada": "segredo"}',
        b"\xff<b>11144477735",
    ]
    boas, mascara = list[object](), "***.444.777-**"

    async def note(evento: object, _: Delivery) -> None:
        boas.append(evento)

    async with porta.bus.consume(NAMER_PEDIDOS, note):
        mensagens = [Message(PERGUNTA.rota, corpo) for corpo in corpos]
        assert await porta.bus.publish_many([*mensagens, encode(PERGUNTA)]) == [None] * 4
        await eventually(lambda: boas == [PERGUNTA])
        mortas = (await porta.call("GET", "mortas")).data["mortas"]
        assert [morta["id"] for morta in mortas] == [mensagem.id for mensagem in mensagens]
        assert mortas[0]["corpo"]["versao"] == 99 and "versão" in mortas[0]["motivo"]
        assert mortas[1]["corpo"] == {"cpf": [mascara, mascara, "***", mascara], "senha_cifrada": "***"}
        assert "11144477735" not in mortas[2]["corpo"]
        assert (await porta.call("POST", f"mortas/{mensagens[0].id}/reenviar")).status == 200
        await eventually(lambda: count_mortas(porta, 3))
    assert boas == [PERGUNTA]


async def test_dead_letters_come_a_page_at_a_time(porta: Porta) -> None:
    mensagens = [encode(PERGUNTA) for _ in range(51)]

    async def refuse(_: object, __: Delivery) -> None:
        raise Reject("não se entende")

    async with porta.bus.consume(NAMER_PEDIDOS, refuse):
        assert await porta.bus.publish_many(mensagens) == [None] * 51
        await eventually(lambda: count_mortas(porta, 51))
    um = (await porta.call("GET", "mortas")).data
    dois = (await porta.call("GET", f"mortas?cursor={um['cursor']}")).data
    assert [morta["id"] for morta in (*um["mortas"], *dois["mortas"])] == [mensagem.id for mensagem in mensagens]
    assert (len(um["mortas"]), dois["cursor"]) == (50, None)
    assert len((await porta.call("GET", "mortas?limite=2")).data["mortas"]) == 2


async def count_mortas(porta: Porta, quantas: int) -> bool:
    return len(await porta.bus.dead_letters()) == quantas
