"""A real browser works the portal by clicking: its scripts, postbacks, dialogs and windows are real."""

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Dialog, Page, Route

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA, ANA_F, make_cenario

C = "#ctl00_Conteudo_"


async def open_cobranca(page: Page, portal: Simulador) -> None:
    """From the root to the billing page, as an operator clicks."""
    await page.goto(portal.origem + "/")
    await page.fill("#edtUsuario", "0000017308")
    await page.fill("#edtSenha", "segredo")
    await page.click("#btnLogin")
    await page.click("#ctl00_img_Atendimento")
    await page.click(f"{C}btnBuscaAvancada")
    async with page.expect_navigation():
        await page.select_option(f"{C}cbxCriterioBusca", "F")
    await page.fill(f"{C}edtContextoBusca", ANA_F)
    await page.click(f"{C}btnBuscar")
    await page.click("text=006650/2278-00")
    await page.click("text=Emissão de Cobrança")


async def emit(page: Page) -> None:
    await page.click(f"{C}grdBoleto_Avulso_ctl02_imgEmite_Boleto")
    await page.wait_for_selector("[src*=ckChecked]")
    await page.click(f"{C}btnEmitir")


class Captura:
    """Takes PDFs out of the traffic of every window, and lets HTML through."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.arrived = asyncio.Event()

    async def take(self, route: Route) -> None:
        answer = await route.fetch()
        body = await answer.body()
        if not body.startswith(b"%PDF"):
            await route.fulfill(response=answer)
            return
        self.bodies.append(body)
        await route.fulfill(body="<html></html>", content_type="text/html")
        self.arrived.set()


@pytest.mark.parametrize(
    "emissao",
    [
        {},
        {"entrega": "form_post"},
        {"entrega": "anexo", "janela_teste": True},
        {"chave_unica": True, "recargas": 2},
        {"janela_branca": True},
        {"janela_montada": True},
    ],
    ids=lambda e: "-".join(map(str, e.values())) or "padrao",
)
async def test_clicks_lead_from_login_to_the_pdf(contexto: BrowserContext, emissao: dict[str, Any]) -> None:
    async with Simulador(make_cenario({"emissao": emissao})) as portal:
        page, taken = await contexto.new_page(), Captura()
        await contexto.route("**/frmConCmImpressao*", taken.take)
        await open_cobranca(page, portal)
        await emit(page)
        await asyncio.wait_for(taken.arrived.wait(), 8)
        assert len(taken.bodies) == 1
        assert [e["cpf"] for e in portal.emitidos] == [ANA]
        assert portal.log.count("adulterado") == 0


@pytest.mark.parametrize(("segundos", "recargas"), [(0.1, 40), (0.6, 40)])
async def test_the_window_closes_itself(contexto: BrowserContext, segundos: float, recargas: int) -> None:
    knobs = {"emissao": {"janela_fecha_s": segundos, "recargas": recargas}}
    async with Simulador(make_cenario(knobs)) as portal:
        page = await contexto.new_page()
        await open_cobranca(page, portal)
        began = time.monotonic()
        async with page.expect_popup() as opened:
            await emit(page)
        popup = await opened.value
        if not popup.is_closed():
            await popup.wait_for_event("close")
        assert time.monotonic() - began > segundos
        assert portal.emitidos == [], "whoever was still waiting for the PDF lost it"


async def test_dialogs_must_be_answered_and_a_refused_confirm_stops(contexto: BrowserContext) -> None:
    knobs = {"emissao": {"confirmacao": "Emitir?", "alerta": "Existem parcelas em atraso."}, "busca": {"alerta": "Oi"}}
    async with Simulador(make_cenario(knobs)) as portal:
        page, heard = await contexto.new_page(), list[str]()
        taken = Captura()
        await contexto.route("**/frmConCmImpressao*", taken.take)

        async def answer(dialog: Dialog) -> None:
            heard.append(dialog.message)
            await (dialog.dismiss() if heard.count("Emitir?") == 1 and dialog.type == "confirm" else dialog.accept())

        page.on("dialog", answer)
        await open_cobranca(page, portal)
        await emit(page)
        assert portal.registro[-1]["pagina"] == "cobranca", "the refused confirm posted nothing"
        await page.click(f"{C}btnEmitir")
        await asyncio.wait_for(taken.arrived.wait(), 8)
        assert heard == ["Oi", "Emitir?", "Emitir?", "Existem parcelas em atraso."]


async def test_typing_before_the_criterions_postback_is_lost(contexto: BrowserContext) -> None:
    async with Simulador(make_cenario({"busca": {"criterio_atraso_ms": 400}})) as portal:
        page = await contexto.new_page()
        await page.goto(portal.origem + "/")
        await page.fill("#edtUsuario", "0000017308")
        await page.fill("#edtSenha", "segredo")
        await page.click("#btnLogin")
        await page.wait_for_selector("#ctl00_img_Atendimento")
        await page.goto(f"{portal.url}/CONAT/frmBuscaCota.aspx")
        async with page.expect_navigation():
            await page.select_option(f"{C}cbxCriterioBusca", "F")
            await page.fill(f"{C}edtContextoBusca", ANA_F)
        assert await page.input_value(f"{C}edtContextoBusca") == ""


async def test_the_report_viewer_hands_over_a_download(contexto: BrowserContext) -> None:
    async with Simulador(make_cenario({"emissao": {"entrega": "stimulsoft"}})) as portal:
        page = await contexto.new_page()
        await open_cobranca(page, portal)
        async with page.expect_popup() as opened:
            await emit(page)
        viewer = await opened.value
        await viewer.select_option("[id$=StiWebRelatorio_SaveTypeList]", label="Adobe PDF File...")
        async with viewer.expect_download() as saved:
            await viewer.click("[id$=StiWebRelatorio_Save]")
        assert (await saved.value).suggested_filename == "Cobranca.pdf"
