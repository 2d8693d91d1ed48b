"""What an attacker puts into a request: paths, line breaks, SQL and formulas."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from services.gateway.api import BASE
from services.gateway.routes.pedidos import disposition
from services.gateway.store.chaves import Escopo
from shared.celulas import quote_formula
from tests.gateway.balcao import Balcao, open_balcao, send_raw, write_request
from tests.gateway.cadastro import add_loja, submit
from tests.gateway.operacoes import OPERACOES
from tests.gateway.vizinhos import settle


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


# --- paths ------------------------------------------------------------------------------------------------------------

CAMINHOS = [
    "/web/../app.py", "/web/../../gateway/app.py", "/web/..%2fapp.py", "/web/%2e%2e/app.py", "/web/..%5capp.py",
    "/web/....//app.py", "/web/%252e%252e%252fapp.py", "/web/..%c0%afapp.py", "/web//etc/passwd", "//etc/passwd",
    "/web/%00app.js", "/web/app.js%00", "/web/app.js/../../app.py", "/web/", "/web", "/web/vendor/", "/.env",
    "http://outro.exemplo/etc/passwd", "/api/automation/../../etc/passwd", "/api/automation/boletos/..%2f..%2fetc",
    "/api/automation/boletos/1%2fpdf", "/api/automation/pontos-venda/..%2f..%2fetc%2fpasswd",
    "/api/automation/pontos-venda/%2e%2e", "/api/automation/execucoes/..%2fboletos",
]  # fmt: skip


async def test_no_address_leads_to_a_file_that_is_not_served(balcao: Balcao) -> None:
    for caminho in CAMINHOS:
        cabeca, corpo = await send_raw(balcao, write_request(balcao, f"GET {caminho}"))
        assert re.match(rb"HTTP/1.1 (400|404) ", cabeca), (caminho, cabeca)
        assert json.loads(corpo)["success"] is False


NOMES = [
    "../../../etc/x.xlsx",
    "..\\..\\x.xlsx",
    "C:\\Windows\\x.xlsx",
    "/etc/x.xlsx",
    "a/b/../../x.xlsx",
    "\u202ex.xlsx",
]


async def test_an_uploads_name_is_a_name_and_no_path(balcao: Balcao, tmp_path: Path) -> None:
    """Nobody reads it here: what was stored is looked at."""
    loja = await add_loja(balcao.pool)
    await balcao.pool.execute("INSERT INTO servicos (id, tipo, fila, visto_em) VALUES ('n1', 'namer', 'n1', now())")
    for nome in NOMES:
        formulario = aiohttp.FormData(quote_fields=False)
        formulario.add_field("consultor", str(loja.consultor_id))
        formulario.add_field("arquivo", b"PK", filename=nome)
        resposta = await balcao.call("POST", "planilhas", data=formulario, headers={"Prefer": "respond-async"})
        assert resposta.status == 202
        parametros = await balcao.pool.fetchval("SELECT parametros FROM pedidos ORDER BY criado_em DESC LIMIT 1")
        assert parametros["nome_arquivo"] == re.split(r"[\\/]", nome)[-1]
    guardados = [arquivo for arquivo in (tmp_path / "downloads").rglob("*") if arquivo.is_file()]
    assert {arquivo.parent.name for arquivo in guardados} == {"planilhas"}


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nome", ["a\r\nSet-Cookie: x=1.pdf", 'a"; filename="b.exe', "a\x00b\x7f\x1b.pdf", "ção\u2028.pdf", ""]
)
def test_a_name_in_a_header_ends_no_line_and_closes_no_quote(nome: str) -> None:
    escrito = disposition("attachment", nome)
    assert re.fullmatch(r'attachment; filename="[\w. -]+"; filename\*=UTF-8\'\'[\w.%~-]*', escrito, re.ASCII), escrito


async def test_line_breaks_in_an_address_come_back_in_no_header(balcao: Balcao) -> None:
    for lugar in ("execucoes?status=a", "pontos-venda/a", "nada/a", "execucoes?cursor="):
        alvo = f"GET {BASE}/{lugar}%0d%0aSet-Cookie:%20mau=1%0d%0a%0d%0a<script>"
        cabeca, corpo = await send_raw(balcao, write_request(balcao, alvo))
        assert b"mau" not in cabeca, lugar
        assert b"application/json" in cabeca and json.loads(corpo)["success"] is False


DUBIOS = [
    ("Content-Length: 5", "Transfer-Encoding: chunked"), ("Content-Length: 5", "Content-Length: 6"),
    ("Content-Length: 5, 6",), ("Content-Length: +5",), ("Transfer-Encoding: chunked, identity",),
    ("Transfer-Encoding: xchunked",), ("Transfer-Encoding : chunked",), ("X: a\r\n Transfer-Encoding: chunked",),
    ("X: a\nContent-Length: 5",), ("X\x00: a",), ("X : a",), (": a",),
]  # fmt: skip


async def test_what_a_proxy_could_read_otherwise_is_not_read(balcao: Balcao) -> None:
    """A second request hidden in the first one's body would be answered to somebody else."""
    escondido = b"0\r\n\r\nGET /api/automation/execucoes HTTP/1.1\r\nHost: a\r\n\r\n"
    for cabecalhos in DUBIOS:
        pedido = write_request(balcao, f"POST {BASE}/consultores", *cabecalhos, corpo=escondido)
        cabeca, _ = await send_raw(balcao, pedido.replace(b"Connection: close\r\n", b""))
        assert cabeca.startswith(b"HTTP/1.") and b" 400 " in cabeca.splitlines()[0], (cabecalhos, cabeca)


# --- SQL, HTML and formulas -------------------------------------------------------------------------------------------

INJECOES = [
    "' OR '1'='1", "'; DROP TABLE boletos; --", "1) OR (1=1", '" OR ""="', "%' OR '%'='", "%", "_", "\\", "$1", "NULL",
    "{boleto_feito}", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "=HYPERLINK(1)", "\u2019 OR 1=1",
]  # fmt: skip


async def test_sql_in_a_field_is_text(balcao: Balcao) -> None:
    """In every text of every query and of every body; what it finds, if anything, is the caller's own."""
    meu, outro = await settle(balcao, "17.308", 0), await settle(balcao, "21.400", 50)
    await balcao.add_chave("minha", Escopo.ADMIN, meu.loja.id)
    antes = await outro.dump(balcao)
    for operacao in OPERACOES:
        textos = [campo for campo, esquema in operacao.consulta.items() if "string" in json.dumps(esquema)]
        for campo in textos:
            for injecao in INJECOES:
                resposta = await balcao.call("GET", operacao.fill(meu.ids), params={campo: injecao}, chave="minha")
                caso = f"{operacao} with {campo}={injecao}: {resposta.status}"
                # 401: the query itself is the proof of who asks, and this is none.
                assert resposta.status in (200, 403, 404, 422) or operacao.escopo is None, caso
                assert not [m for m in outro.marcas if m.encode() in resposta.bruto], caso
    for numero, injecao in enumerate(INJECOES):
        corpo = {"nome": f"nome {numero} {injecao}", "ponto_venda": "17.308"}
        criado = await balcao.call("POST", "consultores", corpo, chave="minha")
        assert criado.data["nome"] == corpo["nome"]
        achados = await balcao.call("GET", "planilhas", params={"consultor": corpo["nome"]}, chave="minha")
        assert achados.data["planilhas"] == []
    assert await outro.dump(balcao) == antes


async def test_what_would_run_in_a_spreadsheet_is_quoted_where_statistics_leave(balcao: Balcao) -> None:
    loja = await add_loja(balcao.pool, clientes=12)
    perigos = ["=HYPERLINK(a)", "+SOMA(B1)", "@SOMA(C1)", "-cmd|' /C calc'!A0", "＝SOMA(D1)"]
    for perigo in perigos:
        assert (await balcao.call("POST", "consultores", {"nome": perigo, "ponto_venda": "17.308"})).status == 201
    await submit(balcao.pool, loja)
    await balcao.pool.execute(
        "UPDATE log_downloads_boletos SET consultor_id = 1 + id % 6, status = 'sucesso', finalizado_em = now()"
    )
    resposta = await balcao.call("GET", "estatisticas.csv")
    celulas = {celula for linha in csv.reader(resposta.bruto.decode().splitlines(), delimiter=";") for celula in linha}
    assert {f"'{perigo}" for perigo in perigos} <= celulas
    assert not [celula for celula in celulas if quote_formula(celula) != celula]
