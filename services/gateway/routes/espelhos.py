"""Mirrors: where else the filed boletos lie, what is due there and why it is not done yet. A secret never comes out."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from asyncpg import Record
from pydantic import AfterValidator, Field

from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.auth import forbid_ponto_venda
from services.gateway.campos import Linha, Mudado, Senha, UrlBase
from services.gateway.errors import not_found
from services.gateway.paging import Pagina, page
from services.gateway.store import Conn
from services.gateway.store import espelhos as store
from services.gateway.store.auditoria import record_auditoria
from services.gateway.store.chaves import Escopo
from services.gateway.validation import Corpo
from services.gateway.vistas import list_of
from services.gateway.vistas_nuvem import CopiaVista, EspelhoVisto

rotas = Rotas(
    "Espelhos",
    "Outros lugares onde ficam os boletos arquivados, com a mesma pasta por consultor: cada boleto novo, trocado ou "
    "removido vai também para lá. São do escritório inteiro: só quem vê todos os pontos de venda os vê.",
)

EXEMPLO = {
    "id": 1, "nome": "Nuvem", "destino": "s3://boletos-do-escritorio/canopus", "endereco": "https://s3.sa-east-1.amazonaws.com",
    "regiao": "sa-east-1",
    "chave": "AKIA…", "ativo": True, "feitas": 4210, "pendentes": 3, "a_remover": 0, "falhando": 0,
    "atrasada_desde": "2026-11-24T09:00:00-03:00", "ultima_em": "2026-11-24T09:00:00-03:00", "erro": None,
    "em_espera_ate": None, "created_at": "2026-11-24T09:00:00-03:00", "updated_at": "2026-11-24T09:00:00-03:00",
}  # fmt: skip
EXEMPLO_COPIA = {
    "id": 7, "caminho": "Marta Lima/ANA_PAULA_SOUZA_LIMA_NOVEMBRO.pdf", "sha256": "9f…", "tamanho": 171204,
    "estado": "falhou", "pedida_em": "2026-11-24T09:00:00-03:00", "tentativas": 2,
    "tentada_em": "2026-11-24T09:00:05-03:00", "proxima_em": "2026-11-24T09:00:15-03:00", "feita_em": None,
    "erro": "O servidor do balde pediu uma pausa (503).",
}  # fmt: skip
_BALDE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?P<prefixo>(/[^/]+)*)/?")


def parse_destino(texto: str) -> str:
    """Without the slash at its end. Raises ValueError in pt-BR."""
    achado = _BALDE.fullmatch(texto)
    if achado is None or {".", ".."} & set(achado["prefixo"].split("/")):
        raise ValueError("use s3://balde ou s3://balde/pasta, com o nome do balde em minúsculas")
    return texto.rstrip("/")


Nome = Annotated[Linha, Field(min_length=1, max_length=100)]
Destino = Annotated[Linha, Field(max_length=400), AfterValidator(parse_destino)]
Regiao = Annotated[Linha, Field(min_length=1, max_length=50, pattern=r"^[a-z0-9-]+$")]
ChaveAcesso = Annotated[Linha, Field(min_length=1, max_length=200)]


class NovoEspelho(Corpo):
    """endereco: the origin of the service, as https://s3.sa-east-1.amazonaws.com."""

    nome: Nome
    destino: Destino
    endereco: UrlBase
    regiao: Regiao = "us-east-1"
    chave: ChaveAcesso
    segredo: Senha


class MudancaEspelho(Corpo):
    """ativo false: what is due waits."""

    nome: Mudado[Nome] = None
    destino: Mudado[Destino] = None
    endereco: Mudado[UrlBase] = None
    regiao: Mudado[Regiao] = None
    chave: Mudado[ChaveAcesso] = None
    segredo: Mudado[Senha] = None
    ativo: Mudado[bool] = None


class ConsultaCopias(Pagina):
    estado: Literal["pendente", "falhou", "feita"] | None = None


@rotas.get(
    "espelhos",
    escopo=Escopo.ADMIN,
    resumo="Lista os espelhos, com o que falta em cada um",
    dados=list_of("espelhos", EspelhoVisto),
    exemplo={"espelhos": [EXEMPLO], "cursor": None},
)
async def list_espelhos(chamada: Chamada, consulta: Pagina) -> Resposta:
    async with _open(chamada) as conn:
        linhas = await store.list_espelhos(conn, consulta.cursor or 0, consulta.buscar)
    return Resposta(page("espelhos", linhas, consulta, store.view_espelho))


@rotas.get("espelhos/{id}", escopo=Escopo.ADMIN, resumo="Mostra um espelho", dados=EspelhoVisto, exemplo=EXEMPLO)
async def show_espelho(chamada: Chamada, id: int) -> Resposta:
    async with _open(chamada) as conn:
        return Resposta(store.view_espelho(await _find(conn, id)))


@rotas.post(
    "espelhos",
    escopo=Escopo.ADMIN,
    status=201,
    resumo="Cadastra um espelho e começa a copiar para ele tudo o que está arquivado",
    dados=EspelhoVisto,
    exemplo=EXEMPLO,
    respostas={409: "já há um espelho com este nome"},
)
async def create_espelho(chamada: Chamada, corpo: NovoEspelho) -> Resposta:
    pedidos = corpo.model_dump()
    async with _open(chamada) as conn, conn.transaction():
        id = await store.insert_espelho(conn, _encrypt(chamada, pedidos))
        await _audit(chamada, conn, "criar", id, pedidos)
        vista = store.view_espelho(await _find(conn, id))
    return Resposta(vista, "Espelho cadastrado. As cópias começam em instantes.")


@rotas.patch(
    "espelhos/{id}",
    escopo=Escopo.ADMIN,
    resumo="Altera um espelho, ou o liga e desliga",
    dados=EspelhoVisto,
    exemplo=EXEMPLO,
    respostas={409: "já há um espelho com este nome"},
)
async def change_espelho(chamada: Chamada, id: int, corpo: MudancaEspelho) -> Resposta:
    pedidos = corpo.model_dump(exclude_unset=True)
    async with _open(chamada) as conn, conn.transaction():
        antes = await _find(conn, id)
        await store.update_espelho(conn, id, _encrypt(chamada, pedidos))
        if any(pedidos.get(campo, antes[campo]) != antes[campo] for campo in ("destino", "endereco")):
            # Nothing lies there yet.
            await store.fill_espelho(conn, id)
        await _audit(chamada, conn, "alterar", id, pedidos)
        vista = store.view_espelho(await _find(conn, id))
    return Resposta(vista, "Espelho alterado.")


@rotas.delete(
    "espelhos/{id}",
    escopo=Escopo.ADMIN,
    resumo="Exclui um espelho; o que já está lá fica",
    exemplo={"id": 1, "excluido": True},
)
async def delete_espelho(chamada: Chamada, id: int) -> Resposta:
    async with _open(chamada) as conn, conn.transaction():
        await _find(conn, id)
        await store.delete_espelho(conn, id)
        await _audit(chamada, conn, "excluir", id, {})
    return Resposta({"id": id, "excluido": True}, "Espelho excluído. O que já está lá fica.")


@rotas.post(
    "espelhos/{id}/preencher",
    escopo=Escopo.ADMIN,
    resumo="Confere tudo o que está arquivado e copia de novo o que falta no espelho",
    descricao="Para um espelho que se perdeu, ou de que algo foi apagado. O que já está lá não é enviado de novo.",
    exemplo={"id": 1, "copias": 4213},
)
async def fill_espelho(chamada: Chamada, id: int) -> Resposta:
    async with _open(chamada) as conn, conn.transaction():
        await _find(conn, id)
        quantas = await store.fill_espelho(conn, id)
        await _audit(chamada, conn, "preencher", id, {"copias": quantas})
    return Resposta({"id": id, "copias": quantas}, f"Cópias a conferir e a fazer: {quantas}.")


@rotas.get(
    "espelhos/{id}/copias",
    escopo=Escopo.ADMIN,
    resumo="Lista as cópias de um espelho, as mais novas primeiro",
    descricao="`sha256` null: o boleto foi removido, e a cópia ainda será.",
    dados=list_of("copias", CopiaVista),
    exemplo={"copias": [EXEMPLO_COPIA], "cursor": None},
)
async def list_copias(chamada: Chamada, id: int, consulta: ConsultaCopias) -> Resposta:
    async with _open(chamada) as conn:
        await _find(conn, id)
        linhas = await store.list_copias(conn, id, consulta.estado, consulta.cursor, consulta.buscar)
    return Resposta(page("copias", linhas, consulta, dict))


def _open(chamada: Chamada) -> Any:
    """A connection, for who sees every ponto de venda. Raises ApiError 403."""
    if chamada.acesso.alcance is not None:
        raise forbid_ponto_venda()
    return chamada.ctx.pool.acquire()


async def _find(conn: Conn, id: int) -> Record:
    linha = await store.find_espelho(conn, id)
    if linha is None:
        raise not_found("Espelho", "espelho.nao_encontrado")
    return linha


def _encrypt(chamada: Chamada, pedidos: dict[str, Any]) -> dict[str, Any]:
    if "segredo" not in pedidos:
        return pedidos
    return pedidos | {"segredo": chamada.ctx.chaveiro.encrypt(pedidos["segredo"])}


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any]) -> None:
    detalhes = {campo: "trocado" if campo == "segredo" else valor for campo, valor in campos.items()}
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"espelho.{verbo}", alvo=f"espelhos/{id}", detalhes=detalhes
    )
