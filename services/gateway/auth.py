"""Who calls, and what they may do: API keys now; the dashboard's session cookie has its place in `identify`."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from aiohttp import web
from asyncpg import Record

from services.gateway.errors import ApiError
from services.gateway.store import Conn, cadastros
from services.gateway.store.chaves import PREFIXO, Escopo, find_chave
from shared.contrato import fold_codigo

_DESAFIO = {"WWW-Authenticate": 'Bearer realm="canopus"'}


@dataclass(frozen=True)
class Acesso:
    """A caller. alcance: id of the only ponto de venda that the key sees, None for all; ponto_venda: its code."""

    chave_id: int
    nome: str
    escopo: Escopo
    alcance: int | None = None
    ponto_venda: str | None = None

    @property
    def quem(self) -> str:
        """For the audit table and `usuario_execucao`."""
        return f"chave {self.chave_id} ({self.nome})"

    def sees(self, ponto_venda_id: int) -> bool:
        return self.alcance is None or self.alcance == ponto_venda_id

    def require(self, escopo: Escopo) -> None:
        if not self.escopo.covers(escopo):
            texto = f"Esta chave é de {self.escopo}; esta operação pede {escopo}. Use uma chave com esse escopo."
            raise ApiError(403, "acesso.escopo", texto)

    async def find_ponto_venda(self, conn: Conn, codigo: str) -> Record:
        """The ponto de venda that the request names, punctuation ignored. Raises ApiError: 403 another's, 404 none."""
        if self.ponto_venda is not None and fold_codigo(codigo) != fold_codigo(self.ponto_venda):
            raise forbid_ponto_venda()
        achado = await cadastros.find_ponto_venda(conn, codigo)
        if achado is None:
            texto = "Ponto de venda não encontrado. Confira o código ou cadastre-o."
            raise ApiError(404, "ponto_venda.nao_encontrado", texto)
        return achado


def forbid_ponto_venda() -> ApiError:
    texto = "Esta chave é de outro ponto de venda. Use a chave do ponto de venda pedido."
    return ApiError(403, "acesso.ponto_venda", texto)


def forbid_anonymous() -> ApiError:
    texto = "Falta a chave de acesso. Envie o cabeçalho Authorization: Bearer <chave>."
    return ApiError(401, "acesso.sem_chave", texto, headers=_DESAFIO)


@dataclass
class FailedLogins:
    """Wrong keys per address: past `maximo` in `janela_s` the next one is told to wait. A right key always passes,
    since many callers may share one address. At most `enderecos` are remembered."""

    maximo: int = 20
    janela_s: float = 60.0
    enderecos: int = 10_000
    _falhas: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def note(self, endereco: str) -> None:
        """One more wrong key. Raises ApiError 429 where there were too many."""
        self._check(endereco)
        self._falhas[endereco] = [*self._recent(endereco), time.monotonic()]
        self._falhas.move_to_end(endereco)
        while len(self._falhas) > self.enderecos:
            self._falhas.popitem(last=False)

    def _check(self, endereco: str) -> None:
        recentes = self._recent(endereco)
        if len(recentes) >= self.maximo:
            espera_s = max(1, round(recentes[0] + self.janela_s - time.monotonic()))
            texto = f"Muitas tentativas com chave inválida. Espere {espera_s} s e tente de novo."
            raise ApiError(429, "acesso.muitas_tentativas", texto, headers={"Retry-After": str(espera_s)})

    def _recent(self, endereco: str) -> list[float]:
        limite = time.monotonic() - self.janela_s
        return [quando for quando in self._falhas.get(endereco, []) if quando > limite]


def has_credentials(request: web.Request) -> bool:
    """Whether the caller names itself in the request at all (a socket may do so in its first frame instead)."""
    return "Authorization" in request.headers


async def identify(conn: Conn, request: web.Request, falhas: FailedLogins) -> Acesso:
    """The caller by its key. Raises ApiError 401, 429. A session cookie, once there is one, is looked at here."""
    esquema, _, chave = request.headers.get("Authorization", "").partition(" ")
    if not chave:
        raise forbid_anonymous()
    achada = None
    if esquema.lower() == "bearer" and chave.strip().startswith(PREFIXO):
        achada = await find_chave(conn, chave.strip())
    if achada is None:
        falhas.note(request.remote or "?")
        texto = "Chave de acesso inválida ou revogada. Confira a chave ou crie outra com `canopus chaves criar`."
        raise ApiError(401, "acesso.chave_invalida", texto, headers=_DESAFIO)
    return Acesso(
        achada["id"], achada["nome"], Escopo(achada["escopo"]), achada["ponto_venda_id"], achada["ponto_venda"]
    )
