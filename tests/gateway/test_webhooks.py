"""Webhooks over HTTP: who may have one, where it may go, its secret, and what people do with its deliveries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.gateway.api import BASE
from services.gateway.openapi import build_openapi
from services.gateway.routes import RECURSOS
from services.gateway.store.chaves import Escopo
from services.gateway.store.webhooks import MAXIMO, open_segredos
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.gateway.porta import check_declared
from tests.gateway.receptor import Receptor, answer, open_receptor

NOVO = {"nome": "CRM", "url": "https://crm.exemplo.com.br/canopus?token=abc"}


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    """Of an office whose systems stand outside."""
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


@pytest.fixture
async def interno(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    """Of an office whose systems stand beside ours."""
    async with open_balcao(database_url, tmp_path, webhooks_privados=True) as aberto:
        yield aberto


@pytest.fixture
async def receptor() -> AsyncIterator[Receptor]:
    async with open_receptor() as aberto:
        yield aberto


async def call(balcao: Balcao, metodo: str, caminho: str, corpo: Any = None, **opcoes: Any) -> Any:
    """The data of an answer that holds what its route declares."""
    dados = (await balcao.call(metodo, caminho, corpo, **opcoes)).data
    check_declared(metodo, caminho, dados)
    return dados


async def create(balcao: Balcao, receptor: Receptor, **campos: Any) -> int:
    dados = await call(balcao, "POST", "webhooks", {"nome": "CRM", "url": receptor.url, **campos})
    receptor.segredo = dados["segredo"]
    id: int = dados["id"]
    return id


async def settled(balcao: Balcao, id: int) -> list[dict[str, Any]]:
    """The deliveries of a webhook once none of them waits."""

    async def check() -> list[dict[str, Any]]:
        entregas: list[dict[str, Any]] = (await call(balcao, "GET", f"webhooks/{id}/entregas"))["entregas"]
        return entregas if entregas and all(e["estado"] != "pendente" for e in entregas) else []

    return await eventually(check, 10)


async def test_a_secret_comes_out_once_and_lies_encrypted(balcao: Balcao) -> None:
    criado = await balcao.call("POST", "webhooks", NOVO)
    assert criado.status == 201
    segredo = criado.data["segredo"]
    assert segredo.startswith("whsec_") and (criado.data["eventos"], criado.data["ponto_venda"]) == (None, None)
    for caminho in ("webhooks", "webhooks/1"):
        resposta = await balcao.call("GET", caminho)
        check_declared("GET", caminho, resposta.data)
        assert segredo not in resposta.bruto.decode()
    trocado = await call(balcao, "POST", "webhooks/1/segredo", {"validade_horas": 1})
    assert trocado["segredo"] != segredo and trocado["segredo_anterior_ate"] is not None
    guardado = await balcao.pool.fetchrow("SELECT segredo, segredo_anterior FROM webhooks")
    assert guardado is not None
    assert [balcao.gateway.ctx.chaveiro.decrypt(texto) for texto in guardado] == [trocado["segredo"], segredo]
    # Pressed twice: whoever still has the first is not cut off.
    ate = trocado["segredo_anterior_ate"]
    outro = await call(balcao, "POST", "webhooks/1/segredo", {"validade_horas": 2})
    assert outro["segredo_anterior_ate"] > ate
    async with balcao.pool.acquire() as conn:
        guardado = await conn.fetchrow("SELECT segredo, segredo_anterior FROM webhooks")
        assert guardado is not None
        todos = open_segredos(balcao.gateway.ctx.chaveiro, guardado)
    assert todos == [outro["segredo"], trocado["segredo"], segredo]
    curta = await call(balcao, "POST", "webhooks/1/segredo", {"validade_horas": 1})
    assert curta["segredo_anterior_ate"] == outro["segredo_anterior_ate"]
    # One that is over does not come back.
    await balcao.pool.execute("UPDATE webhooks SET anterior_ate = now() - interval '1 second'")
    await call(balcao, "POST", "webhooks/1/segredo", {"validade_horas": 1})
    guardado = await balcao.pool.fetchrow("SELECT segredo, segredo_anterior FROM webhooks")
    assert guardado is not None
    assert open_segredos(balcao.gateway.ctx.chaveiro, guardado)[1:] == [curta["segredo"]]
    agora = await call(balcao, "POST", "webhooks/1/segredo", {"validade_horas": 0})
    assert agora["segredo_anterior_ate"] is None
    auditoria = str([tuple(linha) for linha in await balcao.pool.fetch("SELECT acao, detalhes FROM auditoria")])
    assert "webhook.trocar_segredo" in auditoria and "crm.exemplo.com.br" in auditoria
    assert "whsec_" not in auditoria and "token" not in auditoria


async def test_an_address_inside_or_nowhere_a_wrong_field_and_one_too_many_are_refused(balcao: Balcao) -> None:
    for url in (
        "http://crm.exemplo.com.br/", "ftp://crm.exemplo.com.br/", "https://", "crm", "https://a:b@crm.exemplo.com.br/",
        "https://127.0.0.1/", "https://localhost/", "https://crm/", "https://10.0.0.1:8443/x", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "https://100.64.0.1/", "https://0.0.0.0/",
        "https://[fe80::1]/", "https://[64:ff9b::a00:1]/", "https://crm.exemplo.com.br:99999/", "https://x.internal/a",
        "https://crm.exemplo.com.br/#a", "https://crm.exemplo.com.br/a b",
    ):  # fmt: skip
        recusa = await balcao.call("POST", "webhooks", NOVO | {"url": url})
        assert recusa.recusa == (422, "requisicao.invalida"), url
        assert set(recusa.campos) == {"url"}
    assert await balcao.pool.fetchval("SELECT count(*) FROM webhooks") == 0
    for mudanca, campo in (
        ({"eventos": []}, "eventos"), ({"eventos": ["boleto.apagado"]}, "eventos[0]"), ({"nome": " "}, "nome"),
        ({"segredo": "meu"}, "segredo"),
    ):  # fmt: skip
        assert set((await balcao.call("POST", "webhooks", NOVO | mudanca)).campos) == {campo}
    assert (await balcao.call("POST", "webhooks", NOVO | {"ponto_venda": "99"})).status == 404
    assert set((await balcao.call("POST", "webhooks/1/segredo", {"validade_horas": 999})).campos) == {"validade_horas"}
    assert (await balcao.call("POST", "webhooks/1/segredo")).recusa == (404, "webhook.nao_encontrado")
    await balcao.pool.execute(
        "INSERT INTO webhooks (nome, url, segredo) SELECT 'x', 'https://x.com.br/', 'x' FROM generate_series(1, $1)",
        MAXIMO,
    )
    assert (await balcao.call("POST", "webhooks", NOVO)).recusa == (409, "webhook.demais")


async def test_only_who_administers_a_ponto_de_venda_has_webhooks_of_it(balcao: Balcao) -> None:
    loja, outra = await add_loja(balcao.pool), await add_loja(balcao.pool, "21.400", base=100)
    await balcao.add_chave("loja", Escopo.ADMIN, loja.id)
    await call(balcao, "POST", "webhooks", NOVO)
    await call(balcao, "POST", "webhooks", NOVO | {"ponto_venda": "21400", "eventos": ["boleto.arquivado"]})
    for metodo, caminho in (("GET", "webhooks"), ("POST", "webhooks"), ("GET", "webhooks/1/entregas")):
        assert (await balcao.call(metodo, caminho, chave="operador")).status == 403
    assert (await balcao.call("POST", "webhooks", NOVO, chave="loja")).status == 403
    seu = await call(balcao, "POST", "webhooks", NOVO | {"ponto_venda": "17308"}, chave="loja")
    assert [w["id"] for w in (await call(balcao, "GET", "webhooks", chave="loja"))["webhooks"]] == [seu["id"]]
    for id in (1, 2):
        assert (await balcao.call("GET", f"webhooks/{id}", chave="loja")).status == 404
        assert (await balcao.call("DELETE", f"webhooks/{id}", chave="loja")).status == 404
    for ponto in (None, "21.400"):
        mudanca = {"ponto_venda": ponto}
        assert (await balcao.call("PATCH", f"webhooks/{seu['id']}", mudanca, chave="loja")).status == 403
    # What has webhooks is not deleted from under them.
    assert (await balcao.call("DELETE", f"pontos-venda/{outra.codigo}")).data["excluido"] is False
    assert (await call(balcao, "DELETE", f"webhooks/{seu['id']}", chave="loja"))["excluido"] is True


async def test_a_job_is_told_to_the_system_beside_ours(interno: Balcao, receptor: Receptor) -> None:
    id = await create(interno, receptor)
    loja = await add_loja(interno.pool, clientes=1)
    maestro = Maestro(interno.pool)
    (item,) = await list_itens(interno.pool, await submit(interno.pool, loja))
    await maestro.succeed(item["id"], await maestro.lease(loja))
    entregas = await settled(interno, id)
    assert [(e["tipo"], e["estado"]) for e in entregas] == [
        ("execucao.encerrada", "aceita"), ("boleto.arquivado", "aceita"),
    ]  # fmt: skip
    assert sorted(receptor.ids) == sorted(e["evento_id"] for e in entregas)
    visto = await call(interno, "GET", f"webhooks/{id}")
    assert (visto["pendentes"], visto["falhando"], visto["desistidas"]) == (0, 0, 0)
    documento = json.loads(json.dumps(build_openapi(RECURSOS)))
    for recebida in receptor.recebidas:
        descrito = documento["webhooks"][recebida.evento["type"].removeprefix("br.canopus.")]["post"]
        assert {p["name"] for p in descrito["parameters"]} <= {n.lower() for n in recebida.headers}
        esquema = descrito["requestBody"]["content"]["application/cloudevents+json"]["schema"]
        Draft202012Validator({**esquema, "components": documento["components"]}).validate(recebida.evento)


async def test_a_test_is_sent_once_and_says_how_it_was_answered(interno: Balcao, receptor: Receptor) -> None:
    id = await create(interno, receptor)
    receptor.respostas.append(answer(418, "bule"))
    enviado = await interno.call("POST", f"webhooks/{id}/testar")
    assert (enviado.status, enviado.data["tipo"], enviado.data["estado"]) == (202, "teste", "pendente")
    (entrega,) = await settled(interno, id)
    assert (entrega["estado"], entrega["tentativas"], entrega["status_http"], entrega["resposta"]) == (
        "desistiu", 1, 418, "bule",
    )  # fmt: skip
    reenviada = await call(interno, "POST", f"webhooks/{id}/entregas/{entrega['id']}/reenviar")
    assert (reenviada["estado"], reenviada["evento_id"]) == ("pendente", entrega["evento_id"])
    (entrega,) = await settled(interno, id)
    assert (entrega["estado"], receptor.ids) == ("aceita", [entrega["evento_id"]] * 2)


async def test_what_was_not_accepted_is_sent_again_once_the_webhook_is_on(interno: Balcao, receptor: Receptor) -> None:
    id = await create(interno, receptor)
    receptor.respostas.append(answer(410))
    await interno.call("POST", f"webhooks/{id}/testar")
    await settled(interno, id)
    visto = await call(interno, "GET", f"webhooks/{id}")
    assert (visto["ativo"], "410" in visto["desligado_motivo"]) == (False, True)
    for caminho in (f"webhooks/{id}/testar", f"webhooks/{id}/reenviar", f"webhooks/{id}/entregas/1/reenviar"):
        assert (await interno.call("POST", caminho)).recusa == (409, "webhook.desligado")
    ligado = await call(interno, "PATCH", f"webhooks/{id}", {"ativo": True})
    assert (ligado["ativo"], ligado["desligado_em"]) == (True, None)
    assert (await interno.call("POST", f"webhooks/{id}/reenviar", {"desde": "2099-01-01T00:00:00-03:00"})).data == {
        "id": id, "reenviadas": 0,
    }  # fmt: skip
    assert (await interno.call("POST", f"webhooks/{id}/reenviar")).data["reenviadas"] == 1
    (entrega,) = await settled(interno, id)
    assert entrega["estado"] == "aceita"
    assert (await call(interno, "GET", f"webhooks/{id}/entregas?estado=desistiu"))["entregas"] == []
    assert (await interno.call("GET", f"webhooks/{id}/entregas/99")).recusa == (404, "entrega.nao_encontrada")


def test_every_event_is_described_with_what_answers_mean() -> None:
    documento = build_openapi(RECURSOS)
    assert set(documento["webhooks"]) == {"boleto.arquivado", "execucao.encerrada", "teste"}
    for descrito in documento["webhooks"].values():
        assert {"2XX", "410", "429", "default"} == set(descrito["post"]["responses"])
    assert f"{BASE}/webhooks/{{id}}/segredo" in documento["paths"]
