"""Every way the login page says no, and the few in which it says yes."""

import aiohttp
import pytest

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA_F, make_cenario
from tests.simulator.tests.visitor import Visitante

TITULO = "<title>Login - Newcon</title>"


@pytest.mark.parametrize(
    ("usuario", "senha"), [("17308", "segredo"), ("0000017308", "errada"), ("0000099999", "segredo"), ("", "")]
)
async def test_a_wrong_login_is_a_200_on_the_same_page(usuario: str, senha: str) -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        page = await v.login(usuario, senha)
        assert (page.status, page.nome) == (200, "frmCorCcCnsLogin.aspx")
        assert TITULO in page.html
        assert '<span id="lblMensagemErro" class="errmsg">Usuário ou senha inválida</span>' in page.html
        assert portal.log.count("login.recusado") == 1
        assert (await v.get("frmMain.aspx")).nome == "frmCorCcCnsLogin.aspx"


async def test_an_installation_may_know_the_user_without_zeros() -> None:
    async with Simulador(make_cenario({"login": {"completar_zeros": False}})) as portal, Visitante(portal) as v:
        assert (await v.login("0000017308")).nome == "frmCorCcCnsLogin.aspx"
        assert (await v.login("17308")).nome == "frmMain.aspx"


@pytest.mark.parametrize(
    ("onde", "escrito"),
    [
        ("lblMensagemErro", 'id="lblMensagemErro"'),
        ("lblMensagem", 'id="lblMensagem"'),
        ("errmsg", '<div class="errmsg">'),
        ("alert", "alert('Recusa desconhecida.')"),
        ("solta", "<p>Recusa desconhecida.</p>"),
    ],
)
async def test_the_refusal_stands_in_one_of_several_spots(onde: str, escrito: str) -> None:
    knobs = {"login": {"mensagem_em": onde, "mensagem": "Recusa desconhecida."}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        page = await v.login(senha="errada")
        assert escrito in page.html
        assert page.html.count("Recusa desconhecida.") == 1


@pytest.mark.parametrize("botao", ["submit", "link"])
async def test_the_login_button_may_be_another_kind_of_control(botao: str) -> None:
    async with Simulador(make_cenario({"login": {"botao": botao}})) as portal, Visitante(portal) as v:
        await v.get("frmCorCcCnsLogin.aspx")
        typed = {"edtUsuario": "0000017308", "edtSenha": "segredo"}
        await (v.post(botao="btnLogin", muda=typed) if botao == "submit" else v.post("btnLogin", muda=typed))
        assert v.pagina.nome == "frmMain.aspx"


async def test_too_many_wrong_passwords_block_the_user_for_good() -> None:
    knobs = {"login": {"bloquear_apos": 2, "mensagem_bloqueado": "Usuário bloqueado."}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login(senha="errada")
        await v.login(senha="errada")
        assert "Usuário bloqueado." in (await v.login()).html
        assert portal.sessoes()["desconhecido" if "desconhecido" in portal.sessoes() else "17308"]["recusas"] == 3


@pytest.mark.parametrize("knobs", [{"captcha": "sempre"}, {"captcha_apos": 1}])
async def test_the_captcha_comes_after_an_attempt_never_on_the_first_page(knobs: dict[str, object]) -> None:
    async with Simulador(make_cenario({"login": knobs})) as portal, Visitante(portal) as v:
        assert "caracteres de segurança" not in (await v.get("frmCorCcCnsLogin.aspx")).html
        await v.login(senha="errada")
        page = await v.login()
        assert "Confirme os caracteres de segurança" in page.html
        assert TITULO in page.html
        assert portal.log.count("login.ok") == 0


@pytest.mark.parametrize(
    ("situacao", "marca"),
    [
        ("bloqueada", "Usuário bloqueado"),
        ("trocar_senha", "Alteração de senha"),
        ("termos", "Termo de uso"),
        ("token", 'id="edtToken"'),
        ("sso", 'id="i0116"'),
    ],
)
async def test_a_right_password_may_still_lead_nowhere(situacao: str, marca: str) -> None:
    async with Simulador(make_cenario(credencial={"situacao": situacao})) as portal, Visitante(portal) as v:
        assert marca in (await v.login()).html
        assert (await v.get("frmMain.aspx")).nome == "frmCorCcCnsLogin.aspx"
        assert portal.log.count("login.ok") == 0


async def test_the_unit_picker_is_passed_by_choosing() -> None:
    async with Simulador(make_cenario(credencial={"situacao": "unidade"})) as portal, Visitante(portal) as v:
        await v.login()
        assert "rptUnidadeNegocio_ctl00_txt_CD_Unidade_Negocio" in v.pagina.html
        await v.post("rptUnidadeNegocio$ctl01$txt_CD_Unidade_Negocio")
        assert v.pagina.nome == "frmMain.aspx"


async def test_one_spelling_of_the_login_page_may_be_dead() -> None:
    knobs = {"login": {"resetar": ["frmCorCCCnsLogin.aspx"], "raiz_para": "frmCorCCCnsLogin.aspx"}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        with pytest.raises(aiohttp.ClientError):
            await v.get(portal.origem + "/")
        assert (await v.login()).nome == "frmMain.aspx"


async def test_a_form_posts_back_to_the_spelling_that_was_asked_for() -> None:
    knobs = {"login": {"resetar": ["frmCorCcCnsLogin.aspx"]}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.get("frmCorCCCnsLogin.aspx")
        page = await v.post("btnLogin", muda={"edtUsuario": "0000017308", "edtSenha": "segredo"})
        assert page.nome == "frmMain.aspx"


async def test_logout_ends_the_session() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("frmMain.aspx")
        assert (await v.post("ctl00$lnkLogout")).nome == "frmCorCcCnsLogin.aspx"
        assert (await v.get("frmMain.aspx")).nome == "frmCorCcCnsLogin.aspx"


async def test_a_credential_may_hold_several_sessions() -> None:
    cenario = make_cenario(credencial={"max_sessoes": 2})
    async with Simulador(cenario) as portal, Visitante(portal) as a, Visitante(portal) as b, Visitante(portal) as c:
        for v in (a, b, c):
            await v.login()
        assert [(await v.get("frmMain.aspx")).nome for v in (a, b, c)] == [
            "frmCorCcCnsLogin.aspx", "frmMain.aspx", "frmMain.aspx",
        ]  # fmt: skip


async def test_deep_links_of_an_old_session_lead_to_the_login() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        old = v.portal.url + "/CONAT/" + (await v.open_cliente(ANA_F)).form().action
        await v.login()
        assert (await v.get(old)).nome == "frmCorCcCnsLogin.aspx"
        assert (await v.get("CONAT/frmConAtCnsAtendimento.aspx")).nome == "frmConAtCnsAtendimento.aspx"
