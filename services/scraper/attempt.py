"""One attempt at one contract: what is fetched in an open session, and what is made of it after."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.scraper.portal.errors import DocumentoRecusado, Falha, JaBaixado
from services.scraper.portal.flow import Emissao, fetch_boleto
from services.scraper.portal.selection import Pedido
from services.scraper.portal.steps import Passos
from services.scraper.verification import Conferido, Procurado
from services.scraper.verifier import Conferente
from shared.contrato import Cota, MesReferencia, resolve_mes
from shared.events import BoletoCapturado, BoletoConhecido, BoletoJaBaixado, BoletoSolicitado, DadosBoleto
from shared.files import ArquivoFalhou, DiscoCheio, FileStore
from shared.outcomes import Etapa, find_desfecho

# Told of each step as it begins.
Avisar = Callable[[Etapa], Awaitable[None]]


@dataclass
class Andamento:
    """Where a contract stands. Invariant: once `emitido`, it is not left but by its true end or the lease's."""

    etapa: Etapa = Etapa.NA_FILA
    emitido: bool = False
    duracoes_s: dict[str, float] = field(default_factory=dict)
    dados: DadosBoleto | None = None
    _desde: float = field(default_factory=time.monotonic)

    def enter(self, etapa: Etapa) -> None:
        self.close()
        self.etapa = etapa
        self.emitido = etapa.ordem >= Etapa.BAIXANDO.ordem

    def close(self) -> None:
        """Add the time since the step began to it; a contract begun again adds up."""
        agora = time.monotonic()
        if self.etapa is not Etapa.NA_FILA:
            total = self.duracoes_s.get(self.etapa.value, 0.0) + agora - self._desde
            self.duracoes_s[self.etapa.value] = round(total, 3)
        self._desde = agora


def make_pedido(solicitado: BoletoSolicitado) -> Pedido:
    grupo, cota = solicitado.grupo, solicitado.cota
    return Pedido(
        cpf=solicitado.cpf,
        cota=None if grupo is None or cota is None else Cota(grupo, cota),
        mes=solicitado.mes,
        ano=solicitado.ano,
        hoje=solicitado.hoje,
        nome=solicitado.nome,
        ja_baixados=frozenset((Cota(b.grupo, b.cota), MesReferencia(b.ano, b.mes)) for b in solicitado.ja_baixados),
    )


async def fetch(passos: Passos, solicitado: BoletoSolicitado, avisar: Avisar) -> Emissao | BoletoJaBaixado:
    """The part that needs the portal. Raises Falha and its kinds."""
    try:
        return await fetch_boleto(passos, make_pedido(solicitado), avisar)
    except JaBaixado as ja:
        conhecido = BoletoConhecido(grupo=ja.grupo, cota=ja.cota, ano=ja.ano, mes=ja.mes)
        return BoletoJaBaixado(tarefa=solicitado.tarefa, boleto=conhecido)


async def conclude(
    emissao: Emissao,
    conferente: Conferente,
    files: FileStore,
    solicitado: BoletoSolicitado,
    andamento: Andamento,
    avisar: Avisar,
) -> BoletoCapturado:
    """Is it the boleto that was asked for? Then it is kept. Needs no portal. Raises Falha, DocumentoRecusado."""
    await avisar(Etapa.VERIFICANDO)
    procurado = _make_procurado(make_pedido(solicitado), emissao)
    andamento.dados = _make_dados(procurado, emissao, None)
    conferido = await conferente.verify(emissao.pdf, procurado)
    try:
        captura = await files.put_interno("capturas", emissao.pdf)
    except ArquivoFalhou as erro:
        raise _arquivo_falhou(erro) from erro
    andamento.close()
    return BoletoCapturado(
        tarefa=solicitado.tarefa,
        captura=captura,
        boleto=_make_dados(procurado, emissao, conferido),
        duracoes_s=andamento.duracoes_s,
        avisos=emissao.avisos + _tell_recuo(emissao.recuo),
        recuo=emissao.recuo,
    )


def _make_procurado(pedido: Pedido, emissao: Emissao) -> Procurado:
    vencimento, valor = emissao.parcela.vencimento, emissao.parcela.receber
    if vencimento is None or valor is None:
        raise DocumentoRecusado("documento.divergente", "A parcela marcada não tem vencimento ou valor.", emissao.pdf)
    mes = None if pedido.mes is None else resolve_mes(pedido.mes, pedido.ano, pedido.hoje)
    cliente = emissao.cliente
    return Procurado(pedido.cpf, cliente.cota, vencimento, valor, pedido.hoje, mes, cliente.nome)


def _make_dados(procurado: Procurado, emissao: Emissao, conferido: Conferido | None) -> DadosBoleto:
    return DadosBoleto(
        cpf=procurado.cpf,
        nome_portal=emissao.cliente.nome,
        grupo=procurado.cota.grupo,
        cota=procurado.cota.cota,
        ano=procurado.vencimento.year,
        mes=procurado.vencimento.month,
        vencimento=procurado.vencimento,
        valor=procurado.valor,
        numero_parcela=emissao.parcela.numero or None,
        contrato=emissao.cliente.contrato or None,
        linha_digitavel=conferido.linha.linha if conferido else None,
        codigo_barras=conferido.linha.codigo_barras if conferido else None,
        nosso_numero=conferido.nosso_numero if conferido else None,
        banco=conferido.linha.banco if conferido else None,
        pagador=conferido.pagador if conferido else None,
        origens=dict(conferido.origens) if conferido else {},
    )


def _tell_recuo(codigo: str | None) -> tuple[str, ...]:
    return () if codigo is None else (f"Feito no navegador; sem ele: {find_desfecho(codigo).titulo}",)


def _arquivo_falhou(erro: ArquivoFalhou) -> Falha:
    if isinstance(erro, DiscoCheio):
        return Falha("arquivo.falhou.disco_cheio", "Não há espaço para guardar o boleto.")
    return Falha("arquivo.falhou", "O armazenamento não aceitou o boleto.")
