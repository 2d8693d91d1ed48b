"""Every way the PDF comes, and every PDF that is not the one that was asked for."""

import asyncio
import re
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from yarl import URL

from tests.simulator import codes
from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA_F, make_cenario, make_cota
from tests.simulator.tests.test_walk import read_text
from tests.simulator.tests.visitor import P, Visitante


async def emit_ana(v: Visitante) -> str:
    await v.login()
    await v.open_cliente(ANA_F)
    await v.open_cobranca()
    return await v.emit()


async def download_ana(emissao: dict[str, Any], **mais: Any) -> bytes:
    async with Simulador(make_cenario(ana={"emissao": emissao}, **mais)) as portal, Visitante(portal) as v:
        return (await v.fetch_pdf(await emit_ana(v))).corpo


@pytest.mark.parametrize(
    ("entrega", "tipo", "disposicao"),
    [
        ("pdf", "application/pdf", "inline"),
        ("anexo", "application/pdf", "attachment"),
        ("octet_stream", "application/octet-stream", "attachment"),
        ("redireciona", "application/pdf", "inline"),
    ],
)
async def test_the_pdf_comes_at_once(entrega: str, tipo: str, disposicao: str) -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": entrega}})) as portal, Visitante(portal) as v:
        page = await v.get(await emit_ana(v))
        assert page.tipo == tipo
        assert page.cabecalhos["content-disposition"].startswith(disposicao)
        assert page.corpo.startswith(b"%PDF")


@pytest.mark.parametrize("recargas", [0, 1, 3])
async def test_the_page_reloads_itself_before_the_pdf(recargas: int) -> None:
    knobs = {"emissao": {"recargas": recargas, "disposicao": ""}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        url = await emit_ana(v)
        for _ in range(recargas):
            assert "window.location.reload()" in (await v.get(url)).html
        page = await v.get(url)
        assert page.corpo.startswith(b"%PDF")
        assert "content-disposition" not in page.cabecalhos


async def test_the_wrapper_has_345_bytes_and_no_pdf() -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "involucro"}})) as portal, Visitante(portal) as v:
        page = await v.fetch_pdf(await emit_ana(v))
        assert len(page.corpo) == 345
        assert "src='about:blank'" in page.html
        assert portal.emitidos == []


async def test_an_embedded_pdf_is_one_request_further() -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "embutido"}})) as portal, Visitante(portal) as v:
        url = URL(await emit_ana(v), encoded=True)
        page = await v.get(str(url))
        found = re.search(r"src='([^']+)'", page.html)
        assert found
        assert (await v.get(f"{url}&parte=1")).corpo.startswith(b"%PDF")
        assert found[1].endswith("&amp;parte=1")


async def test_a_form_post_prints_only_by_its_post() -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "form_post"}})) as portal, Visitante(portal) as v:
        page = await v.get(await emit_ana(v))
        assert "document.forms[0].submit()" in page.html
        assert (await v.post()).corpo.startswith(b"%PDF")


async def test_the_report_viewer_saves_an_attachment() -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "stimulsoft"}})) as portal, Visitante(portal) as v:
        url = await emit_ana(v)
        assert "frmConCmNewconReports.aspx" in url
        page = await v.get(url)
        save = f"{P}StiWebRelatorio_Save"
        assert "Formato não disponível." in (await v.post(botao=save, em=page)).html
        await v.get(url)
        await v.post(botao=save, StiWebRelatorio_SaveTypeList="Pdf")
        assert v.pagina.cabecalhos["content-disposition"].startswith("attachment")
        assert v.pagina.corpo.startswith(b"%PDF")


async def test_a_one_time_key_fails_the_second_time() -> None:
    async with Simulador(make_cenario({"emissao": {"chave_unica": True}})) as portal, Visitante(portal) as v:
        url = await emit_ana(v)
        assert (await v.fetch_pdf(url)).corpo.startswith(b"%PDF")
        assert (await v.get(url)).status == 500
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        url = await emit_ana(v)
        await v.fetch_pdf(url)
        assert (await v.get(url)).corpo.startswith(b"%PDF"), "by default it may be asked for again"


async def test_html_for_ever_never_becomes_a_pdf() -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "html_eterno"}})) as portal, Visitante(portal) as v:
        assert "html" in (await v.fetch_pdf(await emit_ana(v), most=6)).tipo


async def test_a_pdf_that_never_comes_holds_the_answer() -> None:
    knobs = {"emissao": {"entrega": "nunca", "espera_s": 60}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        url = await emit_ana(v)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(v.get(url), 0.3)
        assert (await v.get("frmMain.aspx")).status == 200, "the portal goes on"


async def test_there_may_be_no_window_at_all() -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "sem_janela"}})) as portal, Visitante(portal) as v:
        with pytest.raises(IndexError):
            await emit_ana(v)
        assert "window.open" not in v.pagina.html


async def test_the_window_is_a_script_with_its_own_times() -> None:
    knobs = {"emissao": {"janela_fecha_s": 0.1, "janela_atraso_ms": 250, "janela_teste": True}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await emit_ana(v)
        html = v.pagina.html
        assert "janela.close(); }, 100);" in html
        assert "}, 250);" in html
        assert 'window.open("../CONCM/frmConCmImpressao.aspx?applicationKey=' in html
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        assert "'_teste'" in (await v.post(f"{P}btnEmitir")).html


async def test_emission_may_warn_and_ask() -> None:
    knobs = {"emissao": {"alerta": "Existem parcelas em atraso.", "confirmacao": "Emitir?"}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        await v.open_cobranca()
        assert "if(!confirm(&#x27;Emitir?&#x27;)) return false;" in v.pagina.html
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        assert "alert('Existem parcelas em atraso.');" in (await v.post(f"{P}btnEmitir")).html


@pytest.mark.parametrize(
    ("documento", "size"),
    [("vazio", 0), ("html", 4000), ("em_branco", 678), ("truncado", None), ("escaneado", None), ("ilegivel", None)],
)
async def test_broken_documents_are_broken_in_their_own_way(documento: str, size: int | None) -> None:
    body = await download_ana({"documento": documento})
    assert size is None or len(body) == size
    if documento == "truncado":
        assert body.startswith(b"%PDF")
        assert b"%%EOF" not in body[-1024:]
    if documento in ("em_branco", "escaneado", "ilegivel"):
        assert read_text(body).strip() == ""


async def test_a_defect_may_pass_after_some_emissions() -> None:
    cenario = make_cenario(ana={"emissao": {"documento": "vazio", "vezes": 2}})
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        await v.login()
        sizes = [len((await v.download(ANA_F)).corpo) for _ in range(3)]
        assert sizes[:2] == [0, 0]
        assert sizes[2] > 100_000
        assert [e["documento"] for e in portal.emitidos] == ["vazio", "vazio", "certo"]


@pytest.mark.parametrize(
    ("documento", "diz", "cala"),
    [
        ("outro_cliente", "BEATRIZ MELO", "529.982.247-25"),
        ("outro_cpf", "111.444.777-35", "529.982.247-25"),
        ("outra_cota", "006650-2279-00", "006650-2278-00"),
        ("outro_mes", "10/01/2027", "10/02/2027"),
        ("outro_valor", "1.244,57", "1.234,56"),
        ("digito_errado", "1.234,56", "-"),
        ("linha_de_outro_valor", "1.234,56", "-"),
        ("sem_linha", "1.234,56", "-"),
    ],
)
async def test_a_wrong_document_is_wrong_in_one_thing(documento: str, diz: str, cala: str) -> None:
    knobs = {"documento": documento, "modelo": "linhas"}
    text = read_text(await download_ana(knobs, hoje="2027-01-11"))
    assert diz in text
    if cala != "-":
        assert cala not in text
    linha = re.sub(r"\D", "", text.split("Linha digitável:")[1].split("\n")[0])
    good = bool(linha) and all(
        codes.mod10(linha[a:b]) == int(linha[b]) for a, b in ((0, 9), (10, 20), (21, 31))
    )  # fmt: skip
    assert good is (documento not in ("digito_errado", "sem_linha"))
    if documento == "linha_de_outro_valor":
        assert linha.endswith("0000126789")


@pytest.mark.parametrize(("kb", "least", "most"), [(109, 107_000, 113_000), (171, 171_000, 176_000), (0, 2_000, 6_000)])
async def test_a_valid_pdf_has_the_size_it_is_told_to(kb: int, least: int, most: int) -> None:
    assert least < len(await download_ana({"tamanho_kb": kb})) < most


@pytest.mark.parametrize("modelo", ["ficha", "colunas", "linhas", "arrecadacao", "variado"])
async def test_every_layout_says_the_same_facts(modelo: str) -> None:
    text = read_text(await download_ana({"modelo": modelo}))
    for fact in ("ANA PAULA SOUZA LIMA", "529.982.247-25", "11.444.777/0001-61", "006650-2278-00", "1.234,56"):
        assert fact in text
    for label in ("Vencimento", "Pagador", "Nosso Número", "Grupo/Cota/Versão:"):
        assert label in text
    assert re.search(r"\d\d/\d{5}-\d", text)
    digits = max((re.sub(r"\D", "", line) for line in text.splitlines()), key=len)
    assert len(digits) in ((48,) if modelo == "arrecadacao" else (47, 51)), "51 where the bank stands beside it"


async def test_an_empty_page_of_a_browser_is_a_pdf_too() -> None:
    document = pypdfium2.PdfDocument(await download_ana({"documento": "em_branco"}))
    assert len(document) == 1
    document.close()


async def test_another_cota_of_the_payer_is_preferred_as_the_wrong_one() -> None:
    parcelas = [{"vencimento": "mes+1@10", "valor": "1234.56"}]
    cotas = [make_cota("6650", "2278", parcelas), make_cota("6650", "44")]
    text = read_text(await download_ana({"documento": "outra_cota"}, cotas=cotas))
    assert "006650-0044-00" in text
