"""Typed faults of a portal: each carries its codigo of shared.outcomes and says in pt-BR what was seen."""

from __future__ import annotations


class Falha(Exception):
    """An attempt ended here. `mensagem`: pt-BR, what was seen; it may hold documents, which the worker masks.

    onde: of a connection that failed, the address that did not answer.
    """

    def __init__(self, codigo: str, mensagem: str, onde: str = "") -> None:
        super().__init__(f"{codigo}: {mensagem}")
        self.codigo = codigo
        self.mensagem = mensagem
        self.onde = onde


class SessaoPerdida(Falha):
    """The portal shows its login page in the middle of the work (`sessao.expirada`, `sessao.derrubada`)."""


class LoginParado(Falha):
    """The credential needs a person: `login.*`, `portal.sem_permissao`, a block page during login."""


class PortalBloqueado(Falha):
    """The firewall's block page: this session is lost."""

    def __init__(self, mensagem: str) -> None:
        super().__init__("portal.bloqueado", mensagem)


class PortalLimite(Falha):
    """A post sent soon after another got a 500: slow down, and begin the contract again."""

    def __init__(self, mensagem: str) -> None:
        super().__init__("portal.limite", mensagem)


class NavegadorCaiu(Falha):
    def __init__(self, mensagem: str) -> None:
        super().__init__("navegador.caiu", mensagem)


class DocumentoRecusado(Falha):
    """The document is not the one asked for, or cannot be read; `pdf` goes to quarantine (None: seen on a page)."""

    def __init__(self, codigo: str, mensagem: str, pdf: bytes | None = None) -> None:
        super().__init__(codigo, mensagem)
        self.pdf = pdf


class JaBaixado(Exception):
    """The grid leads to a boleto that is filed already; nothing was emitted."""

    def __init__(self, grupo: int, cota: int, ano: int, mes: int) -> None:
        super().__init__(f"{grupo}/{cota} {mes:02d}/{ano}")
        self.grupo, self.cota, self.ano, self.mes = grupo, cota, ano, mes
