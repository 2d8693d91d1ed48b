"""Walks the portal step by step with a credential and says which step fails; downloads nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

from services.scraper.portal import Acesso
from services.scraper.portal.errors import Falha
from services.scraper.portal.login import enter, open_login
from services.scraper.portal.search import choose_criterio, open_identificacao, walk_to_busca
from services.scraper.portal.steps import Passos
from shared.events import PassoTeste

# Only its length is looked at: nothing is searched with it.
_CPF_DE_FORMA = "0" * 11


async def walk(passos: Passos, acesso: Acesso) -> AsyncIterator[tuple[PassoTeste, Falha | None]]:
    """Each step as it ends; after one that fails there is no other. Exactly one login is posted."""

    async def criterio() -> None:
        if not await choose_criterio(passos, _CPF_DE_FORMA):
            raise Falha("portal.mudou.seletor", "A busca não oferece o critério CPF.")

    etapas: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
        ("Abrir a página de login", lambda: open_login(passos)),
        ("Entrar com usuário e senha", lambda: enter(passos, acesso)),
        ("Abrir o Atendimento", lambda: open_identificacao(passos)),
        ("Abrir a Busca avançada", lambda: walk_to_busca(passos)),
        ("Escolher o critério CPF", criterio),
    )
    for nome, do in etapas:
        inicio = time.monotonic()
        try:
            await do()
        except Falha as falha:
            detalhe = f"{falha.codigo}: {falha.mensagem}"
            yield PassoTeste(passo=nome, ok=False, detalhe=detalhe, duracao_s=_since(inicio)), falha
            return
        visto = passos.pagina.titulo or passos.pagina.caminho
        yield PassoTeste(passo=nome, ok=True, detalhe=visto, duracao_s=_since(inicio)), None


def _since(inicio: float) -> float:
    return round(time.monotonic() - inicio, 3)
