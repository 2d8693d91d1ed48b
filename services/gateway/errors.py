"""What a caller is refused with: status, slug, pt-BR text and, per field, why; in one JSON shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Detalhe:
    """campo: path of the field, as `cpfs[2]`; erro: pt-BR, what is wrong and what would be right."""

    campo: str
    erro: str


class ApiError(Exception):
    """Raised by handlers and below. `codigo` is the slug callers decide by, `texto` what a person reads."""

    def __init__(
        self,
        status: int,
        codigo: str,
        texto: str,
        detalhes: tuple[Detalhe, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {codigo}: {texto}")
        self.status = status
        self.codigo = codigo
        self.texto = texto
        self.detalhes = detalhes
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        detalhes = [{"campo": detalhe.campo, "erro": detalhe.erro} for detalhe in self.detalhes]
        return {"success": False, "error": self.texto, "codigo": self.codigo, "detalhes": detalhes}


def invalid_fields(*detalhes: Detalhe) -> ApiError:
    """422, each field with its reason."""
    if len(detalhes) == 1:
        texto = f"Campo inválido: {detalhes[0].campo}: {detalhes[0].erro}"
    else:
        texto = (
            f"{len(detalhes)} campos inválidos: {', '.join(d.campo for d in detalhes[:10])}. Corrija e envie de novo."
        )
    return ApiError(422, "requisicao.invalida", texto, detalhes)


def invalid_field(campo: str, erro: str) -> ApiError:
    return invalid_fields(Detalhe(campo, erro))


def not_found(o_que: str = "Recurso", codigo: str = "nao_encontrado") -> ApiError:
    """404 of an object by its id: also for one that exists beyond the caller's reach."""
    return ApiError(404, codigo, f"{o_que}: não encontrado. Confira o número.")


def conflict(codigo: str, texto: str) -> ApiError:
    return ApiError(409, codigo, texto)


def unavailable(codigo: str, texto: str, retry_after_s: int = 5) -> ApiError:
    return ApiError(503, codigo, texto, headers={"Retry-After": str(retry_after_s)})


def not_json() -> ApiError:
    return ApiError(400, "requisicao.nao_json", "O corpo não é JSON válido. Corrija e envie de novo.")


def unreadable() -> ApiError:
    texto = "A requisição não pôde ser lida: não é HTTP válido, ou um cabeçalho ou o endereço passa de 8 KB."
    return ApiError(400, "requisicao.ilegivel", texto)


def wrong_content_type(esperado: str = "application/json") -> ApiError:
    texto = f"Tipo de conteúdo não aceito: envie com o cabeçalho Content-Type: {esperado}."
    return ApiError(415, "requisicao.tipo_de_conteudo", texto)


def internal() -> ApiError:
    texto = "Algo inesperado aconteceu no sistema e foi registrado. Tente de novo; se persistir, avise o suporte."
    return ApiError(500, "interno", texto)


def too_slow() -> ApiError:
    return ApiError(408, "requisicao.lenta", "O corpo não chegou a tempo. Envie de novo.")


def too_large(limite_bytes: int) -> ApiError:
    return ApiError(413, "requisicao.grande_demais", f"O corpo passa do limite de {limite_bytes // 1_000_000} MB.")
