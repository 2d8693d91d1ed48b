"""Tickets: how a page of another origin opens the socket without ever seeing a key."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.auth import clean_origem
from services.gateway.errors import invalid_field
from services.gateway.schemas import Bilhete, BilheteCriado
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import BILHETE_VALIDADE, Escopo, create_bilhete, hash_segredo

rotas = Rotas("Ao vivo")

_ORIGEM = re.compile(r"https?://([\w.-]+|\[[0-9a-f:.]+\])(:(?P<porta>[0-9]{1,5}))?")


@rotas.post(
    "bilhetes",
    escopo=Escopo.LEITURA,
    status=201,
    resumo="Cria um bilhete para um socket de outra origem",
    descricao="Vale uma vez, por 60 s, só para o ponto de venda e a origem dados. O servidor do CRM o pede com a "
    "sua chave e o entrega à página, que o manda no primeiro quadro.",
    dados=BilheteCriado,
)
async def create(chamada: Chamada, corpo: Bilhete) -> Resposta:
    origem = clean_origem(corpo.origem)
    partes = _ORIGEM.fullmatch(origem)
    if partes is None or int(partes["porta"] or 0) > 65535:
        raise invalid_field("origem", "use esquema, servidor e porta, como https://crm.exemplo.com.br")
    permitidas = chamada.ctx.settings.origens_permitidas
    if permitidas and origem not in permitidas and origem.partition("://")[2] != chamada.request.host.lower():
        raise invalid_field("origem", "não está entre as permitidas; inclua-a em CANOPUS_ORIGENS")
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        ponto_venda = await chamada.acesso.find_ponto_venda(conn, corpo.ponto_venda)
        bilhete = await create_bilhete(conn, chamada.acesso.chave_id, ponto_venda["id"], origem)
        # A name for the ticket that gives nothing away.
        id = hash_segredo(bilhete)[:16]
        await record_auditoria(
            conn, quem=chamada.acesso.quem, acao="bilhete.criar", alvo=f"bilhetes/{id}", detalhes={"origem": origem}
        )
    return Resposta(
        {
            "id": id,
            "bilhete": bilhete,
            "ponto_venda": ponto_venda["codigo"],
            "origem": origem,
            "expira_em": datetime.now(UTC) + BILHETE_VALIDADE,
        },
        "Bilhete criado.",
    )
