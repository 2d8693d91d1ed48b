"""What `canopus planilhas` does on the database itself, whether or not the system runs."""

from __future__ import annotations

from services.gateway.admin import QUEM, Falhou, open_transaction
from services.gateway.store import cadastros
from services.gateway.store import links as store
from services.gateway.store.auditoria import record_auditoria


async def ask_links(consultor: str | None = None, empresa: str | None = None) -> int:
    """How many are due now, of one office. Raises Falhou."""
    async with open_transaction(empresa) as conn:
        id = await cadastros.find_consultor_id(conn, consultor) if consultor else None
        if consultor and (id is None or await store.find_link(conn, id) is None):
            raise Falhou(f"não há consultor {consultor} com link de planilha.")
        pedidas = await store.ask_links(conn, None, QUEM, id)
        await record_auditoria(
            conn, quem=QUEM, acao="consultor.atualizar_planilhas", alvo=f"consultores/{id}" if id else "consultores",
            detalhes={"pedidas": pedidas},
        )  # fmt: skip
        return pedidas
