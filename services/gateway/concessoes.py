"""Leases granted and asked back: `max_sessoes` of a credential holds across all scrapers.

A slot is free again only when its session was given back, or has expired.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from services.gateway.partilha import POSSE_S, Ponto, Sessao, divide_sessoes
from services.gateway.pulsos import VALIDADE_S
from services.gateway.store import Conn, load_sql
from services.gateway.store.credenciais import revoke
from services.gateway.store.outbox import post
from services.gateway.store.pedidos import Resposta, answer_pedido
from shared.events import SessaoConcedida

SQL = load_sql("despacho")
PORTAIS = load_sql("portais")

# A scraper is alive when it was seen this recently: its heart beats every 5 s.
VISTO_S = 15.0
CONCESSAO_TTL_S = 60.0
# A test whose scraper died twice is answered, not begun a third time: each one logs in.
TESTES = 2
# One more wrong password may lock the account.
RECUSADA = "O portal já recusou este usuário e senha: outra tentativa pode bloquear a conta. Altere a senha e teste."


@dataclass
class Panorama:
    """What the dispatcher sees in this round. Changes as it grants.

    entrando: credentials of which a session has not logged in yet. ocupadas: sessions by office, tests and those of
    absent holders too; limites: of offices that have one.
    """

    scrapers: dict[str, Record]
    livres: dict[str, int]
    credenciais: dict[int, Record]
    vagas: dict[int, list[int]]
    entrando: set[int]
    concessoes: list[Record]
    ocupadas: Counter[int]
    limites: dict[int, int]

    @property
    def capacidade(self) -> int:
        return sum(scraper["capacidade"] for scraper in self.scrapers.values())

    def is_cheia(self, empresa_id: int) -> bool:
        return empresa_id in self.limites and self.ocupadas[empresa_id] >= self.limites[empresa_id]


async def allot_sessoes(conn: Conn) -> None:
    """What may not go on is asked back; tests first; then the pontos de venda share what is left."""
    await revoke(conn, await conn.fetch(SQL["list_caducas"]))
    panorama = await read_panorama(conn)
    if not panorama.scrapers:
        return
    await _grant_testes(conn, panorama)
    partilha = divide_sessoes(await _list_pontos(conn, panorama), _total(panorama.livres), panorama.capacidade)
    for ponto_id in partilha.conceder:
        credencial = next(
            k for k in panorama.credenciais.values() if k["ponto_venda_id"] == ponto_id and _is_grantable(panorama, k)
        )
        await _grant(conn, panorama, credencial)
    await revoke(conn, [c for c in panorama.concessoes if c["cerca"] in partilha.revogar])


async def read_panorama(conn: Conn) -> Panorama:
    scrapers = {s["id"]: s for s in await conn.fetch(SQL["list_scrapers"], VISTO_S)}
    credenciais = {k["id"]: k for k in await conn.fetch(SQL["list_credenciais"])}
    concessoes = await conn.fetch(SQL["list_concessoes"], VISTO_S)
    return Panorama(
        scrapers=scrapers,
        livres={id: max(0, s["capacidade"] - s["em_uso"]) for id, s in scrapers.items()},
        credenciais=credenciais,
        vagas={id: _list_slots_livres(k) for id, k in credenciais.items()},
        entrando={id for id, k in credenciais.items() if k["entrando"]},
        concessoes=concessoes,
        ocupadas=Counter(concessao["empresa_id"] for concessao in concessoes),
        limites={e["id"]: e["max_sessoes"] for e in await conn.fetch(SQL["list_limites"])},
    )


async def _list_pontos(conn: Conn, panorama: Panorama) -> list[Ponto]:
    """Every ponto de venda with work or sessions. One whose portal is down opens at most a session, to probe with."""
    abertos = {p["url_base"]: p for p in await conn.fetch(PORTAIS["list_abertos"])}
    cederam = {linha["ponto_venda_id"] for linha in await conn.fetch(SQL["list_cederam"], POSSE_S)}
    linhas = {p["id"]: p for p in await conn.fetch(SQL["list_pontos"])}
    empresas = {id: linha["empresa_id"] for id, linha in linhas.items()}
    sessoes: dict[int, list[Sessao]] = {}
    for concessao in panorama.concessoes:
        empresas[concessao["ponto_venda_id"]] = concessao["empresa_id"]
        # A test ends by itself, and what its holder died with expires: neither can be shared.
        if concessao["pedido_id"] is None and not concessao["ausente"]:
            sessao = Sessao(concessao["cerca"], concessao["ha_s"], concessao["ociosa_s"], concessao["revogada"])
            sessoes.setdefault(concessao["ponto_venda_id"], []).append(sessao)
    outras = panorama.ocupadas - Counter(empresas[id] for id, suas in sessoes.items() for _ in suas)
    limites = {empresa: limite - outras[empresa] for empresa, limite in panorama.limites.items()}
    pontos = []
    for id in {*linhas, *sessoes}:
        linha = linhas.get(id)
        grantable = [
            k for k in panorama.credenciais.values() if k["ponto_venda_id"] == id and _is_grantable(panorama, k)
        ]
        vagas = len(grantable)
        if linha and (portal := abertos.get(linha["url_base"])):
            vagas = min(vagas, 1) if portal["devida"] and not sessoes.get(id) else 0
        ponto = Ponto(
            id, linha["restantes"] if linha else 0, vagas, sessoes.get(id, []), id in cederam,
            empresa=empresas[id], limite=limites.get(empresas[id]),
        )  # fmt: skip
        pontos.append(ponto)
    return pontos


async def _grant_testes(conn: Conn, panorama: Panorama) -> None:
    """A person waits for these: where no slot is free, the credential's work gives one back."""
    for teste in await conn.fetch(SQL["list_testes"]):
        credencial = panorama.credenciais.get(teste["credencial_id"])
        if credencial is None or teste["tentativas"] >= TESTES:
            await answer_pedido(conn, teste["id"], _unanswered(credencial is None))
        elif credencial["recusada"]:
            await answer_pedido(conn, teste["id"], _recuse(409, "credencial.recusada", RECUSADA))
        elif is_testavel(panorama, credencial) and _total(panorama.livres):
            await _grant(conn, panorama, credencial, teste["id"])
        else:
            await _make_room(conn, panorama, credencial)


async def _make_room(conn: Conn, panorama: Panorama, credencial: Record) -> None:
    """Within the office first; only one that has no session at all takes one, from the office that has most."""
    da_vez = [c for c in panorama.concessoes if c["pedido_id"] is None]
    if not panorama.vagas[credencial["id"]]:
        da_vez = [c for c in da_vez if c["credencial_id"] == credencial["id"]]
    elif credencial["id"] in panorama.entrando:
        # One that logs in now will have done so in a moment; one that has nothing to log in for is in the way.
        da_vez = [c for c in da_vez if c["credencial_id"] == credencial["id"] and not c["aberta"] and c["ociosa_s"] > 0]
    elif panorama.ocupadas[credencial["empresa_id"]]:
        da_vez = [c for c in da_vez if c["empresa_id"] == credencial["empresa_id"]]
    else:
        conta = Counter(c["empresa_id"] for c in da_vez)
        da_vez = [c for c in da_vez if c["revogada"] or conta[c["empresa_id"]] == max(conta.values())]
    if da_vez and not any(c["revogada"] for c in da_vez):
        await revoke(conn, [max(da_vez, key=lambda c: (c["ociosa_s"], c["ha_s"]))])


async def _grant(conn: Conn, panorama: Panorama, credencial: Record, pedido_id: UUID | None = None) -> None:
    scraper = panorama.scrapers[max(panorama.livres, key=lambda id: (panorama.livres[id], id))]
    panorama.livres[scraper["id"]] -= 1
    slot = panorama.vagas[credencial["id"]].pop(0)
    panorama.entrando.add(credencial["id"])
    panorama.ocupadas[credencial["empresa_id"]] += 1
    cerca = await conn.fetchval(
        SQL["grant_concessao"], credencial["id"], slot, scraper["id"], scraper["fila"], VALIDADE_S, pedido_id
    )
    concedida = SessaoConcedida(
        cerca=cerca,
        credencial_id=credencial["id"],
        ponto_venda=credencial["codigo"],
        url_base=credencial["url_base"],
        perfil=credencial["perfil"],
        usuario=credencial["usuario"],
        senha_cifrada=credencial["senha_encrypted"],
        codigo_empresa=credencial["codigo_empresa"],
        validade_s=VALIDADE_S,
        pedido_id=pedido_id,
        sessoes=credencial["limite"],
    )
    await post(conn, concedida, fila=scraper["fila"], ttl_s=CONCESSAO_TTL_S)


def _list_slots_livres(credencial: Record) -> list[int]:
    """As many as the limit leaves, wherever those in use stand: a limit that was lowered leaves gaps below it."""
    livres = sorted(set(range(credencial["limite"])) - set(credencial["slots"]))
    return livres[: max(0, credencial["limite"] - len(credencial["slots"]))]


def _has_vaga(panorama: Panorama, credencial: Record) -> bool:
    """One login at a time: the next one begins when the portal has accepted this one."""
    return bool(panorama.vagas[credencial["id"]]) and credencial["id"] not in panorama.entrando


def is_testavel(panorama: Panorama, credencial: Record) -> bool:
    """Stopped or not."""
    return _has_vaga(panorama, credencial) and not panorama.is_cheia(credencial["empresa_id"])


def _is_grantable(panorama: Panorama, credencial: Record) -> bool:
    return _has_vaga(panorama, credencial) and not credencial["parada"] and not credencial["espera"]


def _total(livres: dict[str, int]) -> int:
    return sum(livres.values())


def _unanswered(removida: bool) -> Resposta:
    texto = (
        "A credencial foi desativada antes do teste. Ative-a e teste de novo."
        if removida
        else "O teste foi interrompido duas vezes. Confira se o scraper está no ar e teste de novo."
    )
    return _recuse(503, "teste.interrompido", texto)


def _recuse(status: int, codigo: str, texto: str) -> Resposta:
    return Resposta(status, {"success": False, "error": texto, "codigo": codigo, "detalhes": []})
