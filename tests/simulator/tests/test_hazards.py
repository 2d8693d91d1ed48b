"""The hazards are real: a client that is not careful is punished here as it is on the portal."""

import asyncio

import aiohttp
import pytest

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA, ANA_F, BIA, BIA_F, make_cenario
from tests.simulator.tests.visitor import Formulario, P, Visitante


def share_cookies(v: Visitante, portal: Simulador) -> Visitante:
    """A second tab of the same browser."""
    tab = Visitante(portal)
    tab.http.cookie_jar.update_cookies({c.key: c.value for c in v.http.cookie_jar}, response_url=v.pagina.url)
    return tab


async def test_two_tabs_on_one_session_swap_boletos() -> None:
    """Both tabs did everything right, each for its own client; the first one receives the second's boleto."""
    async with Simulador(make_cenario()) as portal, Visitante(portal) as first:
        await first.login()
        async with share_cookies(first, portal) as second:
            await first.open_cliente(ANA_F)
            await second.open_cliente(BIA_F)
            await first.open_cobranca()
            pdf = await first.fetch_pdf(await first.emit())
            assert pdf.corpo.startswith(b"%PDF")
            assert portal.emitidos[0]["cpf"] == BIA, "the tab that opened ANA was given BEATRIZ"


async def test_two_tabs_that_emit_at_once_print_the_last_report() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as first:
        await first.login()
        async with share_cookies(first, portal) as second:
            await first.open_cliente(ANA_F)
            await first.open_cobranca()
            mine = await first.emit()
            await second.open_cliente(BIA_F)
            await second.open_cobranca()
            await second.emit()
            await first.fetch_pdf(mine)
            assert portal.emitidos[0]["cpf"] == BIA


async def test_a_report_kept_by_key_is_not_swapped() -> None:
    cenario = make_cenario({"emissao": {"relatorio_na_sessao": False}})
    async with Simulador(cenario) as portal, Visitante(portal) as first:
        await first.login()
        async with share_cookies(first, portal) as second:
            await first.open_cliente(ANA_F)
            await first.open_cobranca()
            mine = await first.emit()
            await second.open_cliente(BIA_F)
            await second.open_cobranca()
            await second.emit()
            await first.fetch_pdf(mine)
            assert portal.emitidos[0]["cpf"] == ANA


async def test_separate_sessions_do_not_swap() -> None:
    async with (
        Simulador(make_cenario(credencial={"max_sessoes": 2})) as portal,
        Visitante(portal) as first,
        Visitante(portal) as second,
    ):
        await first.login()
        await second.login()
        await first.open_cliente(ANA_F)
        await second.open_cliente(BIA_F)
        await first.open_cobranca()
        await first.fetch_pdf(await first.emit())
        assert portal.emitidos[0]["cpf"] == ANA
        assert portal.sessoes()["17308"]["paralelas"] == 2


async def list_controls(portal: Simulador) -> list[str]:
    async with Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        form: Formulario = (await v.open_cobranca()).form()
        return [name for name, _ in form.campos]


async def test_every_control_of_the_billing_page_must_be_echoed() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        names = await list_controls(portal)
        assert {"__VSTATE", "__VSIG", "as_fid", f"{P}hid_SN_Mesma_Conta_Debito", "__VIEWSTATEENCRYPTED"} <= set(names)
        assert len(names) == 22
        await v.login()
        await v.open_cliente(ANA_F)
        for name in names:
            page = await v.open_cobranca()
            await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto", em=page, sem=name)
            assert "ckChecked" not in v.pagina.html, f"without {name}"
            assert v.pagina.status == 500 or "Página não acessível" in v.pagina.html


@pytest.mark.parametrize("campo", ["__VSTATE", "__VSIG", "__EVENTVALIDATION", "__VIEWSTATEGENERATOR"])
@pytest.mark.parametrize("como", ["500", "reset", "waf"])
async def test_a_changed_state_field_is_refused(campo: str, como: str) -> None:
    async with Simulador(make_cenario({"sessao": {"adulteracao": como}})) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("frmMain.aspx")
        if como == "reset":
            with pytest.raises(aiohttp.ClientError):
                await v.post(imagem="ctl00$img_Atendimento", muda={campo: "x"})
            return
        await v.post(imagem="ctl00$img_Atendimento", muda={campo: "x"})
        assert v.pagina.status == 500 if como == "500" else "APPFW_SIGNATURE_MATCH" in v.pagina.html


async def test_as_fid_belongs_to_the_firewall() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("frmMain.aspx")
        await v.post(imagem="ctl00$img_Atendimento", muda={"as_fid": ""})
        assert "Violation Category:" in v.pagina.html


async def test_a_state_that_travels_in_viewstate_is_checked_as_well() -> None:
    async with Simulador(make_cenario({"sessao": {"formato": "viewstate"}})) as portal, Visitante(portal) as v:
        await v.login()
        assert 'name="__VSTATE"' not in (await v.get("frmMain.aspx")).html
        assert (await v.post(imagem="ctl00$img_Atendimento", muda={"__VIEWSTATE": ""})).status == 500
        assert (await v.download(ANA_F)).corpo.startswith(b"%PDF")


async def test_posting_the_same_page_twice_is_stale() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        page = await v.open_cobranca()
        row = f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto"
        assert (await v.post(imagem=row, em=page)).status == 200
        assert (await v.post(imagem=row, em=page)).status == 500


async def test_a_post_that_led_elsewhere_cannot_be_sent_again() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        page = await v.search(ANA_F)
        link = f"{P}grdBuscaAvancada$ctl03$lnkGrupoCota"
        assert (await v.post(link, em=page)).nome == "frmConAtCnsAtendimento.aspx"
        assert (await v.post(link, em=page)).status == 500


async def test_an_older_render_is_stale_unless_more_are_kept() -> None:
    for kept, status in ((1, 500), (3, 200)):
        cenario = make_cenario({"sessao": {"viewstates_validos": kept}})
        async with Simulador(cenario) as portal, Visitante(portal) as v:
            await v.login()
            await v.open_cliente(ANA_F)
            old = await v.open_cobranca()
            await v.open_cobranca()
            assert (await v.post(botao=f"{P}btnLocalizar", em=old)).status == status


async def test_an_event_target_written_as_an_id_is_refused() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.search(ANA_F)
        assert (await v.post("ctl00_Conteudo_grdBuscaAvancada_ctl03_lnkGrupoCota")).status == 500


async def test_another_session_cannot_use_a_form_or_a_print_key() -> None:
    cenario = make_cenario(credencial={"max_sessoes": 2})
    async with Simulador(cenario) as portal, Visitante(portal) as v, Visitante(portal) as thief:
        await v.login()
        await thief.login()
        page = await v.get("frmMain.aspx")
        assert (await thief.post(imagem="ctl00$img_Atendimento", em=page)).status == 500
        await v.open_cliente(ANA_F)
        await v.open_cobranca()
        assert (await thief.get(await v.emit())).status == 500


async def test_a_second_login_kicks_the_first_out() -> None:
    cenario = make_cenario({"login": {"mensagem_derrubada": "Sessão encerrada por outro acesso."}})
    async with Simulador(cenario) as portal, Visitante(portal) as first, Visitante(portal) as second:
        await first.login()
        await first.get("frmMain.aspx")
        await second.login()
        assert (await second.get("frmMain.aspx")).nome == "frmMain.aspx"
        page = await first.get("CONCO/frmConCoRelBoletoAvulso.aspx")
        assert page.nome == "frmCorCcCnsLogin.aspx"
        assert "Sessão encerrada por outro acesso." in page.html
        assert portal.sessoes()["17308"] | {"segundos": 0} == {
            "logins": 2, "recusas": 0, "sessoes": 2, "paralelas": 1, "derrubadas": 1, "segundos": 0,
        }  # fmt: skip


async def test_posts_too_close_together_are_punished_for_a_while() -> None:
    cenario = make_cenario({"ritmo": {"minimo_ms": 120, "castigo_s": 2.0}})
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        await v.login()
        await asyncio.sleep(0.15)
        await v.get("frmMain.aspx")
        assert (await v.post(imagem="ctl00$img_Atendimento")).status == 200
        assert (await v.post(botao=f"{P}btnBuscaAvancada")).status == 500
        await v.get("frmMain.aspx")
        await asyncio.sleep(0.15)
        assert (await v.post(imagem="ctl00$img_Atendimento")).status == 500, "still punished"
        await v.get("frmMain.aspx")
        await asyncio.sleep(2.1)
        assert (await v.post(imagem="ctl00$img_Atendimento")).status == 200


async def test_what_the_page_posts_by_itself_is_never_too_fast() -> None:
    async with Simulador(make_cenario({"ritmo": {"minimo_ms": 60}})) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cobranca()
        portal.turn(ritmo={"minimo_ms": 0})
        await v.open_cliente(ANA_F)
        await v.open_cobranca()
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        portal.turn(ritmo={"minimo_ms": 60})
        await asyncio.sleep(0.08)
        assert (await v.post(f"{P}btnEmitir")).status == 200
        portal.turn(ritmo={"minimo_ms": 60_000})
        assert (await v.post(f"{P}btnVerificaPopUp")).status == 200
        assert (await v.post(f"{P}btnEmitir")).status == 500


async def test_an_exclusive_session_answers_one_request_at_a_time() -> None:
    for exclusive in (False, True):
        cenario = make_cenario({"sessao": {"exclusiva": exclusive}, "latencia": {"inicio": 300}})
        async with Simulador(cenario) as portal, Visitante(portal) as v:
            await v.login()
            async with share_cookies(v, portal) as tab:
                await asyncio.gather(v.get("frmMain.aspx"), tab.get("frmMain.aspx"))
        slowest = max(e["ms"] for e in portal.registro[-2:])
        assert (slowest > 590) is exclusive


async def test_no_password_and_no_full_cpf_enter_the_log() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login(senha="quase-segredo")
        await v.login()
        await v.download(ANA_F)
        written = repr(portal.registro)
        assert "segredo" not in written
        assert ANA not in written
        assert ANA_F not in written
        assert "***.982.247-**" in written
