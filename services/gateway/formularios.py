"""A multipart form before it is read: what its headers alone show to be no form, or too much."""

from __future__ import annotations

from aiohttp import web

from services.gateway.errors import ApiError, too_large, wrong_content_type


def check_cabecalhos(request: web.Request, limite_bytes: int, folga_bytes: int) -> None:
    """limite_bytes: of its file; folga_bytes: of all else. Raises ApiError: 415 no form, or packed; 413 too large."""
    if request.content_type != "multipart/form-data":
        raise wrong_content_type("multipart/form-data")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # What it would unpack to stands in no header.
        raise ApiError(415, "requisicao.comprimida", "Envie o arquivo como está, sem Content-Encoding.")
    if (request.content_length or 0) > limite_bytes + folga_bytes:
        raise too_large(limite_bytes)
