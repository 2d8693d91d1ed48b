"""Mirrors over HTTP and at a terminal: who may have one, its secret, what is due there, and filling it again."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli import main
from services.gateway.store.chaves import Escopo
from tests.eventually import eventually
from tests.gateway.balcao import Balcao, open_balcao
from tests.gateway.cadastro import add_boleto, add_loja
from tests.gateway.porta import check_declared
from tests.servers.drive import PASTA_ESPELHO, open_drive
from tests.servers.google import CONSENTIMENTO, make_pessoa
from tests.servers.s3 import CHAVE, REGIAO, S3, SEGREDO, open_s3


@pytest.fixture
def s3() -> Iterator[S3]:
    with open_s3() as aberto:
        yield aberto


@pytest.fixture
async def balcao(database_url: str, tmp_path: Path) -> AsyncIterator[Balcao]:
    async with open_balcao(database_url, tmp_path) as aberto:
        yield aberto


async def call(balcao: Balcao, metodo: str, caminho: str, corpo: Any = None, **opcoes: Any) -> Any:
    """The data of an answer that holds what its route declares."""
    dados = (await balcao.call(metodo, caminho, corpo, **opcoes)).data
    check_declared(metodo, caminho, dados)
    return dados


def novo(s3: S3, **campos: Any) -> dict[str, Any]:
    return {
        "nome": "Nuvem", "destino": "s3://balde/espelho/", "endereco": s3.url, "regiao": REGIAO, "chave": CHAVE,
        "segredo": SEGREDO,
    } | campos  # fmt: skip


async def file_boleto(balcao: Balcao) -> str:
    id = await add_boleto(balcao.pool, await add_loja(balcao.pool), 1)
    arquivo = await balcao.gateway.ctx.files.place("PASTA/ANA_MAIO.pdf", b"%PDF-1.7")
    await balcao.pool.execute(
        "UPDATE boletos SET arquivo_caminho = $2, arquivo_sha256 = $3, arquivo_tamanho = $4 WHERE id = $1",
        id, arquivo.caminho, arquivo.sha256, arquivo.tamanho,
    )  # fmt: skip
    return arquivo.caminho


async def wait_feitas(balcao: Balcao, quantas: int) -> dict[str, Any]:
    async def check() -> dict[str, Any] | None:
        (espelho,) = (await call(balcao, "GET", "espelhos"))["espelhos"]
        return espelho if (espelho["feitas"], espelho["pendentes"]) == (quantas, 0) else None

    achado: dict[str, Any] | None = await eventually(check, 15)
    assert achado
    return achado


async def test_a_mirror_is_made_filled_changed_and_deleted_and_its_secret_never_comes_out(
    balcao: Balcao, s3: S3
) -> None:
    caminho = await file_boleto(balcao)
    criado = await call(balcao, "POST", "espelhos", novo(s3))
    assert (criado["destino"], criado["pendentes"], criado["ativo"]) == ("s3://balde/espelho", 1, True)
    await wait_feitas(balcao, 1)
    assert s3.objetos == {f"espelho/{caminho}": b"%PDF-1.7"}
    (copia,) = (await call(balcao, "GET", "espelhos/1/copias", params={"estado": "feita"}))["copias"]
    assert (copia["caminho"], copia["estado"], copia["erro"]) == (caminho, "feita", None)
    assert (await call(balcao, "GET", "espelhos/1/copias", params={"estado": "falhou"}))["copias"] == []
    s3.delete(f"espelho/{caminho}")
    assert await call(balcao, "POST", "espelhos/1/preencher") == {"id": 1, "copias": 1}
    await wait_feitas(balcao, 1)
    assert len(s3.objetos) == 1
    # Elsewhere nothing lies yet.
    await call(balcao, "PATCH", "espelhos/1", {"destino": "s3://balde/outro"})
    await wait_feitas(balcao, 1)
    assert len(s3.objetos) == 2
    desligado = await balcao.call("PATCH", "espelhos/1", {"ativo": False})
    assert desligado.data["ativo"] is False and SEGREDO not in desligado.bruto.decode()
    assert SEGREDO not in (await balcao.call("GET", "espelhos")).bruto.decode()
    cifrado = await balcao.pool.fetchval("SELECT segredo FROM espelhos")
    assert balcao.gateway.ctx.chaveiro.decrypt(cifrado) == SEGREDO
    auditoria = str([tuple(linha) for linha in await balcao.pool.fetch("SELECT acao, detalhes FROM auditoria")])
    assert "espelho.preencher" in auditoria and SEGREDO not in auditoria
    assert (await call(balcao, "DELETE", "espelhos/1"))["excluido"] is True
    assert len(s3.objetos) == 2 and await balcao.pool.fetchval("SELECT count(*) FROM copias") == 0


async def test_a_wrong_field_and_a_name_that_is_taken_are_refused(balcao: Balcao, s3: S3) -> None:
    for campo, valores in {
        "destino": ("balde", "s3://", "s3://B/x", "s3://balde/../x", "s3://balde//x", "gs://balde"),
        "endereco": ("s3.exemplo.com.br", "ftp://x", "https://a:b@x.com.br", "", None),
        "regiao": ("", "São Paulo"),
        "nome": ("",),
        "segredo": ("",),
        "chave": ("",),
    }.items():
        for valor in valores:
            recusa = await balcao.call("POST", "espelhos", novo(s3, **{campo: valor}))
            assert (recusa.status, set(recusa.campos)) == (422, {campo}), valor
    assert (await balcao.call("POST", "espelhos", novo(s3))).status == 201
    assert (await balcao.call("POST", "espelhos", novo(s3, nome="NUVEM"))).recusa == (409, "espelho.nome_repetido")
    assert (await balcao.call("POST", "espelhos", novo(s3, nome="Outra"))).status == 201
    assert (await balcao.call("PATCH", "espelhos/1", {"nome": "outra"})).recusa == (409, "espelho.nome_repetido")
    assert (await balcao.call("GET", "espelhos/9")).recusa == (404, "espelho.nao_encontrado")


async def test_a_mirror_in_google_drive_needs_a_link_and_the_json_of_an_account_alone(
    database_url: str, tmp_path: Path, s3: S3
) -> None:
    link = f"https://drive.google.com/drive/u/0/folders/{PASTA_ESPELHO}?usp=sharing"
    async with open_drive() as drive, open_balcao(database_url, tmp_path, webhooks_privados=True) as balcao:
        caminho = await file_boleto(balcao)
        pedido = {"nome": "Drive", "destino": link, "endereco": drive.url, "segredo": drive.pessoa}
        criado = await call(balcao, "POST", "espelhos", pedido)
        assert (criado["destino"], criado["regiao"], criado["chave"]) == (f"drive://{PASTA_ESPELHO}", None, None)
        await wait_feitas(balcao, 1)
        assert drive.files() == {caminho: b"%PDF-1.7"}
        assert (await balcao.call("POST", "espelhos", pedido | {"nome": "B"})).recusa == (409, "espelho.pasta_repetida")
        drive.erase(drive.find("PASTA").id)
        assert await call(balcao, "POST", "espelhos/1/preencher") == {"id": 1, "copias": 1}
        await wait_feitas(balcao, 1)
        assert drive.files() == {caminho: b"%PDF-1.7"}
        # What one kind needs is nothing to the other.
        recusa = await balcao.call("PATCH", "espelhos/1", {"destino": "s3://balde/espelho"})
        assert (recusa.status, set(recusa.campos)) == (422, {"endereco", "chave", "segredo"})
        do_s3 = {campo: valor for campo, valor in novo(s3).items() if campo != "nome"}
        assert (await call(balcao, "PATCH", "espelhos/1", do_s3))["regiao"] == REGIAO
        await wait_feitas(balcao, 1)
        recusa = await balcao.call("PATCH", "espelhos/1", {"destino": link})
        assert (recusa.status, set(recusa.campos)) == (422, {"segredo"})
        volta = {"destino": link, "endereco": drive.url, "segredo": drive.servico}
        assert (await call(balcao, "PATCH", "espelhos/1", volta))["chave"] is None
        await wait_feitas(balcao, 1)
        for campo, valor in {
            "regiao": "sa-east-1", "chave": "AKIA", "segredo": "{}", "destino": "https://drive.google.com/drive/my-drive",
        }.items():  # fmt: skip
            recusa = await balcao.call("PATCH", "espelhos/1", {campo: valor})
            assert (recusa.status, set(recusa.campos)) == (422, {campo})
        # Its access is given to no address that whoever has the account did not name.
        recusa = await balcao.call("PATCH", "espelhos/1", {"endereco": "http://127.0.0.1:9"})
        assert (recusa.status, set(recusa.campos)) == (422, {"segredo"})
        assert (await call(balcao, "PATCH", "espelhos/1", {"endereco": drive.url}))["endereco"] == drive.url
        mostrados = (await balcao.call("GET", "espelhos")).bruto.decode()
        auditoria = str([tuple(linha) for linha in await balcao.pool.fetch("SELECT acao, detalhes FROM auditoria")])
        for segredo in (CONSENTIMENTO, "PRIVATE KEY"):
            assert segredo not in mostrados + auditoria


async def test_google_is_asked_nothing_at_an_address_inside(balcao: Balcao) -> None:
    pedido = {"nome": "Drive", "destino": f"drive://{PASTA_ESPELHO}"}
    for campos, culpado in (
        ({"segredo": make_pessoa("http://127.0.0.1:9/token")}, "segredo"),
        ({"segredo": make_pessoa("https://192.168.0.1/token")}, "segredo"),
        ({"segredo": make_pessoa("https://oauth2.googleapis.com/token"), "endereco": "http://127.0.0.1:9"}, "endereco"),
        (
            {"segredo": make_pessoa("https://oauth2.googleapis.com/token"), "endereco": "https://mau.exemplo"},
            "endereco",
        ),
        ({}, "segredo"),
    ):
        recusa = await balcao.call("POST", "espelhos", pedido | campos)
        assert (recusa.status, set(recusa.campos)) == (422, {culpado})
    certo = {"segredo": make_pessoa("https://oauth2.googleapis.com/token")}
    # Nothing is filed, so nothing is sent.
    assert (await call(balcao, "POST", "espelhos", pedido | certo))["endereco"] == "https://www.googleapis.com"


async def test_a_mirror_belongs_to_who_sees_every_ponto_de_venda(balcao: Balcao, s3: S3) -> None:
    loja = await add_loja(balcao.pool)
    await balcao.add_chave("minha", Escopo.ADMIN, loja.id)
    for metodo, caminho, corpo in (("GET", "espelhos", None), ("POST", "espelhos", novo(s3))):
        assert (await balcao.call(metodo, caminho, corpo, chave="minha")).recusa == (403, "acesso.ponto_venda")
        assert (await balcao.call(metodo, caminho, corpo, chave="operador")).status == 403


def test_at_a_terminal_mirrors_are_listed_and_filled(database_url: str, tmp_path: Path, s3: S3) -> None:
    ambiente: dict[str, str | None] = {nome: None for nome in os.environ if nome.startswith("CANOPUS_")}
    ambiente |= {"CANOPUS_DATABASE_URL": database_url, "CANOPUS_DATA_DIR": str(tmp_path)}

    async def prepare() -> None:
        async with open_balcao(database_url, tmp_path) as balcao:
            await file_boleto(balcao)
            await balcao.call("POST", "espelhos", novo(s3))
            await wait_feitas(balcao, 1)

    asyncio.run(prepare())
    listados = CliRunner().invoke(main, ("espelho", "listar"), env=ambiente)
    assert "Nuvem  s3://balde/espelho  ligado  1 feitas, 0 a copiar, 0 a remover" in listados.stdout, listados.output
    preenchido = CliRunner().invoke(main, ("espelho", "preencher", "nuvem", "--json"), env=ambiente)
    assert json.loads(preenchido.stdout) == {"copias": 1}
    (linha,) = json.loads(CliRunner().invoke(main, ("espelho", "listar", "--json"), env=ambiente).stdout)
    assert (linha["feitas"], linha["pendentes"]) == (0, 1)
    ausente = CliRunner().invoke(main, ("espelho", "preencher", "Outra"), env=ambiente)
    assert (ausente.exit_code, "espelho listar" in ausente.stderr) == (1, True)
