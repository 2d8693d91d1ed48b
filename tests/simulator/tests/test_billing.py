"""The billing grid in all its states."""

import re
from typing import Any

import pytest

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA_F, make_cenario, make_cota
from tests.simulator.tests.visitor import P, Visitante

PARCELAS: list[dict[str, Any]] = [
    {"numero": 10, "vencimento": "mes-1@10", "valor": "100.00", "multa": "2.00", "juros": "1.50"},
    {"numero": 11, "vencimento": "mes@31", "valor": "100.00"},
    {"numero": 12, "vencimento": "mes+1@10", "valor": "1000.00"},
]


def read_rows(html: str) -> list[list[str]]:
    """The data rows of the grid, cell by cell, tags removed except for the tick image."""
    grid = html.split('grdBoleto_Avulso">', 1)[1].split("</table>", 1)[0]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in grid.split("<tr>")[2:]]
    return [["imagem" if "imgEmite" in cell else cell.replace("&nbsp;", "") for cell in row] for row in rows]


async def open_grid(v: Visitante) -> list[list[str]]:
    await v.login()
    await v.open_cliente(ANA_F)
    return read_rows((await v.open_cobranca()).html)


async def test_a_row_has_ten_cells_and_says_what_is_owed() -> None:
    cenario = make_cenario(cotas=[make_cota("6650", "2278", PARCELAS)], hoje="2026-11-24")
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        rows = await open_grid(v)
    assert [len(row) for row in rows] == [10, 10, 10]
    assert rows[0][:5] == ["imagem", "006650/2278-00", "010", "RECBTO. PARCELA", "10/10/2026"]
    assert rows[0][5:] == ["100,00", "2,00", "1,50", "103,50", "103,50"]
    assert [row[4] for row in rows] == ["10/10/2026", "30/11/2026", "10/12/2026"]
    assert rows[2][9] == "1.000,00"


async def test_december_leads_into_january() -> None:
    cenario = make_cenario(cotas=[make_cota("6650", "2278", PARCELAS)], hoje="2026-12-15")
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        assert [row[4] for row in await open_grid(v)] == ["10/11/2026", "31/12/2026", "10/01/2027"]


@pytest.mark.parametrize(("grade", "tabela"), [("ausente", False), ("so_cabecalho", True)])
async def test_nothing_to_issue_is_no_grid_or_a_header_alone(grade: str, tabela: bool) -> None:
    knobs = {"cobranca": {"grade": grade, "mensagem": "Não há pendências."}}
    async with Simulador(make_cenario(ana=knobs)) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        html = (await v.open_cobranca()).html
        assert ('id="ctl00_Conteudo_grdBoleto_Avulso"' in html) is tabela
        assert "imgEmite_Boleto" not in html
        assert "Não há pendências." in html


async def test_a_row_may_have_no_image_or_nothing_to_receive() -> None:
    parcelas = [PARCELAS[2] | {"emitivel": False}, PARCELAS[2] | {"receber": "0.00"}]
    async with Simulador(make_cenario(cotas=[make_cota("6650", "2278", parcelas)])) as portal, Visitante(portal) as v:
        rows = await open_grid(v)
        assert [row[0] for row in rows] == ["", "imagem"]
        assert rows[1][9] == "0,00"


async def test_zero_first_row_fee_and_residue_stand_beside_the_parcela() -> None:
    knobs = {"cobranca": {"primeira_linha_zerada": True, "taxa": True, "residuo": True}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        rows = await open_grid(v)
        assert [(row[3], row[9]) for row in rows] == [
            ("RECBTO. PARCELA", "0,00"),
            ("RECBTO. PARCELA", "1.234,56"),
            ("RECBTO. TAXA TRANSF", "85,40"),
            ("DIFERENCA DE PARCELA", "0,37"),
        ]
        assert len({row[4][3:] for row in rows[1:]}) == 1, "all in one month"


async def test_a_fee_can_be_issued_by_mistake() -> None:
    async with Simulador(make_cenario({"cobranca": {"taxa": True}})) as portal, Visitante(portal) as v:
        await open_grid(v)
        await v.fetch_pdf(await v.emit(linha=3))
        assert portal.emitidos[0]["valor"] == "85.40"


async def test_two_ticks_make_one_slip_for_the_sum() -> None:
    cenario = make_cenario(cotas=[make_cota("6650", "2278", PARCELAS)])
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        await open_grid(v)
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        await v.fetch_pdf(await v.emit(linha=4))
        assert portal.emitidos[0]["valor"] == "1103.50"


async def test_other_cotas_stand_in_the_grid_when_asked_or_always() -> None:
    cotas = [make_cota("6650", "1", PARCELAS[2:]), make_cota("6650", "2", PARCELAS[2:]), make_cota("6650", "3")]
    async with Simulador(make_cenario(cotas=cotas)) as portal, Visitante(portal) as v:
        assert [row[1] for row in await open_grid(v)] == ["006650/0001-00"]
        await v.post(f"{P}chkUnificarParcelas", chkUnificarParcelas="on")
        assert [row[1] for row in read_rows(v.pagina.html)] == ["006650/0001-00", "006650/0002-00"]
        portal.turn(cobranca={"outras_cotas": True, "ordem": "inversa"})
        assert [row[1] for row in await open_grid(v)] == ["006650/0001-00", "006650/0002-00"]


@pytest.mark.parametrize(("como", "marca"), [("desabilitado", 'disabled="disabled"'), ("ausente", "")])
async def test_the_box_for_other_cotas_may_be_disabled_or_missing(como: str, marca: str) -> None:
    async with Simulador(make_cenario({"cobranca": {"unificar": como}})) as portal, Visitante(portal) as v:
        await open_grid(v)
        assert ("chkUnificarParcelas" in v.pagina.html) is bool(marca)
        assert marca in v.pagina.html
        assert (await v.download(ANA_F)).corpo.startswith(b"%PDF")


async def test_rows_may_come_in_the_other_order() -> None:
    cenario = make_cenario({"cobranca": {"ordem": "inversa"}}, cotas=[make_cota("6650", "2278", PARCELAS)])
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        assert [row[2] for row in await open_grid(v)] == ["012", "011", "010"]


async def test_the_grid_may_come_only_after_localizar() -> None:
    async with Simulador(make_cenario({"cobranca": {"exige_localizar": True}})) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        assert "imgEmite_Boleto" not in (await v.open_cobranca()).html
        assert "imgEmite_Boleto" in (await v.post(botao=f"{P}btnLocalizar")).html
        assert (await v.fetch_pdf(await v.emit())).corpo.startswith(b"%PDF")


async def test_something_else_may_come_in_place_of_what_is_pending() -> None:
    knobs = {"cobranca": {"exige_localizar": True, "no_lugar": "Sistema em manutenção", "rotulos": True}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        assert "Grupo: 006650 Cota: 2278-00 ANA" in (await v.open_cobranca()).html
        assert (await v.post(botao=f"{P}btnLocalizar")).html == "Sistema em manutenção"


async def test_the_kind_of_emission_may_have_to_be_chosen() -> None:
    async with Simulador(make_cenario({"cobranca": {"radio_marcado": False}})) as portal, Visitante(portal) as v:
        await open_grid(v)
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        assert "Selecione o tipo de emissão." in (await v.post(f"{P}btnEmitir")).html
        assert "btnVerificaPopUp','');" in (await v.post(f"{P}btnEmitir", rdlTipoEmissao="BA")).html


async def test_the_page_may_open_with_an_alert() -> None:
    async with (
        Simulador(make_cenario({"cobranca": {"alerta": "Prazo encerra hoje."}})) as portal,
        Visitante(portal) as v,
    ):
        await open_grid(v)
        assert "alert('Prazo encerra hoje.');" in v.pagina.html
