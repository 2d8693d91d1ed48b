"""The whole way from login to PDF, by plain requests that echo every control."""

import hashlib
from datetime import date

import pypdfium2  # type: ignore[import-untyped]
import pytest

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA, ANA_F, CAIO_F, make_cenario, make_cota
from tests.simulator.tests.visitor import P, Visitante


def read_text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document[0].get_textpage().get_text_range())
    finally:
        document.close()


async def test_a_careful_client_walks_from_the_root_to_the_right_pdf() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        assert (await v.get(portal.origem + "/")).nome == "frmCorCCCnsLogin.aspx"
        assert "<title>Login - Newcon</title>" in v.pagina.html
        assert (await v.login()).nome == "frmMain.aspx"
        assert all(proof in v.pagina.html for proof in ("ctl00_img_Atendimento", "ValidaSessaoLogin", "Logout"))
        grid = await v.search(ANA_F)
        assert grid.html.count("lnkGrupoCota") == 4, "an empty first row and hers, a link and its target each"
        await v.post(f"{P}grdBuscaAvancada$ctl03$lnkNM_Pessoa")
        assert v.pagina.nome == "frmConAtCnsAtendimento.aspx"
        assert "006650/2278-00 ANA PAULA SOUZA LIMA" in v.pagina.html
        await v.open_cobranca()
        url = await v.emit()
        assert "/WWW/CONCM/frmConCmImpressao.aspx?applicationKey=" in url
        first = await v.get(url)
        assert first.tipo.startswith("text/html")
        pdf = await v.get(url)
        assert pdf.tipo == "application/pdf"
        assert 168_000 < len(pdf.corpo) < 176_000
        text = read_text(pdf.corpo)
        assert all(word in text for word in ("ANA PAULA SOUZA LIMA", ANA_F, "006650-2278-00", "1.234,56"))
        issued = portal.emitidos[0]
        assert issued["sha256"] == hashlib.sha256(pdf.corpo).hexdigest()
        assert (issued["cpf"], issued["valor"], issued["documento"]) == (ANA, "1234.56", "certo")
        assert date.fromisoformat(issued["vencimento"]).day == 10


async def test_a_client_is_found_by_grupo_and_cota_too() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.post(imagem="ctl00$img_Atendimento")
        await v.post(botao=f"{P}btnLocalizar", edtGrupo="1", edtCota="2", edtVersao="00")
        assert "Consorciado inválido." in v.pagina.html
        await v.post(botao=f"{P}btnLocalizar", edtGrupo="006650", edtCota="2278", edtVersao="00")
        assert v.pagina.nome == "frmConAtCnsAtendimento.aspx"


async def test_a_ponto_de_venda_does_not_see_the_clients_of_another() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        assert "Nenhum registro encontrado." in (await v.search(CAIO_F)).html


async def test_one_cpf_may_be_a_client_of_two_pontos_de_venda() -> None:
    cenario = make_cenario()
    twin = cenario.clientes[0].model_copy(update={"ponto_venda": "21400", "cotas": cenario.clientes[2].cotas})
    both = cenario.model_copy(update={"clientes": (*cenario.clientes, twin)})
    async with Simulador(both) as portal, Visitante(portal) as v, Visitante(portal) as other:
        await v.login()
        await other.login("0000021400", "outra")
        assert "006650/2278-00" in (await v.search(ANA_F)).html
        html = (await other.search(ANA_F)).html
        assert "006652/0009-00" in html
        assert "006650/2278-00" not in html


async def test_the_menu_leads_to_billing_and_other_entries_elsewhere() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        page = await v.open_cliente(ANA_F)
        entry = page.html.split("ctl05_hlkFormulario", 1)[1].split(">", 1)
        assert entry[1].startswith("Emissão de Cobrança")
        assert "../CONCO/frmConCoRelBoletoAvulso.aspx?applicationKey=" in entry[0]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
async def test_the_page_keeps_its_charset(charset: str) -> None:
    async with Simulador(make_cenario({"aparencia": {"charset": charset}})) as portal, Visitante(portal) as v:
        await v.login()
        page = await v.get("frmMain.aspx")
        assert page.tipo == f"text/html; charset={charset}"
        assert "Página Inicial".encode(charset) in page.corpo
        assert (await v.download(ANA_F)).corpo.startswith(b"%PDF")


async def test_the_virtual_root_is_a_setting() -> None:
    async with Simulador(make_cenario(raiz="/NewconWeb/")) as portal, Visitante(portal) as v:
        assert portal.url.endswith("/NewconWeb")
        assert (await v.login()).url.path == "/NewconWeb/frmMain.aspx"


async def test_ticking_is_a_toggle_and_emission_without_a_tick_is_refused() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        await v.open_cobranca()
        row = f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto"
        assert "ckChecked" in (await v.post(imagem=row)).html
        assert "ckChecked" not in (await v.post(imagem=row)).html
        assert "Selecione ao menos uma parcela." in (await v.post(f"{P}btnEmitir")).html
        assert portal.emitidos == []


async def test_several_cotas_stand_in_the_grid_with_their_situations() -> None:
    cotas = [make_cota("6650", "1", situacao="CAN"), make_cota("6650", "2"), make_cota("6650", "3", situacao="TRA")]
    async with Simulador(make_cenario(cotas=cotas)) as portal, Visitante(portal) as v:
        await v.login()
        html = (await v.search(ANA_F)).html
        assert all(text in html for text in ("006650/0001-00", "006650/0002-00", "006650/0003-00", ">CAN<", ">TRA<"))


async def test_the_empty_row_opens_a_client_page_with_nothing_on_it() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        page = await v.open_cliente(ANA_F, linha=2)
        assert page.nome == "frmConAtCnsAtendimento.aspx"
        assert "ANA PAULA" not in page.html
        assert "grdBoleto_Avulso" not in (await v.open_cobranca()).html
