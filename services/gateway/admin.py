"""What the `canopus` command does on the database itself, whether or not the system runs: keys, schema, rotation."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from asyncpg import Record

from services.gateway.__main__ import open_chaveiro, open_database_url
from services.gateway.app import open_database
from services.gateway.senhas import hash_senha, make_senha
from services.gateway.settings import GatewaySettings
from services.gateway.store import Conn, cadastros, pessoas
from services.gateway.store import migrate as migrate_schema
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo, create_chave, list_chaves, revoke_chave
from services.gateway.store.empresas import PADRAO, find_empresa, list_ativas, list_empresas, restrict
from shared.crypto import ARQUIVO_CHAVES, ChaveInvalida, create_chaves, read_chaves, write_chaves
from shared.settings import ConfiguracaoInvalida, load_settings

QUEM = "linha de comando"


class Falhou(Exception):
    """What was asked cannot be done; the text, in pt-BR, says why."""


@asynccontextmanager
async def open_transaction(empresa: str | None = None, *, todas: bool = False) -> AsyncIterator[Conn]:
    """On the schema brought up to date: the command may come before the first start. It sees the office of that code,
    or the first one; todas: every one. Raises Falhou."""
    async with (
        open_database_url(load_settings(GatewaySettings)) as url,
        open_database(url) as pool,
        pool.acquire() as conn,
        conn.transaction(),
    ):
        if todas:
            yield conn
            return
        achada = await _find_empresa(conn, empresa) if empresa else None
        async with restrict(conn, achada["id"] if achada else PADRAO):
            yield conn


async def _find_empresa(conn: Conn, codigo: str) -> Record:
    achada = await find_empresa(conn, codigo)
    if achada is None:
        raise Falhou(f"escritório {codigo} não encontrado: veja `canopus empresas listar`.")
    return achada


async def choose_empresa(conn: Conn, codigo: str | None) -> Record:
    """The office of that code, or the only one there is. Raises Falhou."""
    if codigo:
        return await _find_empresa(conn, codigo)
    empresas = await list_empresas(conn)
    if len(empresas) > 1:
        raise Falhou("há mais de um escritório: diga qual com --empresa <código> (veja `canopus empresas listar`).")
    return empresas[0]


async def choose_ponto_venda(conn: Conn, codigo: str, empresa: str | None) -> Record:
    """Of that office, or of the only one that has the code. Raises Falhou."""
    achados = await cadastros.list_homonimos(conn, codigo)
    if empresa:
        dona = await _find_empresa(conn, empresa)
        achados = [achado for achado in achados if achado["empresa_id"] == dona["id"]]
    if not achados:
        raise Falhou(f"ponto de venda {codigo} não encontrado: cadastre-o antes.")
    if len(achados) > 1:
        raise Falhou(f"mais de um escritório tem o ponto de venda {codigo}: diga qual com --empresa <código>.")
    return achados[0]


async def check_ativa(conn: Conn, empresa_id: int) -> None:
    """Before anything of it begins. Raises Falhou."""
    if empresa_id not in await list_ativas(conn):
        raise Falhou("o escritório está desativado, e nada dele começa: ative-o com `canopus empresas ativar`.")


# What stands between here and the database, told from a migration that fails.
NAO_ABRE = (
    OSError, TimeoutError, ValueError, OverflowError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError,
)  # fmt: skip


async def migrate() -> list[str]:
    """The migrations applied now. Raises ConfiguracaoInvalida."""
    async with open_database_url(load_settings(GatewaySettings)) as url:
        try:
            return await migrate_schema(url)
        except NAO_ABRE as erro:
            raise ConfiguracaoInvalida(f"CANOPUS_DATABASE_URL: o banco não abre ({type(erro).__name__}).") from erro


async def make_chave(nome: str, escopo: str, ponto_venda: str | None, empresa: str | None = None) -> str:
    async with open_transaction(empresa) as conn:
        ponto_venda_id = None if ponto_venda is None else await find_ponto_venda(conn, ponto_venda)
        return await create_chave(conn, nome, Escopo(escopo), ponto_venda_id, quem=QUEM)


async def read_chaves_api(empresa: str | None = None) -> list[dict[str, Any]]:
    async with open_transaction(empresa) as conn:
        return [_plain(dict(linha)) for linha in await list_chaves(conn)]


async def end_chave(id: int) -> None:
    async with open_transaction(todas=True) as conn:
        if not await revoke_chave(conn, id, quem=QUEM):
            raise Falhou(f"não há chave {id} em vigor: veja `canopus chaves listar`.")


async def make_pessoa(
    email: str, nome: str, escopo: str, pontos_venda: tuple[str, ...], empresa: str | None = None
) -> str:
    """The provisional password. pontos_venda empty: all of them."""
    senha = make_senha()
    senha_hash = await hash_senha(senha)
    async with open_transaction(empresa) as conn:
        ids = [await find_ponto_venda(conn, codigo) for codigo in pontos_venda]
        try:
            id = await pessoas.create_pessoa(conn, email.lower(), nome, senha_hash, Escopo(escopo), ids or None)
        except pessoas.EmailOcupado as erro:
            raise Falhou(str(erro)) from erro
        await record_auditoria(conn, quem=QUEM, acao="pessoa.criar", alvo=f"pessoas/{id}", detalhes={"escopo": escopo})
    return senha


async def read_pessoas(empresa: str | None = None) -> list[dict[str, Any]]:
    async with open_transaction(empresa) as conn:
        return [_plain(pessoas.view_pessoa(linha)) for linha in await pessoas.list_pessoas(conn, 0, 10_000)]


async def reset_senha(email: str) -> str:
    """A provisional password for somebody who lost theirs; every session of theirs ends."""
    senha = make_senha()
    senha_hash = await hash_senha(senha)
    async with open_transaction(todas=True) as conn:
        achada = await pessoas.find_login(conn, email.lower())
        if achada is None:
            raise Falhou(f"não há pessoa ativa com o e-mail {email}: veja `canopus pessoas listar`.")
        await pessoas.set_senha(conn, achada["id"], senha_hash, trocar=True)
        await record_auditoria(
            conn, quem=QUEM, acao="pessoa.dar_senha", alvo=f"pessoas/{achada['id']}", empresa_id=achada["empresa_id"]
        )
    return senha


async def find_ponto_venda(conn: Conn, codigo: str) -> int:
    achado = await cadastros.find_ponto_venda(conn, codigo)
    if achado is None:
        raise Falhou(f"ponto de venda {codigo} não encontrado: cadastre-o antes.")
    id: int = achado["id"]
    return id


def add_chave_fernet() -> int:
    """A new first key in this installation's file; returns how many there are then."""
    settings = load_settings(GatewaySettings)
    if settings.fernet_keys is not None:
        raise Falhou("as chaves vêm de CANOPUS_FERNET_KEYS: ponha ali a nova na frente das outras.")
    create_chaves(settings.data_dir)
    atuais = read_chaves(settings.data_dir / ARQUIVO_CHAVES)
    nova = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    write_chaves(settings.data_dir, f"{nova},{atuais}")
    return atuais.count(",") + 2


# Where ciphertext lies: how it is read, and written again.
_CIFRADOS = (
    (
        "SELECT id, senha_encrypted AS cifrado FROM credenciais_canopus ORDER BY id FOR UPDATE",
        "UPDATE credenciais_canopus SET senha_encrypted = $2 WHERE id = $1",
    ),
    (
        "SELECT id, segredo AS cifrado FROM webhooks ORDER BY id FOR UPDATE",
        "UPDATE webhooks SET segredo = $2 WHERE id = $1",
    ),
    (
        "SELECT id, segredo_anterior AS cifrado FROM webhooks WHERE segredo_anterior IS NOT NULL FOR UPDATE",
        "UPDATE webhooks SET segredo_anterior = $2 WHERE id = $1",
    ),
    (
        "SELECT id, segredos AS cifrado FROM canais ORDER BY id FOR UPDATE",
        "UPDATE canais SET segredos = $2 WHERE id = $1",
    ),
    (
        "SELECT id, segredo AS cifrado FROM espelhos ORDER BY id FOR UPDATE",
        "UPDATE espelhos SET segredo = $2 WHERE id = $1",
    ),
)


async def rotate_senhas() -> int:
    """Encrypt every stored password and secret again with the first key; returns how many."""
    chaveiro = open_chaveiro(load_settings(GatewaySettings), create=False)
    async with open_transaction(todas=True) as conn:
        quantas = 0
        for ler, gravar in _CIFRADOS:
            linhas = await conn.fetch(ler)
            try:
                novas = [(linha["id"], chaveiro.rotate(linha["cifrado"])) for linha in linhas]
            except ChaveInvalida as erro:
                raise ConfiguracaoInvalida(f"CANOPUS_FERNET_KEYS: {erro}.") from erro
            await conn.executemany(gravar, novas)
            quantas += len(novas)
        await record_auditoria(
            conn, quem=QUEM, acao="chaves_fernet.rodar", alvo="credenciais", detalhes={"quantidade": quantas}
        )
        return quantas


def _plain(linha: dict[str, Any]) -> dict[str, Any]:
    return {nome: valor.isoformat() if hasattr(valor, "isoformat") else valor for nome, valor in linha.items()}
