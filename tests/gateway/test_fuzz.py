"""The API under requests that its own description makes: right ones, broken ones, and those that once hurt.

Whatever comes, the answer is one that the description names, in the shape that it gives, within seconds. A request that
was answered otherwise is printed as the file that it is to have in `corpus/`, where it is tried again for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from yarl import URL

from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import cpf_de
from tests.gateway.gerador import Pedido, pedidos, read_pedido
from tests.gateway.operacoes import OPENAPI, OPERACOES
from tests.gateway.vizinhos import settle

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.json"))
LIMITE_S = 10
# What takes away comes last: the others find something as long as they can.
EM_ORDEM = sorted(OPERACOES, key=lambda operacao: operacao.metodo == "DELETE")


@dataclass
class Alvo:
    """A gateway and the loop that it runs in, for examples that are drawn outside of it."""

    runner: asyncio.Runner
    balcao: Balcao
    conhecidos: dict[str, list[Any]]

    def send(self, pedido: Pedido) -> None:
        """Raises AssertionError where the answer is none that is described."""
        try:
            self.runner.run(self._send(pedido))
        except (AssertionError, TimeoutError) as erro:
            raise AssertionError(f"{erro or 'no answer in time'}\n{pedido.write()}") from erro

    async def _send(self, pedido: Pedido) -> None:
        url = URL(self.balcao.origem + pedido.caminho, encoded=True)
        dados = None if pedido.corpo is None else pedido.corpo.encode("latin-1")
        headers = self.balcao.headers() | pedido.headers
        async with (
            asyncio.timeout(LIMITE_S),
            self.balcao.sessao.request(pedido.metodo, url, data=dados, headers=headers) as resposta,
        ):
            bruto = await resposta.read()
            if resposta.status == 400 and b"requisicao.ilegivel" in bruto:
                return  # an address too long for any route
            descrita = DESCRITAS[pedido.operacao].get(str(resposta.status))
            assert descrita is not None, f"{resposta.status} is not described: {bruto[:300]!r}"
            assert resposta.status != 500, bruto[:300]
            tipos = descrita.get("content", {})
            assert not tipos or resposta.content_type in tipos, resposta.content_type
            if "schema" in tipos.get(resposta.content_type, {}):
                erros = list(make_validator(pedido.operacao, resposta.status).iter_errors(await resposta.json()))
                assert not erros, f"{resposta.status}: {erros[0].message[:300]}"


DESCRITAS = {operacao.id: operacao.respostas for operacao in OPERACOES}


@cache
def make_validator(operacao: str, status: int) -> Draft202012Validator:
    esquema = DESCRITAS[operacao][str(status)]["content"]["application/json"]["schema"]
    return Draft202012Validator({**esquema, "components": OPENAPI["components"]})


@contextmanager
def open_alvo(database_url: str, pasta: Path) -> Iterator[Alvo]:
    with asyncio.Runner() as runner:
        aberto = open_balcao(database_url, pasta)
        balcao = runner.run(aberto.__aenter__())
        try:
            balcao.gateway.ctx.falhas.maximo = 1_000_000
            vizinhos = [runner.run(settle(balcao, codigo, base)) for codigo, base in (("17.308", 0), ("21.400", 50))]
            yield Alvo(runner, balcao, _know([vizinho.ids for vizinho in vizinhos]))
        finally:
            runner.run(aberto.__aexit__(None, None, None))


def _know(todos: list[dict[str, str]]) -> dict[str, list[Any]]:
    lugares: dict[str, list[Any]] = {lugar: [ids[lugar] for ids in todos] for lugar in todos[0]}
    return lugares | {
        "ponto_venda": ["17.308", "21400"], "pontos_venda": ["17308"], "consultor": ["CONSULTOR 17.308", "1", 1, 2],
        "cpfs": [cpf_de(1), cpf_de(51)], "cpf": [cpf_de(1), cpf_de(2)], "clientes": [1, 2, 4], "ano": [2026],
        "mes": [11, "novembro", "atual"], "escopo": ["leitura", "operador"], "email": ["ana@exemplo.com.br"],
        "origem": ["https://crm.exemplo.com.br"], "codigo": ["17.308", "30.000", "cliente"], "perfil": ["canopus"],
        "usuario": ["17308"], "senha": ["uma senha comprida"], "empresa": ["credms"], "limite": [1, 2, 500],
        "regra": [{"tipo": "dia_util", "numero": 3, "hora": "08:00"}, {"tipo": "cron", "expressao": "0 8 5 * *"}],
        "fuso": ["America/Sao_Paulo", "America/Cuiaba"], "url_base": ["http://127.0.0.1:9"], "arquivo": ["PK"],
        "destino": ["s3://balde/x", "drive://1PastaDosBoletos"], "endereco": ["http://127.0.0.1:9"], "regiao": ["x"],
        "nome": ["Ana", "Bia"], "whatsapp": ["(67) 99999-0000"],
        "link_planilha_drive": ["https://drive.google.com/open?id=1AbCdEfGhIjKlMnOp"],
    }  # fmt: skip


def fuzz(alvo: Alvo, exemplos: int, *, derandomize: bool) -> None:
    for operacao in EM_ORDEM:

        @settings(
            max_examples=exemplos, deadline=None, derandomize=derandomize, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(pedidos(operacao, alvo.conhecidos))
        def send(pedido: Pedido) -> None:
            alvo.send(pedido)

        send()


def test_every_answer_is_one_that_is_described(database_url: str, tmp_path: Path) -> None:
    with open_alvo(database_url, tmp_path) as alvo:
        fuzz(alvo, 3, derandomize=True)


def test_what_once_hurt_hurts_no_more(database_url: str, tmp_path: Path) -> None:
    assert CORPUS
    with open_alvo(database_url, tmp_path) as alvo:
        for arquivo in CORPUS:
            alvo.send(read_pedido(arquivo.read_text(encoding="utf-8")))


@pytest.mark.completo
@pytest.mark.timeout(1800)
def test_thousands_of_requests_are_answered_and_leave_no_memory_behind(database_url: str, tmp_path: Path) -> None:
    processo, medidas = psutil.Process(), []
    with open_alvo(database_url, tmp_path) as alvo:
        for _ in range(4):
            fuzz(alvo, 50, derandomize=False)
            medidas.append(processo.memory_info().rss)
    # The first round fills what is filled once: pools, compiled queries, what the drawing itself remembers.
    assert medidas[-1] - medidas[0] < 60 << 20, [f"{medida >> 20} MB" for medida in medidas]
