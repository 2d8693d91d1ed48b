"""The workbook's reading for `tests.cobaia`: rows of the promised shape, or a refusal."""

from __future__ import annotations

from services.namer.intake import PlanilhaRecusada
from services.namer.workbook import encode_planilha
from shared.events import LinhasPlanilha
from tests.cobaia import serve


def read(dados: bytes) -> tuple[str, str]:
    try:
        linhas = LinhasPlanilha.model_validate_json(b"".join(encode_planilha(dados, ("IMOVEL",), "17308")))
    except PlanilhaRecusada as recusa:
        return "recusada", str(recusa)
    return "lida", f"{linhas.total} linhas"


if __name__ == "__main__":
    serve(read)
