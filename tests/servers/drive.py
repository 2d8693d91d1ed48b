"""Google Drive as documented, on loopback: searches, uploads in parts, who may do what, refusals at a word.

https://developers.google.com/workspace/drive/api/reference/rest/v3 and .../guides/manage-uploads, handle-errors
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

from tests.servers.google import PESSOA, SERVICO, Contas, make_pessoa, make_servico

PASTA = "application/vnd.google-apps.folder"
# What Drive keeps of an upload that is cut: whole pieces of this size.
PEDACO = 256 * 1024
PAPEIS = ("reader", "writer", "fileOrganizer", "organizer")
DRIVE, PASTA_ESPELHO = "0ADriveDoEscritorioPVA", "1PastaDosBoletosDoEscritorio"
MEU_DRIVE, PASTA_PESSOAL = "0AMeuDriveDaPessoaPVA", "1PastaPessoalCompartilhada"
_PARTE = re.compile(
    r"'(?P<mae>[^']+)' in parents|name = '(?P<name>(?:[^'\\]|\\.)*)'|mimeType = '(?P<mimeType>[^']+)'"
    r"|trashed = (?P<trashed>true|false)|properties has \{ key='(?P<chave>[^']+)' and value='(?P<valor>[^']+)' \}"
)


@dataclass(frozen=True)
class Falha:
    """What a request gets instead; status 0: its connection is cut, before it is done, after (feita), or once so many
    bytes of it have come (corta_em)."""

    status: int = 0
    motivo: str = ""
    retry_after: str | None = None
    feita: bool = False
    corta_em: int | None = None


@dataclass
class Item:
    id: str
    name: str
    mime: str
    mae: str | None
    numero: int
    dados: bytes | None = None
    properties: dict[str, str] = field(default_factory=dict)
    lixo: bool = False
    papeis: dict[str, str] = field(default_factory=dict)


@dataclass
class Sessao:
    """An upload under way. id: of the item that it replaces, or is to make."""

    dito: dict[str, Any]
    id: str
    novo: bool
    total: int
    campos: str
    dados: bytes = b""
    feita: bool = False


class Recusado(Exception):
    def __init__(self, status: int, motivo: str, texto: str = "", retry_after: str | None = None) -> None:
        self.resposta = (status, motivo, texto, retry_after)


class GoogleDrive:
    """pedidos: method and path of each request, autorizacoes what it came with. enviados: name of each file whose
    bytes were taken whole. faixas: of what was taken, in order. falhas: for the next requests that `alvo` picks, None:
    none. ao_criar: awaited with a new item, which is there, before that is answered. demora_s: before anything new is
    made. atrasada: searches show nothing that was made here yet."""

    def __init__(self) -> None:
        self.url = ""
        self.itens: dict[str, Item] = {}
        self.pedidos: list[tuple[str, str]] = []
        self.autorizacoes: list[str | None] = []
        self.enviados: list[str] = []
        self.faixas: list[tuple[int, int]] = []
        self.falhas: list[Falha | None] = []
        self.alvo: Callable[[str, str], bool] = lambda metodo, caminho: True
        self.ao_criar: Callable[[Item], Any] | None = None
        self.demora_s = 0.0
        self.atrasada = False
        self.contas = Contas()
        self.pagina = 100
        self.cheio = False
        self._sessoes: dict[str, Sessao] = {}
        self._dados: dict[str, str] = {}
        self._usados: set[str] = set()
        self._numeros = count(1)
        self.add_pasta(DRIVE, "Escritório", None, {SERVICO: "fileOrganizer", PESSOA: "organizer"})
        self.add_pasta(PASTA_ESPELHO, "Boletos", DRIVE)
        self.add_pasta(MEU_DRIVE, "Meu Drive", None, {PESSOA: "organizer"})
        self.add_pasta(PASTA_PESSOAL, "Boletos", MEU_DRIVE, {SERVICO: "writer"})

    # --- for tests ----------------------------------------------------------------------------------------------------

    @property
    def servico(self) -> str:
        return make_servico(f"{self.url}/token")

    @property
    def pessoa(self) -> str:
        return make_pessoa(f"{self.url}/token")

    def add_pasta(self, id: str, nome: str, mae: str | None, papeis: dict[str, str] | None = None) -> Item:
        self.itens[id] = Item(id, nome, PASTA, mae, next(self._numeros), papeis=papeis or {})
        return self.itens[id]

    def walk(self, raiz: str = PASTA_ESPELHO, prefixo: str = "") -> Iterator[tuple[str, Item]]:
        """Everything below that is in no bin, twins too, by path."""
        for item in list(self.itens.values()):
            if item.mae == raiz and not item.lixo:
                yield prefixo + item.name, item
                yield from self.walk(item.id, f"{prefixo}{item.name}/")

    def files(self, raiz: str = PASTA_ESPELHO) -> dict[str, bytes]:
        """By path. Fails where two of anything have one name."""
        achados = list(self.walk(raiz))
        assert len({caminho for caminho, _ in achados}) == len(achados), [caminho for caminho, _ in achados]
        return {caminho: item.dados for caminho, item in achados if item.dados is not None}

    def find(self, caminho: str, raiz: str = PASTA_ESPELHO) -> Item:
        return dict(self.walk(raiz))[caminho]

    def erase(self, id: str) -> None:
        """For ever, with all below it."""
        for item in [i for i in self.itens.values() if i.mae == id]:
            self.erase(item.id)
        del self.itens[id]

    # --- the protocol -------------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.pedidos.append((request.method, request.path))
        self.autorizacoes.append(request.headers.get("Authorization"))
        falha = self.falhas.pop(0) if self.falhas and self.alvo(request.method, request.path) else None
        try:
            if falha and falha.status:
                raise Recusado(falha.status, falha.motivo, retry_after=falha.retry_after)
            if falha and falha.corta_em is None and not falha.feita:
                return _cut(request)
            if falha and falha.corta_em is not None:
                return await self._take_part(request, falha.corta_em)
            resposta = await self._route(request)
            return _cut(request) if falha else resposta
        except Recusado as recusado:
            return _refuse(*recusado.resposta)

    async def _route(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return await self.contas.give_token(request, f"{self.url}/token")
        if request.method == "PUT":
            return await self._take(request)
        quem = self.contas.authorize(request)
        if quem is None:
            raise Recusado(401, "authError", "Invalid Credentials")
        *_, versao, _, id = (
            [*request.path.split("/"), ""] if request.path.endswith("/files") else request.path.split("/")
        )
        assert versao == "v3"
        todos = request.query.get("supportsAllDrives") == "true"
        match request.method, request.path.startswith("/upload/"), id:
            case "POST" | "PATCH", True, _:
                return await self._begin(request, quem, id, todos)
            case "GET", _, "generateIds":
                novos = [
                    hashlib.sha256(f"id{next(self._numeros)}".encode()).hexdigest()[:33]
                    for _ in range(int(request.query["count"]))
                ]
                self._dados |= dict.fromkeys(novos, quem)
                return web.json_response({"kind": "drive#generatedIds", "space": "drive", "ids": novos})
            case "GET", _, "":
                return self._list(request, quem)
            case "GET", _, _:
                item = self._see(id, quem, todos=todos)
                if request.query.get("alt") == "media":
                    return web.Response(body=item.dados)
                return web.json_response(self._view(item, request.query.get("fields", "kind,id,name,mimeType")))
            case "POST", _, "":
                dito = await request.json()
                await asyncio.sleep(self.demora_s)
                self._check_novo(dito, quem, todos)
                return await self._answer_novo(self._create(dito, None), request.query.get("fields", "id"))
            case "PATCH", _, _:
                item = self._see(
                    id, quem, "fileOrganizer" if "trashed" in (dito := await request.json()) else "writer", todos=todos
                )
                item.lixo = dito.get("trashed", item.lixo)
                item.name = dito.get("name", item.name)
                return web.json_response(self._view(item, request.query.get("fields", "id")))
            case "DELETE", _, _:
                self._see(id, quem, "organizer", todos=todos)
                self.erase(id)
                return web.Response(status=204)
        raise Recusado(404, "notFound")

    # Who may do what.

    def _line(self, item: Item) -> Iterator[Item]:
        """It, what it lies in, and so on."""
        atual: Item | None = item
        while atual is not None:
            yield atual
            atual = self.itens.get(atual.mae or "")

    def _is_compartilhado(self, item: Item) -> bool:
        return any(acima.id == DRIVE for acima in self._line(item))

    def _see(self, id: str, quem: str, papel: str = "reader", *, todos: bool) -> Item:
        item = self.itens.get(id)
        papeis = [acima.papeis[quem] for acima in self._line(item) if quem in acima.papeis] if item else []
        if item is None or not papeis or (self._is_compartilhado(item) and not todos):
            raise Recusado(404, "notFound", f"File not found: {id}.")
        # Outside a shared drive whoever may write may do the rest with what is theirs.
        if self._is_compartilhado(item) and max(map(PAPEIS.index, papeis)) < PAPEIS.index(papel):
            raise Recusado(
                403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
            )
        return item

    def _check_novo(self, dito: dict[str, Any], quem: str, todos: bool) -> None:
        """That it may be made. A service account owns nothing, so it has no space of its own."""
        maes = dito.get("parents", [])
        if len(maes) != 1:
            raise Recusado(400, "cannotAddParent", "A file must have exactly one parent.")
        mae = self._see(maes[0], quem, "writer", todos=todos)
        # They are generated for the user who asks.
        if self._dados.get(dito["id"]) != quem:
            raise Recusado(400, "invalid", "The provided file ID is not usable.")
        if dito["id"] in self._usados:
            raise Recusado(409, "fileIdInUse", "A file already exists with the provided ID.")
        if dito.get("mimeType") != PASTA and (self.cheio or (quem == SERVICO and not self._is_compartilhado(mae))):
            raise Recusado(403, "storageQuotaExceeded", "Service Accounts do not have storage quota.")

    # Files.

    def _create(self, dito: dict[str, Any], dados: bytes | None) -> Item:
        item = Item(
            dito["id"],
            dito["name"],
            dito["mimeType"],
            dito["parents"][0],
            next(self._numeros),
            dados,
            dito.get("properties", {}),
        )
        self.itens[item.id] = item
        self._usados.add(item.id)
        return item

    async def _answer_novo(self, item: Item, campos: str) -> web.Response:
        if self.ao_criar is not None:
            await self.ao_criar(item)
        return web.json_response(self._view(item, campos))

    def _view(self, item: Item, campos: str) -> dict[str, Any]:
        inteiro = {
            "kind": "drive#file", "id": item.id, "name": item.name, "mimeType": item.mime,
            "parents": [item.mae] if item.mae else [], "trashed": any(acima.lixo for acima in self._line(item)),
            "properties": item.properties,
        }  # fmt: skip
        if item.dados is not None:
            inteiro |= {"size": str(len(item.dados)), "sha256Checksum": hashlib.sha256(item.dados).hexdigest()}
        return {campo: inteiro[campo] for campo in campos.split(",") if campo in inteiro}

    def _list(self, request: web.Request, quem: str) -> web.Response:
        consulta = request.query
        todos = consulta.get("supportsAllDrives") == consulta.get("includeItemsFromAllDrives") == "true"
        resto, achados = consulta["q"], sorted(self.itens.values(), key=lambda item: item.numero)
        while resto:
            parte = _PARTE.match(resto)
            if parte is None:
                raise Recusado(400, "invalid", "Invalid Value")
            achados = [item for item in achados if self._matches(item, parte, quem, todos)]
            resto = resto[parte.end() :].removeprefix(" and ")
        visiveis = [item for item in achados if self._is_visible(item, quem, todos)]
        if self.atrasada:
            visiveis = [item for item in visiveis if item.id not in self._usados]
        inicio = int(consulta.get("pageToken", 0))
        fim = inicio + min(self.pagina, int(consulta.get("pageSize", 100)))
        campos = re.fullmatch(r"nextPageToken,files\(([\w,]+)\)", consulta["fields"])
        assert campos
        corpo: dict[str, Any] = {"files": [self._view(item, campos[1]) for item in visiveis[inicio:fim]]}
        if fim < len(visiveis):
            corpo["nextPageToken"] = str(fim)
        return web.json_response(corpo)

    def _matches(self, item: Item, parte: re.Match[str], quem: str, todos: bool) -> bool:
        if mae := parte["mae"]:
            self._see(mae, quem, todos=todos)
            return item.mae == mae
        if parte["chave"]:
            return item.properties.get(parte["chave"]) == parte["valor"]
        if parte["trashed"]:
            return any(acima.lixo for acima in self._line(item)) == (parte["trashed"] == "true")
        if parte["mimeType"]:
            return item.mime == parte["mimeType"]
        return item.name.lower() == re.sub(r"\\(.)", r"\1", parte["name"]).lower()

    def _is_visible(self, item: Item, quem: str, todos: bool) -> bool:
        try:
            return bool(self._see(item.id, quem, todos=todos))
        except Recusado:
            return False

    # Uploads.

    async def _begin(self, request: web.Request, quem: str, id: str, todos: bool) -> web.Response:
        dito, novo = await request.json(), request.method == "POST"
        if request.query["uploadType"] != "resumable":
            raise Recusado(400, "badRequest")
        if novo:
            self._check_novo(dito, quem, todos)
        else:
            self._see(id, quem, "writer", todos=todos)
        total = int(request.headers["X-Upload-Content-Length"])
        chave = f"sessao{next(self._numeros)}"
        self._sessoes[chave] = Sessao(dito, dito["id"] if novo else id, novo, total, request.query.get("fields", "id"))
        return web.Response(headers={"Location": f"{self.url}{request.path}?uploadType=resumable&upload_id={chave}"})

    async def _take(self, request: web.Request) -> web.StreamResponse:
        """The URI of an upload is all that it needs: no token."""
        sessao = self._sessoes.get(request.query["upload_id"])
        if sessao is None:
            raise Recusado(404, "notFound")
        corpo = await request.read()
        faixa = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", request.headers["Content-Range"])
        assert faixa and int(faixa[3]) == sessao.total
        if len(sessao.dados) < sessao.total and faixa[1] is not None:
            if int(faixa[1]) != len(sessao.dados) or int(faixa[2]) - int(faixa[1]) + 1 != len(corpo):
                raise Recusado(400, "badRequest", "Failed to parse Content-Range header.")
            self.faixas.append((len(sessao.dados), len(sessao.dados) + len(corpo)))
            sessao.dados += corpo
        if len(sessao.dados) < sessao.total:
            tem = {"Range": f"bytes=0-{len(sessao.dados) - 1}"} if sessao.dados else {}
            return web.Response(status=308, headers=tem)
        return await self._finish(sessao)

    async def _finish(self, sessao: Sessao) -> web.Response:
        item = self.itens.get(sessao.id)
        if not sessao.feita and sessao.novo and item is not None:
            raise Recusado(409, "fileIdInUse", "A file already exists with the provided ID.")
        if item is None and not sessao.novo:
            raise Recusado(404, "notFound")
        if not sessao.feita:
            sessao.feita = True
            self.enviados.append(sessao.dito["name"])
            if item is None:
                return await self._answer_novo(self._create(sessao.dito, sessao.dados), sessao.campos)
            item.name, item.dados = sessao.dito.get("name", item.name), sessao.dados
            item.properties |= sessao.dito.get("properties", {})
        assert item is not None
        return web.json_response(self._view(item, sessao.campos))

    async def _take_part(self, request: web.Request, corta_em: int) -> web.StreamResponse:
        """So many bytes come, and then no more."""
        sessao = self._sessoes[request.query["upload_id"]]
        veio = await request.content.readexactly(corta_em)
        fica = veio[: len(veio) // PEDACO * PEDACO]
        self.faixas.append((len(sessao.dados), len(sessao.dados) + len(fica)))
        sessao.dados += fica
        return _cut(request)


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _refuse(status: int, motivo: str, texto: str, retry_after: str | None) -> web.Response:
    erro = {"code": status, "message": texto, "errors": [{"domain": "global", "reason": motivo, "message": texto}]}
    return web.json_response(
        {"error": erro}, status=status, headers={"Retry-After": retry_after} if retry_after else None
    )


@asynccontextmanager
async def open_drive() -> AsyncIterator[GoogleDrive]:
    drive = GoogleDrive()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{caminho:.*}", drive.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    drive.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield drive
    finally:
        await runner.cleanup()
