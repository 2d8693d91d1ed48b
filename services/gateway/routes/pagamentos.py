"""Payments accepted back: what a system says of one boleto, and a bank's return file of many."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.conciliacao import Baixa
from services.gateway.errors import invalid_field, not_found, too_slow
from services.gateway.execucao import hoje
from services.gateway.formularios import read_formulario
from services.gateway.retorno import Retorno, RetornoInvalido, parse_retorno
from services.gateway.routes.boletos import EXEMPLO
from services.gateway.store import boletos
from services.gateway.store import pagamentos as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.pagamentos import Pagamento
from services.gateway.validation import Consulta, Corpo
from services.gateway.vistas import BoletoVisto
from services.gateway.vistas_cobranca import RetornoLido

rotas = Rotas("Pagamentos", "O que já foi pago: dito por outro sistema, ou por um arquivo de retorno do banco.")

LIMITE_BYTES = 5 * 1024 * 1024
ENVIO_S = 60.0
PAGO = "pago"

EXEMPLO_RETORNO = {
    "simulado": True, "banco": "341", "empresa": "ADMINISTRADORA MODELO", "gerado_em": "2026-11-24", "sequencia": 17,
    "titulos": 3, "ignorados": 1, "pagamentos": 2, "pagos": 1, "ja_pagos": 0, "pendencias": 1,
    "linhas": [
        {"linha": 3, "situacao": "pago", "nosso_numero": "10900001234", "numero_documento": "123456",
         "vencimento": "2026-11-15", "valor": 812.45, "data_pagamento": "2026-11-13", "valor_pago": 812.45,
         "boletos": [31], "motivo": ""},
        {"linha": 5, "situacao": "desconhecido", "nosso_numero": "10900009999", "numero_documento": "999",
         "vencimento": "2026-11-15", "valor": 50.0, "data_pagamento": "2026-11-13", "valor_pago": 50.0,
         "boletos": [], "motivo": "nenhum boleto tem este nosso número, nem vencimento e valor com ele"},
    ],
}  # fmt: skip
FORMULARIO = {
    "type": "object",
    "required": ["arquivo"],
    "properties": {"arquivo": {"type": "string", "format": "binary", "description": "retorno CNAB 240, até 5 MB"}},
}


class MudancaPagamento(Corpo):
    """Absent fields stay. data_pagamento and valor_pago are of a paid one alone: with another status they go."""

    status: Literal["pendente", "pago", "vencido", "cancelado"] | None = None
    data_pagamento: date | None = None
    valor_pago: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)] | None = None


class ConsultaRetorno(Consulta):
    simular: bool = False


@rotas.patch(
    "boletos/{id}",
    resumo="Diz se um boleto foi pago",
    descricao="Repetir não muda nada. Um boleto pago não é baixado de novo: o contrato termina `ja_baixado` com o "
    "código `boleto.pago`, a não ser com `forcar`.",
    dados=BoletoVisto,
    exemplo=EXEMPLO | {"status": PAGO, "data_pagamento": "2026-11-13", "valor_pago": 812.45},
)
async def change_pagamento(chamada: Chamada, id: int, corpo: MudancaPagamento) -> Resposta:
    pedidos = corpo.model_dump(exclude_unset=True)
    alcance = chamada.acesso.alcance
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        antes = await store.lock_pagamento(conn, id, alcance)
        if antes is None:
            raise not_found("Boleto", "boleto.nao_encontrado")
        depois = _change(antes, pedidos)
        if depois != antes:
            await store.set_pagamento(conn, id, depois)
            await record_auditoria(
                conn, quem=chamada.acesso.quem, acao="boleto.pagamento", alvo=f"boletos/{id}", detalhes=pedidos
            )
        linha = await boletos.find_boleto(conn, id, alcance)
    assert linha is not None
    return Resposta(boletos.view_boleto(linha), "Boleto alterado." if depois != antes else "Nada mudou.")


def _change(antes: Pagamento, pedidos: dict[str, Any]) -> Pagamento:
    """Raises ApiError 422."""
    if "status" in pedidos and pedidos["status"] is None:
        raise invalid_field("status", "não pode ser null: tire o campo para deixá-lo como está")
    depois = replace(antes, **pedidos)
    if depois.status != PAGO:
        for campo in ("data_pagamento", "valor_pago"):
            if pedidos.get(campo) is not None:
                raise invalid_field(campo, "só um boleto pago tem: mande também status: pago")
        return Pagamento(depois.status, None, None)
    if depois.data_pagamento is not None and depois.data_pagamento > hoje(datetime.now(UTC)):
        raise invalid_field("data_pagamento", "está no futuro: use o dia em que foi pago")
    return depois


@rotas.post(
    "retornos",
    resumo="Lê o arquivo de retorno do banco (CNAB 240) e marca os boletos pagos, ou só o confere",
    descricao="Cada liquidação (movimentos 06 e 17) é casada pelo nosso número com o mesmo pagador ou valor; sem ele, "
    "com vencimento e valor iguais, pelos dígitos do nosso número no código de barras de um boleto do mesmo pagador ou "
    "pelo número do documento. O que é ambíguo ou desconhecido é listado e nunca adivinhado. Um arquivo que não fecha "
    "(contagens, registros) não muda nada; mandado de novo, também não. Com simular=true nada é gravado.",
    dados=RetornoLido,
    exemplo=EXEMPLO_RETORNO,
    formulario=FORMULARIO,
    respostas={413: "o arquivo passa de 5 MB", 422: "não é um retorno CNAB 240 de cobrança, ou não fecha"},
)
async def upload_retorno(chamada: Chamada, consulta: ConsultaRetorno) -> Resposta:
    try:
        async with asyncio.timeout(ENVIO_S):
            partes, _ = await read_formulario(chamada.request, LIMITE_BYTES)
    except TimeoutError as erro:
        raise too_slow() from erro
    if "arquivo" not in partes:
        raise invalid_field("arquivo", "campo obrigatório: o arquivo de retorno do banco")
    dados = partes["arquivo"]
    try:
        retorno = await asyncio.to_thread(parse_retorno, dados)
    except RetornoInvalido as erro:
        raise invalid_field("arquivo", str(erro)) from erro
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        baixas = await store.settle_retorno(conn, retorno, chamada.acesso.alcance)
        vista = _view(retorno, baixas, simulado=consulta.simular)
        if not consulta.simular:
            await store.pay(conn, baixas)
            contas = {campo: vista[campo] for campo in ("banco", "sequencia", "pagos", "ja_pagos", "pendencias")}
            detalhes = contas | {"sha256": hashlib.sha256(dados).hexdigest()}
            await record_auditoria(
                conn, quem=chamada.acesso.quem, acao="retorno.processar", alvo="retornos", detalhes=detalhes
            )
    texto = f"Boletos marcados como pagos: {vista['pagos']}. Linhas a conferir: {vista['pendencias']}."
    return Resposta(vista, "Nada foi gravado." if consulta.simular else texto)


def _view(retorno: Retorno, baixas: list[Baixa], *, simulado: bool) -> dict[str, Any]:
    contagem = Counter(baixa.situacao for baixa in baixas)
    return {
        "simulado": simulado,
        "banco": retorno.banco,
        "empresa": retorno.empresa,
        "gerado_em": retorno.gerado_em,
        "sequencia": retorno.sequencia,
        "titulos": len(retorno.titulos),
        "ignorados": len(retorno.titulos) - len(baixas),
        "pagamentos": len(baixas),
        "pagos": contagem["pago"],
        "ja_pagos": contagem["ja_pago"],
        "pendencias": len(baixas) - contagem["pago"] - contagem["ja_pago"],
        "linhas": [_view_baixa(baixa) for baixa in baixas],
    }


def _view_baixa(baixa: Baixa) -> dict[str, Any]:
    titulo = baixa.titulo
    return {
        "linha": titulo.linha,
        "situacao": baixa.situacao,
        "nosso_numero": titulo.nosso_numero,
        "numero_documento": titulo.numero_documento,
        "vencimento": titulo.vencimento,
        "valor": float(titulo.valor),
        "data_pagamento": titulo.data_ocorrencia,
        "valor_pago": float(titulo.valor_pago),
        "boletos": list(baixa.boletos),
        "motivo": baixa.motivo,
    }
