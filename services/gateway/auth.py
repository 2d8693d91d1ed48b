"""Who calls, and what they may do: an API key in the header, or a person's session in a cookie."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from aiohttp import web
from asyncpg import Record

from services.gateway.errors import ApiError
from services.gateway.settings import GatewaySettings, is_ip
from services.gateway.store import Alcance, Conn, cadastros
from services.gateway.store.chaves import PREFIXO, Escopo, find_chave
from services.gateway.store.empresas import PADRAO
from services.gateway.store.pessoas import PREFIXO_SESSAO

if TYPE_CHECKING:
    from services.gateway.context import AppContext

BISCOITO = "canopus_sessao"
CABECALHO_CSRF = "X-CSRF-Token"
_DESAFIO = {"WWW-Authenticate": 'Bearer realm="canopus"'}
_SEM_EFEITO = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Pessoa:
    """Behind a session. trocar_senha: nothing else is allowed until it is changed."""

    id: int
    email: str
    csrf: str = field(repr=False)
    trocar_senha: bool = False


@dataclass(frozen=True)
class Acesso:
    """A caller, of one office. chave_id: of the key, or of the session, which is one; pessoa None: a key's. alcance: of
    the office's pontos de venda."""

    chave_id: int
    nome: str
    escopo: Escopo
    alcance: Alcance = None
    pessoa: Pessoa | None = None
    empresa_id: int = PADRAO

    @property
    def quem(self) -> str:
        """For the audit table and `usuario_execucao`."""
        return f"pessoa {self.pessoa.id} ({self.nome})" if self.pessoa else f"chave {self.chave_id} ({self.nome})"

    def sees(self, empresa_id: int, ponto_venda_id: int) -> bool:
        return empresa_id == self.empresa_id and (self.alcance is None or ponto_venda_id in self.alcance)

    @property
    def administers(self) -> bool:
        """All of it: every ponto de venda, and people."""
        return self.escopo.covers(Escopo.ADMIN) and self.alcance is None

    def require(self, escopo: Escopo) -> None:
        if not self.escopo.covers(escopo):
            quem = "Você" if self.pessoa else "Esta chave"
            texto = f"{quem} tem o papel {self.escopo}, e esta operação pede {escopo}. Peça-a a quem tem esse papel."
            raise ApiError(403, "acesso.escopo", texto)

    def require_senha(self) -> None:
        """Raises ApiError while the password is a provisional one."""
        if self.pessoa is not None and self.pessoa.trocar_senha:
            raise ApiError(403, "acesso.trocar_senha", "A senha é provisória. Troque-a antes de continuar.")

    def require_todos(self) -> None:
        """For what concerns every ponto de venda; people too: who sees only some could give itself the others.
        Raises ApiError 403."""
        if self.alcance is not None:
            raise forbid_ponto_venda()

    def require_instalacao(self) -> None:
        """For what is of no office: who administers the first one looks after the installation. Raises ApiError 403."""
        self.require_todos()
        if self.empresa_id != PADRAO:
            texto = "Isto é de toda a instalação. Peça-o a quem a administra."
            raise ApiError(403, "acesso.instalacao", texto)

    async def narrow(self, conn: Conn, codigo: str | None) -> Alcance:
        """What a list shows: of the ponto de venda that the request names, or else of all that the caller sees."""
        return ((await self.find_ponto_venda(conn, codigo))["id"],) if codigo else self.alcance

    async def find_ponto_venda(self, conn: Conn, codigo: str) -> Record:
        """The ponto de venda that the request names, punctuation ignored. Raises ApiError: 403 another's, 404 none."""
        achado = await cadastros.find_ponto_venda(conn, codigo)
        if self.alcance is not None and (achado is None or not self.sees(achado["empresa_id"], achado["id"])):
            raise forbid_ponto_venda()
        if achado is None:
            texto = "Ponto de venda não encontrado. Confira o código ou cadastre-o."
            raise ApiError(404, "ponto_venda.nao_encontrado", texto)
        return achado


def forbid_ponto_venda() -> ApiError:
    texto = "Este acesso é de outro ponto de venda. Use a chave, ou a pessoa, do ponto de venda pedido."
    return ApiError(403, "acesso.ponto_venda", texto)


def forbid_anonymous() -> ApiError:
    texto = "Falta a chave de acesso. Envie o cabeçalho Authorization: Bearer <chave>, ou entre no painel."
    return ApiError(401, "acesso.sem_chave", texto, headers=_DESAFIO)


def forbid_ended() -> ApiError:
    return ApiError(401, "acesso.sessao_encerrada", "A sessão terminou. Entre de novo.")


@dataclass
class FailedLogins:
    """Wrong keys or passwords by who tried: past `maximo` in `janela_s` the next one is told to wait. At most
    `enderecos` are remembered."""

    maximo: int = 20
    janela_s: float = 60.0
    enderecos: int = 10_000
    _falhas: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    @contextmanager
    def reserve(self, endereco: str) -> Iterator[None]:
        """An attempt whose check is slow: counted before it, so that many at once get no further than one by one, and
        taken back unless it is refused. Raises ApiError 429."""
        self.note(endereco)
        refused = False
        try:
            yield
        except ApiError as erro:
            # Told to wait or that the system is busy, nothing was tried.
            refused = erro.status not in (429, 503)
            raise
        finally:
            if not refused and (falhas := self._falhas.get(endereco)):
                falhas.pop()

    def note(self, endereco: str) -> None:
        """One more. Raises ApiError 429 where there were too many."""
        self._check(endereco)
        self._falhas[endereco] = [*self._recent(endereco), time.monotonic()]
        self._falhas.move_to_end(endereco)
        while len(self._falhas) > self.enderecos:
            self._falhas.popitem(last=False)

    def _check(self, endereco: str) -> None:
        recentes = self._recent(endereco)
        if len(recentes) >= self.maximo:
            espera_s = max(1, round(recentes[0] + self.janela_s - time.monotonic()))
            texto = f"Muitas tentativas com chave ou senha inválida. Espere {espera_s} s e tente de novo."
            raise ApiError(429, "acesso.muitas_tentativas", texto, headers={"Retry-After": str(espera_s)})

    def _recent(self, endereco: str) -> list[float]:
        limite = time.monotonic() - self.janela_s
        return [quando for quando in self._falhas.get(endereco, []) if quando > limite]


def find_endereco(request: web.Request, settings: GatewaySettings) -> str:
    """Where the request comes from. What our proxies added to X-Forwarded-For counts, from the right; what stands
    before that anyone may have written."""
    endereco = request.remote or "?"
    for parte in reversed(",".join(request.headers.getall("X-Forwarded-For", ())).split(",")):
        if not settings.is_proxy(endereco) or not is_ip(parte.strip()):
            break
        endereco = parte.strip()
    return join_rede(endereco)


def join_rede(endereco: str) -> str:
    """An IPv6 address as its network of 64 bits: whoever has one of them has them all."""
    if not is_ip(endereco) or isinstance(ip := ip_address(endereco.partition("%")[0]), IPv4Address):
        return endereco
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


def has_credentials(request: web.Request) -> bool:
    """Whether the caller names itself in the request at all (a socket may do so in its first frame instead)."""
    return "Authorization" in request.headers or BISCOITO in request.cookies


async def identify(conn: Conn, request: web.Request, ctx: AppContext) -> Acesso:
    """The caller by its key, or by its session's cookie. Raises ApiError 401, 403, 429.

    A right key always passes, however many wrong ones came from its address: many callers may share one.
    """
    if "Authorization" not in request.headers and (token := request.cookies.get(BISCOITO)):
        return await _identify_sessao(conn, request, token)
    esquema, _, chave = request.headers.get("Authorization", "").partition(" ")
    if not chave:
        raise forbid_anonymous()
    achada = None
    if esquema.lower() == "bearer" and chave.strip().startswith(PREFIXO):
        achada = await find_chave(conn, chave.strip())
    if achada is None:
        ctx.falhas.note(find_endereco(request, ctx.settings))
        texto = "Chave de acesso inválida ou revogada. Confira a chave ou crie outra com `canopus chaves criar`."
        raise ApiError(401, "acesso.chave_invalida", texto, headers=_DESAFIO)
    return _make_acesso(achada)


async def _identify_sessao(conn: Conn, request: web.Request, token: str) -> Acesso:
    """A browser sends the cookie by itself: what changes something must show that a page of ours sent it."""
    achada = await find_chave(conn, token) if token.startswith(PREFIXO_SESSAO) else None
    if achada is None:
        raise forbid_ended()
    acesso = _make_acesso(achada)
    assert acesso.pessoa
    if request.method not in _SEM_EFEITO:
        enviado = request.headers.get(CABECALHO_CSRF, "").encode(errors="replace")
        if not (hmac.compare_digest(enviado, acesso.pessoa.csrf.encode()) and is_same_origin(request)):
            texto = "O pedido não veio do painel. Recarregue a página e tente de novo."
            raise ApiError(403, "acesso.csrf", texto)
    return acesso


def is_same_origin(request: web.Request) -> bool:
    """No Origin: not a browser's page. Behind a proxy the scheme may differ: the host must be ours."""
    origem = request.headers.get("Origin")
    return origem is None or clean_origem(origem).partition("://")[2] == request.host.lower()


def clean_origem(origem: str) -> str:
    return origem.strip().rstrip("/").lower()


def _make_acesso(chave: Record) -> Acesso:
    pessoa = None
    if chave["pessoa_id"] is not None:
        pessoa = Pessoa(chave["pessoa_id"], chave["email"], chave["csrf"], chave["trocar_senha"])
    alcance = None if chave["alcance"] is None else tuple(chave["alcance"])
    return Acesso(chave["id"], chave["nome"], Escopo(chave["escopo"]), alcance, pessoa, chave["empresa_id"])
