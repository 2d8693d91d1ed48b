"""Verifying in a child process: the same answers, and a parser that dies or hangs costs one process."""

from __future__ import annotations

import asyncio

import pytest

from services.scraper import verifier
from services.scraper.portal.errors import DocumentoRecusado, Falha
from services.scraper.verification import verify
from services.scraper.verifier import Conferente
from shared.children import spawn
from tests.scraper.test_verification import PROCURADO, pdf
from tests.simulator.knobs import Documento, Emissao

CERTO = pdf("certo", Emissao(tamanho_kb=0))


async def test_the_child_says_what_is_said_here() -> None:
    async with Conferente() as conferente:
        assert await conferente.verify(CERTO, PROCURADO) == await verify(CERTO, PROCURADO)
        kinds: tuple[Documento, ...] = ("outra_cota", "truncado", "digito_errado")
        for kind in kinds:
            documento = pdf(kind, Emissao(tamanho_kb=0))
            with pytest.raises(Falha) as aqui:
                await verify(documento, PROCURADO)
            with pytest.raises(Falha) as la:
                await conferente.verify(documento, PROCURADO)
            assert (type(la.value), str(la.value)) == (type(aqui.value), str(aqui.value))
            assert getattr(la.value, "pdf", None) == getattr(aqui.value, "pdf", None)


async def test_a_page_is_looked_at_as_a_picture_while_others_are_verified() -> None:
    escaneado = pdf("escaneado", Emissao(tamanho_kb=0))
    async with Conferente() as conferente:
        imagem = asyncio.create_task(conferente.verify(escaneado, PROCURADO))
        await asyncio.sleep(0.01)
        certo = await conferente.verify(CERTO, PROCURADO)
        assert not imagem.done()
        assert (await imagem).linha == certo.linha


async def test_a_picture_that_nobody_can_read_leaves_what_the_text_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "IMAGENS_S", 0.01)
    async with Conferente() as conferente:
        with pytest.raises(DocumentoRecusado, match="não tem texto") as erro:
            await conferente.verify(escaneado := pdf("escaneado", Emissao(tamanho_kb=0)), PROCURADO)
    assert (erro.value.codigo, erro.value.pdf) == ("documento.ilegivel", escaneado)


async def test_documents_at_once_get_each_its_own_answer() -> None:
    async with Conferente() as conferente:
        respostas = await asyncio.gather(
            conferente.verify(CERTO, PROCURADO),
            conferente.verify(pdf("outro_valor", Emissao(tamanho_kb=0)), PROCURADO),
            conferente.verify(CERTO, PROCURADO),
            return_exceptions=True,
        )
        assert isinstance(respostas[1], DocumentoRecusado) and respostas[0] == respostas[2]


async def test_a_killed_child_is_replaced() -> None:
    async with Conferente() as conferente:
        await conferente.verify(CERTO, PROCURADO)
        assert conferente._filho is not None
        conferente._filho.kill()
        await conferente.verify(CERTO, PROCURADO)


async def test_one_that_is_not_waited_for_answers_nobody_else() -> None:
    async with Conferente() as conferente:
        abandonada = asyncio.create_task(conferente.verify(CERTO, PROCURADO))
        await asyncio.sleep(0.01)
        abandonada.cancel()
        with pytest.raises(DocumentoRecusado, match=r"documento\.divergente\.valor"):
            await conferente.verify(pdf("outro_valor", Emissao(tamanho_kb=0)), PROCURADO)


@pytest.mark.parametrize(
    ("como", "timeout_s", "dito"), [("cai", 30.0, "caiu"), ("pende", 0.3, "não terminou em 0.3 s")]
)
async def test_a_document_that_ends_or_holds_its_reader_is_named_unreadable(
    monkeypatch: pytest.MonkeyPatch, como: str, timeout_s: float, dito: str
) -> None:
    nascidos = put_in_its_place(monkeypatch, "tests.scraper.leitor_falso", como)
    async with Conferente(timeout_s) as conferente:
        with pytest.raises(DocumentoRecusado, match=dito) as erro:
            await conferente.verify(CERTO, PROCURADO)
    assert (erro.value.codigo, erro.value.pdf) == ("documento.ilegivel", CERTO)
    assert nascidos and all(filho.returncode is not None for filho in nascidos)


async def test_a_reader_that_does_not_start_says_nothing_about_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every boleto would end unreadable where a library is missing, and none be tried again."""
    nascidos = put_in_its_place(monkeypatch, "keyword")
    async with Conferente() as conferente:
        with pytest.raises(Falha, match="não inicia") as erro:
            await conferente.verify(CERTO, PROCURADO)
    assert erro.value.codigo == "interno" and not isinstance(erro.value, DocumentoRecusado)
    assert len(nascidos) == 1 and nascidos[0].returncode is not None


def put_in_its_place(monkeypatch: pytest.MonkeyPatch, *comando: str) -> list[asyncio.subprocess.Process]:
    nascidos: list[asyncio.subprocess.Process] = []

    async def spawn_other(_: str, *__: str) -> asyncio.subprocess.Process:
        nascidos.append(await spawn(*comando))
        return nascidos[-1]

    monkeypatch.setattr(verifier, "spawn", spawn_other)
    return nascidos
