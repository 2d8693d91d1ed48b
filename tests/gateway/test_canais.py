"""Channels, who is told and the notices over HTTP: secrets that go in and never come out, Meta's callback, the test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.api import BASE
from services.gateway.auth import BISCOITO, CABECALHO_CSRF
from services.gateway.store import pessoas
from services.gateway.store.canais import MAXIMO, MAXIMO_LUGARES
from services.gateway.store.chaves import Escopo
from tests.eventually import eventually
from tests.gateway.agencia import (
    CONTA,
    SEGREDOS,
    TOKEN_VERIFICACAO,
    CarteiroSmtp,
    Meta,
    make_situacao,
    open_meta,
    open_smtp,
    refuse,
    sign_meta,
)
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_loja, list_itens, submit
from tests.gateway.motor import Maestro
from tests.gateway.porta import check_declared

ZAP = {"nome": "zap", **CONTA, **SEGREDOS}
TELEGRAM = "tgram://123456789:AAabcdefghijklmnopqrstuvwxyz0123456/{endereco}"


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path, webhooks_privados=True) as aberto:
        yield aberto


@pytest.fixture
async def meta() -> AsyncIterator[Meta]:
    async with open_meta() as aberta:
        yield aberta


@pytest.fixture
async def smtp() -> AsyncIterator[CarteiroSmtp]:
    async with open_smtp() as aberto:
        yield aberto


async def call(balcao: Balcao, metodo: str, caminho: str, corpo: Any = None, **opcoes: Any) -> Any:
    """The data of an answer that holds what its route declares."""
    dados = (await balcao.call(metodo, caminho, corpo, **opcoes)).data
    check_declared(metodo, caminho, dados)
    return dados


async def add_pessoa(balcao: Balcao) -> int:
    nova = {"nome": "Ana Lima", "email": "ana@exemplo.com.br", "escopo": "operador"}
    id: int = (await balcao.call("POST", "pessoas", nova)).data["id"]
    return id


async def add_zap(balcao: Balcao, meta: Meta) -> tuple[int, int]:
    """A WhatsApp channel and Ana, who is told by it."""
    canal = (await call(balcao, "POST", "canais", ZAP | {"url_base": meta.url_base}))["id"]
    ana = {"pessoa_id": await add_pessoa(balcao), "canal_id": canal, "endereco": "(67) 99999-0000"}
    return canal, (await call(balcao, "POST", "destinatarios", ana))["id"]


async def settled(balcao: Balcao, estado: str) -> dict[str, Any]:
    """The newest notice, once it stands so."""

    async def check() -> dict[str, Any]:
        aviso: dict[str, Any] = (await call(balcao, "GET", "avisos"))["avisos"][0]
        return aviso if aviso["estado"] == estado else {}

    return await eventually(check, 60)


async def post_situacao(balcao: Balcao, canal: int, corpo: bytes, **headers: str) -> int:
    cabecalhos = sign_meta(corpo) | {nome.replace("_", "-"): valor for nome, valor in headers.items()}
    url = f"{balcao.origem}{BASE}/canais/{canal}/situacoes"
    async with balcao.sessao.post(url, data=corpo, headers=cabecalhos) as resposta:
        return resposta.status


async def test_secrets_go_in_and_never_come_out(balcao: Balcao) -> None:
    for corpo in (ZAP, {"nome": "bot", "url": TELEGRAM}):
        criado = await balcao.call("POST", "canais", corpo)
        assert criado.status == 201
        mudado = await balcao.call("PATCH", f"canais/{criado.data['id']}", {"nome": f"{corpo['nome']} novo"})
        lista = await balcao.call("GET", "canais")
        for resposta in (criado, mudado, lista):
            assert not [s for s in (*SEGREDOS.values(), "AAabc") if s in resposta.bruto.decode()]
    check_declared("GET", "canais", lista.data)
    zap, bot = lista.data["canais"]
    assert (zap["tipo"], zap["servico"], zap["modelo"], zap["idioma"]) == (
        "whatsapp",
        "WhatsApp",
        "aviso_canopus",
        "pt_BR",
    )
    assert (bot["tipo"], bot["servico"], bot["pede_endereco"], bot["modelo"]) == ("servico", "Telegram", True, None)
    guardados = [linha["segredos"] for linha in await balcao.pool.fetch("SELECT segredos FROM canais ORDER BY id")]
    abertos = [json.loads(balcao.gateway.ctx.chaveiro.decrypt(texto)) for texto in guardados]
    assert abertos == [SEGREDOS, {"url": TELEGRAM}]
    # One secret is changed, the others stay.
    await call(balcao, "PATCH", "canais/1", {"token": "EAAoutro"})
    novo = await balcao.pool.fetchval("SELECT segredos FROM canais WHERE id = 1")
    assert json.loads(balcao.gateway.ctx.chaveiro.decrypt(novo)) == SEGREDOS | {"token": "EAAoutro"}
    # Where the keys were lost, all of them are given anew.
    await balcao.pool.execute("UPDATE canais SET segredos = 'x' WHERE id = 1")
    assert set((await balcao.call("PATCH", "canais/1", {"token": "EAAoutro"})).campos) == {*SEGREDOS} - {"token"}
    await call(balcao, "PATCH", "canais/1", SEGREDOS)
    auditoria = str([tuple(linha) for linha in await balcao.pool.fetch("SELECT acao, detalhes FROM auditoria")])
    assert "canal.alterar" in auditoria
    assert not [segredo for segredo in (*SEGREDOS.values(), "EAAoutro", "AAabc") if segredo in auditoria]


async def test_a_channel_that_cannot_be_is_refused_at_its_field(balcao: Balcao) -> None:
    for corpo, campos in (
        ({"nome": "x"}, {"numero_id", "modelo", *SEGREDOS}),
        ({k: v for k, v in ZAP.items() if k != "token"}, {"token"}),
        (ZAP | {"numero_id": "12/../34"}, {"numero_id"}),
        (ZAP | {"url_base": "ftp://x"}, {"url_base"}),
        ({"nome": "x", "url": "nada://a"}, {"url"}),
        ({"nome": "x", "url": TELEGRAM, "modelo": "m"}, {"modelo"}),
        ({"nome": "x", "url": TELEGRAM.replace("{endereco}", "11111111/22222222")}, {"url"}),
    ):
        recusa = await balcao.call("POST", "canais", corpo)
        assert (recusa.status, set(recusa.campos)) == (422, campos), corpo
    await balcao.call("POST", "canais", ZAP)
    assert set((await balcao.call("PATCH", "canais/1", {"url": TELEGRAM})).campos) == {"url"}
    await balcao.pool.execute(
        "INSERT INTO canais (nome, tipo, servico, pede_endereco, segredos)"
        " SELECT 'x', 'servico', 'x', false, 'x' FROM generate_series(1, $1)",
        MAXIMO,
    )
    assert (await balcao.call("POST", "canais", ZAP)).recusa == (409, "canal.demais")


async def test_metas_token_goes_to_another_address_only_when_it_is_given_anew(balcao: Balcao) -> None:
    await call(balcao, "POST", "canais", ZAP)
    outro = {"url_base": "https://outro.exemplo.com.br/v1"}
    assert set((await balcao.call("PATCH", "canais/1", outro)).campos) == {"token"}
    await call(balcao, "PATCH", "canais/1", outro | {"token": SEGREDOS["token"]})
    await call(balcao, "PATCH", "canais/1", outro | {"nome": "zap 2"})


async def test_an_address_fits_its_channel_or_is_refused(balcao: Balcao) -> None:
    pessoa = await add_pessoa(balcao)
    correio = "mailtos://u:segredo@exemplo.com.br?to={endereco}"
    for canal_novo in (ZAP, {"nome": "correio", "url": correio}, {"nome": "sala", "url": "json://127.0.0.1:9/"}):
        await call(balcao, "POST", "canais", canal_novo)
    corpo: dict[str, Any]
    for canal, endereco, fica in (
        (1, "(67) 99999-0000", "5567999990000"), (1, "+1 415 555 0100", "14155550100"),
        (1, "5567999990000", "5567999990000"), (1, "(067) 99999-0001", "5567999990001"),
        (1, "067 3322-1100", "556733221100"), (2, "ana@exemplo.com.br", "ana@exemplo.com.br"), (3, None, None),
    ):  # fmt: skip
        corpo = {"pessoa_id": pessoa, "canal_id": canal} | ({} if endereco is None else {"endereco": endereco})
        assert (await call(balcao, "POST", "destinatarios", corpo))["endereco"] == fica
    for canal, endereco in ((1, None), (1, "123"), (1, "ana@exemplo.com.br"), (2, None), (2, "ana"), (3, "x")):
        corpo = {"pessoa_id": pessoa, "canal_id": canal, "endereco": endereco}
        assert set((await balcao.call("POST", "destinatarios", corpo)).campos) == {"endereco"}, corpo
    for corpo, codigo in (
        ({"pessoa_id": 99, "canal_id": 1, "endereco": "67999990000"}, "destinatario.ausente"),
        ({"pessoa_id": pessoa, "canal_id": 99}, "canal.nao_encontrado"),
    ):  # fmt: skip
        assert (await balcao.call("POST", "destinatarios", corpo)).recusa == (404, codigo)


async def test_what_others_are_told_is_for_who_administers_everything(balcao: Balcao, meta: Meta) -> None:
    canal, destinatario = await add_zap(balcao, meta)
    loja = await add_loja(balcao.pool)
    await balcao.add_chave("loja", Escopo.ADMIN, loja.id)
    ajustes = ("numero_id", "modelo", "idioma", "url_base")
    for chave in ("operador", "loja"):
        for metodo, caminho in (
            ("GET", "destinatarios"), ("GET", "avisos"), ("PATCH", f"destinatarios/{destinatario}"),
            ("DELETE", f"destinatarios/{destinatario}"), ("POST", f"destinatarios/{destinatario}/testar"),
            ("DELETE", f"canais/{canal}"),
        ):  # fmt: skip
            corpo: Any = {} if metodo == "PATCH" else None
            assert (await balcao.call(metodo, caminho, corpo, chave=chave)).status == 403, caminho
        (visto,) = (await call(balcao, "GET", "canais", chave=chave))["canais"]
        assert visto["nome"] == "zap" and {visto[campo] for campo in ajustes} == {None}


async def enter(balcao: Balcao, nome: str, escopo: Escopo, pontos: tuple[int, ...] | None = None) -> dict[str, Any]:
    """What a person's calls carry."""
    async with balcao.pool.acquire() as conn:
        id = await pessoas.create_pessoa(conn, f"{nome}@exemplo.com.br", nome, "x", escopo, pontos)
        await conn.execute("UPDATE pessoas SET trocar_senha = false WHERE id = $1", id)
        sessao = await pessoas.open_sessao(conn, id, "x")
    assert sessao
    return {"chave": None, "headers": {"Cookie": f"{BISCOITO}={sessao.token}", CABECALHO_CSRF: sessao.csrf}}


@pytest.mark.parametrize("escopo", [Escopo.LEITURA, Escopo.ADMIN])
async def test_a_person_sets_her_own_notices_and_finds_nobody_elses(balcao: Balcao, meta: Meta, escopo: Escopo) -> None:
    """As an admin of one ponto de venda too: who may see everything is another."""
    canal, alheio = await add_zap(balcao, meta)
    loja = await add_loja(balcao.pool, clientes=1)
    bia = await enter(balcao, "bia", escopo, (loja.id,))
    novo = {"canal_id": canal, "endereco": "(67) 98888-0000", "eventos": ["execucao.encerrada"]}
    assert set((await balcao.call("POST", "destinatarios", novo | {"endereco": "ana"}, **bia)).campos) == {"endereco"}
    meu = await call(balcao, "POST", "destinatarios", novo, **bia)
    assert (meu["pessoa"], meu["endereco"]) == ("bia", "5567988880000")
    assert (await call(balcao, "PATCH", f"destinatarios/{meu['id']}", {"limite_falhas": 0}, **bia))[
        "limite_falhas"
    ] == 0
    # Of others she finds nothing, and says nothing for them.
    ana = (await call(balcao, "GET", "destinatarios"))["destinatarios"][0]["pessoa_id"]
    recusa = await balcao.call("POST", "destinatarios", novo | {"pessoa_id": ana}, **bia)
    assert recusa.recusa == (403, "aviso.de_outros")
    for metodo, resto in (("PATCH", ""), ("DELETE", ""), ("POST", "/testar")):
        corpo: Any = {} if metodo == "PATCH" else None
        assert (await balcao.call(metodo, f"destinatarios/{alheio}{resto}", corpo, **bia)).status == 404
    await call(balcao, "POST", f"destinatarios/{alheio}/testar")
    dela = await settled(balcao, "aceito")
    assert (await balcao.call("POST", f"avisos/{dela['id']}/reenviar", **bia)).status == 404
    assert (await call(balcao, "GET", "avisos", **bia))["avisos"] == []
    await call(balcao, "POST", f"destinatarios/{meu['id']}/testar", **bia)
    assert [aviso["pessoa"] for aviso in (await call(balcao, "GET", "avisos", **bia))["avisos"]] == ["bia"]
    assert [d["pessoa"] for d in (await call(balcao, "GET", "destinatarios", **bia))["destinatarios"]] == ["bia"]
    await call(balcao, "DELETE", f"destinatarios/{meu['id']}", **bia)
    quem = await balcao.pool.fetchval("SELECT quem FROM auditoria WHERE acao = 'destinatario.excluir'")
    assert "bia" in quem


async def test_a_person_is_told_at_so_many_places_and_no_more(balcao: Balcao) -> None:
    await call(balcao, "POST", "canais", {"nome": "sala", "url": "json://127.0.0.1:9/"})
    bia = await enter(balcao, "bia", Escopo.LEITURA)
    for _ in range(MAXIMO_LUGARES):
        await call(balcao, "POST", "destinatarios", {"canal_id": 1}, **bia)
    assert (await balcao.call("POST", "destinatarios", {"canal_id": 1}, **bia)).recusa == (409, "destinatario.demais")
    assert set((await balcao.call("POST", "destinatarios", {"canal_id": 1})).campos) == {"pessoa_id"}


async def test_the_end_of_a_job_is_told_and_delivery_is_told_apart_from_acceptance(balcao: Balcao, meta: Meta) -> None:
    canal, _ = await add_zap(balcao, meta)
    loja = await add_loja(balcao.pool, clientes=1)
    maestro = Maestro(balcao.pool)
    (item,) = await list_itens(balcao.pool, await submit(balcao.pool, loja))
    await maestro.succeed(item["id"], await maestro.lease(loja))
    aviso = await settled(balcao, "aceito")
    assert (aviso["titulo"], aviso["pessoa"], aviso["entregue_em"]) == ("Execução concluída · 17.308", "Ana Lima", None)
    ((wamid, _),) = meta.aceitas.items()
    assert await post_situacao(balcao, canal, make_situacao(wamid, "delivered")) == 200
    assert (await settled(balcao, "entregue"))["entregue_em"] == "2025-11-25T14:00:00+00:00"
    assert await post_situacao(balcao, canal, make_situacao(wamid, "read")) == 200
    assert (await settled(balcao, "lido"))["lido_em"]


async def test_a_callback_that_meta_did_not_sign_changes_nothing(balcao: Balcao, meta: Meta) -> None:
    canal, destinatario = await add_zap(balcao, meta)
    await balcao.call("POST", f"destinatarios/{destinatario}/testar")
    await settled(balcao, "aceito")
    bot = (await call(balcao, "POST", "canais", {"nome": "bot", "url": TELEGRAM}))["id"]
    ((wamid, _),) = meta.aceitas.items()
    corpo = make_situacao(wamid, "read")
    for alvo, headers in (
        (canal, {"X_Hub_Signature_256": ""}), (canal, sign_meta(corpo, "outro segredo")),
        (canal, sign_meta(corpo + b" ")), (bot, {}), (99, {}),
    ):  # fmt: skip
        assert await post_situacao(balcao, alvo, corpo, **headers) == 401
    await settled(balcao, "aceito")
    # Signed, and of nothing that is known: taken, or Meta would say it for days.
    for estranho in (make_situacao("wamid.outra", "read"), b'{"object": "page", "entry": []}', b"nada"):
        assert await post_situacao(balcao, canal, estranho) == 200
    await settled(balcao, "aceito")


async def test_meta_is_answered_its_challenge_where_it_knows_our_word(balcao: Balcao, meta: Meta) -> None:
    canal, _ = await add_zap(balcao, meta)
    desafio = {"hub.mode": "subscribe", "hub.verify_token": TOKEN_VERIFICACAO, "hub.challenge": "1158201444"}
    caminho = f"canais/{canal}/situacoes"
    certa = await balcao.call("GET", caminho, chave=None, params=desafio)
    assert (certa.status, certa.bruto, certa.headers["Content-Type"].split(";")[0]) == (
        200,
        b"1158201444",
        "text/plain",
    )
    for errado in ({"hub.verify_token": "x"}, {"hub.mode": "x"}, {"hub.verify_token": "é"}):
        assert (await balcao.call("GET", caminho, chave=None, params=desafio | errado)).recusa == (
            401,
            "aviso.assinatura",
        )
    assert (await balcao.call("GET", "canais/99/situacoes", chave=None, params=desafio)).status == 401


async def test_a_failure_that_passes_is_sent_again_and_another_is_given_up(balcao: Balcao, meta: Meta) -> None:
    canal, destinatario = await add_zap(balcao, meta)
    await balcao.call("POST", f"destinatarios/{destinatario}/testar")
    aviso = await settled(balcao, "aceito")
    assert (await balcao.call("POST", f"avisos/{aviso['id']}/reenviar")).recusa == (409, "aviso.enviado")
    ((wamid, _),) = meta.aceitas.items()
    assert await post_situacao(balcao, canal, make_situacao(wamid, "failed", erro=131026)) == 200
    aviso = await settled(balcao, "desistiu")
    assert "O número não usa o WhatsApp" in aviso["erro"]
    await call(balcao, "POST", f"avisos/{aviso['id']}/reenviar")
    await settled(balcao, "aceito")
    await balcao.pool.execute("UPDATE avisos SET tipo = 'execucao.encerrada'")
    assert await post_situacao(balcao, canal, make_situacao(list(meta.aceitas)[1], "failed", erro=131000)) == 200
    assert (await settled(balcao, "falhou"))["proxima_em"] is not None


async def test_a_test_is_sent_once_and_says_what_became_of_it(balcao: Balcao, meta: Meta, smtp: CarteiroSmtp) -> None:
    canal, destinatario = await add_zap(balcao, meta)
    meta.respostas.append(refuse(401, 190, "Access token has expired"))
    enviado = await balcao.call("POST", f"destinatarios/{destinatario}/testar")
    assert (enviado.status, enviado.data["tipo"], enviado.data["estado"]) == (202, "teste", "pendente")
    aviso = await settled(balcao, "desistiu")
    assert (aviso["tentativas"], "gere outro na Meta" in aviso["erro"]) == (1, True)
    await call(balcao, "PATCH", f"canais/{canal}", {"ativo": False})
    assert (await balcao.call("POST", f"destinatarios/{destinatario}/testar")).recusa == (409, "canal.desligado")
    visto = (await call(balcao, "GET", "destinatarios"))["destinatarios"][0]
    assert (visto["desistidos"], visto["ultimo_aceito_em"]) == (1, None)

    correio = (await call(balcao, "POST", "canais", {"nome": "correio", "url": smtp.url() + "{endereco}"}))["id"]
    corpo = {"pessoa_id": visto["pessoa_id"], "canal_id": correio, "endereco": "ana@exemplo.com.br"}
    por_email = (await call(balcao, "POST", "destinatarios", corpo))["id"]
    await balcao.call("POST", f"destinatarios/{por_email}/testar")
    await settled(balcao, "aceito")
    assert [mensagem["Subject"] for mensagem in smtp.recebidas] == ["Teste do Canopus"]


async def test_a_channel_goes_with_all_who_were_told_by_it(balcao: Balcao, meta: Meta) -> None:
    canal, destinatario = await add_zap(balcao, meta)
    await balcao.call("POST", f"destinatarios/{destinatario}/testar")
    mudado = await call(
        balcao, "PATCH", f"destinatarios/{destinatario}", {"eventos": ["execucao.falhas"], "limite_falhas": 0}
    )
    assert (mudado["eventos"], mudado["limite_falhas"]) == (["execucao.falhas"], 0)
    assert (await call(balcao, "PATCH", f"destinatarios/{destinatario}", {"eventos": None}))["eventos"] is None
    assert await call(balcao, "DELETE", f"canais/{canal}") == {"id": canal, "excluido": True}
    for tabela in ("canais", "destinatarios", "avisos"):
        assert await balcao.pool.fetchval(f"SELECT count(*) FROM {tabela}") == 0  # noqa: S608
    assert (await balcao.call("DELETE", f"canais/{canal}")).recusa == (404, "canal.nao_encontrado")
