"""An attacker without a right to it: false keys and cookies, foreign pages and other people's ids, on every route.

The routes come from the OpenAPI document: a new one is tried as well, and where it takes an id or a field that nobody
has classed yet, a test says so.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.gateway.auth import BISCOITO, CABECALHO_CSRF
from services.gateway.middleware import SEGURANCA
from services.gateway.pages import PAGINAS, WEB
from services.gateway.store import pessoas
from services.gateway.store.chaves import PREFIXO, PREFIXO_BILHETE, Escopo, list_chaves, revoke_chave
from services.gateway.store.pessoas import PREFIXO_SESSAO, Sessao
from tests.gateway.balcao import Balcao, Resposta, open_balcao
from tests.gateway.operacoes import OPERACOES, Operacao
from tests.gateway.vizinhos import Vizinho, settle

# By a password, or by what only Meta and we know: no key would help.
PROVAM_SE = {"sessao_sign_in", "situacoes_confirm_endereco", "situacoes_take_situacoes"}
QUALQUER = {lugar: "1" for operacao in OPERACOES for lugar in operacao.lugares} | {
    "execucoes/{automacao_id}": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "pedidos/{id}": "0f8fad5b-d9cb-469f-a165-70867728950e",
}


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        aberto.gateway.ctx.falhas.maximo = 10_000
        yield aberto


async def sign_in(balcao: Balcao, email: str, escopo: Escopo = Escopo.ADMIN) -> Sessao:
    """A person with a session, as the login makes one."""
    async with balcao.pool.acquire() as conn:
        id = await pessoas.create_pessoa(conn, email, email, "x", escopo, None)
        await conn.execute("UPDATE pessoas SET trocar_senha = false WHERE id = $1", id)
        sessao = await pessoas.open_sessao(conn, id, "x")
    assert sessao
    return sessao


def with_cookie(token: str, **headers: str) -> dict[str, str]:
    return {"Cookie": f"{BISCOITO}={token}", **headers}


# --- false, expired and revoked ---------------------------------------------------------------------------------------


async def make_falsos(balcao: Balcao) -> dict[str, dict[str, str]]:
    """What opens nothing, each a hair away from what does."""
    viva, vencida, encerrada, inativa = [
        await sign_in(balcao, f"{nome}@exemplo.com.br") for nome in ("viva", "vencida", "encerrada", "inativa")
    ]
    await balcao.add_chave("revogada", Escopo.ADMIN)
    async with balcao.pool.acquire() as conn:
        [revogada] = [chave["id"] for chave in await list_chaves(conn) if chave["nome"] == "revogada"]
        assert await revoke_chave(conn, revogada, quem="teste")
        await conn.execute(
            "UPDATE chaves_api SET expira_em = now() - interval '1 second' WHERE id = $1", vencida.chave_id
        )
        await pessoas.end_sessao(conn, encerrada.chave_id)
        await conn.execute("UPDATE pessoas SET ativo = false WHERE email LIKE 'inativa%'")
    boa = balcao.chaves["admin"]
    return {
        "nothing": {},
        "an invented key": {"Authorization": f"Bearer {PREFIXO}{'x' * 43}"},
        "a revoked key": balcao.headers("revogada"),
        "another prefix": {"Authorization": f"Bearer {boa.removeprefix(PREFIXO)}"},
        "another case": {"Authorization": f"Bearer {boa.swapcase()}"},
        "no scheme": {"Authorization": boa},
        "Basic": {"Authorization": "Basic " + base64.b64encode(f"admin:{boa}".encode()).decode()},
        "an invented ticket": {"Authorization": f"Bearer {PREFIXO_BILHETE}{'x' * 43}"},
        "a living session's token as a key": {"Authorization": f"Bearer {viva.token}"},
        "a right key as a cookie": with_cookie(boa),
        "an invented cookie": with_cookie(PREFIXO_SESSAO + "x" * 43),
        "an expired session": with_cookie(vencida.token, **{CABECALHO_CSRF: vencida.csrf}),
        "a session that was left": with_cookie(encerrada.token, **{CABECALHO_CSRF: encerrada.csrf}),
        "a session of who was shut out": with_cookie(inativa.token, **{CABECALHO_CSRF: inativa.csrf}),
        # The header is asked first: a cookie beside it opens nothing.
        "a wrong key beside a living session": with_cookie(viva.token, Authorization=f"Bearer {PREFIXO}y"),
    }


async def test_what_opens_nothing_opens_no_route(balcao: Balcao) -> None:
    falsos = await make_falsos(balcao)
    for operacao in OPERACOES:
        for nome, headers in falsos.items():
            resposta = await balcao.call(operacao.metodo, operacao.fill(QUALQUER), chave=None, headers=headers)
            caso = f"{operacao} with {nome}"
            if operacao.id == "health_health":
                assert resposta.status in (200, 503), caso
                continue
            assert resposta.recusa[0] == 401, caso
            if BISCOITO not in str(headers) and operacao.id not in PROVAM_SE:
                assert resposta.headers["WWW-Authenticate"].startswith("Bearer"), caso


async def test_only_health_and_what_asks_by_itself_who_is_there_are_open() -> None:
    abertas = {operacao.id for operacao in OPERACOES if operacao.escopo is None}
    assert abertas == {"health_health", "live_open_socket"} | PROVAM_SE


# --- pages of others --------------------------------------------------------------------------------------------------


async def test_what_changes_something_needs_the_token_and_a_page_of_ours(balcao: Balcao) -> None:
    sessao, outra = await sign_in(balcao, "ana@exemplo.com.br"), await sign_in(balcao, "bia@exemplo.com.br")
    certo = {CABECALHO_CSRF: sessao.csrf}
    falsos: dict[str, dict[str, str]] = {
        "no token": {}, "an empty one": {CABECALHO_CSRF: ""}, "another session's": {CABECALHO_CSRF: outra.csrf},
        "a part of it": {CABECALHO_CSRF: sessao.csrf[:-1]},
        **{
            f"a page of {origem}": certo | {"Origin": origem}
            for origem in ("https://mau.exemplo", "null", f"{balcao.origem}.mau.exemplo", f"{balcao.origem}1",
                           "http://127.0.0.1", "http://user@127.0.0.1", "")
        },
    }  # fmt: skip
    for operacao in OPERACOES:
        if not operacao.has_efeito or operacao.escopo is None:
            continue
        for nome, headers in falsos.items():
            resposta = await balcao.call(
                operacao.metodo, operacao.fill(QUALQUER), chave=None, headers=with_cookie(sessao.token, **headers)
            )
            assert resposta.recusa == (403, "acesso.csrf"), f"{operacao} with {nome}"
    proprio = with_cookie(sessao.token, **certo, Origin=balcao.origem)
    assert (await balcao.call("POST", "consultores", {}, chave=None, headers=proprio)).recusa[0] == 422


async def test_the_api_answers_no_page_of_another_origin(balcao: Balcao) -> None:
    """Without CORS a browser hands it nothing, and a preflight is refused."""
    sessao = await sign_in(balcao, "ana@exemplo.com.br")
    estranha = with_cookie(sessao.token, Origin="https://mau.exemplo")
    for operacao in OPERACOES:
        if operacao.has_efeito:
            continue
        resposta = await balcao.call("GET", operacao.fill(QUALQUER), chave=None, headers=estranha)
        assert not [nome for nome in resposta.headers if nome.startswith("Access-Control-")], str(operacao)
    preflight = estranha | {"Access-Control-Request-Method": "POST"}
    assert (await balcao.call("OPTIONS", "consultores", chave=None, headers=preflight)).recusa[0] == 405


# --- other people's ids -----------------------------------------------------------------------------------------------


async def use(balcao: Balcao, operacao: Operacao, ids: dict[str, str], chave: str) -> Resposta:
    """Called with these ids; its body says as little as it may."""
    assert set(operacao.lugares) <= set(ids), f"{operacao} takes an id of a kind that `vizinhos` does not have yet"
    corpo: Any = {} if operacao.corpo is not None else None
    return await balcao.call(operacao.metodo, operacao.fill(ids), corpo, chave=chave)


async def meet(balcao: Balcao) -> tuple[Vizinho, Vizinho]:
    """Two neighbours, and an admin's key of the first."""
    meu, outro = await settle(balcao, "17.308", 0), await settle(balcao, "21.400", 50)
    await balcao.add_chave("minha", Escopo.ADMIN, meu.loja.id)
    return meu, outro


def is_silent(resposta: Resposta, vizinho: Vizinho) -> bool:
    """Nothing of the neighbour's is in it."""
    return not [marca for marca in vizinho.marcas if marca in resposta.bruto.decode("utf-8", "replace")]


# Open ones take a proof in place of a key, and say nothing of what is not proved.
COM_ID = [operacao for operacao in OPERACOES if operacao.lugares and operacao.escopo is not None]


async def test_an_id_of_another_ponto_de_venda_leads_nowhere_on_any_route(balcao: Balcao) -> None:
    meu, outro = await meet(balcao)
    antes = await outro.dump(balcao)
    for operacao in COM_ID:
        # All of them the neighbour's, and all but the first: `execucoes/<mine>/clientes/<theirs>`.
        proprios = [meu.ids[lugar] for lugar in operacao.lugares[:1]] if len(operacao.lugares) > 1 else []
        for ids in (outro.ids, outro.ids | dict(zip(operacao.lugares, proprios, strict=False))):
            resposta = await use(balcao, operacao, ids, "minha")
            assert resposta.recusa[0] in (403, 404), f"{operacao}: {resposta.status}"
            assert is_silent(resposta, outro), str(operacao)
    assert await outro.dump(balcao) == antes
    # They do lead somewhere, for who may go there: what only failed to be found would prove nothing.
    for operacao in sorted(COM_ID, key=lambda operacao: operacao.metodo == "DELETE"):
        resposta = await use(balcao, operacao, outro.ids, "admin")
        assert resposta.status not in (400, 401, 403, 404, 405, 422), f"{operacao}: {resposta.corpo}"


# Of queries, bodies and forms: what names something of a ponto de venda, and what does not (channels and people are
# everyone's, for who sees every ponto de venda alone).
NOMEIAM = {"ponto_venda", "pontos_venda", "consultor", "clientes", "cpfs", "cpf"}
INOFENSIVOS = {
    "ano", "arquivo", "ativo", "atual", "busca", "canal_id", "chave", "codigo", "codigo_empresa", "codigos",
    "cor_identificacao", "cota", "cursor", "data_pagamento", "desde", "destino", "email", "empresa", "endereco",
    "escopo", "estado", "eventos", "forcar", "fuso", "grupo", "hub.challenge", "hub.mode", "hub.verify_token",
    "idioma", "limite", "limite_falhas", "link_planilha_drive", "max_sessoes", "mes", "modelo", "nome", "nova",
    "numero_id", "observacoes", "ordem", "ordem_risco", "origem", "pasta_boletos", "perdidos", "perfil", "pessoa_id",
    "recuperacao_pausa_min", "recuperacao_rodadas", "regiao", "regra", "segredo", "segredo_app", "senha", "simular",
    "status", "tipo", "token", "token_verificacao", "url", "url_base", "usuario", "validade_horas", "valor_pago",
    "whatsapp",
}  # fmt: skip
VALIDOS: dict[str, Any] = {
    "chave": "AKIA", "codigo": "30.000", "destino": "s3://balde", "email": "nova@exemplo.com.br", "empresa": "credms",
    "endereco": "http://127.0.0.1:9", "escopo": "leitura", "mes": "atual", "nome": "Nova",
    "origem": "https://crm.exemplo.com.br", "ponto_venda": "17.308",
    "regra": {"tipo": "dia_util", "numero": 3, "hora": "08:00"}, "segredo": "x", "senha": "segredo",
    "url": "https://crm.exemplo.com.br/", "usuario": "novo",
}  # fmt: skip


def test_every_field_is_classed() -> None:
    campos = {campo for operacao in OPERACOES for campo in (*operacao.consulta, *operacao.campos)}
    assert campos == NOMEIAM | INOFENSIVOS, "does the new field name something of a ponto de venda?"


async def name_theirs(balcao: Balcao, operacao: Operacao, campo: str, valor: Any, meu: Vizinho) -> Resposta:
    """The operation on what is mine, with this field naming what is theirs."""
    if campo in operacao.consulta:
        return await balcao.call("GET", operacao.fill(meu.ids), params={campo: str(valor)}, chave="minha")
    campos = {nome: VALIDOS[nome] for nome in operacao.obrigatorios if nome in VALIDOS} | {campo: valor}
    if operacao.formulario is None:
        return await balcao.call(operacao.metodo, operacao.fill(meu.ids), campos, chave="minha")
    formulario = aiohttp.FormData()
    for nome, texto in {"consultor": meu.ids["consultores/{id}"], **campos}.items():
        formulario.add_field(nome, str(texto))
    formulario.add_field("arquivo", b"PK", filename="planilha.xlsx")
    return await balcao.call("POST", operacao.url, data=formulario, chave="minha")


async def test_a_field_that_names_anothers_shows_and_changes_nothing_of_theirs(balcao: Balcao) -> None:
    meu, outro = await meet(balcao)
    # A consultor's contracts may lie in several pontos de venda: who sells is no secret among them.
    await balcao.pool.execute("UPDATE consultores SET nome = 'VENDEDOR' WHERE id = $1", outro.loja.consultor_id)
    antes = await outro.dump(balcao)
    cpf = await balcao.pool.fetchval("SELECT cpf FROM clientes_finais WHERE id = $1", int(outro.ids["clientes/{id}"]))
    valores: dict[str, Any] = {
        "ponto_venda": outro.loja.codigo, "pontos_venda": [outro.loja.codigo], "cpf": cpf, "cpfs": [cpf],
        "consultor": int(outro.ids["consultores/{id}"]), "clientes": [int(outro.ids["clientes/{item}"])],
    }  # fmt: skip
    for operacao in OPERACOES:
        for campo in sorted(NOMEIAM & {*operacao.consulta, *operacao.campos}):
            resposta = await name_theirs(balcao, operacao, campo, valores[campo], meu)
            caso = f"{operacao} with {campo}"
            if campo.endswith("venda"):
                assert resposta.recusa == (403, "acesso.ponto_venda"), caso
            assert is_silent(resposta, outro), caso
    assert await outro.dump(balcao) == antes


# --- what every answer carries ----------------------------------------------------------------------------------------


async def test_every_page_and_every_answer_carries_the_security_headers(balcao: Balcao) -> None:
    paginas = [*PAGINAS, *(f"/web/{arquivo.relative_to(WEB).as_posix()}" for arquivo in WEB.rglob("*.js"))]
    respostas = [await balcao.call("GET", caminho, chave=None) for caminho in paginas]
    assert {resposta.status for resposta in respostas} == {200}
    for operacao in OPERACOES:
        respostas += [
            await balcao.call(operacao.metodo, operacao.fill(QUALQUER), chave=chave) for chave in (None, "leitura")
        ]
    respostas += [
        await balcao.call("GET", "/nada"), await balcao.call("PUT", "execucoes"),
        await balcao.call("POST", "bilhetes", data=b"{"), await balcao.call("GET", "/web/..%2fapp.py"),
        await balcao.call("GET", "/", headers={"If-None-Match": "*"}),
    ]  # fmt: skip
    for resposta in respostas:
        assert not SEGURANCA.keys() - resposta.headers.keys(), resposta
        assert resposta.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in resposta.headers["Content-Security-Policy"]
        assert "unsafe" not in resposta.headers["Content-Security-Policy"]
        assert "Server" not in resposta.headers
