"""The outcome table: what each `codigo` means, who acts, and the text a person reads."""

from __future__ import annotations

from dataclasses import asdict

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.paging import Pagina, page_positions
from services.gateway.vistas import DesfechoVisto, list_of
from shared.outcomes import DESFECHOS

rotas = Rotas("Execuções")


@rotas.get(
    "desfechos",
    resumo="Lista os códigos de resultado, com quem age e o que fazer",
    descricao="Um código que não está aqui vale como o seu pai: `documento.divergente.x` como `documento.divergente`.",
    dados=list_of("desfechos", DesfechoVisto),
    exemplo={
        "desfechos": [
            {
                "codigo": "login.recusado", "status": "erro", "classe": "pessoa", "tentativas": 1,
                "quem_age": "administrador", "titulo": "Login recusado", "texto": "Atualize a credencial e retome.",
            }
        ],
        "cursor": None,
    },
)  # fmt: skip
async def list_desfechos(chamada: Chamada, consulta: Pagina) -> Resposta:
    return Resposta(page_positions("desfechos", tuple(DESFECHOS.values()), consulta, asdict))
