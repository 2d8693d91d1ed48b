"""People who sign in: sessions, roles, pontos de venda, provisional passwords, and tricks of foreign pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.gateway.context import CONTEXT
from services.gateway.routes import sessao
from services.gateway.senhas import hash_senha, verify_senha
from services.gateway.store import pessoas
from services.gateway.store.chaves import PREFIXO, Escopo
from services.gateway.vistas import SessaoVista
from tests.gateway.porta import Porta, open_porta

SENHA = "uma senha comprida"
ADMIN = "admin@exemplo.com.br"
BASE = "/api/automation"


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        senha_hash = await hash_senha(SENHA)
        async with aberta.pool.acquire() as conn:
            id = await pessoas.create_pessoa(conn, ADMIN, "Ana", senha_hash, Escopo.ADMIN, None)
            await conn.execute("UPDATE pessoas SET trocar_senha = false WHERE id = $1", id)
        yield aberta


@dataclass
class Navegador:
    """A browser's side: it keeps the cookie, and the page its CSRF token."""

    porta: Porta
    sessao: aiohttp.ClientSession
    csrf: str = ""

    async def call(self, metodo: str, caminho: str, corpo: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        headers = {"X-CSRF-Token": self.csrf} | {nome.replace("_", "-"): valor for nome, valor in headers.items()}
        url = self.porta.client.make_url(f"{BASE}/{caminho}")
        async with self.sessao.request(metodo, url, json=corpo, headers=headers) as resposta:
            return resposta.status, await resposta.json()

    async def enter(self, email: str = ADMIN, senha: str = SENHA) -> int:
        status, corpo = await self.call("POST", "sessao", {"email": email, "senha": senha})
        if status == 201:
            SessaoVista.model_validate(corpo["data"])
            self.csrf = corpo["data"]["csrf"]
        return status


@pytest.fixture
async def navegador(porta: Porta) -> AsyncIterator[Navegador]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as sessao:
        yield Navegador(porta, sessao)


async def test_a_person_enters_works_and_leaves(navegador: Navegador) -> None:
    assert (await navegador.call("GET", "sessao"))[0] == 401
    assert await navegador.enter(ADMIN.upper()) == 201
    status, corpo = await navegador.call("GET", "sessao")
    assert (status, corpo["data"]["escopo"], corpo["data"]["pontos_venda"]) == (200, "admin", None)
    corpo_pv = {"codigo": "30.000", "nome": "Nova", "empresa": "credms"}
    assert (await navegador.call("POST", "pontos-venda", corpo_pv))[0] == 201
    quem = await navegador.porta.pool.fetchval("SELECT quem FROM auditoria ORDER BY id DESC LIMIT 1")
    assert quem.startswith("pessoa ") and "Ana" in quem
    assert (await navegador.call("DELETE", "sessao"))[0] == 200
    assert (await navegador.call("GET", "sessao"))[0] == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(porta: Porta) -> None:
    dados = {"email": ADMIN, "senha": SENHA}
    for proxy, seguro in (("http", False), ("https", True)):
        resposta = await porta.client.post(f"{BASE}/sessao", json=dados, headers={"X-Forwarded-Proto": proxy})
        biscoito = resposta.headers["Set-Cookie"]
        assert "HttpOnly" in biscoito and "SameSite=Strict" in biscoito and ("Secure" in biscoito) is seguro


async def test_a_wrong_password_and_an_unknown_person_are_told_alike_and_slowed_down(navegador: Navegador) -> None:
    assert await navegador.enter(senha="errada") == 401
    assert await navegador.enter("ninguem@exemplo.com.br") == 401
    for _ in range(4):
        assert await navegador.enter(senha="errada") == 401
    assert await navegador.enter(senha="errada") == 429
    # Not even the right one tells anything now.
    assert await navegador.enter() == 429


async def test_many_attempts_at_once_are_no_way_around_the_limit(
    navegador: Navegador, monkeypatch: pytest.MonkeyPatch
) -> None:
    conferidas: list[str] = []

    async def count(senha: str, senha_hash: str | None) -> bool:
        conferidas.append(senha)
        return await verify_senha(senha, senha_hash)

    monkeypatch.setattr(sessao, "verify_senha", count)
    todos = await asyncio.gather(*(navegador.enter(senha=f"errada {numero}") for numero in range(15)))
    assert (todos.count(401), todos.count(429), len(conferidas)) == (5, 10, 5)


async def test_right_passwords_count_as_no_attempt_however_many_come_at_once(navegador: Navegador) -> None:
    assert await asyncio.gather(*(navegador.enter() for _ in range(4))) == [201] * 4
    assert [await navegador.enter() for _ in range(6)] == [201] * 6


async def test_wrong_keys_and_a_colleagues_mistakes_keep_nobody_of_the_office_out(navegador: Navegador) -> None:
    porta = navegador.porta
    porta.chaves["errada"] = PREFIXO + "y" * 43
    assert [(await porta.call("GET", "execucoes", chave="errada")).status for _ in range(21)] == [401] * 20 + [429]
    for numero in range(25):
        assert await navegador.enter(f"pessoa{numero}@exemplo.com.br", "errada") == 401
    assert await navegador.enter() == 201


async def test_guessing_one_password_at_many_people_is_slowed_down(navegador: Navegador) -> None:
    porta = navegador.porta
    ctx = porta.client.app[CONTEXT]
    ctx.falhas_entrada.maximo = 7
    respostas = [await navegador.enter(f"pessoa{numero}@exemplo.com.br", "errada") for numero in range(8)]
    assert respostas == [401] * 7 + [429]
    # What was not even looked at counts against nobody.
    for _ in range(5):
        assert await navegador.enter() == 429
    ctx.falhas_entrada.maximo = 100
    assert await navegador.enter() == 201
    # Who has a key is not held up.
    assert (await porta.call("GET", "execucoes")).status == 200


CORRIDAS = {
    "reset": "UPDATE pessoas SET senha_hash = 'outra' WHERE email = $1",
    "deactivated": "UPDATE pessoas SET ativo = false WHERE email = $1",
    "deleted": "DELETE FROM pessoas WHERE email = $1",
}


@pytest.mark.parametrize("mudanca", CORRIDAS.values(), ids=CORRIDAS.keys())
async def test_whoever_is_changed_while_the_password_is_checked_does_not_enter(
    navegador: Navegador, monkeypatch: pytest.MonkeyPatch, mudanca: str
) -> None:
    async def change(senha: str, senha_hash: str | None) -> bool:
        certa = await verify_senha(senha, senha_hash)
        await navegador.porta.pool.execute(mudanca, ADMIN)
        return certa

    monkeypatch.setattr(sessao, "verify_senha", change)
    assert await navegador.enter() == 401
    assert await navegador.porta.pool.fetchval("SELECT count(*) FROM chaves_api WHERE pessoa_id IS NOT NULL") == 0


async def test_a_session_has_the_role_that_the_person_has_now(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    await navegador.porta.pool.execute("UPDATE pessoas SET escopo = 'leitura'")
    assert (await navegador.call("GET", "pessoas"))[1]["codigo"] == "acesso.escopo"


async def test_the_own_password_is_not_set_over_one_that_was_given_meanwhile(
    navegador: Navegador, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await navegador.enter() == 201

    async def change(senha: str, senha_hash: str | None) -> bool:
        certa = await verify_senha(senha, senha_hash)
        await navegador.porta.pool.execute(CORRIDAS["reset"], ADMIN)
        return certa

    monkeypatch.setattr(sessao, "verify_senha", change)
    troca = {"atual": SENHA, "nova": "outra senha comprida"}
    assert (await navegador.call("POST", "sessao/senha", troca))[0] == 401
    assert await navegador.porta.pool.fetchval("SELECT senha_hash FROM pessoas WHERE email = $1", ADMIN) == "outra"


async def test_a_changed_password_begins_a_new_session_and_ends_every_other(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as outra:
        alheio = Navegador(navegador.porta, outra)
        assert await alheio.enter() == 201
        url = navegador.porta.client.make_url("/")
        antes = navegador.sessao.cookie_jar.filter_cookies(url)["canopus_sessao"].value
        troca = {"atual": SENHA, "nova": "outra senha comprida"}
        assert (await navegador.call("POST", "sessao/senha", troca))[0] == 200
        assert navegador.sessao.cookie_jar.filter_cookies(url)["canopus_sessao"].value != antes
        status, corpo = await navegador.call("GET", "sessao")
        navegador.csrf = corpo["data"]["csrf"]
        assert (status, (await navegador.call("POST", "consultores", {}))[0]) == (200, 422)
        assert (await alheio.call("GET", "sessao"))[0] == 401


async def test_what_changes_something_needs_the_pages_token_and_origin(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    corpo = {"nome": "Bia", "ponto_venda": "17308"}
    certo, navegador.csrf = navegador.csrf, ""
    status, erro = await navegador.call("POST", "consultores", corpo)
    assert (status, erro["codigo"]) == (403, "acesso.csrf")
    navegador.csrf = certo
    assert (await navegador.call("POST", "consultores", corpo, Origin="https://mau.exemplo.com"))[0] == 403
    assert (await navegador.call("GET", "consultores"))[0] == 200
    assert (await navegador.call("POST", "consultores", corpo))[0] == 201


async def test_a_page_of_another_site_cannot_sign_anyone_in(navegador: Navegador) -> None:
    dados = {"email": ADMIN, "senha": SENHA}
    assert (await navegador.call("POST", "sessao", dados, Origin="https://mau.exemplo.com"))[0] == 403


async def test_a_provisional_password_opens_nothing_but_its_own_change(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    nova = {"email": "Bia@Exemplo.com.br", "nome": "Bia", "escopo": "operador", "pontos_venda": ["17308"]}
    status, criada = await navegador.call("POST", "pessoas", nova)
    assert (status, criada["data"]["email"], criada["data"]["pontos_venda"]) == (201, "bia@exemplo.com.br", ["17.308"])
    provisoria = criada["data"]["senha_provisoria"]
    assert await navegador.enter("bia@exemplo.com.br", provisoria) == 201
    assert (await navegador.call("GET", "execucoes"))[1]["codigo"] == "acesso.trocar_senha"
    assert (await navegador.call("POST", "sessao/senha", {"atual": "x", "nova": SENHA}))[0] == 422
    assert (await navegador.call("POST", "sessao/senha", {"atual": provisoria, "nova": "curta"}))[0] == 422
    assert (await navegador.call("POST", "sessao/senha", {"atual": provisoria, "nova": SENHA}))[0] == 200
    assert (await navegador.call("GET", "execucoes"))[0] == 200
    assert await navegador.enter("bia@exemplo.com.br", provisoria) == 401


async def test_a_provisional_password_is_good_for_a_week(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    nova = {"email": "bia@exemplo.com.br", "nome": "Bia", "escopo": "operador"}
    _, criada = await navegador.call("POST", "pessoas", nova)
    entrada = {"email": "bia@exemplo.com.br", "senha": criada["data"]["senha_provisoria"]}
    pool = navegador.porta.pool
    await pool.execute("UPDATE pessoas SET senha_expira_em = senha_expira_em - interval '6 days 23 hours'")
    assert await navegador.enter(**entrada) == 201
    await pool.execute("UPDATE pessoas SET senha_expira_em = senha_expira_em - interval '2 hours'")
    status, erro = await navegador.call("POST", "sessao", entrada)
    assert (status, erro["codigo"]) == (401, "acesso.senha_vencida")
    assert "Peça outra" in erro["error"]
    # Only who has the password is told so, and another one helps.
    assert (await navegador.call("POST", "sessao", entrada | {"senha": "x"}))[1]["codigo"] == "acesso.senha_invalida"
    assert await navegador.enter() == 201
    _, dada = await navegador.call("POST", f"pessoas/{criada['data']['id']}/senha")
    assert await navegador.enter("bia@exemplo.com.br", dada["data"]["senha_provisoria"]) == 201
    troca = {"atual": dada["data"]["senha_provisoria"], "nova": SENHA}
    assert (await navegador.call("POST", "sessao/senha", troca))[0] == 200
    assert await pool.fetchval("SELECT senha_expira_em FROM pessoas WHERE nome = 'Bia'") is None


async def test_signing_in_answers_the_session_with_its_id(navegador: Navegador) -> None:
    _, corpo = await navegador.call("POST", "sessao", {"email": ADMIN, "senha": SENHA})
    id = await navegador.porta.pool.fetchval("SELECT max(id) FROM chaves_api")
    assert corpo["data"]["id"] == id == (await navegador.call("GET", "sessao"))[1]["data"]["id"]


async def test_leaving_is_audited_and_a_refused_sign_in_logged_without_the_email(
    navegador: Navegador, caplog: pytest.LogCaptureFixture
) -> None:
    assert await navegador.enter() == 201
    assert (await navegador.call("DELETE", "sessao"))[0] == 200
    linha = await navegador.porta.pool.fetchrow("SELECT quem, acao FROM auditoria ORDER BY id DESC LIMIT 1")
    assert linha is not None and linha["acao"] == "sessao.encerrar" and "Ana" in linha["quem"]
    for _ in range(6):
        await navegador.enter(senha="errada")
    recusas = [r for r in caplog.records if r.getMessage() == "sessao.refused"]
    assert [vars(r)["status"] for r in recusas] == [401] * 5 + [429]
    assert {vars(r)["endereco"] for r in recusas} == {"127.0.0.1"}
    assert ADMIN not in str([vars(r) for r in recusas]) and "errada" not in caplog.text


async def test_people_see_and_touch_their_pontos_de_venda_alone(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    nova = {"email": "bia@exemplo.com.br", "nome": "Bia", "escopo": "admin", "pontos_venda": ["17308"]}
    _, criada = await navegador.call("POST", "pessoas", nova)
    await navegador.porta.pool.execute("UPDATE pessoas SET trocar_senha = false")
    assert await navegador.enter("bia@exemplo.com.br", criada["data"]["senha_provisoria"]) == 201
    _, corpo = await navegador.call("GET", "pontos-venda")
    assert [ponto["codigo"] for ponto in corpo["data"]["pontos-venda"]] == ["17.308"]
    envio = {"ponto_venda": "21.400"}
    assert (await navegador.call("POST", "processar-downloads-ponto-venda", envio))[0] == 403
    # An admin of some pontos de venda cannot give itself the others.
    assert (await navegador.call("GET", "pessoas"))[0] == 403
    assert (await navegador.call("PATCH", f"pessoas/{criada['data']['id']}", {"pontos_venda": None}))[0] == 403


async def test_a_change_ends_the_persons_sessions_and_the_last_admin_stays(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    _, corpo = await navegador.call("GET", "pessoas")
    [ana] = corpo["data"]["pessoas"]
    for mudanca in ({"escopo": "leitura"}, {"ativo": False}, {"pontos_venda": ["17308"]}):
        status, erro = await navegador.call("PATCH", f"pessoas/{ana['id']}", mudanca)
        assert (status, erro["codigo"]) == (409, "pessoa.ultimo_admin")
    assert (await navegador.call("DELETE", f"pessoas/{ana['id']}"))[0] == 409
    assert (await navegador.call("GET", "pessoas"))[0] == 200
    assert (await navegador.call("PATCH", f"pessoas/{ana['id']}", {"nome": "Ana Maria"}))[0] == 200
    assert (await navegador.call("GET", "pessoas"))[0] == 401


async def test_the_first_admin_is_made_where_only_others_were_made_before(navegador: Navegador) -> None:
    porta = navegador.porta
    async with porta.pool.acquire() as conn:
        await conn.execute("DELETE FROM pessoas")
        bia = await pessoas.create_pessoa(conn, "bia@exemplo.com.br", "Bia", "x", Escopo.OPERADOR, None)
        # Nobody administers yet: nobody is the last who does.
        assert (await porta.call("PATCH", f"pessoas/{bia}", {"nome": "Bia Lima"})).status == 200
        assert await pessoas.create_primeira(conn, ADMIN, "x")
        assert not await pessoas.create_primeira(conn, "outro@exemplo.com.br", "x")
        ana = await conn.fetchval("SELECT id FROM pessoas WHERE email = $1", ADMIN)
    assert (await porta.call("DELETE", f"pessoas/{ana}")).corpo["codigo"] == "pessoa.ultimo_admin"
    assert (await porta.call("DELETE", f"pessoas/{bia}")).status == 200


async def test_passwords_are_kept_as_argon2_and_appear_in_no_audit(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    nova = {"email": "bia@exemplo.com.br", "nome": "Bia", "escopo": "leitura"}
    _, criada = await navegador.call("POST", "pessoas", nova)
    pool = navegador.porta.pool
    assert all(
        h.startswith("$argon2id$") for h in [linha[0] for linha in await pool.fetch("SELECT senha_hash FROM pessoas")]
    )
    auditoria = str([dict(linha) for linha in await pool.fetch("SELECT * FROM auditoria")])
    assert criada["data"]["senha_provisoria"] not in auditoria and SENHA not in auditoria


async def leave(navegador: Navegador) -> None:
    assert (await navegador.call("DELETE", "sessao"))[0] == 200


async def change_own(navegador: Navegador) -> None:
    troca = {"atual": SENHA, "nova": "outra senha comprida"}
    assert (await navegador.call("POST", "sessao/senha", troca))[0] == 200


async def demote(navegador: Navegador) -> None:
    assert (await navegador.porta.call("PATCH", "pessoas/1", {"escopo": "leitura"})).status == 200


async def deactivate(navegador: Navegador) -> None:
    assert (await navegador.porta.call("PATCH", "pessoas/1", {"ativo": False})).status == 200


async def reset(navegador: Navegador) -> None:
    assert (await navegador.porta.call("POST", "pessoas/1/senha")).status == 200


async def delete(navegador: Navegador) -> None:
    assert (await navegador.porta.call("DELETE", "pessoas/1")).status == 200


@pytest.mark.parametrize("end", [leave, change_own, demote, deactivate, reset, delete])
async def test_a_socket_opens_with_the_cookie_and_closes_when_the_session_ends(
    navegador: Navegador, end: Callable[[Navegador], Awaitable[None]]
) -> None:
    async with navegador.porta.pool.acquire() as conn:
        await pessoas.create_pessoa(conn, "outra@exemplo.com.br", "Rita", "x", Escopo.ADMIN, None)
    assert await navegador.enter() == 201
    url = navegador.porta.client.make_url(f"{BASE}/ws")
    async with navegador.sessao.ws_connect(url, protocols=("canopus.v1",)) as ws:
        await ws.send_json({"tipo": "assinar", "automacao_id": "*"})
        assert (await ws.receive_json(timeout=10))["tipo"] == "estado"
        inicio = time.monotonic()
        await end(navegador)
        assert (await ws.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        # At once, not at the next pulse.
        assert (ws.close_code, time.monotonic() - inicio < 5) == (4401, True)


async def test_a_page_of_another_origin_gets_nothing_by_the_cookie(navegador: Navegador) -> None:
    assert await navegador.enter() == 201
    url = navegador.porta.client.make_url(f"{BASE}/ws")
    mau = "https://mau.exemplo.com"
    async with navegador.sessao.ws_connect(url, protocols=("canopus.v1",), origin=mau) as ws:
        await ws.send_json({"tipo": "assinar", "automacao_id": "*"})
        assert (await ws.receive_json(timeout=10))["codigo"] == "acesso.sem_chave"
        assert (await ws.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE


async def test_cookies_and_tokens_that_are_no_text_are_refused_like_any_other(navegador: Navegador) -> None:
    client = navegador.porta.client
    resposta = await client.get(f"{BASE}/execucoes", headers={"Cookie": "canopus_sessao=canos_\xff"})
    assert resposta.status == 401
    assert await navegador.enter() == 201
    navegador.csrf = "\xff"
    assert (await navegador.call("POST", "consultores", {}))[0] == 403
