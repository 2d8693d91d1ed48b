"""What must be true after a job, whatever happened during it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from shared.outcomes import Classe, find_desfecho
from tests.crm import match_linha
from tests.eventually import eventually
from tests.faults.bancada import FINAIS, Bancada
from tests.flow.rodada import Execucao, finish, sha256

COLUNAS = {
    "pendente": "pendentes", "processando": "processando", "sucesso": "processados_sucesso",
    "erro": "processados_erro", "cpf_nao_encontrado": "processados_nao_encontrado",
    "sem_boleto": "processados_sem_boleto", "ja_baixado": "ja_baixados", "cancelado": "cancelados",
}  # fmt: skip


async def check(bancada: Bancada, *, tecnicas: bool = False, cancelados: bool = False) -> None:
    """Every invariant of the bench's jobs, which have ended. Raises AssertionError that names the first one broken.

    tecnicas: a contract may also have ended by a technical fault that it truly met, all attempts spent. cancelados: one
    that was not issued yet may also have ended with its execution.
    """
    await check_trabalhos(bancada, tecnicas=tecnicas, cancelados=cancelados)
    await check_sistema([bancada])


async def check_trabalhos(bancada: Bancada, *, tecnicas: bool = False, cancelados: bool = False) -> None:
    """Those of the jobs alone, whatever else the system has in hand."""
    execucoes = [await finish(bancada.cliente, automacao_id) for automacao_id in bancada.ids]
    conn = await asyncpg.connect(bancada.database_url)
    try:
        for execucao, ouvinte, trabalho in zip(execucoes, bancada.ouvintes, bancada.amostra.trabalhos, strict=True):
            check_desfechos(execucao, trabalho.esperados, tecnicas=tecnicas, cancelados=cancelados)
            await check_contadores(conn, execucao)
            await check_eventos(conn, execucao, ouvinte.visao.eventos, ouvinte.visao.clientes)
    finally:
        await conn.close()
    check_portal(bancada)


async def check_sistema(bancadas: Sequence[Bancada]) -> None:
    """Those of what the benches share: their jobs have ended, and there are no others."""
    uma = bancadas[0]
    linhas = [
        linha for bancada in bancadas for id in bancada.ids for linha in (await finish(bancada.cliente, id)).linhas
    ]
    emitidos = {emitido["sha256"]: emitido for bancada in bancadas for emitido in bancada.portal.emitidos}
    conn = await asyncpg.connect(uma.database_url)
    try:
        await check_arquivos(uma.implantacao.downloads, conn, linhas, emitidos)
        await check_nothing_waits(conn)
    finally:
        await conn.close()
    assert not (await uma.call("GET", "mortas"))["mortas"], "dead letters"
    await uma.wait_saude()


def check_desfechos(execucao: Execucao, esperados: Any, *, tecnicas: bool, cancelados: bool) -> None:
    """Exactly one row per contract, with the true outcome."""
    linhas, diferentes = list(execucao.linhas), []
    for esperado in esperados:
        linha = match_linha(linhas, esperado)
        obtido = (linha["status"], linha["codigo"], linha["arquivo"]) if linha else None
        certos = [(esperado.status, esperado.codigo, esperado.arquivo)]
        if cancelados:
            certos.append(("cancelado", None, None))
        if obtido not in certos and not (tecnicas and linha and is_tecnica(linha)):
            diferentes.append((esperado, obtido, linha and linha["mensagem"]))
    assert not diferentes, f"outcomes: {diferentes}"
    assert not linhas, f"rows that nobody asked for: {linhas}"
    assert execucao.resumo["status"] in FINAIS


def is_tecnica(linha: dict[str, Any]) -> bool:
    return linha["codigo"] is not None and find_desfecho(linha["codigo"]).classe is Classe.TECNICA


async def check_contadores(conn: asyncpg.Connection, execucao: Execucao) -> None:
    contados = Counter(linha["status"] for linha in execucao.linhas)
    assert {nome: contados[nome] for nome in COLUNAS} == execucao.resumo["contadores"], "counters of REST"
    linha = await conn.fetchrow(
        "SELECT * FROM execucoes_automacao WHERE automacao_id = $1", UUID(execucao.automacao_id)
    )
    assert linha
    assert {nome: linha[coluna] for nome, coluna in COLUNAS.items()} == execucao.resumo["contadores"]
    assert linha["total_clientes"] == len(execucao.linhas)


async def check_eventos(
    conn: asyncpg.Connection, execucao: Execucao, ouvidos: list[dict[str, Any]], clientes: dict[int, dict[str, Any]]
) -> None:
    """Gapless in the database, over REST, and as a client that was cut heard them; each contract ends once."""
    guardados = await conn.fetch(
        "SELECT v.seq, v.corpo FROM eventos v JOIN execucoes_automacao e ON e.id = v.execucao_id "
        "WHERE e.automacao_id = $1 ORDER BY v.seq",
        UUID(execucao.automacao_id),
    )
    assert [linha["seq"] for linha in guardados] == list(range(1, len(guardados) + 1)), "a gap in the table of events"
    corpos = {linha["seq"]: orjson.loads(linha["corpo"]) for linha in guardados}
    assert execucao.eventos == list(corpos.values()), "REST tells other events than the table"
    assert ouvidos and ouvidos[-1]["seq"] == len(guardados), "the socket's last event is not the last"
    assert [corpos[quadro["seq"]] for quadro in ouvidos] == ouvidos, "the socket told other events than the table"
    assert [quadro["seq"] for quadro in ouvidos] == list(range(ouvidos[0]["seq"], len(guardados) + 1)), "a gap heard"
    for linha in execucao.linhas:
        visto = clientes[linha["id"]]
        assert (visto["status"], visto["codigo"]) == (linha["status"], linha["codigo"]), "the socket's row is another"
    for corpo in corpos.values():
        assert sum(corpo["contadores"].values()) == len(execucao.linhas), "an event whose counters do not add up"


async def check_arquivos(
    raiz: Path, conn: asyncpg.Connection, linhas: list[dict[str, Any]], emitidos: dict[str, dict[str, Any]]
) -> None:
    """The folder holds one file per success, the one that the portal issued for it, and nothing else.

    emitidos: what portals issued, by sha256."""
    await eventually(lambda: has_no_sobras(raiz), 60, 0.2)
    fora = list_fora(raiz)
    sucessos = {linha["arquivo"] for linha in linhas if linha["status"] == "sucesso"}
    assert set(fora) == sucessos, f"files ≠ successes: {set(fora) ^ sucessos}"
    boletos = {b["arquivo_caminho"]: b for b in await conn.fetch("SELECT * FROM boletos")}
    assert set(boletos) == sucessos, f"boletos ≠ successes: {set(boletos) ^ sucessos}"
    for caminho, arquivo in fora.items():
        digest, boleto = sha256(arquivo.read_bytes()), boletos[caminho]
        assert digest == boleto["arquivo_sha256"].strip(), f"{caminho}: not the bytes of its row"
        emitido = emitidos[digest]
        assert (emitido["cpf"], int(emitido["grupo"]), int(emitido["cota"])) == (
            boleto["cpf"], boleto["grupo"], boleto["cota"],
        ), f"{caminho}: issued for somebody else"  # fmt: skip


def has_no_sobras(raiz: Path) -> bool:
    """Nothing is left of writes that were broken off: each file of ours has the name that it was to have."""
    internos = (p.name for p in (raiz / "_interno").rglob("*") if p.is_file() and not is_sha256(p.name))
    sobras = [*internos, *(p.name for p in raiz.rglob("*.pdf#*"))]
    assert not sobras, f"temporary files: {sobras}"
    return True


def list_fora(raiz: Path) -> dict[str, Path]:
    """What people see, by its path."""
    arquivos = (p for p in raiz.rglob("*") if p.is_file() and not p.is_relative_to(raiz / "_interno"))
    return {p.relative_to(raiz).as_posix(): p for p in arquivos}


def is_sha256(nome: str) -> bool:
    return len(nome) == 64 and not set(nome) - set("0123456789abcdef")


async def check_nothing_waits(conn: asyncpg.Connection) -> None:
    """No contract between two states, no message unsent."""
    abertas = await conn.fetchval(
        "SELECT count(*) FROM log_downloads_boletos WHERE status IN ('pendente', 'processando')"
    )
    assert not abertas, f"{abertas} contracts between two states"

    async def is_sent() -> bool:
        return not await conn.fetchval("SELECT count(*) FROM outbox")

    await eventually(is_sent, 30)


def check_portal(bancada: Bancada) -> None:
    """What a careful person would not do to an account, nobody did."""
    limites = {p.usuario.zfill(10): p.max_sessoes for p in bancada.amostra.pontos_venda}
    for usuario, resumo in bancada.portal.sessoes().items():
        assert resumo["recusas"] <= bancada.recusas, f"{usuario}: {resumo}"
        assert resumo["paralelas"] <= limites.get(usuario.zfill(10), 0), f"{usuario}: {resumo}"
        assert bancada.derruba or not resumo["derrubadas"], f"{usuario}: kicked out by another of ours: {resumo}"
    for entrada in bancada.portal.registro:
        if str(entrada.get("resultado", "")).startswith("pdf."):
            grupo, cota = entrada["cota"].partition("-")[0].split("/")
            pronto = bancada.prontos.get((entrada["cliente"], int(grupo), int(cota)))
            assert pronto is None or entrada["t"] <= pronto, f"issued again after its success: {entrada}"
