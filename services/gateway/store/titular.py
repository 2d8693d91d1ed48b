"""One person in the database: what is known of them, and everything made nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from asyncpg import Record

from services.gateway.store import Conn, load_sql
from shared.contrato import format_documento, mask_documento
from shared.events import Arquivo
from shared.outcomes import DESFECHOS

SQL = load_sql("titular")

# In place of a document: its digits are no CPF's, so nobody can ask for it.
NINGUEM = "00000000000"
APAGADO = "(apagado)"
_TEXTOS = {codigo: desfecho.texto for codigo, desfecho in DESFECHOS.items()}
_CLIENTE = {
    "nome": None, "cpf": mask_documento(NINGUEM), "grupo": None, "cota": None, "cliente_id": None, "boleto_id": None,
    "arquivo": None,
}  # fmt: skip
_SCRUBS = tuple(sql for nome, sql in SQL.items() if nome.startswith("scrub_"))
# Of a statement: the whole history may have to be looked through.
ESPERA_S = 600.0


@dataclass(frozen=True)
class Titular:
    """vizinhos: rows of others that say something of this person. relatorios: files made of whole executions."""

    cpf: str
    clientes: Sequence[Record]
    itens: Sequence[Record]
    boletos: Sequence[Record]
    vizinhos: Sequence[Record]
    relatorios: Sequence[Record] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        return bool(self.clientes or self.itens or self.boletos or self.vizinhos)

    @property
    def nomes(self) -> set[str]:
        achados = {c["nome_completo"] for c in self.clientes}
        achados |= {boleto[campo] for boleto in self.boletos for campo in ("nome_cliente", "pagador")}
        for item in self.itens:
            achados |= {item["nome_cliente"], (item["dados_boleto"] or {}).get("nome_portal")}
        return {nome for nome in achados if nome}

    @property
    def contatos(self) -> set[str]:
        campos = ("email", "telefone_celular", "whatsapp")
        return {cliente[campo] for cliente in self.clientes for campo in campos if cliente[campo]}

    @property
    def arquivos(self) -> set[str]:
        """Files that its rows and reports name; others may need some of them too."""
        caminhos = {boleto["arquivo_caminho"] for boleto in self.boletos}
        caminhos |= {item["arquivo_caminho"] for item in self.itens if item["arquivo_caminho"]}
        for boleto in self.boletos:
            caminhos |= {f"_interno/{tipo}/{boleto['arquivo_sha256']}" for tipo in ("capturas", "sem_nome")}
        partes = [
            parte for linha in (*self.itens, *self.vizinhos) for parte in (linha["quarentena"], *linha["evidencia"])
        ]
        partes += [item["captura"] for item in self.itens]
        partes += [parte for linha in self.relatorios for parte in (linha["arquivo"], linha["dados"])]
        return caminhos | {parte["caminho"] for parte in partes if parte}


async def lock(conn: Conn) -> None:
    """Nothing is written beside us until the transaction ends; a busy system makes us wait ten seconds at most."""
    await conn.execute("SET LOCAL lock_timeout = '10s'")
    await conn.execute(SQL["lock"])


async def find_titular(conn: Conn, cpf: str) -> Titular:
    itens = await conn.fetch(SQL["list_itens"], cpf)
    vizinhos = await conn.fetch(SQL["list_vizinhos"], mask_documento(cpf), [item["id"] for item in itens])
    return Titular(
        cpf,
        await conn.fetch(SQL["list_clientes"], cpf),
        itens,
        await conn.fetch(SQL["list_boletos"], cpf),
        vizinhos,
        await conn.fetch(SQL["list_relatorios"]),
    )


async def list_planilhas(conn: Conn) -> list[Record]:
    """Every workbook's file once: (id, caminho, sha256, tamanho)."""
    return await conn.fetch(SQL["list_planilhas"])


async def replace_planilha(conn: Conn, caminho: str, nova: Arquivo) -> None:
    await conn.execute(SQL["replace_planilha"], caminho, nova.caminho, nova.sha256, nova.tamanho)


async def list_em_andamento(conn: Conn, cpf: str) -> list[UUID]:
    """Executions that have not ended with a contract of this person in them."""
    return [linha["automacao_id"] for linha in await conn.fetch(SQL["list_em_andamento"], cpf)]


async def list_alheios(conn: Conn, titular: Titular, caminhos: Sequence[str]) -> set[str]:
    """Which of these files somebody else still needs."""
    linhas = await conn.fetch(
        SQL["list_alheios"], list(caminhos), _ids(titular.itens, titular.vizinhos), _ids(titular.boletos)
    )
    return {linha["caminho"] for linha in linhas}


async def erase(conn: Conn, titular: Titular) -> None:
    """Rows that count stay, as nobody's; the others go. No counter, state or number changes."""
    meus, falhas = _ids(titular.itens), _ids(titular.itens, titular.vizinhos)
    await conn.execute(SQL["clear_eventos"], meus, _CLIENTE, _TEXTOS, timeout=ESPERA_S)
    await conn.execute(SQL["clear_eventos"], _ids(titular.vizinhos), {}, _TEXTOS, timeout=ESPERA_S)
    await conn.execute(SQL["clear_falhas"], falhas, _TEXTOS)
    await conn.execute(SQL["clear_itens"], meus, NINGUEM)
    await conn.execute(SQL["delete_boletos"], _ids(titular.boletos))
    await conn.execute(SQL["delete_entregas"], _ids(titular.boletos))
    await conn.execute(SQL["clear_auditoria"], [f"clientes/{cliente['id']}" for cliente in titular.clientes])
    await conn.execute(SQL["delete_clientes"], titular.cpf)
    await conn.execute(SQL["delete_relatorios"])
    for padrao, novo in _patterns(titular):
        for sql in _SCRUBS:
            await conn.execute(sql, padrao, novo, timeout=ESPERA_S)


async def delete_mensagens(conn: Conn, titular: Titular) -> None:
    """What waits to be sent about this person has nothing left to do. The queue is of no office: its contract tells."""
    documentos = [titular.cpf, format_documento(titular.cpf)]
    await conn.execute(SQL["delete_mensagens"], documentos, _ids(titular.itens))


def _patterns(titular: Titular) -> Iterator[tuple[str, str]]:
    """What to look for in free text, and what to write in its place. A single word is too little to be a name."""
    cpf = titular.cpf
    yield re.escape(mask_documento(cpf)), mask_documento(NINGUEM)
    yield from ((re.escape(documento), NINGUEM) for documento in (cpf, format_documento(cpf)))
    nomes = {" ".join(nome.split()) for nome in titular.nomes if len(nome.split()) > 1}
    yield from (
        (rf"(?<!\w){re.escape(nome)}(?!\w)", APAGADO)
        for nome in sorted(nomes | titular.contatos, key=len, reverse=True)
    )


def _ids(*linhas: Sequence[Record]) -> list[int]:
    return [linha["id"] for parte in linhas for linha in parte]
