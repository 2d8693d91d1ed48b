"""A new execution: its contracts, its rows and its first events, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from asyncpg import Record

from services.gateway.execucao import PAGO, hoje
from services.gateway.riscos import sort_contratos
from services.gateway.store import Conn, load_sql
from services.gateway.store.diario import Diario, open_diario
from services.gateway.store.recusas import (
    EstadoImpossivel,
    NaoEncontrada,
    PontoVendaInativo,
    SemClientes,
    SemCredencial,
    SemFalhas,
)
from shared.contrato import is_cnpj, is_cpf, mask_documento, resolve_mes
from shared.outcomes import StatusCliente, StatusExecucao, TipoExecucao, find_desfecho

SQL = load_sql("submissao")
CPF_INVALIDO = "cliente.cpf_invalido"
EM_RODADA = "A recuperação automática está refazendo estes contratos. Espere o fim da rodada, ou cancele-a."


@dataclass(frozen=True)
class NovaExecucao:
    """What was asked. mes without ano: the nearest such month; neither: the next instalment of each contract.

    cpfs: bare documents; None: every active contract. limite: how many contracts at most. rodada: which round of the
    automatic recovery it is, of how many; 0: none.
    """

    ponto_venda_id: int
    tipo: TipoExecucao
    usuario: str
    mes: int | None = None
    ano: int | None = None
    limite: int | None = None
    consultor_id: int | None = None
    cpfs: tuple[str, ...] | None = None
    forcar: bool = False
    origem_id: int | None = None
    rodada: int = 0
    rodadas: int = 0
    parametros: dict[str, Any] = field(default_factory=dict)


class Contrato(NamedTuple):
    """One row to be, its fields in the order of the queries' columns. codigo: refused before any browser."""

    cliente_final_id: int | None
    consultor_id: int | None
    cpf: str
    nome: str | None
    grupo: int | None
    cota: int | None

    @property
    def codigo(self) -> str | None:
        return None if is_cpf(self.cpf) or is_cnpj(self.cpf) else CPF_INVALIDO

    def row(self) -> dict[str, Any]:
        codigo = self.codigo
        return {**self._asdict(), "codigo": codigo, "mensagem": find_desfecho(codigo).texto if codigo else None}


async def submit_execucao(conn: Conn, nova: NovaExecucao, hoje: date) -> UUID:
    """Raises PontoVendaInativo, SemCredencial, SemClientes."""
    nova, contratos = await _resolve(conn, nova, hoje)
    return await _insert(conn, nova, contratos)


async def preview_execucao(conn: Conn, nova: NovaExecucao, hoje: date) -> dict[str, Any]:
    """What a submission would find, with nothing written. Raises what it would.

    ja_baixados is null where the month is only known from each grid; com_erro: of those to be downloaded, the ones that
    failed the last time. A contract that is refused before any browser is in total_clientes alone.
    """
    nova, contratos = await _resolve(conn, nova, hoje)
    aceitos = [contrato for contrato in contratos if contrato.codigo is None]
    ids, cpfs, grupos, cotas = (
        [getattr(contrato, nome) for contrato in aceitos] for nome in ("cliente_final_id", "cpf", "grupo", "cota")
    )
    conta = await conn.fetchrow(
        SQL["preview"], ids, cpfs, nova.ponto_venda_id, nova.mes, nova.ano, nova.forcar, grupos, cotas
    )
    assert conta is not None
    ja_baixados = None if nova.mes is None else conta["ja_baixados"]
    return {
        "total_clientes": len(contratos),
        "ja_baixados": ja_baixados,
        "com_erro": conta["com_erro"],
        "a_baixar": len(aceitos) - (ja_baixados or 0),
        "mes": nova.mes,
        "ano": nova.ano,
    }


async def _resolve(conn: Conn, nova: NovaExecucao, hoje: date) -> tuple[NovaExecucao, list[Contrato]]:
    """With its month's year, and its contracts. Raises PontoVendaInativo, SemCredencial, SemClientes."""
    await _check_ponto_venda(conn, nova.ponto_venda_id)
    contratos = await _list_contratos(conn, nova)
    if not contratos:
        raise SemClientes
    if nova.mes is not None:
        referencia = resolve_mes(nova.mes, nova.ano, hoje)
        nova = replace(nova, mes=referencia.mes, ano=referencia.ano)
    return nova, contratos


async def _check_ponto_venda(conn: Conn, id: int) -> None:
    condicao = await conn.fetchrow(SQL["find_condicao"], id)
    assert condicao is not None
    if not condicao["ativo"]:
        raise PontoVendaInativo
    if not condicao["tem_credencial"]:
        raise SemCredencial


async def reprocess_execucao(
    conn: Conn,
    automacao_id: UUID,
    *,
    status: Sequence[str] | None = None,
    codigos: Sequence[str] | None = None,
    clientes: Sequence[int] | None = None,
    usuario: str,
    rodada: int = 0,
    rodadas: int = 0,
) -> UUID:
    """A new execution of the rows that match, linked to the first. clientes: ids of its rows.

    status: `erro` unless named; a filter by codigo or by row alone looks at every status. rodada: of the automatic
    recovery; 0: a person asks, whose trying everything that failed takes the next round's place.
    Raises NaoEncontrada, EstadoImpossivel, PontoVendaInativo, SemCredencial, SemFalhas.
    """
    origem = await conn.fetchrow(SQL["lock_origem"], automacao_id)
    if origem is None:
        raise NaoEncontrada
    todas = not (rodada or status or codigos or clientes)
    if todas and await conn.fetchval(SQL["is_viva"], origem["recuperada_por"]):
        raise EstadoImpossivel(EM_RODADA)
    await _check_ponto_venda(conn, origem["ponto_venda_id"])
    todos = [s.value for s in StatusCliente if s.is_final]
    padrao = todos if codigos or clientes else [StatusCliente.ERRO.value]
    linhas = await conn.fetch(
        SQL["list_contratos_execucao"],
        origem["id"],
        list(status or padrao),
        codigos or None,
        clientes or None,
        rodada > 0,
    )
    if not linhas:
        raise SemFalhas
    pedidos = origem["parametros"]
    nova = NovaExecucao(
        origem["ponto_venda_id"],
        TipoExecucao.REPROCESSAMENTO,
        usuario,
        mes=pedidos.get("mes"),
        ano=pedidos.get("ano"),
        consultor_id=origem["consultor_id"],
        forcar=pedidos.get("forcar", False),
        origem_id=origem["id"],
        rodada=rodada,
        rodadas=rodadas,
        parametros={"hoje": _read_dia(origem)} if rodada and pedidos.get("mes") is None else {},
    )
    if todas:
        async with open_diario(conn, origem["id"]) as diario:
            if diario.recuperacao_em is not None:
                diario.dispense_rodadas(f"Tentada de novo por {usuario}.")
    return await _insert(conn, nova, [Contrato(*linha) for linha in linhas])


def _read_dia(origem: Record) -> str:
    """The day on which a person, or a schedule, asked: what the next instalment was then, each round looks for."""
    dia: str = origem["parametros"].get("hoje") or hoje(origem["criado_em"]).isoformat()
    return dia


async def _list_contratos(conn: Conn, nova: NovaExecucao) -> list[Contrato]:
    linhas = await conn.fetch(SQL["list_contratos"], nova.ponto_venda_id, nova.consultor_id, nova.cpfs, nova.limite)
    contratos = [Contrato(*linha) for linha in linhas]
    if nova.cpfs is None:
        return contratos
    # A CPF in no register is fetched all the same; one that another consultor has is not this one's to ask for.
    conhecidos = {
        linha["cpf"] for linha in await conn.fetch(SQL["list_cpfs_cadastrados"], nova.ponto_venda_id, nova.cpfs)
    }
    avulsos = [cpf for cpf in dict.fromkeys(nova.cpfs) if cpf not in conhecidos]
    contratos += [Contrato(None, nova.consultor_id, cpf, None, None, None) for cpf in avulsos]
    return contratos[: nova.limite]


async def _insert(conn: Conn, nova: NovaExecucao, contratos: Sequence[Contrato]) -> UUID:
    """Rows are sent in the order of their ids: what is first here is tried first."""
    contratos = await sort_contratos(conn, nova.ponto_venda_id, contratos)
    execucao = await conn.fetchrow(
        SQL["insert_execucao"],
        nova.tipo,
        nova.ponto_venda_id,
        nova.consultor_id,
        nova.origem_id,
        _parametros(nova),
        nova.usuario,
        nova.rodada,
        nova.rodadas,
    )
    assert execucao is not None
    pago = find_desfecho(PAGO)
    linhas = await conn.fetch(
        SQL["insert_itens"],
        execucao["id"],
        execucao["automacao_id"],
        nova.ponto_venda_id,
        nova.mes,
        nova.ano,
        nova.forcar,
        orjson.dumps([contrato.row() for contrato in contratos]).decode(),
        pago.codigo,
        pago.texto,
        execucao["empresa_id"],
    )
    await _tell(conn, execucao, linhas)
    automacao_id: UUID = execucao["automacao_id"]
    return automacao_id


async def _tell(conn: Conn, execucao: Record, linhas: Sequence[Record]) -> None:
    diario = Diario(conn, execucao)
    diario.count(linhas)
    diario.set_status(StatusExecucao.NA_FILA)
    await diario.tell_novas(linhas)
    await diario.conclude()
    await diario.write()


def _parametros(nova: NovaExecucao) -> dict[str, Any]:
    """What a person reads of the request; CPFs only masked."""
    return {
        **nova.parametros,
        "mes": nova.mes,
        "ano": nova.ano,
        "limite": nova.limite,
        "consultor_id": nova.consultor_id,
        "cpfs": [mask_documento(cpf) for cpf in nova.cpfs] if nova.cpfs else None,
        "forcar": nova.forcar,
    }
