"""Dead letters over HTTP: readable without a secret, and put back where they died."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.gateway.store.chaves import Escopo
from shared.bus import Delivery, Reject
from shared.bus.codec import encode
from shared.bus.topology import NAMER_PEDIDOS
from shared.events import Arquivo, PlanilhaLer
from tests.eventually import eventually
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


async def kill(porta: Porta) -> str:
    """A message that no one could handle; its id."""

    async def refuse(_: object, __: Delivery) -> None:
        raise Reject("não se entende o CPF 111.444.777-35")

    mensagem = encode(PERGUNTA)
    async with porta.bus.consume(NAMER_PEDIDOS, refuse):
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


async def test_dead_letters_are_for_those_who_run_the_whole(porta: Porta) -> None:
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    for chave in ("operador", "leitura", "loja"):
        assert (await porta.call("GET", "mortas", chave=chave)).status == 403
        assert (await porta.call("POST", "mortas/x/reenviar", chave=chave)).status == 403
