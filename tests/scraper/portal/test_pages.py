"""Reading pages from their HTML: controls by id, end of id and text; messages; the two grids."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from services.scraper.portal.errors import Falha, LoginParado, PortalBloqueado, SessaoPerdida
from services.scraper.portal.grids import parse_data, parse_dinheiro, read_clientes, read_parcelas
from services.scraper.portal.pages import Pagina
from services.scraper.portal.profile import Alvo, load_perfil
from services.scraper.portal.recognition import check_captcha, check_pagina, explain_login, is_inside
from shared.contrato import Cota

PERFIL = load_perfil("canopus")
LOGIN = """<title>Login - Newcon</title><form><input type="hidden" name="hdnTokenRecaptcha">
<input id="edtUsuario" name="edtUsuario"><input id="edtSenha" name="edtSenha" type="password">
<input type="button" id="btnLogin" value="Entrar"><p>Após 3 erros o usuário será bloqueado.</p>{}</form>"""


def page(html: str, url: str = "http://x/WWW/frmCorCcCnsLogin.aspx", status: int = 200, *alertas: str) -> Pagina:
    return Pagina(url, status, html, alertas)


def test_a_control_is_found_by_id_by_its_end_and_by_what_it_says() -> None:
    alvo = Alvo(id="ctl00_Conteudo_btnEmitir", textos=("Emitir Cobrança",))
    assert alvo.sufixo == "btnEmitir"
    for html in (
        '<input type="button" id="ctl00_Conteudo_btnEmitir" value="x">',
        '<input type="button" id="ctl00_Outro_btnEmitir" value="x">',
        '<input type="submit" id="novo" value="EMITIR COBRANCA">',
        '<a href="#"><img alt="Emitir cobrança"></a>',
        "<button title='Emitir Cobrança (F9)'></button>",
    ):
        assert page(html).find(alvo) is not None, html
    for html in ('<input id="xbtnEmitir">', "<span>Emitir Cobrança</span>", '<input value="Emitir Cobrança">'):
        assert page(html).find(alvo) is None, html


def test_a_menu_entry_goes_by_its_text_whatever_its_number() -> None:
    menu = "".join(
        f'<a id="ctl00_Conteudo_Menu_CONAT_grdMenu_CONAT_ctl{n:02d}_hlkFormulario" href="f{n}.aspx">{texto}</a>'
        for n, texto in ((5, "Extrato"), (10, "Emissão de Cobrança"))
    )
    achado = page(menu).find(PERFIL.controles.cobranca, text_first=True)
    assert achado is not None and achado.destino == "f10.aspx" and not achado.posts


def test_messages_leave_out_what_does_not_show() -> None:
    html = """<span id="lblMensagem" class="errmsg">Senha  inválida</span>
    <span class="errmsg" style="display: none">Informe o usuário</span><span id="lblErro"></span>
    <input id="edtErro" value="x">"""
    assert page(html, "", 200, "Atenção!").messages(PERFIL.rotulos.mensagens) == ["Senha inválida", "Atenção!"]


def test_a_message_hidden_with_what_it_stands_in_gives_way_to_the_one_that_shows() -> None:
    html = """<div style="display: none"><span id="modelo_lblMensagem">Nenhum registro</span></div>
    <span id="ctl00_Conteudo_lblMensagem">Informe o CPF</span>"""
    assert page(html).messages(("lblMensagem",)) == ["Informe o CPF"]


def test_what_its_own_style_hides_is_not_what_a_person_reads() -> None:
    html = "<p>Busca <b style='display:none'>Nenhum <i style='visibility:hidden'>registro</i></b></p>"
    assert page(html).texto == "Busca"


def test_the_first_option_is_selected_where_none_is_marked() -> None:
    html = '<select id="ctl00_Conteudo_cbxCriterioBusca"><option value="N">Nome</option><option>CPF</option></select>'
    assert page(html).options(PERFIL.controles.criterio) == [("N", "Nome", True), ("CPF", "CPF", False)]


def link(n: int, nome: str, texto: str) -> str:
    return f"<td><a id='ctl00_Conteudo_grdBuscaAvancada_ctl{n:02d}_{nome}' href='javascript:x'>{texto}</a></td>"


def test_the_result_grid_is_read_row_by_row_with_its_empty_one() -> None:
    linhas = "".join(
        "<tr>"
        + link(n, "lnkGrupoCota", cota)
        + link(n, "lnkID_Documento", "123")
        + link(n, "lnkNM_Pessoa", "ANA")
        + link(n, "lnkCD_Situacao_Cobranca", situacao)
        + "</tr>"
        for n, cota, situacao in ((2, "&nbsp;", ""), (3, "006650/2278-00", "NOR"), (4, "006650 2278 01", "CAN"))
    )
    tabela = f"<table id='ctl00_Conteudo_grdBuscaAvancada'><tr><th>Grupo/Cota</th></tr>{linhas}</table>"
    vazia, primeira, segunda = read_clientes(page(tabela), PERFIL) or []
    assert vazia.cota is None
    assert (primeira.cota, primeira.versao, primeira.situacao) == (Cota(6650, 2278), 0, "NOR")
    assert (segunda.versao, segunda.situacao, segunda.contrato) == (1, "CAN", "123")
    assert primeira.link is not None and primeira.link.id.endswith("ctl03_lnkGrupoCota")


def test_a_row_is_opened_by_whichever_of_its_cells_is_a_link() -> None:
    cota = "<td><span id='x_grdBuscaAvancada_ctl02_lnkGrupoCota'>006650/2278-00</span></td>"
    linha = cota + "<td><span id='x_ctl02_lnkNM_Pessoa'>ANA</span></td>" + link(2, "lnkID_Documento", "123")
    (lida,) = read_clientes(page(f"<table id='x_grdBuscaAvancada'><tr>{linha}</tr></table>"), PERFIL) or []
    assert lida.cota == Cota(6650, 2278) and lida.link is not None and lida.link.id.endswith("lnkID_Documento")


def test_a_grid_that_is_missing_is_not_an_empty_one() -> None:
    vazia = "<table id='ctl00_Conteudo_grdBuscaAvancada'><tr><td>Nenhum registro</td></tr></table>"
    assert read_clientes(page(vazia), PERFIL) == []
    assert read_clientes(page("<p></p>"), PERFIL) is None
    assert read_parcelas(page("<p></p>"), PERFIL) is None


def celula(texto: str) -> str:
    return f"<td>{texto}</td>"


@pytest.mark.parametrize("swapped", [False, True])
def test_instalments_are_read_by_the_headers_words(swapped: bool) -> None:
    imagem = "<input type='image' id='g_ctl02_imgEmite_Boleto' name='g$ctl02$imgEmite_Boleto' src='../i/ckChecked.gif'>"
    nomes = ["", "Cota", "Pcl", "Histórico", "Vencimento", "Valor", "Multa", "Juros", "Vl. devido", "Vl. receber"]
    dados = [
        imagem,
        "006650/2278-00",
        "012",
        "RECBTO. PARCELA",
        "10/12/2026",
        "1,00",
        "2,00",
        "3,00",
        "4,00",
        "1.234,56",
    ]
    if swapped:
        nomes[8], nomes[9], dados[8], dados[9] = nomes[9], nomes[8], dados[9], dados[8]
    html = f"""<table id="ctl00_Conteudo_grdBoleto_Avulso"><tr>{"".join(f"<th>{n}</th>" for n in nomes)}</tr>
    <tr>{"".join(map(celula, dados))}</tr><tr><td colspan=10>Total</td></tr></table>"""
    (parcela,) = read_parcelas(page(html), PERFIL) or []
    assert (parcela.cota, parcela.numero, parcela.receber) == (Cota(6650, 2278), "012", Decimal("1234.56"))
    assert parcela.vencimento == date(2026, 12, 10)
    assert parcela.marcada and parcela.is_emitivel


IMAGEM = "<input type='image' id='g_ctl02_imgEmite_Boleto' src='ckUnchecked.gif'>"
LINHA = [IMAGEM, "006650/2278-00", "012", "RECBTO PARCELA", "10/12/2026", "9,00", "0,00", "0,00", "9,00", "1.234,56"]


@pytest.mark.parametrize(
    "cabecalho",
    [
        "<th colspan=2>Cota</th><th>Pcl</th><th>Histórico</th><th>Vencimento</th><th>Valor</th><th>Multa</th>"
        "<th>Juros</th><th>Vl. devido</th><th>Vl. receber</th>",
        "<th>Cota</th><th>Pcl</th><th>Histórico</th><th>Vencimento</th><th>Vl. receber</th>",
    ],
)
def test_a_header_that_does_not_stand_over_the_cells_does_not_mislead(cabecalho: str) -> None:
    html = f"""<table id="ctl00_Conteudo_grdBoleto_Avulso"><thead><tr>{cabecalho}</tr></thead>
    <tr>{"".join(map(celula, LINHA))}</tr></table>"""
    (parcela,) = read_parcelas(page(html), PERFIL) or []
    assert (parcela.cota, parcela.historico) == (Cota(6650, 2278), "RECBTO PARCELA")
    assert (parcela.vencimento, parcela.receber) == (date(2026, 12, 10), Decimal("1234.56"))


def test_latin_pages_read_the_same() -> None:
    html = "<span class='errmsg'>Usuário ou senha inválida</span>".encode("iso-8859-1").decode("iso-8859-1")
    assert page(html).messages(()) == ["Usuário ou senha inválida"]


def test_dates_and_amounts_are_read_as_they_are_printed() -> None:
    assert parse_data("até 31/02/2026 ou 01/03/2026") == date(2026, 3, 1)
    assert parse_dinheiro("R$ 1.234.567,89") == Decimal("1234567.89")
    assert parse_dinheiro("0,37") == Decimal("0.37")
    assert parse_dinheiro("12/2026") is None


@pytest.mark.parametrize(
    ("html", "status", "tipo", "codigo"),
    [
        (LOGIN.format(""), 200, SessaoPerdida, "sessao.expirada"),
        (
            LOGIN.format("<span class=errmsg>Usuário já conectado em outro computador</span>"),
            200,
            SessaoPerdida,
            "sessao.derrubada",
        ),
        (
            LOGIN.format("<b>Sua sessão foi encerrada: acesso em outro computador.</b>"),
            200,
            SessaoPerdida,
            "sessao.derrubada",
        ),
        ("<p>Sua sessão expirou. <a href=x>Entrar</a></p>", 200, SessaoPerdida, "sessao.expirada"),
        ("<title>Página não acessível</title>", 200, PortalBloqueado, "portal.bloqueado"),
        ("<p>Violation Category: APPFW_SIGNATURE_MATCH</p>", 403, PortalBloqueado, "portal.bloqueado"),
        ("<h1>Service Unavailable</h1>", 503, Falha, "portal.fora_do_ar.http_5xx"),
        ("<h1>Server Error in '/WWW' Application.</h1>", 200, Falha, "portal.fora_do_ar.http_5xx"),
    ],
)
def test_a_page_that_is_no_way_on_is_named(html: str, status: int, tipo: type[Falha], codigo: str) -> None:
    with pytest.raises(tipo) as erro:
        check_pagina(page(html, status=status), PERFIL)
    assert erro.value.codigo == codigo


def test_a_block_page_is_known_by_what_shows_though_something_hidden_parts_its_words() -> None:
    oculto = '<b style="display:none">x</b><script>var y;</script>'
    with pytest.raises(PortalBloqueado):
        check_pagina(page(f"<p>P&aacute;gina {oculto} n&atilde;o <i>acessível</i>"), PERFIL)
    interna = f'<input id="__VIEWSTATE"><p>Página inicial {oculto}<i style="display:none">não acessível</i>'
    check_pagina(page(interna), PERFIL)


def test_a_page_of_the_portal_may_hold_words_of_an_ended_session_ready() -> None:
    check_pagina(page("<input type=hidden name=__VSTATE><div>Sua sessão expirou</div>"), PERFIL)


def test_only_proof_counts_as_being_inside() -> None:
    """The former system took any page whose address has no `login` for a success: a block page too."""
    assert not is_inside(page("<p>Página Inicial Logout</p>", "http://x/WWW/frmErro.aspx"), PERFIL)
    assert not is_inside(page("<p>Main</p>", "http://x/WWW/frmMain.aspx"), PERFIL)
    assert not is_inside(page(LOGIN.format("<p>Página Inicial Logout</p>"), "http://x/WWW/frmMain.aspx"), PERFIL)
    assert is_inside(page("<p>Página Inicial</p><a>Logout</a>", "http://x/WWW/frmMain.aspx"), PERFIL)
    assert is_inside(page('<input type="image" id="ctl00_img_Atendimento">', "http://x/WWW/outra.aspx"), PERFIL)


@pytest.mark.parametrize(
    ("mensagem", "codigo"),
    [
        ("Usuário ou senha inválida", "login.recusado"),
        ("Ocorreu o erro 4711", "login.recusado"),
        ("", "login.recusado"),
        ("Usuário bloqueado", "login.bloqueado"),
        ("Senha inválida. Após 3 tentativas o usuário será bloqueado.", "login.recusado"),
        ("Sua senha expirou", "login.acao_necessaria.trocar_senha"),
        ("Informe o código de acesso enviado por e-mail", "login.acao_necessaria.token"),
        ("Leia os Termos de Uso", "login.acao_necessaria.termos"),
    ],
)
def test_a_message_after_the_login_is_read_and_the_pages_standing_text_is_not(mensagem: str, codigo: str) -> None:
    depois = page(LOGIN.format(f"<span id=lblMensagem>{mensagem}</span>"))
    falha = explain_login(depois, page(LOGIN.format("")), PERFIL)
    assert isinstance(falha, LoginParado) and falha.codigo == codigo


def test_a_message_that_stood_there_before_the_login_explains_nothing() -> None:
    aviso = "<div class=errmsg>Usuário bloqueado? Ligue para o suporte.</div>"
    falha = explain_login(page(LOGIN.format(aviso)), page(LOGIN.format(aviso)), PERFIL)
    assert falha.codigo == "login.recusado"


def test_a_login_page_that_came_by_the_home_page_is_no_refusal() -> None:
    """Two sessions where one is allowed: the other's login comes between the answer and the home page."""
    depois = Pagina("http://x/WWW/frmCorCcCnsLogin.aspx", 200, LOGIN.format(""), (), ("http://x/WWW/frmMain.aspx",))
    falha = explain_login(depois, page(LOGIN.format("")), PERFIL)
    assert isinstance(falha, SessaoPerdida) and falha.codigo == "sessao.derrubada"


def test_security_characters_stop_everything_even_before_a_login() -> None:
    with pytest.raises(LoginParado, match="captcha"):
        check_captcha(page(LOGIN.format("<p>Confirme os caracteres de segurança</p>")), PERFIL)
    with pytest.raises(LoginParado, match="captcha"):
        check_captcha(page(LOGIN.format(""), "http://x/", 200, "Confirme os caracteres de segurança"), PERFIL)
    check_captcha(page(LOGIN.format("<small>Protegido por reCAPTCHA</small>")), PERFIL)
