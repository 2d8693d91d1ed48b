"""The demonstration: a ponto de venda whose clients show every outcome, and one whose password is wrong."""

from typing import Any

from tests.samples.builder import Caso, Construtor
from tests.samples.register import Amostra, Consultor, PontoVenda

PV, PV_RECUSADO = "17308", "21400"
MARTA, RAUL = "MARTA MODELO", "RAUL EXEMPLO"

_BOTOES: dict[str, Any] = {
    "latencia": {
        "login": [20, 60], "busca": [10, 40], "cobranca": [10, 40], "emissao": [20, 60], "impressao": [20, 80],
    },
    "emissao": {"janela_fecha_s": 3.0},
}  # fmt: skip


def demonstracao(semente: int = 2026) -> Amostra:
    """Three jobs: one client ahead, so that it is `ja_baixado` later; then all of 17308; then 21400, refused."""
    c = Construtor(
        semente,
        (
            PontoVenda(PV, "Campo Grande", "credms", "17308", "Modelo#17308"),
            PontoVenda(PV_RECUSADO, "Dourados", "semicredito", "21400", "Antiga#21400"),
        ),
        (Consultor(MARTA, PV), Consultor(RAUL, PV)),
        _BOTOES,
        senhas_do_portal={PV_RECUSADO: "Nova#21400"},
    )
    adiantado = _add_marta(c)
    _add_raul(c)
    sem_planilha = c.add(
        RAUL, "erro", "nome.nao_encontrado", na_planilha=False, sem_cota=True, motivo="pedido só pelo CPF"
    )  # fmt: skip
    for _ in range(2):
        c.add(RAUL, "erro", "login.recusado", ponto_venda=PV_RECUSADO, motivo="a senha cadastrada não é a do portal")
    return c.make_amostra(_make_trabalhos(c, adiantado, sem_planilha), {MARTA: "geral", RAUL: "simples"})


def _make_trabalhos(c: Construtor, adiantado: Caso, sem_planilha: Caso) -> tuple[Any, ...]:
    first = c.make_trabalho(PV, [adiantado], cpfs=[adiantado.documento])
    adiantado.status = "ja_baixado"
    rows = [caso for caso in c.casos if caso.ponto_venda == PV and (caso.contrato is None or caso.contrato.ativo)]
    whole = c.make_trabalho(PV, rows, cpfs=sorted({caso.documento for caso in rows}))
    return first, whole, c.make_trabalho(PV_RECUSADO)


def _add_marta(c: Construtor) -> Caso:
    """The workbook PLANILHA GERAL. Faults that repeat stand apart, so that no three come in a row."""
    adiantado = c.add(MARTA, "sucesso", motivo="baixado antes, no primeiro pedido")
    c.add(MARTA, "erro", "download.falhou.truncado", motivo="o PDF sempre chega cortado", botoes=_emissao("truncado"))
    atrasada = c.cota(c.parcelas(meses=(-2, -1, 0, 1)))
    c.add(MARTA, "sucesso", motivo="parcelas em atraso, a atual e a próxima", cotas=[atrasada],
          botoes={"emissao": {"alerta": "Existem parcelas em atraso."}}, situacao="INADIMPLENTE")  # fmt: skip
    c.add(MARTA, "erro", "documento.divergente.cliente", motivo="o portal entrega o boleto de outra pessoa",
          botoes=_emissao("outro_cliente"))  # fmt: skip
    c.add(MARTA, "cpf_nao_encontrado", "cliente.nao_encontrado", motivo="o portal não conhece o CPF", no_portal=False)
    duas = [c.cota(), c.cota(c.parcelas(meses=(0, 1)))]
    nome, cpf = c.pessoas.make_nome(), c.pessoas.make_cpf(zeros=2)
    c.add(MARTA, "sucesso", motivo="primeira de duas cotas", nome=nome, documento=cpf, cotas=duas)
    c.add(MARTA, "sucesso", motivo="segunda de duas cotas", nome=nome, documento=cpf, cotas=duas, pedida=duas[1])
    c.add(MARTA, "erro", "cliente.cota_nao_encontrada", motivo="o cliente existe, a cota pedida não é dele",
          pedida=c.cota([]))  # fmt: skip
    c.add(MARTA, "sem_boleto", "cliente.cota_inativa", motivo="a cota foi cancelada", cotas=[c.cota(situacao="CAN")])
    c.add(MARTA, "sem_boleto", "boleto.inexistente", motivo="a grade vem só com o cabeçalho", cotas=[c.cota([])])
    c.add(MARTA, "sucesso", motivo="taxa e resíduo no mesmo mês",
          botoes={"cobranca": {"taxa": True, "residuo": True, "primeira_linha_zerada": True}})  # fmt: skip
    c.add(MARTA, "sem_boleto", "boleto.inexistente.sem_valor", motivo="a parcela do mês tem valor zero",
          cotas=[c.cota(c.parcelas(receber="0.00"))])  # fmt: skip
    c.add(
        MARTA, "sucesso", motivo="o PDF é uma página que se recarrega duas vezes", botoes={"emissao": {"recargas": 2}}
    )
    c.add(MARTA, "sucesso", situacao="CANCELADO", motivo="inativo na planilha: não é processado")
    return adiantado


def _add_raul(c: Construtor) -> None:
    """The generic workbook."""
    c.add(RAUL, "erro", "portal.fora_do_ar.http_5xx", motivo="a página de cobrança deste cliente sempre dá erro",
          botoes={"falhas": {"erros": -1, "status": 503, "na": "cobranca"}})  # fmt: skip
    c.add(RAUL, "sucesso", motivo="pessoa jurídica", documento=c.pessoas.make_cnpj(), nome=c.pessoas.make_empresa())
    c.add(RAUL, "sem_boleto", "boleto.inexistente.outro_mes", motivo="só há parcela do mês passado",
          cotas=[c.cota(c.parcelas(meses=(-1,)))])  # fmt: skip
    c.add(RAUL, "erro", "documento.divergente.valor", motivo="o valor do PDF não é o da tela",
          botoes=_emissao("outro_valor"))  # fmt: skip
    c.add(RAUL, "sem_boleto", "boleto.inexistente.ja_pago", motivo="a parcela do mês não tem o que marcar",
          cotas=[c.cota(c.parcelas(meses=(1,), emitivel=False))])  # fmt: skip
    c.add(RAUL, "erro", "cliente.ambiguo", motivo="duas cotas ativas e a planilha não diz qual", sem_cota=True,
          cotas=[c.cota(), c.cota()])  # fmt: skip
    c.add(RAUL, "erro", "portal.mudou.seletor", motivo="o botão de emitir mudou de nome e de texto", botoes={
        "aparencia": {"trocar_ids": {"btnEmitir": "cmdAvancar"}, "trocar_textos": {"Emitir Cobrança": "Prosseguir"}},
    })  # fmt: skip
    c.add(RAUL, "sucesso", motivo="uma cota cancelada e outra ativa; a planilha não diz qual", sem_cota=True,
          cotas=[c.cota(situacao="TRA"), c.cota()])  # fmt: skip
    c.add(RAUL, "erro", "documento.ilegivel", motivo="o PDF é uma imagem que não se lê", botoes=_emissao("ilegivel"))
    c.add(RAUL, "sucesso", motivo="o primeiro PDF vem cortado, o segundo inteiro", botoes=_emissao("truncado", vezes=1))
    c.add(RAUL, "sucesso", motivo="o PDF vem como anexo", botoes={"emissao": {"entrega": "anexo", "tamanho_kb": 109}})
    c.add(RAUL, "sucesso", motivo="a chave do PDF só vale uma vez", botoes={"emissao": {"chave_unica": True}})


def _emissao(documento: str, vezes: int = 0) -> dict[str, Any]:
    return {"emissao": {"documento": documento, "vezes": vezes}}
