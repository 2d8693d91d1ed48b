"""The register: pontos de venda, consultores, credenciais and clientes, as the routes read and write them.

`alcance`: the pontos de venda that the caller sees, None for all: what lies outside it is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asyncpg import Record, UniqueViolationError

from services.gateway.store import Alcance, Conn, load_sql
from services.gateway.store.recusas import Recusa
from shared.contrato import fold, fold_codigo, mask_documento, mask_documentos
from shared.outcomes import find_desfecho

SQL = load_sql("cadastros")

CODIGO_USADO = "Já existe um ponto de venda com este código. Se estiver inativo, reative-o com ativo: true."
NOME_USADO = "Já existe um consultor com este nome. Se estiver inativo, reative-o com ativo: true."
USUARIO_USADO = "Este ponto de venda já tem uma credencial com este usuário. Altere-a, ou reative-a com ativo: true."
LINK_OCULTO = "***"
CONTRATO_USADO = "Já existe um contrato com este CPF e grupo/cota. Confira os dados ou altere o outro cadastro."


class Duplicado(Recusa):
    codigo = "cadastro.duplicado"
    status = 409
    texto = "Já existe um cadastro igual."


@dataclass(frozen=True)
class FiltroClientes:
    """What a list of clients is asked for; None: all. `busca` is folded."""

    alcance: Alcance = None
    consultor_id: int | None = None
    ativo: bool | None = None
    cpf: str | None = None
    busca: str | None = None


# --- pontos de venda --------------------------------------------------------------------------------------------------


async def find_ponto_venda(conn: Conn, codigo: str, alcance: Alcance = None) -> Record | None:
    return await conn.fetchrow(SQL["find_ponto_venda"], fold_codigo(codigo), alcance)


async def list_homonimos(conn: Conn, codigo: str) -> list[Record]:
    """The pontos de venda of that code in every office that this connection sees."""
    return await conn.fetch(SQL["find_ponto_venda"], fold_codigo(codigo), None)


async def list_pontos_venda(conn: Conn, alcance: Alcance, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_pontos_venda"], alcance, depois, limite)


async def insert_ponto_venda(conn: Conn, ponto: Mapping[str, Any]) -> None:
    """Raises Duplicado where the code exists, punctuation aside."""
    colunas = (
        "codigo", "nome", "empresa", "url_base", "perfil", "ativo", "recuperacao_rodadas", "recuperacao_pausa_min",
        "ordem_risco",
    )  # fmt: skip
    with _refuse_duplicado(CODIGO_USADO):
        await conn.execute(SQL["insert_ponto_venda"], *(ponto[coluna] for coluna in colunas))


async def update_ponto_venda(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    with _refuse_duplicado(CODIGO_USADO):
        await conn.execute(SQL["update_ponto_venda"], id, dict(mudancas))


async def delete_ponto_venda(conn: Conn, id: int) -> bool:
    """True: gone. False: something refers to it, so it was only switched off."""
    return await _delete(conn, "ponto_venda", id)


def view_ponto_venda(linha: Record) -> dict[str, Any]:
    return _pick(
        linha,
        ("id", "codigo", "nome", "empresa", "url_base", "perfil", "ativo", "clientes", "credenciais"),
    ) | _pick(linha, ("recuperacao_rodadas", "recuperacao_pausa_min", "ordem_risco", "created_at", "updated_at"))


# --- consultores ------------------------------------------------------------------------------------------------------


async def find_consultor(conn: Conn, id: int, alcance: Alcance = None) -> Record | None:
    return await conn.fetchrow(SQL["find_consultor"], id, alcance)


async def find_consultor_id(conn: Conn, consultor: int | str, alcance: Alcance = None) -> int | None:
    """By id, or by name with case and accents ignored; a name of digits alone is taken for a name first."""
    id: int | None = await conn.fetchval(SQL["find_consultor_by_nome"], fold(str(consultor)), alcance)
    if id is None and str(consultor).isdecimal() and len(str(consultor)) < 10:
        achado = await find_consultor(conn, int(consultor), alcance)
        return achado["id"] if achado else None
    return id


async def list_consultores(conn: Conn, alcance: Alcance, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_consultores"], alcance, depois, limite)


async def insert_consultor(conn: Conn, consultor: Mapping[str, Any]) -> int:
    colunas = (
        "nome",
        "nome_limpo",
        "email",
        "whatsapp",
        "ponto_venda_id",
        "pasta_boletos",
        "cor_identificacao",
        "ativo",
    )
    with _refuse_duplicado(NOME_USADO):
        id: int = await conn.fetchval(SQL["insert_consultor"], *(consultor[coluna] for coluna in colunas))
    return id


async def update_consultor(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    with _refuse_duplicado(NOME_USADO):
        await conn.execute(SQL["update_consultor"], id, dict(mudancas))


async def delete_consultor(conn: Conn, id: int) -> bool:
    return await _delete(conn, "consultor", id)


def view_consultor(linha: Record, *, link_inteiro: bool) -> dict[str, Any]:
    """A link opens a workbook of whole documents: it is for those who work with clients; others see that there is
    one."""
    campos = (
        "id",
        "nome",
        "ponto_venda",
        "email",
        "whatsapp",
        "pasta_boletos",
        "cor_identificacao",
        "ativo",
        "clientes",
    )
    link = linha["link_planilha_drive"]
    return {
        **_pick(linha, campos),
        "link_planilha_drive": link if link_inteiro or link is None else LINK_OCULTO,
        **_pick(linha, ("ultima_atualizacao_planilha", "erro_planilha", "atualizando_planilha")),
        **_pick(linha, ("created_at", "updated_at")),
    }


# --- credenciais ------------------------------------------------------------------------------------------------------


async def find_credencial(conn: Conn, id: int, alcance: Alcance = None) -> Record | None:
    """The row without its password."""
    return await conn.fetchrow(SQL["find_credencial"], id, alcance)


async def list_credenciais(conn: Conn, alcance: Alcance, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_credenciais"], alcance, depois, limite)


async def insert_credencial(conn: Conn, credencial: Mapping[str, Any]) -> int:
    colunas = ("ponto_venda_id", "usuario", "senha_encrypted", "codigo_empresa", "max_sessoes", "ativo")
    with _refuse_duplicado(USUARIO_USADO):
        id: int = await conn.fetchval(SQL["insert_credencial"], *(credencial[coluna] for coluna in colunas))
    return id


async def update_credencial(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    with _refuse_duplicado(USUARIO_USADO):
        await conn.execute(SQL["update_credencial"], id, dict(mudancas))


async def delete_credencial(conn: Conn, id: int) -> bool:
    return await _delete(conn, "credencial", id)


def view_credencial(linha: Record) -> dict[str, Any]:
    campos = ("id", "ponto_venda", "usuario", "codigo_empresa", "max_sessoes", "ativo", "ultimo_login", "ultimo_erro")
    vista = _pick(linha, (*campos, "mensagem_erro", "parada_codigo", "parada_em"))
    parada = find_desfecho(linha["parada_codigo"]) if linha["parada_codigo"] else None
    vista["parada_texto"] = parada.texto if parada else None
    return vista | _pick(linha, ("created_at", "updated_at"))


# --- clientes ---------------------------------------------------------------------------------------------------------


async def find_cliente(conn: Conn, id: int, alcance: Alcance = None) -> Record | None:
    return await conn.fetchrow(SQL["find_cliente"], id, alcance)


async def list_clientes(conn: Conn, filtro: FiltroClientes, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(
        SQL["list_clientes"],
        filtro.alcance,
        filtro.consultor_id,
        filtro.ativo,
        filtro.cpf,
        filtro.busca,
        depois,
        limite,
    )


async def update_cliente(conn: Conn, id: int, mudancas: Mapping[str, Any], editados: Sequence[str]) -> None:
    """Raises Duplicado where the document already has this grupo/cota."""
    with _refuse_duplicado(CONTRATO_USADO):
        await conn.execute(SQL["update_cliente"], id, dict(mudancas), list(editados))


def view_cliente(linha: Record, *, cpf_inteiro: bool) -> dict[str, Any]:
    """The whole document is for those who work with clients; others see it masked."""
    campos = ("email", "whatsapp", "situacao", "contemplado", "status_contrato", "origem", "observacoes", "ativo")
    valores = {coluna: _reais(linha[coluna]) for coluna in ("valor_credito", "valor_parcela")}
    return {
        "id": linha["id"],
        "nome": linha["nome_completo"] if cpf_inteiro else mask_documentos(linha["nome_completo"]),
        "cpf": linha["cpf"] if cpf_inteiro else mask_documento(linha["cpf"]),
        "grupo": linha["grupo_consorcio"],
        "cota": linha["cota_consorcio"],
        **_pick(linha, ("ponto_venda", "consultor", "consultor_id", *campos)),
        **valores,
        **_pick(linha, ("planilha_id", "linha_planilha", "editados", "created_at", "updated_at")),
    }


@contextmanager
def _refuse_duplicado(texto: str) -> Iterator[None]:
    try:
        yield
    except UniqueViolationError as erro:
        raise Duplicado(texto) from erro


async def _delete(conn: Conn, recurso: str, id: int) -> bool:
    if await conn.fetchval(SQL[f"delete_{recurso}"], id) is not None:
        return True
    await conn.execute(SQL[f"disable_{recurso}"], id)
    return False


def _pick(linha: Record, campos: Sequence[str]) -> dict[str, Any]:
    return {campo: linha[campo] for campo in campos}


def _reais(valor: Any) -> float | None:
    return None if valor is None else float(valor)
