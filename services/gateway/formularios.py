"""Multipart forms: a file and a few short fields, held to their limits before and while they are read."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import BodyPartReader, web

from services.gateway.errors import ApiError, invalid_field, too_large, wrong_content_type

ARQUIVO = "arquivo"
LIMITE_CAMPO = 1000


async def read_formulario(
    request: web.Request, limite_bytes: int, campos: Collection[str] = ()
) -> tuple[dict[str, bytes], str]:
    """(parts by their name, the file's name). limite_bytes: of `arquivo`; campos: what there may be beside it.

    Raises ApiError: 415 no form, or packed; 413 too large; 422 a field unknown, repeated or too long; 400 no multipart.
    """
    _check_cabecalhos(request, limite_bytes)
    partes: dict[str, bytes] = {}
    nome_arquivo = ""
    try:
        async for parte in await request.multipart():
            nome = _to_unicode(parte.name) if isinstance(parte, BodyPartReader) else None
            if not isinstance(parte, BodyPartReader) or nome is None or nome not in (ARQUIVO, *campos):
                raise invalid_field(nome or "corpo", "campo desconhecido")
            if nome in partes:
                raise invalid_field(nome, "campo repetido")
            partes[nome] = await _read_parte(parte, nome, limite_bytes)
            nome_arquivo = _to_unicode(parte.filename) or nome_arquivo
    # aiohttp reads a part named _charset_ by itself, and fails as if that were its own mistake.
    except (ValueError, AssertionError, RuntimeError) as erro:
        texto = "O formulário multipart não pôde ser lido. Envie-o de novo como multipart/form-data."
        raise ApiError(400, "requisicao.multipart_invalido", texto) from erro
    return partes, nome_arquivo


def _check_cabecalhos(request: web.Request, limite_bytes: int) -> None:
    if request.content_type != "multipart/form-data":
        raise wrong_content_type("multipart/form-data")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # What it would unpack to stands in no header.
        raise ApiError(415, "requisicao.comprimida", "Envie o arquivo como está, sem Content-Encoding.")
    if (request.content_length or 0) > limite_bytes + 10 * LIMITE_CAMPO:
        raise too_large(limite_bytes)


def _to_unicode(texto: str | None) -> str | None:
    """A part's header may hold bytes that are no UTF-8; no answer and no database can."""
    return texto and texto.encode("utf-8", "replace").decode()


async def _read_parte(parte: BodyPartReader, nome: str, limite_bytes: int) -> bytes:
    limite = limite_bytes if nome == ARQUIVO else LIMITE_CAMPO
    dados = bytearray()
    while bloco := await parte.read_chunk(1 << 16):
        dados += bloco
        if len(dados) > limite:
            raise too_large(limite_bytes) if nome == ARQUIVO else invalid_field(nome, "texto longo demais")
    return bytes(dados)
