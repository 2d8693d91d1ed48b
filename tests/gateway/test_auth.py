"""Keys: who is let in, how far, and what is remembered of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.gateway.auth import FailedLogins
from services.gateway.errors import ApiError
from services.gateway.routes import list_rotas
from services.gateway.store.chaves import PREFIXO, Escopo, list_chaves, revoke_chave
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, submit


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


def fill(url: str) -> str:
    partes = {"automacao_id": str(uuid4()), "codigo": "17308"}
    return "/".join(partes.get(p[1:-1], "1") if p.startswith("{") else p for p in url.split("/"))


async def test_a_scope_covers_those_below_it_and_no_more(balcao: Balcao) -> None:
    for rota in list_rotas():
        if rota.escopo is None:
            continue
        for escopo in Escopo:
            resposta = await balcao.call(rota.metodo, fill(rota.url), chave=escopo.value)
            recusada = resposta.status == 403 and resposta.corpo["codigo"] == "acesso.escopo"
            assert recusada != escopo.covers(rota.escopo), (rota.metodo, rota.url, escopo)


async def test_a_bound_key_acts_only_for_its_own_ponto_de_venda(balcao: Balcao) -> None:
    loja, outra = await add_loja(balcao.pool), await add_loja(balcao.pool, "21.400", base=50)
    await balcao.add_chave("minha", Escopo.OPERADOR, loja.id)
    id, alheia = await submit(balcao.pool, loja), await submit(balcao.pool, outra)
    envio = "processar-downloads-ponto-venda"
    assert (await balcao.call("POST", envio, {"ponto_venda": "17308", "mes": 11}, chave="minha")).status == 202
    # Named in the request: forbidden, and so is one that does not exist. By its own id: not there.
    for codigo in ("21.400", "99.999"):
        assert (await balcao.call("POST", envio, {"ponto_venda": codigo}, chave="minha")).recusa == (
            403, "acesso.ponto_venda",
        )  # fmt: skip
        assert (await balcao.call("GET", f"execucoes?ponto_venda={codigo}", chave="minha")).recusa[0] == 403
    for metodo, resto in (("GET", ""), ("GET", "/clientes"), ("GET", "/eventos"), ("POST", "/cancelar")):
        assert (await balcao.call(metodo, f"execucoes/{id}{resto}", chave="minha")).status == 200
        assert (await balcao.call(metodo, f"execucoes/{alheia}{resto}", chave="minha")).recusa[0] == 404
    vistas = (await balcao.call("GET", "execucoes", chave="minha")).data["execucoes"]
    assert {e["ponto_venda"] for e in vistas} == {"17.308"}
    assert UUID(vistas[-1]["automacao_id"]) == id


async def test_a_key_is_stored_only_as_a_hash_and_noted_once_a_minute(balcao: Balcao) -> None:
    chave = balcao.chaves["leitura"]
    assert chave.startswith(PREFIXO)
    assert chave not in str(await balcao.pool.fetch("SELECT * FROM chaves_api"))
    assert chave not in str(await balcao.pool.fetch("SELECT * FROM auditoria"))
    await balcao.call("GET", "execucoes", chave="leitura")
    usada = "SELECT usada_em FROM chaves_api WHERE nome = 'leitura'"
    primeira = await balcao.pool.fetchval(usada)
    assert primeira is not None
    await balcao.call("GET", "execucoes", chave="leitura")
    assert await balcao.pool.fetchval(usada) == primeira


async def test_a_revoked_key_is_an_unknown_one(balcao: Balcao) -> None:
    async with balcao.pool.acquire() as conn:
        [linha] = [linha for linha in await list_chaves(conn) if linha["nome"] == "leitura"]
        assert await revoke_chave(conn, linha["id"], quem="teste")
        assert not await revoke_chave(conn, linha["id"], quem="teste")
    assert (await balcao.call("GET", "execucoes", chave="leitura")).recusa == (401, "acesso.chave_invalida")


async def test_guessing_keys_is_slowed_down(balcao: Balcao) -> None:
    balcao.chaves["errada"] = PREFIXO + "y" * 43
    respostas = [await balcao.call("GET", "execucoes", chave="errada") for _ in range(21)]
    assert {r.recusa[0] for r in respostas[:20]} == {401}
    assert respostas[20].recusa == (429, "acesso.muitas_tentativas")
    assert 1 <= int(respostas[20].headers["Retry-After"]) <= 60
    # Who shares the address and has a right key is not held up.
    assert (await balcao.call("GET", "execucoes")).status == 200


async def enter(balcao: Balcao, encaminhado: str | None) -> int:
    headers = {"X-Forwarded-For": encaminhado} if encaminhado else {}
    corpo = {"email": "ana@exemplo.com.br", "senha": "errada"}
    return (await balcao.call("POST", "sessao", corpo, chave=None, headers=headers)).status


async def test_behind_a_proxy_each_caller_counts_for_itself(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path, proxies="10.0.0.0/8, 127.0.0.1") as balcao:
        assert [await enter(balcao, "203.0.113.1") for _ in range(6)] == [401] * 5 + [429]
        # Only what our proxies added counts: what stands before it anyone may write.
        for alegado in ("198.51.100.7, 203.0.113.1", "198.51.100.7,203.0.113.1, 10.1.2.3"):
            assert await enter(balcao, alegado) == 429
        assert await enter(balcao, "203.0.113.2") == 401
        assert await enter(balcao, "isto não é um endereço") == 401
        balcao.chaves["errada"] = PREFIXO + "y" * 43
        for _ in range(20):
            await balcao.call("GET", "execucoes", chave="errada", headers={"X-Forwarded-For": "203.0.113.1"})
        outro = await balcao.call("GET", "execucoes", chave="errada", headers={"X-Forwarded-For": "203.0.113.2"})
        assert outro.status == 401


async def test_without_one_nobody_names_another_address(balcao: Balcao) -> None:
    assert [await enter(balcao, f"203.0.113.{numero}") for numero in range(6)] == [401] * 5 + [429]


def test_failures_are_forgotten_and_never_fill_the_memory() -> None:
    falhas = FailedLogins(maximo=2, janela_s=0.5, enderecos=3)
    for endereco in ("a", "a", "b", "c"):
        falhas.note(endereco)
    with pytest.raises(ApiError):
        falhas.note("a")
    falhas.note("b")
    time.sleep(0.51)
    falhas.note("a")
    for numero in range(10):
        falhas.note(str(numero))
    assert len(falhas._falhas) == 3
