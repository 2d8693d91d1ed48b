"""A hundred contracts over two pontos de venda and three consultores: mostly boletos, and the usual exceptions."""

from collections.abc import Callable
from typing import Any

from tests.samples.builder import Construtor
from tests.samples.register import Amostra, Consultor, PontoVenda

DORA, IVO, NARA = "DORA MODELO", "IVO EXEMPLO", "NARA AMOSTRA"
Adiciona = Callable[[Construtor, str, str], object]


def _business(status: str, codigo: str, **more: Callable[[Construtor], Any]) -> Adiciona:
    def add(c: Construtor, consultor: str, pv: str) -> object:
        return c.add(consultor, status, codigo or None, ponto_venda=pv, **{k: make(c) for k, make in more.items()})

    return add


def _success(**more: Callable[[Construtor], Any]) -> Adiciona:
    return _business("sucesso", "", **more)


_EXCECOES: tuple[Adiciona, ...] = (
    _business("cpf_nao_encontrado", "cliente.nao_encontrado", no_portal=lambda c: False),
    _business("erro", "cliente.cota_nao_encontrada", pedida=lambda c: c.cota([])),
    _business("sem_boleto", "cliente.cota_inativa", cotas=lambda c: [c.cota(situacao="QUITADO")]),
    _business("sem_boleto", "boleto.inexistente", cotas=lambda c: [c.cota([])]),
    _business("sem_boleto", "boleto.inexistente.sem_valor", cotas=lambda c: [c.cota(c.parcelas(receber="0.00"))]),
    _business("sem_boleto", "boleto.inexistente.outro_mes", cotas=lambda c: [c.cota(c.parcelas(meses=(-1,)))]),
    _business("sem_boleto", "boleto.inexistente.ja_pago", cotas=lambda c: [c.cota(c.parcelas(emitivel=False))]),
    _business("erro", "documento.ilegivel", botoes=lambda c: {"emissao": {"documento": "ilegivel"}}),
)
_FORA_DO_AR = _business(
    "erro", "portal.fora_do_ar.http_5xx",
    botoes=lambda c: {"falhas": {"erros": -1, "status": 503, "na": "cobranca"}},
)  # fmt: skip
_VARIADOS: tuple[Adiciona, ...] = (
    _success(),
    _success(cotas=lambda c: [c.cota(c.parcelas(meses=(-1, 0, 1)))]),
    _success(botoes=lambda c: {"cobranca": {"taxa": True, "primeira_linha_zerada": True}}),
    _success(cotas=lambda c: [c.cota(), c.cota(situacao="CAN"), c.cota()]),
    _success(botoes=lambda c: {"emissao": {"entrega": "pdf", "tamanho_kb": 109}}),
    _success(botoes=lambda c: {"emissao": {"alerta": "Existem parcelas em atraso."}}),
    _success(botoes=lambda c: {"busca": {"confirmar": True}}),
    _success(botoes=lambda c: {"emissao": {"chave_unica": True}}),
    _success(documento=lambda c: c.pessoas.make_cnpj(letras=True), nome=lambda c: c.pessoas.make_empresa()),
    _success(cotas=lambda c: [c.cota(c.parcelas(meses=(0, 1, 2)))]),
    _success(nome=lambda c: "MARIA DE TODOS OS SANTOS"),  # homonyms, in every consultor's workbook
)


def cem_contratos(semente: int = 100, max_sessoes: int = 2, *, fora_do_ar: bool = False, quantos: int = 100) -> Amostra:
    """60 contracts in 17308, 40 in 21400; the third consultor has clients in both. One job for each.

    fora_do_ar: among the exceptions are clients for whom the portal always fails. quantos: as many instead of 100.
    """
    excecoes = (_FORA_DO_AR, *_EXCECOES) if fora_do_ar else _EXCECOES
    c = Construtor(
        semente,
        (
            PontoVenda("17308", "Campo Grande", "credms", "17308", "Modelo#17308", max_sessoes),
            PontoVenda("21400", "Dourados", "semicredito", "21400", "Modelo#21400", max_sessoes),
        ),
        (Consultor(DORA, "17308"), Consultor(IVO, "21400"), Consultor(NARA, "17308")),
    )
    for index in range(quantos):
        pv = "17308" if index % 5 < 3 else "21400"
        consultor = NARA if index % 4 == 0 else DORA if pv == "17308" else IVO
        table, at = (excecoes, index // 6) if index % 6 == 5 else (_VARIADOS, index - index // 6)
        table[at % len(table)](c, consultor, pv)
    return c.make_amostra(
        (c.make_trabalho("17308"), c.make_trabalho("21400")), {DORA: "geral", IVO: "simples", NARA: "geral"}
    )  # fmt: skip
