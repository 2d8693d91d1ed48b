"""Mirrors: where else the filed boletos lie, what is due there and why it is not done yet. A secret never comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from asyncpg import Record
from pydantic import AfterValidator, Field

from services.gateway import drive, google
from services.gateway.api import Chamada, Resposta, Rotas
from services.gateway.auth import forbid_ponto_venda
from services.gateway.campos import Linha, Mudado, UrlBase
from services.gateway.errors import Detalhe, invalid_field, invalid_fields, not_found
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
_REGIAO = "us-east-1"
# What each kind of mirror cannot be without, beside its destino.
_PRECISOS = {"s3": ("endereco", "chave", "segredo"), "drive": ("segredo",)}
_PADROES = {"s3": {"regiao": _REGIAO}, "drive": {"endereco": google.ORIGEM}}
_SEGREDO_S3 = 200
_BALDE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?P<prefixo>(/[^/]+)*)/?")


def parse_destino(texto: str) -> str:
    """A bucket without the slash at its end, or a folder of Google Drive. Raises ValueError in pt-BR."""
    if texto.startswith((drive.ESQUEMA, "https://")):
        return drive.parse_pasta(texto)
    achado = _BALDE.fullmatch(texto)
    if achado is None or {".", ".."} & set(achado["prefixo"].split("/")):
        raise ValueError(
            "use s3://balde ou s3://balde/pasta, com o balde em minúsculas, ou o link de uma pasta do Google Drive"
        )
    return texto.rstrip("/")


Nome = Annotated[Linha, Field(min_length=1, max_length=100)]
Destino = Annotated[Linha, Field(max_length=400), AfterValidator(parse_destino)]
Regiao = Annotated[Linha, Field(min_length=1, max_length=50, pattern=r"^[a-z0-9-]+$")]
ChaveAcesso = Annotated[Linha, Field(min_length=1, max_length=200)]
# A secret key of S3, taken as it is typed; or the whole JSON of a Google account.
Segredo = Annotated[str, Field(min_length=1, max_length=10_000)]


class NovoEspelho(Corpo):
    """destino: s3://balde/pasta, or the link of a folder in Google Drive. endereco: the origin of the service, as
    https://s3.sa-east-1.amazonaws.com; of Google its own. S3 needs endereco, chave and segredo; Google Drive only
    segredo, the JSON of a service account's key or of a person's consent."""

    nome: Nome
    destino: Destino
    segredo: Segredo | None = None
    endereco: UrlBase | None = None
    regiao: Regiao | None = None
    chave: ChaveAcesso | None = None


class MudancaEspelho(Corpo):
    """ativo false: what is due waits. From S3 to Google Drive or back all that the other needs must come too."""

    nome: Mudado[Nome] = None
    destino: Mudado[Destino] = None
    endereco: Mudado[UrlBase] = None
    regiao: Mudado[Regiao] = None
    chave: Mudado[ChaveAcesso] = None
    segredo: Mudado[Segredo] = None
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
    respostas={409: "já há um espelho com este nome, ou nesta pasta do Google Drive"},
)
async def create_espelho(chamada: Chamada, corpo: NovoEspelho) -> Resposta:
    pedidos = {campo: valor for campo, valor in corpo.model_dump().items() if valor is not None}
    async with _open(chamada) as conn, conn.transaction():
        id = await store.insert_espelho(conn, _resolve(chamada, pedidos, None))
        await _audit(chamada, conn, "criar", id, pedidos)
        vista = store.view_espelho(await _find(conn, id))
    return Resposta(vista, "Espelho cadastrado. As cópias começam em instantes.")


@rotas.patch(
    "espelhos/{id}",
    escopo=Escopo.ADMIN,
    resumo="Altera um espelho, ou o liga e desliga",
    dados=EspelhoVisto,
    exemplo=EXEMPLO,
    respostas={409: "já há um espelho com este nome, ou nesta pasta do Google Drive"},
)
async def change_espelho(chamada: Chamada, id: int, corpo: MudancaEspelho) -> Resposta:
    pedidos = corpo.model_dump(exclude_unset=True)
    async with _open(chamada) as conn, conn.transaction():
        antes = await _find(conn, id)
        await store.update_espelho(conn, id, _resolve(chamada, pedidos, antes))
        if any(_differs(pedidos, antes, campo) for campo in ("destino", "endereco")):
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


def _resolve(chamada: Chamada, pedidos: Mapping[str, Any], antes: Record | None) -> dict[str, Any]:
    """The columns that change, the secret as ciphertext. What one kind of mirror has is nothing to the other. Raises
    ApiError 422."""
    era = None if antes is None else _tipo(antes["destino"])
    tipo = _tipo(pedidos["destino"]) if "destino" in pedidos or era is None else era
    colunas = dict(pedidos)
    if tipo != era:
        faltam = [campo for campo in _PRECISOS[tipo] if campo not in pedidos]
        if faltam:
            raise invalid_fields(*(Detalhe(campo, "campo obrigatório") for campo in faltam))
        colunas = {"regiao": None, "chave": None, **_PADROES[tipo], **pedidos}
    elif antes and tipo == "drive" and "segredo" not in pedidos and _differs(pedidos, antes, "endereco"):
        # Whoever answers there is given what the account opens.
        raise invalid_field("segredo", "com outro endereço, mande de novo o JSON da conta")
    check = _check_drive if tipo == "drive" else _check_s3
    check(chamada, pedidos)
    if "segredo" in pedidos:
        colunas["segredo"] = chamada.ctx.chaveiro.encrypt(pedidos["segredo"])
    return colunas


def _differs(pedidos: Mapping[str, Any], antes: Record, campo: str) -> bool:
    return bool(pedidos.get(campo, antes[campo]) != antes[campo])


def _tipo(destino: str) -> Literal["s3", "drive"]:
    return "drive" if destino.startswith(drive.ESQUEMA) else "s3"


def _check_s3(chamada: Chamada, pedidos: Mapping[str, Any]) -> None:
    segredo = pedidos.get("segredo", "")
    if len(segredo) > _SEGREDO_S3 or not segredo.isprintable():
        raise invalid_field("segredo", f"use a chave secreta do balde: uma linha, no máximo {_SEGREDO_S3} caracteres")


def _check_drive(chamada: Chamada, pedidos: Mapping[str, Any]) -> None:
    privados = chamada.ctx.settings.webhooks_privados
    if sobram := [campo for campo in ("regiao", "chave") if campo in pedidos]:
        raise invalid_fields(*(Detalhe(campo, "não se usa com o Google Drive: tire-o") for campo in sobram))
    for campo, check in (("segredo", google.parse_conta), ("endereco", google.parse_endereco)):
        try:
            if campo in pedidos:
                check(pedidos[campo], privados=privados)
        except ValueError as erro:
            raise invalid_field(campo, str(erro)) from erro


async def _audit(chamada: Chamada, conn: Conn, verbo: str, id: int, campos: dict[str, Any]) -> None:
    detalhes = {campo: "trocado" if campo == "segredo" else valor for campo, valor in campos.items()}
    await record_auditoria(
        conn, quem=chamada.acesso.quem, acao=f"espelho.{verbo}", alvo=f"espelhos/{id}", detalhes=detalhes
    )
