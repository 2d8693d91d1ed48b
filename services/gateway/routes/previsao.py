"""The prediction of failures: what is to be expected of the portal and of each contract, why, and how good that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.dizeres import list_avisos, write_razao, write_situacao
from services.gateway.paging import LIMITE_PADRAO, Limite
from services.gateway.riscos import Previsao, Risco, rate_agora, rate_contratos, read_previsao
from services.gateway.store import previsao as store
from services.gateway.store import read_agora
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.treinador import PACIENCIA, ask_treino
from services.gateway.validation import Consulta
from services.gateway.vistas import list_of
from services.gateway.vistas_previsao import ContratoPrevisto, PrevisaoVista, TreinoPedido
from shared.contrato import mask_documento, mask_documentos
from shared.events import Modelo
from shared.previsao import Contagem, Razao, list_efeitos

rotas = Rotas("Previsão de falhas", "O risco de falha técnica, aprendido do histórico do próprio escritório.")

RAZOES = 12
_RAZAO = {"fator": "hora", "valor": "10", "texto": "às 10 h: aumenta o risco 4,1 vezes", "vezes": 4.1}
EXEMPLO = {
    "fala": True,
    "motivo": None,
    "texto": "A previsão erra 12% menos que a frequência simples das falhas.",
    "treinada_em": "2026-11-25T03:00:09-03:00",
    "pedida_em": "2026-11-25T03:00:00-03:00",
    "juizo": {
        "linhas": 2400, "falhas": 211, "aprendidas": 1440, "calibradas": 480, "julgadas": 1440, "dias": 36,
        "frequencia": 0.0879, "brier": 0.0706, "brier_frequencia": 0.0802, "ganho": 0.12, "minimo": 0.04,
        "calibracao": [{"previsto": 0.31, "observado": 0.33, "quantas": 144}],
    },
    "razoes": [_RAZAO],
    "pontos_venda": [
        {
            "ponto_venda": "17.308", "nome": "Loja Centro", "media": 0.0871,
            "agora": {"risco": 0.32, "razoes": [_RAZAO]}, "horas": [{"hora": 10, "risco": 0.32}],
            "avisos": ["Loja Centro: o portal costuma falhar às 10 h: 32% contra 8,7% em geral."],
        }
    ],
}  # fmt: skip


class ConsultaPrevisao(Consulta):
    ponto_venda: str | None = None


class ConsultaContratos(Consulta):
    ponto_venda: str
    limite: Limite = LIMITE_PADRAO


@rotas.get(
    "previsao",
    resumo="O que esperar do portal, por quê, e quanto a previsão acerta",
    descricao="Prevê falhas técnicas (portal fora do ar, sessão perdida, download ou documento com defeito) na "
    "primeira tentativa de um contrato; nunca respostas do portal sobre o cliente. Fala só enquanto erra menos que a "
    "frequência simples das falhas em dias que não viu (escore de Brier); senão `motivo` e `texto` dizem por que se "
    "cala.",
    dados=PrevisaoVista,
    exemplo=EXEMPLO,
)
async def show_previsao(chamada: Chamada, consulta: ConsultaPrevisao) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        alcance = await chamada.acesso.narrow(conn, consulta.ponto_venda)
        agora = await read_agora(conn)
        previsao = await read_previsao(conn, agora)
        pontos = await store.list_pontos(conn, alcance)
        portais = await store.count_portais(conn) if previsao.modelo else {}
    return Resposta(_view(previsao, pontos, portais, agora))


@rotas.get(
    "previsao/contratos",
    resumo="Os contratos ativos de um ponto de venda que mais arriscam falhar, se tentados agora",
    descricao="Vazio enquanto a previsão está calada.",
    dados=list_of("contratos", ContratoPrevisto),
    exemplo={
        "contratos": [
            {
                "cliente_id": 7, "nome": "ANA LIMA", "cpf": "***.456.789-**", "grupo": 6650, "cota": 7, "risco": 0.41,
                "razoes": [_RAZAO],
            }
        ],
        "cursor": None,
    },
)  # fmt: skip
async def list_contratos(chamada: Chamada, consulta: ConsultaContratos) -> Resposta:
    async with chamada.ctx.pool.acquire() as conn:
        ponto = await chamada.acesso.find_ponto_venda(conn, consulta.ponto_venda)
        agora = await read_agora(conn)
        modelo = (await read_previsao(conn, agora)).modelo
        contratos = [_Contrato(**linha) for linha in await store.list_contratos(conn, ponto["id"])] if modelo else []
        riscos = await rate_contratos(conn, modelo, ponto, contratos, agora) if modelo else []
    maiores = sorted(riscos, key=lambda par: -par[1].risco)[: consulta.limite]
    nomes = {ponto["id"]: ponto["codigo"]}
    return Resposta({"contratos": [_view_contrato(*par, nomes) for par in maiores], "cursor": None})


@rotas.post(
    "previsao/treinar",
    escopo=Escopo.ADMIN,
    status=202,
    resumo="Treina agora, em vez de na próxima noite",
    dados=TreinoPedido,
    exemplo={"pedida_em": "2026-11-25T09:00:00-03:00"},
)
async def ask_training(chamada: Chamada) -> Resposta:
    chamada.acesso.require_todos()
    async with chamada.ctx.pool.acquire() as conn, conn.transaction():
        agora, ultimo = await read_agora(conn), await store.find_ultimo(conn)
        if ultimo and ultimo["respondido_em"] is None and agora - ultimo["pedido_em"] < PACIENCIA:
            return Resposta({"pedida_em": ultimo["pedido_em"]}, "Um treino já está em andamento.")
        if not await store.lock(conn) or await ask_treino(conn, chamada.ctx.files, agora) is None:
            return Resposta({"pedida_em": None}, "Ainda não há tentativas das quais aprender.")
        await record_auditoria(conn, quem=chamada.acesso.quem, acao="previsao.treinar", alvo="previsao")
    chamada.ctx.wake()
    return Resposta({"pedida_em": agora}, "Treino pedido.")


@dataclass(frozen=True)
class _Contrato:
    cliente_id: int
    cpf: str
    nome: str
    grupo: int | None
    cota: int | None


def _view(previsao: Previsao, pontos: list[Record], portais: Mapping[str, Contagem], agora: datetime) -> dict[str, Any]:
    modelo, nomes = previsao.modelo, {ponto["id"]: ponto["codigo"] for ponto in pontos}
    return {
        "fala": modelo is not None,
        "motivo": previsao.motivo,
        "texto": write_situacao(previsao),
        "treinada_em": previsao.treinada_em,
        "pedida_em": previsao.pedida_em,
        "juizo": previsao.juizo.model_dump(exclude={"motivo"}) if previsao.juizo else None,
        "razoes": _view_razoes(_list_visiveis(modelo, nomes), nomes) if modelo else [],
        "pontos_venda": [
            _view_ponto(modelo, ponto, portais.get(ponto["url_base"], Contagem()), agora, nomes)
            for ponto in pontos
            if modelo and ponto["id"] in modelo.medias
        ],
    }


def _list_visiveis(modelo: Modelo, nomes: Mapping[int, str]) -> list[Razao]:
    """Of other people's pontos de venda nothing is said."""
    efeitos = list_efeitos(modelo)
    return [razao for razao in efeitos if razao.fator != "ponto_venda" or int(razao.valor) in nomes][:RAZOES]


def _view_ponto(
    modelo: Modelo, ponto: Record, portal: Contagem, agora: datetime, nomes: Mapping[int, str]
) -> dict[str, Any]:
    horas, media = modelo.horas[ponto["id"]], modelo.medias[ponto["id"]]
    risco = rate_agora(modelo, ponto["id"], portal, agora)
    return {
        "ponto_venda": ponto["codigo"],
        "nome": ponto["nome"],
        "media": media,
        "agora": _view_risco(risco, nomes),
        "horas": [{"hora": hora, "risco": valor} for hora, valor in enumerate(horas)],
        "avisos": list_avisos(ponto["nome"], horas, media, risco),
    }


def _view_contrato(contrato: _Contrato, risco: Risco, nomes: Mapping[int, str]) -> dict[str, Any]:
    return {
        "cliente_id": contrato.cliente_id,
        "nome": mask_documentos(contrato.nome),
        "cpf": mask_documento(contrato.cpf),
        "grupo": contrato.grupo,
        "cota": contrato.cota,
        **_view_risco(risco, nomes),
    }


def _view_risco(risco: Risco, nomes: Mapping[int, str]) -> dict[str, Any]:
    return {"risco": round(risco.risco, 4), "razoes": _view_razoes(risco.razoes, nomes)}


def _view_razoes(razoes: list[Razao] | tuple[Razao, ...], nomes: Mapping[int, str]) -> list[dict[str, Any]]:
    return [
        {"fator": r.fator, "valor": r.valor, "texto": write_razao(r, nomes), "vezes": round(r.vezes, 3)} for r in razoes
    ]
