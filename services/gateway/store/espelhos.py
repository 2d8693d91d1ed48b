"""Mirrors as the routes read and write them, and their copies, taken and answered by whoever makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncpg import Record, UniqueViolationError

from services.gateway.store import Conn, Pool, load_sql
from services.gateway.store.recusas import Recusa
from shared.contrato import fold

SQL = load_sql("espelhos")

_VISTOS = (
    "id", "nome", "destino", "endereco", "regiao", "chave", "ativo", "feitas", "pendentes", "a_remover", "falhando",
    "atrasada_desde", "ultima_em", "erro", "em_espera_ate", "created_at", "updated_at",
)  # fmt: skip


class NomeRepetido(Recusa):
    codigo = "espelho.nome_repetido"
    status = 409
    texto = "Já há um espelho com este nome. Dê outro."


class PastaRepetida(Recusa):
    codigo = "espelho.pasta_repetida"
    status = 409
    texto = "Outro espelho ligado já usa esta pasta do Google Drive. Use outra, ou desligue o outro."


class Lugares:
    """The ids that Drive knows the paths of one mirror by."""

    def __init__(self, pool: Pool, espelho_id: int) -> None:
        self._pool, self._espelho_id = pool, espelho_id

    async def find(self, chave: str) -> str | None:
        id: str | None = await self._pool.fetchval(SQL["find_lugar"], self._espelho_id, chave)
        return id

    async def keep(self, chave: str, id: str, antes: str | None) -> str:
        """In the place of another; returns the one that counts, which somebody else may have kept."""
        valido: str = await self._pool.fetchval(SQL["keep_lugar"], self._espelho_id, chave, id, antes)
        return valido

    async def drop(self, chave: str, id: str) -> None:
        await self._pool.execute(SQL["drop_lugar"], self._espelho_id, chave, id)


async def list_espelhos(conn: Conn, depois: int, limite: int) -> list[Record]:
    return await conn.fetch(SQL["list_espelhos"], depois, limite)


async def find_espelho(conn: Conn, id: int) -> Record | None:
    return await conn.fetchrow(SQL["find_espelho"], id)


async def find_espelho_by_nome(conn: Conn, nome: str) -> int | None:
    id: int | None = await conn.fetchval(SQL["find_espelho_by_nome"], fold(nome))
    return id


async def insert_espelho(conn: Conn, espelho: Mapping[str, Any]) -> int:
    """With all that is filed as due. segredo: as ciphertext. Raises NomeRepetido, PastaRepetida."""
    colunas = ("nome", "destino", "endereco", "regiao", "chave", "segredo")
    await conn.execute(SQL["wait_for_boletos"])
    try:
        id: int | None = await conn.fetchval(SQL["insert_espelho"], *(espelho.get(coluna) for coluna in colunas))
    except UniqueViolationError as erro:
        raise PastaRepetida from erro
    if id is None:
        raise NomeRepetido
    await conn.fetch(SQL["fill"], id)
    return id


async def update_espelho(conn: Conn, id: int, mudancas: Mapping[str, Any]) -> None:
    """Raises NomeRepetido, PastaRepetida."""
    try:
        await conn.execute(SQL["update_espelho"], id, dict(mudancas))
    except UniqueViolationError as erro:
        raise (PastaRepetida if erro.constraint_name == "espelhos_por_pasta" else NomeRepetido) from erro


async def delete_espelho(conn: Conn, id: int) -> None:
    await conn.execute(SQL["delete_espelho"], id)


async def fill_espelho(conn: Conn, id: int) -> int:
    """All that is filed is due again, and the mirror waits for nothing; returns how many."""
    await conn.execute(SQL["release"], id)
    return len(await conn.fetch(SQL["fill"], id))


async def claim_copias(conn: Conn, em_voo: Mapping[int, int], por_espelho: int, reserva_s: float) -> list[Record]:
    """Those due, each for this caller alone for so long. em_voo: on their way already, by mirror."""
    return await conn.fetch(SQL["claim_copias"], list(em_voo), list(em_voo.values()), por_espelho, reserva_s)


async def finish_copia(conn: Conn, copia: Record) -> None:
    await conn.execute(SQL["finish_copia"], copia["id"], copia["reserva"], copia["pedida_em"])
    await conn.execute(SQL["drop_removida"], copia["id"])


async def fail_copia(conn: Conn, copia: Record, espera_s: float, erro: str) -> None:
    await conn.execute(SQL["fail_copia"], copia["id"], copia["reserva"], copia["pedida_em"], espera_s, erro)


async def hold_espelho(conn: Conn, copia: Record, espera_s: float, erro: str) -> None:
    """It refused, or did not answer: nothing goes there for so long."""
    await conn.execute(SQL["hold_espelho"], copia["espelho_id"], espera_s, erro, copia["falhas"], copia["espelho_em"])


async def list_copias(conn: Conn, espelho_id: int, estado: str | None, antes: int | None, limite: int) -> list[Record]:
    """The newest first."""
    return await conn.fetch(SQL["list_copias"], espelho_id, estado, antes, limite)


def view_espelho(linha: Record) -> dict[str, Any]:
    return {campo: linha[campo] for campo in _VISTOS}
