"""The outcome table: what each `codigo` means, who acts, and the text a person reads."""

from __future__ import annotations

from dataclasses import asdict

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.vistas import Desfechos
from shared.outcomes import DESFECHOS

rotas = Rotas("Execuções")


@rotas.get(
    "desfechos",
    resumo="Lista os códigos de resultado, com quem age e o que fazer",
    descricao="Um código que não está aqui vale como o seu pai: `documento.divergente.x` como `documento.divergente`.",
    dados=Desfechos,
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
async def list_desfechos(chamada: Chamada) -> Resposta:
    return Resposta({"desfechos": [asdict(desfecho) for desfecho in DESFECHOS.values()], "cursor": None})
