"""Filed boletos over HTTP: listed, shown, and their PDFs as they were verified."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.gateway.store.chaves import Escopo
from tests.gateway.cadastro import Loja, add_boleto, add_cliente, cpf_de, submit
from tests.gateway.porta import Porta, open_porta

LOJA = Loja(1, "17.308", 1, 1)
PDF = b"%PDF-1.7\nboleto de teste\n%%EOF"


@pytest.fixture
async def porta(database_url: str, tmp_path: Path) -> AsyncIterator[Porta]:
    async with open_porta(database_url, tmp_path) as aberta:
        await aberta.register()
        yield aberta


async def file_boleto(porta: Porta, numero: int, nome: str, mes: int = 11) -> int:
    """A filed boleto with its PDF in the store."""
    id = await add_boleto(porta.pool, LOJA, numero, mes)
    arquivo = await porta.files.place(f"Marta/{nome}.pdf", PDF + str(numero).encode())
    await porta.pool.execute(
        "UPDATE boletos SET arquivo_caminho = $2, arquivo_sha256 = $3, arquivo_tamanho = $4, consultor_id = 1,"
        " nome_cliente = $5 WHERE id = $1",
        id, arquivo.caminho, arquivo.sha256, arquivo.tamanho, nome,
    )  # fmt: skip
    return id


async def run_with(porta: Porta, *boletos: int) -> UUID:
    """An ended execution whose rows lead to these boletos."""
    for numero in range(1, len(boletos) + 1):
        await add_cliente(porta.pool, 1, 1, numero)
    automacao_id = await submit(porta.pool, LOJA, mes=1)
    itens = await porta.pool.fetch("SELECT id FROM log_downloads_boletos ORDER BY id")
    for item, boleto, status in zip(itens, boletos, ("sucesso", "ja_baixado", "erro"), strict=False):
        await porta.pool.execute(
            "UPDATE log_downloads_boletos SET status = $2, boleto_id = $3 WHERE id = $1", item["id"], status, boleto
        )
    return automacao_id


async def test_boletos_are_listed_newest_first_and_masked(porta: Porta) -> None:
    for numero, nome in enumerate(("ANA_NOVEMBRO", "BIA_NOVEMBRO", "ANA_DEZEMBRO"), 1):
        await file_boleto(porta, numero, nome, 12 if nome.endswith("DEZEMBRO") else 11)

    async def ids(filtro: str) -> list[int]:
        return [boleto["id"] for boleto in (await porta.call("GET", f"boletos?{filtro}")).data["boletos"]]

    assert await ids("") == [3, 2, 1]
    assert await ids("mes=novembro&ano=2026") == [2, 1]
    assert await ids(f"cpf={cpf_de(2)}&consultor=marta&ponto_venda=17308") == [2]
    assert await ids("desde=2099-01-01T00:00:00-03:00") == []
    assert (await porta.call("GET", "boletos?mes=13")).campos == ["mes"]
    for momento in ("0001-01-01T00:00:00%2B23:00", "9999-12-31T23:59:59-23:00"):
        assert (await porta.call("GET", f"boletos?desde={momento}")).campos == ["desde"]
    um = (await porta.call("GET", "boletos?limite=2")).data
    assert [b["id"] for b in (await porta.call("GET", f"boletos?limite=2&cursor={um['cursor']}")).data["boletos"]] == [
        1
    ]
    resposta = await porta.call("GET", "boletos/1")
    assert resposta.data["cpf"].startswith("***.") and cpf_de(1) not in resposta.bruto.decode()
    assert (resposta.data["mes"], resposta.data["vencimento"], resposta.data["valor"]) == (11, "2026-11-10", 100.0)


async def test_boletos_are_found_by_a_part_of_the_name(porta: Porta) -> None:
    for numero, nome in enumerate(("JOSÉ DA CONCEIÇÃO", "Maria José", "ANA 100%", "Ana-Lúcia D’Ávila"), 1):
        await file_boleto(porta, numero, nome)

    async def names(busca: str) -> list[str]:
        return [b["nome"] for b in (await porta.call("GET", "boletos", params={"busca": busca})).data["boletos"]]

    assert await names("jose") == ["Maria José", "JOSÉ DA CONCEIÇÃO"]
    assert await names("conceicao") == ["JOSÉ DA CONCEIÇÃO"]
    for busca in ("d'avila", "D’ÁVILA", "ana lucia", "ana-lúcia d ávila"):
        assert await names(busca) == ["Ana-Lúcia D’Ávila"]
    assert await names("ninguém") == []


async def test_boletos_come_by_month_and_consultor_page_after_page(porta: Porta) -> None:
    corpo = {"nome": "Álvaro", "ponto_venda": "17308"}
    assert (await porta.call("POST", "consultores", corpo)).status == 201
    # (client, month, year, consultor)
    postos = (
        ("BIA", 11, 2026, 1), ("ANA", 11, 2026, 1), ("RUI", 11, 2026, None), ("EVA", 11, 2026, 2),
        ("ANA", 1, 2027, 1), ("LIA", 12, 2026, 2),
    )  # fmt: skip
    for numero, (nome, mes, ano, consultor) in enumerate(postos, 1):
        id = await file_boleto(porta, numero, f"{nome}_{mes}_{ano}", mes)
        await porta.pool.execute(
            "UPDATE boletos SET nome_cliente = $2, ano_referencia = $3, consultor_id = $4 WHERE id = $1",
            id, nome, ano, consultor,
        )  # fmt: skip
    vistos, cursor = [], ""
    while cursor is not None:
        filtro = {"ordem": "consultor", "limite": "2"} | ({"cursor": cursor} if cursor else {})
        dados = (await porta.call("GET", "boletos", params=filtro)).data
        vistos += [(b["mes"], b["consultor"], b["nome"]) for b in dados["boletos"]]
        cursor = dados["cursor"]
    assert vistos == [
        (1, "Marta", "ANA"), (12, "Álvaro", "LIA"), (11, "Álvaro", "EVA"), (11, "Marta", "ANA"), (11, "Marta", "BIA"),
        (11, None, "RUI"),
    ]  # fmt: skip


async def test_a_pdf_is_shown_as_it_was_verified_under_its_own_name(porta: Porta) -> None:
    id = await file_boleto(porta, 1, "ANA_CONCEIÇÃO_MARÇO")
    resposta = await porta.call("GET", f"boletos/{id}/pdf")
    assert (resposta.status, resposta.bruto) == (200, PDF + b"1")
    assert resposta.headers["Content-Type"] == "application/pdf"
    assert resposta.headers["Content-Disposition"] == (
        "inline; filename=\"ANA_CONCEI__O_MAR_O.pdf\"; filename*=UTF-8''ANA_CONCEI%C3%87%C3%83O_MAR%C3%87O.pdf"
    )


async def test_a_pdf_that_was_changed_or_is_gone_is_not_shown(porta: Porta) -> None:
    id = await file_boleto(porta, 1, "ANA_NOVEMBRO")
    await porta.files.place("Marta/ANA_NOVEMBRO.pdf", b"%PDF-1.7 outro", overwrite=True)
    alterado = await porta.call("GET", f"boletos/{id}/pdf")
    assert (alterado.status, alterado.corpo["codigo"]) == (500, "arquivo.alterado")
    await porta.files.delete("Marta/ANA_NOVEMBRO.pdf")
    assert (await porta.call("GET", f"boletos/{id}/pdf")).status == 404
    assert (await porta.call("GET", "boletos/99/pdf")).status == 404


async def test_an_executions_pdfs_come_in_one_zip_with_what_is_missing_told(porta: Porta) -> None:
    boletos = [await file_boleto(porta, numero, f"CLIENTE_Ç{numero}") for numero in (1, 2, 3)]
    automacao_id = await run_with(porta, *boletos)
    await porta.files.delete("Marta/CLIENTE_Ç2.pdf")
    resposta = await porta.call("GET", f"execucoes/{automacao_id}/boletos.zip")
    assert (resposta.status, resposta.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(resposta.bruto)) as pacote:
        assert pacote.testzip() is None
        assert pacote.namelist() == ["Marta/CLIENTE_Ç1.pdf", "_FALTAM_BOLETOS.txt"]
        assert pacote.read("Marta/CLIENTE_Ç1.pdf") == PDF + b"1"
        assert "CLIENTE_Ç2.pdf" in pacote.read("_FALTAM_BOLETOS.txt").decode()


async def test_an_execution_without_boletos_has_no_zip(porta: Porta) -> None:
    await add_cliente(porta.pool, 1, 1, 1)
    automacao_id = await submit(porta.pool, LOJA)
    vazia = await porta.call("GET", f"execucoes/{automacao_id}/boletos.zip")
    assert (vazia.status, vazia.corpo["codigo"]) == (404, "execucao.sem_boletos")
    assert (await porta.call("GET", f"execucoes/{UUID(int=1)}/boletos.zip")).status == 404


async def test_a_bound_key_sees_only_its_boletos(porta: Porta) -> None:
    id = await file_boleto(porta, 1, "ANA_NOVEMBRO")
    automacao_id = await run_with(porta, id)
    await porta.add_chave("loja", Escopo.ADMIN, "21.400")
    for caminho in (f"boletos/{id}", f"boletos/{id}/pdf", f"execucoes/{automacao_id}/boletos.zip"):
        assert (await porta.call("GET", caminho, chave="loja")).status == 404
    assert (await porta.call("GET", f"execucoes/{automacao_id}/relatorio.xlsx", chave="loja")).status == 404
    assert (await porta.call("GET", "boletos", chave="loja")).data["boletos"] == []
    assert (await porta.call("GET", "boletos?ponto_venda=17308", chave="loja")).status == 403
