"""The API's descriptions of itself match what is served, and the pages show them without leaving this origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.gateway.asyncapi import build_asyncapi
from services.gateway.auth import BISCOITO, CABECALHO_CSRF
from services.gateway.frames import DO_CLIENTE
from services.gateway.openapi import build_openapi
from services.gateway.pages import WEB
from services.gateway.routes import RECURSOS, list_rotas
from shared.events import EVENTOS
from tests.gateway.balcao import open_balcao, read_eventos, subscribe
from tests.gateway.cadastro import add_loja

OPENAPI = json.loads(json.dumps(build_openapi(RECURSOS)))
ASYNCAPI = json.loads(json.dumps(build_asyncapi()))
PROMETIDAS = {
    ("POST", "processar-downloads-ponto-venda"), ("GET", "execucoes"), ("GET", "execucoes/{automacao_id}"),
    ("GET", "execucoes/{automacao_id}/clientes"), ("GET", "execucoes/{automacao_id}/eventos"),
    ("POST", "execucoes/{automacao_id}/cancelar"), ("POST", "execucoes/{automacao_id}/pausar"),
    ("POST", "execucoes/{automacao_id}/retomar"), ("POST", "execucoes/{automacao_id}/reprocessar"),
    ("GET", "execucoes/{automacao_id}/relatorio.xlsx"), ("GET", "execucoes/{automacao_id}/boletos.zip"),
    ("GET", "boletos"), ("GET", "boletos/{id}"), ("GET", "boletos/{id}/pdf"), ("GET", "estatisticas"),
    ("GET", "health"), ("POST", "credenciais/{id}/testar"), ("POST", "planilhas"), ("GET", "planilhas"),
    ("GET", "clientes"), ("GET", "clientes/{id}"), ("PATCH", "clientes/{id}"), ("POST", "bilhetes"), ("GET", "ws"),
    *((m, f"{r}{s}") for r, k in (("pontos-venda", "codigo"), ("consultores", "id"), ("credenciais", "id"))
      for m, s in (("GET", ""), ("POST", ""), ("GET", f"/{{{k}}}"), ("PATCH", f"/{{{k}}}"), ("DELETE", f"/{{{k}}}"))),
}  # fmt: skip


def find_refs(valor: Any) -> Iterator[str]:
    if isinstance(valor, dict):
        if isinstance(valor.get("$ref"), str):
            yield valor["$ref"]
        for parte in valor.values():
            yield from find_refs(parte)
    elif isinstance(valor, list):
        for parte in valor:
            yield from find_refs(parte)


def follow(documento: Any, ref: str) -> Any:
    assert ref.startswith("#/")
    for parte in ref[2:].split("/"):
        documento = documento[parte.replace("~1", "/")]
    return documento


def test_every_promised_route_is_declared_and_described() -> None:
    declaradas = {(rota.metodo, rota.url.removeprefix("/api/automation/")) for rota in list_rotas()}
    assert not PROMETIDAS - declaradas
    descritas = {(m.upper(), url) for url, operacoes in OPENAPI["paths"].items() for m in operacoes}
    assert descritas == {(rota.metodo, rota.url) for rota in list_rotas()}


def test_every_description_says_what_it_takes_and_answers() -> None:
    ids = [o["operationId"] for operacoes in OPENAPI["paths"].values() for o in operacoes.values()]
    assert len(ids) == len(set(ids))
    for rota in list_rotas():
        operacao = OPENAPI["paths"][rota.url][rota.metodo.lower()]
        assert operacao["summary"]
        nos_caminhos = [p["name"] for p in operacao["parameters"] if p["in"] == "path"]
        assert nos_caminhos == re.findall(r"{(\w+)}", rota.url)
        assert str(rota.status) in operacao["responses"]
        assert ("security" in operacao) == (rota.escopo is not None)
        assert ("requestBody" in operacao) == (rota.corpo is not None or rota.formulario is not None)


def test_a_key_opens_every_door_and_a_session_too_with_its_token_where_something_changes() -> None:
    esquemas = OPENAPI["components"]["securitySchemes"]
    assert (esquemas["sessao"]["in"], esquemas["sessao"]["name"]) == ("cookie", BISCOITO)
    assert (esquemas["csrf"]["in"], esquemas["csrf"]["name"]) == ("header", CABECALHO_CSRF)
    for rota in list_rotas():
        operacao = OPENAPI["paths"][rota.url][rota.metodo.lower()]
        if rota.escopo is not None:
            sessao: dict[str, list[str]] = {"sessao": []} if rota.metodo == "GET" else {"sessao": [], "csrf": []}
            assert operacao["security"] == [{"chave": []}, sessao], rota.url


@pytest.mark.parametrize("documento", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(documento: Any) -> None:
    refs = set(find_refs(documento))
    assert refs
    for ref in refs:
        assert follow(documento, ref) is not None


def test_every_schema_is_a_schema() -> None:
    for esquema in (*OPENAPI["components"]["schemas"].values(), *ASYNCAPI["components"]["schemas"].values()):
        Draft202012Validator.check_schema(esquema)


def test_asyncapi_holds_every_message_and_every_frame() -> None:
    assert set(EVENTOS) < set(ASYNCAPI["channels"])
    assert set(ASYNCAPI["channels"]["socket"]["messages"]) == {*DO_CLIENTE, "estado", "evento", "pulso", "erro"}


def check(documento: Any, esquema: Any, valor: Any) -> None:
    Draft202012Validator({**esquema, "components": documento["components"]}).validate(valor)


async def test_what_is_answered_is_what_is_described(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        await add_loja(balcao.pool)
        envio = await balcao.call("POST", "processar-downloads-ponto-venda", {"ponto_venda": "17.308"})
        id = envio.data["automacao_id"]
        respostas = [
            ("post", "processar-downloads-ponto-venda", envio),
            ("get", "execucoes", await balcao.call("GET", "execucoes")),
            ("get", "execucoes/{automacao_id}", await balcao.call("GET", f"execucoes/{id}")),
            ("get", "execucoes/{automacao_id}/clientes", await balcao.call("GET", f"execucoes/{id}/clientes")),
            ("get", "execucoes/{automacao_id}/eventos", await balcao.call("GET", f"execucoes/{id}/eventos")),
            ("post", "execucoes/{automacao_id}/cancelar", await balcao.call("POST", f"execucoes/{id}/cancelar")),
            ("post", "execucoes/{automacao_id}/cancelar", await balcao.call("POST", f"execucoes/{id}/cancelar")),
            ("get", "health", await balcao.call("GET", "health")),
        ]
        for metodo, caminho, resposta in respostas:
            descrita = OPENAPI["paths"][f"/api/automation/{caminho}"][metodo]["responses"][str(resposta.status)]
            check(OPENAPI, descrita["content"]["application/json"]["schema"], resposta.corpo)
        async with balcao.socket() as ws:
            estado = await subscribe(ws, id)
            check(ASYNCAPI, ASYNCAPI["components"]["messages"]["estado"]["payload"], estado)
            desde = {"epoca": estado["epoca"], "seq": 0}
            await subscribe(ws, id, desde)
            for evento in await read_eventos(ws, estado["seq"]):
                check(ASYNCAPI, ASYNCAPI["components"]["messages"]["evento"]["payload"], evento)


async def test_the_descriptions_need_a_key_and_the_pages_hold_no_data(database_url: str, tmp_path: Path) -> None:
    async with open_balcao(database_url, tmp_path) as balcao:
        for caminho in ("/api/openapi.json", "/api/asyncapi.json"):
            assert (await balcao.call("GET", caminho, chave=None)).recusa[0] == 401
            assert (await balcao.call("GET", caminho)).status == 200
        for caminho, tipo in (("/", "text/html"), ("/api/docs", "text/html"), ("/web/reducer.js", "text/javascript")):
            pagina = await balcao.call("GET", caminho, chave=None)
            assert (pagina.status, pagina.headers["Content-Type"].split(";")[0]) == (200, tipo)
        for fora in ("/web/..%2fapp.py", "/web/index.html.bak", "/web/%2e%2e/app.py"):
            assert (await balcao.call("GET", fora)).recusa[0] == 404


def test_the_pages_load_nothing_from_elsewhere_and_run_nothing_inline() -> None:
    for arquivo in (parte for parte in WEB.iterdir() if parte.is_file()):
        texto = arquivo.read_text(encoding="utf-8")
        assert not re.findall(r"https?://(?!www\.w3\.org/)", texto), arquivo.name
        if arquivo.suffix == ".html":
            assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", texto), arquivo.name
            for recurso in re.findall(r'(?:src|href)="/web/([^"]+)"', texto):
                assert (WEB / recurso).exists()
            # The include is a piece of another's page.
            assert '<html lang="pt-BR">' in texto or arquivo.name == "widget-canopus-downloads.html"
