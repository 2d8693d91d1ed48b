"""What reports about sessions do: leases opened and given back, credentials stopped, tests answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.gateway.store import Conn, credenciais, load_sql
from services.gateway.store.controle import credential_fixed
from services.gateway.store.credenciais import stop_credencial
from services.gateway.store.pedidos import Resposta, answer_pedido, set_passos
from shared.contrato import mask_documentos
from shared.events import (
    CredencialParada,
    CredencialPassoDado,
    CredencialTestada,
    PassoTeste,
    SessaoAberta,
    SessaoEncerrada,
)
from shared.outcomes import Classe, find_desfecho

SQL = load_sql("concessoes")


async def note_aberta(conn: Conn, evento: SessaoAberta) -> None:
    await conn.execute(SQL["note_aberta"], evento.cerca)
    await credenciais.note_login(conn, evento.credencial_id)


async def end(conn: Conn, evento: SessaoEncerrada) -> int | None:
    """The slot is free. What ended the session decides when the next one may begin; a repeated report says nothing.

    Where the portal's verdict on the credential is on its way by itself, that one frees the slot: it says whether
    anything may be posted again.
    """
    if evento.motivo == "parada" or await conn.fetchval(SQL["is_teste_aberto"], evento.cerca):
        return None
    credencial_id = await conn.fetchval(SQL["end_concessao"], evento.cerca, evento.motivo)
    if credencial_id is None:
        return None
    match evento.motivo:
        case "bloqueada":
            if await credenciais.note_bloqueio(conn, credencial_id, evento.cerca):
                return await _find_ponto_venda(conn, credencial_id)
        case "derrubada":
            await credenciais.note_derrubada(conn, credencial_id)
        case "limitada":
            await credenciais.reduce_sessoes(conn, credencial_id)
        case "erro":
            await credenciais.note_queda(conn, credencial_id)
        case _:
            pass
    return None


async def stop(conn: Conn, evento: CredencialParada) -> int | None:
    """The portal refused the credential, or asks for a person. Heeded even when its lease has expired meanwhile."""
    await conn.execute(SQL["end_concessao"], evento.cerca, "parada")
    evidencia = [arquivo.model_dump() for arquivo in evento.evidencia]
    mensagem = mask_documentos(evento.mensagem)
    if await stop_credencial(conn, evento.credencial_id, evento.cerca, evento.codigo, mensagem, evidencia):
        return await _find_ponto_venda(conn, evento.credencial_id)
    return None


async def note_passos(conn: Conn, evento: CredencialPassoDado) -> None:
    await set_passos(conn, evento.pedido_id, _mask_passos(evento.passos))


async def answer_teste(conn: Conn, evento: CredencialTestada) -> int | None:
    mensagem = mask_documentos(evento.mensagem)
    dados = {"ok": evento.ok, "codigo": evento.codigo, "mensagem": mensagem, "passos": _mask_passos(evento.passos)}
    corpo = {"success": True, "message": mensagem, "data": dados}
    await answer_pedido(conn, evento.pedido_id, Resposta(200, corpo))
    await conn.execute(SQL["end_concessao"], evento.cerca, "teste")
    if evento.ok:
        await note_teste_ok(conn, evento.credencial_id)
        return None
    return await note_teste_falho(conn, evento.credencial_id, evento.cerca, evento.codigo, mensagem)


def _mask_passos(passos: Iterable[PassoTeste]) -> list[dict[str, Any]]:
    return [passo.model_dump() | {"detalhe": mask_documentos(passo.detalhe)} for passo in passos]


async def note_teste_ok(conn: Conn, credencial_id: int) -> None:
    """A test that succeeded puts the credential right."""
    await credential_fixed(conn, credencial_id)
    await credenciais.note_login(conn, credencial_id)


async def note_teste_falho(conn: Conn, credencial_id: int, cerca: int, codigo: str | None, mensagem: str) -> int | None:
    """A test that the portal refused stops the credential; then its ponto de venda, for `end_unserved`."""
    if not codigo or find_desfecho(codigo).classe is not Classe.PESSOA:
        return None
    parou = await stop_credencial(conn, credencial_id, cerca, codigo, mensagem)
    return await _find_ponto_venda(conn, credencial_id) if parou else None


async def _find_ponto_venda(conn: Conn, credencial_id: int) -> int | None:
    id: int | None = await conn.fetchval(SQL["find_ponto_venda"], credencial_id)
    return id
