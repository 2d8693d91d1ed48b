"""A mirror in Google Drive: a folder per consultor, and in it each boleto once.

Drive lets two files have one name, and shows a new one to a search only after a while. So the id of what is to lie at a
path is kept in the database before anything is made with it: whoever tries again, after a lost answer or a death, makes
the same one and is told that it is there. A kept id counts where it lies in its folder and in no bin; one that was lost
with a database is found again by a mark on the file, which is of its `properties`, as another account must find it too.
https://developers.google.com/workspace/drive/api/guides/manage-uploads
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from services.gateway.destinos import DestinoFalhou
from services.gateway.google import Conta, Resposta

ESQUEMA = "drive://"
_PASTA = "application/vnd.google-apps.folder"
_ID = r"[A-Za-z0-9_-]{10,150}"
_DESTINO = re.compile(rf"drive://(?P<id>{_ID})/?")
_LINK = re.compile(
    rf"https://drive\.google\.com/(?:drive/(?:u/\d+/)?folders/|open\?id=)(?P<id>{_ID})(?:[/?&#].*)?"
)  # fmt: skip
_ARQUIVOS = "/drive/v3/files"
_ENVIOS = "/upload/drive/v3/files"
_CAMPOS = "id,name,mimeType,parents,trashed,size,sha256Checksum,properties"
_TODOS_OS_DRIVES = {"supportsAllDrives": "true"}
_MARCA, _MARCA_SHA256 = "canopus", "canopus_sha256"
_IDS = 20
# So long a folder is taken to be where it was; what is made in one that is not there is noticed.
_PASTA_S = 60.0
# Requests of one upload, and the pause after one that failed.
_TENTATIVAS = 8
_PAUSA_S = 0.1

Item = dict[str, Any]


class Lugares(Protocol):
    """Drive's ids by the keys of their paths, shared by all gateways."""

    async def find(self, chave: str) -> str | None: ...

    async def keep(self, chave: str, id: str, antes: str | None) -> str:
        """In the place of another; returns the one that counts."""
        ...

    async def drop(self, chave: str, id: str) -> None: ...


def parse_pasta(texto: str) -> str:
    """drive://<id>, from the same or from a folder's link. Raises ValueError in pt-BR."""
    achada = _DESTINO.fullmatch(texto) or _LINK.fullmatch(texto)
    if achada is None:
        raise ValueError("use o link da pasta no Google Drive, como https://drive.google.com/drive/folders/…")
    return ESQUEMA + achada["id"]


class Drive:
    """raiz: the id of the folder that is the mirror's. limite_s bounds each call."""

    def __init__(self, conta: Conta, raiz: str, lugares: Lugares, limite_s: float) -> None:
        self._conta = conta
        self._raiz = raiz
        self._lugares = lugares
        self._limite_s = limite_s
        self._ids: list[str] = []
        self._pastas: dict[str, tuple[str, float]] = {}

    async def put(self, caminho: str, dados: bytes, sha256: str) -> bool:
        """False: these bytes lie there already. Raises DestinoFalhou."""
        async with _limit(self._limite_s):
            for ultima in (False, True):
                try:
                    return await self._put(caminho, dados, sha256)
                except DestinoFalhou as erro:
                    # The folder went since it was looked at.
                    if ultima or erro.status != 404 or not self._pastas:
                        raise
                    self._pastas.clear()
        raise AssertionError("unreachable")

    async def remove(self, caminho: str) -> None:
        """Into the bin, wherever it was moved to; what is not there is fine. Raises DestinoFalhou."""
        async with _limit(self._limite_s):
            chave = self._key(caminho)
            id = await self._lugares.find(chave)
            achados = {item["id"] for item in await self._search(_has_marca(chave))}
            for achado in achados | ({id} if id else set()):
                await self._conta.call(
                    "PATCH", f"{_ARQUIVOS}/{achado}", params=_TODOS_OS_DRIVES, json={"trashed": True}, aceita=(404,)
                )
            if id:
                await self._lugares.drop(chave, id)

    async def _put(self, caminho: str, dados: bytes, sha256: str) -> bool:
        *pastas, nome = caminho.split("/")
        pasta, chave = await self._open_pasta(pastas), self._key(caminho)
        dito = {"name": nome, "mimeType": "application/pdf", "properties": {_MARCA: chave, _MARCA_SHA256: sha256}}

        async def create(id: str) -> Item | None:
            return await self._upload("POST", _ENVIOS, {**dito, "id": id, "parents": [pasta]}, dados)

        item, feito = await self._settle(chave, pasta, _has_marca(chave), create)
        if not feito:
            if _is_same(item, sha256, len(dados)):
                return False
            item = await self._upload("PATCH", f"{_ENVIOS}/{item['id']}", dito, dados) or {}
        if item.get("trashed"):
            raise DestinoFalhou("A pasta está na lixeira do Google Drive. Restaure-a.", status=404)
        if item.get("sha256Checksum", sha256) != sha256:
            raise DestinoFalhou("O que chegou ao Google Drive não é o que foi enviado; será enviado de novo.")
        return True

    async def _open_pasta(self, partes: list[str]) -> str:
        """The folder at this path, made where it is not there."""
        mae = await self._recall("", self._look_raiz)
        for n, nome in enumerate(partes, 1):
            caminho = "/".join(partes[:n]) + "/"

            async def make(nome: str = nome, caminho: str = caminho, mae: str = mae) -> str:
                return await self._make_pasta(nome, self._key(caminho), mae)

            mae = await self._recall(caminho, make)
        return mae

    async def _recall(self, caminho: str, look: Callable[[], Awaitable[str]]) -> str:
        id, ate_s = self._pastas.get(caminho, ("", 0.0))
        if time.monotonic() >= ate_s:
            id = await look()
            self._pastas[caminho] = (id, time.monotonic() + _PASTA_S)
        return id

    async def _look_raiz(self) -> str:
        raiz = await self._conta.find_file(self._raiz, "id,mimeType,trashed")
        if raiz.get("mimeType") != _PASTA:
            raise DestinoFalhou("O destino não é uma pasta do Google Drive. Confira o link no espelho.")
        if raiz.get("trashed"):
            raise DestinoFalhou("A pasta do espelho está na lixeira do Google Drive. Restaure-a, ou use outra.")
        return str(raiz["id"])

    async def _make_pasta(self, nome: str, chave: str, mae: str) -> str:
        """Known by its id, whatever somebody has called it since; otherwise by its name, whoever made it."""

        async def create(id: str) -> Item | None:
            dito = {"id": id, "name": nome, "mimeType": _PASTA, "parents": [mae]}
            params = {"fields": _CAMPOS, **_TODOS_OS_DRIVES}
            feita = await self._conta.call("POST", _ARQUIVOS, params=params, json=dito, aceita=(409,))
            return None if feita.status == 409 else feita.json()

        busca = f"name = '{_escape(nome)}' and mimeType = '{_PASTA}'"
        item, _ = await self._settle(chave, mae, busca, create, nome)
        return str(item["id"])

    async def _settle(
        self, chave: str, mae: str, busca: str, make: Callable[[str], Awaitable[Item | None]], nome: str | None = None
    ) -> tuple[Item, bool]:
        """What lies at a path, and whether it was made now. make: with this id; None where Google has that already."""
        for tentativa in range(3):
            item, id = await self._find(chave, mae, busca, nome)
            if item is not None:
                return item, False
            if tentativa:
                # Google has it, and not here: it was deleted for ever. Or it does not take it: another account's.
                id = await self._lugares.keep(chave, await self._make_id(), id)
            try:
                feito = await make(id)
            except DestinoFalhou as erro:
                if erro.status != 400 or tentativa:
                    raise
                continue
            if feito is not None:
                return feito, True
        raise DestinoFalhou("O Google Drive não mostra o que diz que já tem; será tentado de novo.")

    async def _find(self, chave: str, mae: str, busca: str, nome: str | None) -> tuple[Item | None, str]:
        """What lies there; or None, and the id to make it with."""
        id = await self._lugares.find(chave)
        visto = await self._look(id) if id else None
        if visto is not None and mae in visto.get("parents", ()) and not visto.get("trashed"):
            return visto, visto["id"]
        for item in await self._search(f"'{mae}' in parents and {busca}"):
            if nome is None or unicodedata.normalize("NFC", item["name"]) == nome:
                await self._lugares.keep(chave, item["id"], id)
                return item, item["id"]
        # An id that nothing has been made with yet is still good.
        if id is None or visto is not None:
            id = await self._lugares.keep(chave, await self._make_id(), id)
        return None, id

    async def _look(self, id: str) -> Item | None:
        try:
            return await self._conta.find_file(id, _CAMPOS)
        except DestinoFalhou as erro:
            if erro.status != 404:
                raise
            return None

    async def _search(self, busca: str) -> list[Item]:
        """The oldest first, none of the bin."""
        params = {
            "q": f"{busca} and trashed = false", "orderBy": "createdTime", "fields": f"nextPageToken,files({_CAMPOS})",
            "includeItemsFromAllDrives": "true", **_TODOS_OS_DRIVES,
        }  # fmt: skip
        achados: list[Item] = []
        while True:
            pagina = (await self._conta.call("GET", _ARQUIVOS, params=params)).json()
            achados += pagina.get("files", [])
            # A page may be empty and not be the last one.
            if not (proxima := pagina.get("nextPageToken")):
                return achados
            params["pageToken"] = proxima

    async def _make_id(self) -> str:
        if not self._ids:
            params = {"count": str(_IDS), "space": "drive", "type": "files"}
            self._ids += (await self._conta.call("GET", f"{_ARQUIVOS}/generateIds", params=params)).json()["ids"]
        return self._ids.pop()

    async def _upload(self, metodo: str, caminho: str, dito: Item, dados: bytes) -> Item | None:
        """None: Google has this id already."""
        inicio = await self._conta.call(
            metodo,
            caminho,
            params={"uploadType": "resumable", "fields": _CAMPOS, **_TODOS_OS_DRIVES},
            json=dito,
            headers={"X-Upload-Content-Type": "application/pdf", "X-Upload-Content-Length": str(len(dados))},
            aceita=(409,),
        )
        if inicio.status == 409:
            return None
        return await self._send(inicio.headers.get("Location", ""), dados)

    async def _send(self, sessao: str, dados: bytes) -> Item | None:
        """Cut, it goes on where Google says that it stands."""
        if "://" not in sessao:
            raise DestinoFalhou("O Google respondeu o que não se entende. Confira o endereço.")
        inicio, falha = 0, DestinoFalhou("O envio ao Google Drive foi cortado vezes demais; será tentado de novo.")
        for _ in range(_TENTATIVAS):
            try:
                resposta = await self._send_from(sessao, dados, inicio)
            except DestinoFalhou as erro:
                # 400: what was cut was sent again from its beginning, as an HTTP client may by itself.
                if erro.status is not None and erro.status < 500 and erro.status != 400:
                    raise
                # Next it is asked how far it came.
                inicio, falha = len(dados), erro
                await asyncio.sleep(_PAUSA_S)
                continue
            if resposta.status == 409:
                return None
            if resposta.status != 308:
                return resposta.json()
            inicio = _read_range(resposta.headers.get("Range"))
        raise falha

    async def _send_from(self, sessao: str, dados: bytes, inicio: int) -> Resposta:
        """With nothing left to send it asks how far it came."""
        total = len(dados)
        faixa = f"bytes {inicio}-{total - 1}/{total}" if inicio < total else f"bytes */{total}"
        return await self._conta.call(
            "PUT", sessao, data=dados[inicio:], headers={"Content-Range": faixa}, aceita=(308, 409)
        )

    def _key(self, caminho: str) -> str:
        return hashlib.sha256(f"{self._raiz}/{caminho}".encode()).hexdigest()


@asynccontextmanager
async def _limit(limite_s: float) -> AsyncIterator[None]:
    """Raises DestinoFalhou."""
    try:
        async with asyncio.timeout(limite_s):
            yield
    except TimeoutError as erro:
        raise DestinoFalhou("O Google Drive não respondeu a tempo; será tentado de novo.") from erro


def _has_marca(chave: str) -> str:
    return f"properties has {{ key='{_MARCA}' and value='{chave}' }}"


def _is_same(item: Item, sha256: str, tamanho: int) -> bool:
    """By Google's own sum, so that what somebody else put in its place is noticed; it may lack for a while."""
    soma = item.get("sha256Checksum") or item.get("properties", {}).get(_MARCA_SHA256)
    return soma == sha256 and str(item.get("size")) == str(tamanho)


def _read_range(cabecalho: str | None) -> int:
    """How many bytes have arrived: `bytes=0-42`, or none."""
    achada = re.fullmatch(r"bytes=0-(\d+)", cabecalho or "")
    return int(achada[1]) + 1 if achada else 0


def _escape(texto: str) -> str:
    """For a query between apostrophes."""
    return texto.replace("\\", "\\\\").replace("'", "\\'")
