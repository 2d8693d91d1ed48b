"""The prediction in words: why it is silent, what raises a risk, what to expect of the portal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.gateway.riscos import ACIMA, VEZES, Previsao, Risco, list_altas
from shared.events import Juizo
from shared.previsao import MEMORIA, MINIMO_LINHAS, Razao

DIAS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")
# Values of factors; hours, weekdays and pontos de venda have their own.
VALORES = {
    ("mes", "comeco"): "começo do mês",
    ("mes", "meio"): "meio do mês",
    ("mes", "fim"): "últimos dias do mês",
    ("contrato", "novo"): "contrato sem história",
    ("contrato", "nenhuma"): f"contrato sem falhas nas últimas {MEMORIA} vezes",
    ("contrato", "alguma"): f"contrato que falhou em alguma das últimas {MEMORIA} vezes",
    ("contrato", "ultima"): "contrato que falhou da última vez",
    ("contrato", "seguidas"): "contrato que falhou nas duas últimas vezes",
    ("grupo", "pouco"): "grupo com pouca história",
    ("grupo", "menos"): "grupo que falha menos que os outros",
    ("grupo", "igual"): "grupo que falha como os outros",
    ("grupo", "mais"): "grupo que falha mais que os outros",
    ("grupo", "muito_mais"): "grupo que falha muito mais que os outros",
    ("portal", "sem_noticia"): "nada tentado no portal na última hora",
    ("portal", "bem"): "portal sem falhas na última hora",
    ("portal", "algumas"): "algumas falhas do portal na última hora",
    ("portal", "mal"): "muitas falhas do portal na última hora",
}


def write_percentual(parte: float) -> str:
    return f"{100 * parte:.0f}%" if parte >= 0.1 else f"{100 * parte:.1f}%".replace(".", ",")


def write_valor(fator: str, valor: str, nomes: Mapping[int, str]) -> str:
    """nomes: of pontos de venda."""
    match fator:
        case "hora":
            return f"às {valor} h"
        case "dia_semana":
            return DIAS[int(valor)]
        case "ponto_venda":
            return f"ponto de venda {nomes.get(int(valor), valor)}"
        case _:
            return VALORES.get((fator, valor), f"{fator} {valor}")


def write_razao(razao: Razao, nomes: Mapping[int, str]) -> str:
    vezes = razao.vezes if razao.vezes >= 1 else 1 / razao.vezes
    efeito = "aumenta" if razao.vezes >= 1 else "diminui"
    return f"{write_valor(razao.fator, razao.valor, nomes)}: {efeito} o risco {vezes:.1f} vezes".replace(".", ",")


def write_situacao(previsao: Previsao) -> str:
    """What there is to know of it, in one sentence or two."""
    juizo = previsao.juizo
    match previsao.motivo:
        case None:
            assert juizo is not None and juizo.ganho is not None
            return f"A previsão erra {write_percentual(juizo.ganho)} menos que a frequência simples das falhas."
        case "sem_treino":
            return "Ainda não há histórico: a previsão aprende uma vez por noite com o que foi tentado no portal."
        case "sem_previsor":
            return "O serviço de previsão não respondeu. Inicie-o (canopus previsor), ou veja o registro dele."
        case "velha":
            return "A última previsão tem mais de 7 dias e não vale mais. Veja se o serviço de previsão está no ar."
        case "treino_falhou":
            return previsao.erro or "O último treino é de outra versão do sistema. Espere o próximo, ou treine agora."
        case motivo:
            assert juizo is not None
            return _write_silencio(motivo, juizo)


def _write_silencio(motivo: str, juizo: Juizo) -> str:
    match motivo:
        case "poucas_linhas":
            return f"Ainda não há histórico que baste: {juizo.linhas} tentativas, das {MINIMO_LINHAS} que são precisas."
        case "poucos_dias":
            return "Ainda não há dias de trabalho que bastem para julgar a previsão."
        case "poucas_falhas":
            return (
                f"Houve falhas técnicas de menos para aprender com elas: {juizo.falhas} em {juizo.linhas} tentativas."
            )
        case _:
            return "A previsão não acerta mais que a frequência simples das falhas. Por isso fica calada."


def list_avisos(nome: str, horas: Sequence[float | None], media: float, agora: Risco) -> list[str]:
    """What is worth a warning about a ponto de venda's portal."""
    avisos = [
        f"{nome}: o portal costuma falhar {_write_faixa(primeira, ultima)}: {write_percentual(risco)} contra "
        f"{write_percentual(media)} em geral."
        for primeira, ultima, risco in list_altas(horas, media)
    ]
    if agora.risco >= max(VEZES * media, media + ACIMA):
        causas = [write_valor(r.fator, r.valor, {}) for r in agora.razoes if r.vezes > 1 and r.fator != "ponto_venda"]
        porque = f" ({', '.join(causas)})" if causas else ""
        avisos.append(
            f"{nome}: neste momento o risco de falha é de {write_percentual(agora.risco)}, contra "
            f"{write_percentual(media)} em geral{porque}."
        )
    return avisos


def _write_faixa(primeira: int, ultima: int) -> str:
    return f"às {primeira} h" if primeira == ultima else f"das {primeira} h às {ultima + 1} h"
