"""The knobs of search, menu and looks."""

from typing import Any

import pytest

from tests.simulator.server import Simulador
from tests.simulator.tests.scenes import ANA_F, make_cenario, make_cota
from tests.simulator.tests.visitor import P, Visitante

NOBODY = "153.509.460-56"


@pytest.mark.parametrize(
    ("como", "marca", "grade"),
    [
        ("mensagem", '<span class="errmsg" id="ctl00_Conteudo_lblMensagem">Nada aqui.</span>', False),
        ("grade_vazia", 'id="ctl00_Conteudo_grdBuscaAvancada"', True),
        ("alerta", "alert('Nada aqui.')", False),
        ("nada", "btnBuscar", False),
    ],
)
async def test_nobody_found_shows_in_several_ways(como: str, marca: str, grade: bool) -> None:
    knobs = {"busca": {"sem_resultado": como, "mensagem": "Nada aqui."}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        html = (await v.search(NOBODY)).html
        assert marca in html
        assert ("grdBuscaAvancada" in html) is grade
        assert "lnkGrupoCota" not in html


async def test_a_document_without_its_mask_is_refused_unless_the_installation_takes_it() -> None:
    for strict in (True, False):
        knobs = {"busca": {"exige_mascara": strict, "mensagem_mascara": "CPF inválido."}}
        async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
            await v.login()
            html = (await v.search("52998224725")).html
            assert ("CPF inválido." in html) is strict
            assert ("006650/2278-00" in html) is not strict


async def test_a_search_before_the_criterions_postback_only_redraws() -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("CONAT/frmBuscaCota.aspx")
        await v.post(botao=f"{P}btnBuscar", cbxCriterioBusca="F", edtContextoBusca=ANA_F)
        assert "grdBuscaAvancada" not in v.pagina.html
        assert 'value="F" selected="selected"' in v.pagina.html
        assert ANA_F not in v.pagina.html, "what was typed too early is gone"
        assert "006650/2278-00" in (await v.post(botao=f"{P}btnBuscar", edtContextoBusca=ANA_F)).html


@pytest.mark.parametrize(("valor", "texto"), [("C", "998877"), ("N", "ana paula")])
async def test_there_are_other_criteria(valor: str, texto: str) -> None:
    async with Simulador(make_cenario()) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("CONAT/frmBuscaCota.aspx")
        if valor != "N":
            await v.post(f"{P}cbxCriterioBusca", cbxCriterioBusca=valor)
        assert "006650/2278-00" in (await v.post(botao=f"{P}btnBuscar", edtContextoBusca=texto)).html


async def test_a_company_is_found_by_its_own_criterion() -> None:
    cenario = make_cenario({"busca": {"valor_cpf": "1", "valor_cnpj": "2", "valor_contrato": "3"}})
    company = cenario.clientes[0].model_copy(update={"cpf": "12ABC34501DE35"})
    async with Simulador(cenario.model_copy(update={"clientes": (company,)})) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("CONAT/frmBuscaCota.aspx")
        await v.post(f"{P}cbxCriterioBusca", cbxCriterioBusca="2")
        page = await v.post(botao=f"{P}btnBuscar", edtContextoBusca="12.ABC.345/01DE-35")
        assert "006650/2278-00" in page.html
        assert portal.registro[-1]["cliente"] == "**.ABC.345/****-**"


async def test_the_confirmation_button_comes_after_the_click() -> None:
    async with Simulador(make_cenario({"busca": {"confirmar": True}})) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        assert 'value="Confirmar Busca"' in v.pagina.html
        assert (await v.post(botao=f"{P}btnConfirma")).nome == "frmConAtCnsAtendimento.aspx"
        assert "ANA PAULA" in v.pagina.html


async def test_rows_can_come_without_the_empty_one_and_in_another_order() -> None:
    cotas = [make_cota("6650", "1"), make_cota("6650", "2")]
    knobs = {"busca": {"primeira_linha_vazia": False, "ordem": "inversa"}}
    async with Simulador(make_cenario(knobs, cotas=cotas)) as portal, Visitante(portal) as v:
        await v.login()
        html = (await v.search(ANA_F)).html
        assert html.index("006650/0002-00") < html.index("006650/0001-00")
        assert "006650/0002-00" in (await v.post(f"{P}grdBuscaAvancada$ctl02$lnkGrupoCota")).html


async def test_the_search_button_may_post_itself_as_event_target() -> None:
    knobs = {"busca": {"buscar_por_evento": True, "rotulo_cpf": "Pessoa física", "confirmacao": "Buscar?"}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_busca()
        assert ">Pessoa física</option>" in v.pagina.html
        assert "if(!confirm('Buscar?')) return false; __doPostBack(" in v.pagina.html
        await v.post(f"{P}btnBuscar", edtContextoBusca=ANA_F)
        assert "006650/2278-00" in v.pagina.html


async def test_dialogs_and_a_late_criterion_are_scripts_of_the_page() -> None:
    knobs = {"busca": {"alerta": "Atenção.", "confirmacao": "Buscar mesmo?", "criterio_atraso_ms": 700}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        html = (await v.search(ANA_F)).html
        assert "alert('Atenção.');" in html
        assert "return confirm('Buscar mesmo?');" in html
        assert ", 700)" in html


@pytest.mark.parametrize(("como", "pagina"), [("abre", "frmConAtCnsAtendimento"), ("invalida", "frmConAtSrc")])
async def test_a_cancelled_cota_found_by_its_number_has_nothing_to_issue(como: str, pagina: str) -> None:
    cotas = [make_cota("6650", "1", [{"vencimento": "+10d", "valor": "10"}], situacao="CAN")]
    cenario = make_cenario({"busca": {"inativa_por_cota": como}}, cotas=cotas)
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        await v.login()
        await v.get("CONAT/frmConAtSrcConsorciado.aspx")
        await v.post(botao=f"{P}btnLocalizar", edtGrupo="6650", edtCota="1")
        assert v.pagina.nome.startswith(pagina)
        assert "imgEmite_Boleto" not in (await v.open_cobranca()).html


async def test_the_header_may_write_the_cota_with_spaces() -> None:
    knobs = {"busca": {"cabecalho": "espacos"}, "menu": {"alerta": "Cliente com pendências."}}
    async with Simulador(make_cenario(knobs)) as portal, Visitante(portal) as v:
        await v.login()
        assert ">006650 2278 00</a>" in (await v.search(ANA_F)).html
        assert ">006650 2278 00 ANA PAULA SOUZA LIMA<" in (await v.open_cliente(ANA_F)).html
        assert "alert('Cliente com pendências.');" in v.pagina.html


@pytest.mark.parametrize(
    ("onde", "marca"),
    [("ctl05", "ctl05_hlkFormulario"), ("ctl10", "ctl10_hlkFormulario"), ("so_texto", "<a href"), ("ausente", "")],
)
async def test_the_billing_entry_moves_about_the_menu(onde: str, marca: str) -> None:
    async with Simulador(make_cenario({"menu": {"cobranca": onde}})) as portal, Visitante(portal) as v:
        await v.login()
        html = (await v.open_cliente(ANA_F)).html
        cells = [cell for cell in html.split("<td>") if "Emissão de Cobrança</a>" in cell]
        assert len(cells) == (1 if marca else 0)
        assert all(marca in cell for cell in cells)
        assert "grdBoleto_Avulso" in (await v.open_cobranca()).html, "the page opens by its URL all the same"


@pytest.mark.parametrize("menu", [{"cobranca": "ausente"}, {"icone": False}])
async def test_without_permission_the_urls_are_closed_too(menu: dict[str, Any]) -> None:
    cenario = make_cenario({"menu": {"acesso_direto": False, **menu}})
    async with Simulador(cenario) as portal, Visitante(portal) as v:
        page = await v.login()
        assert ('id="ctl00_img_Atendimento"' in page.html) is ("icone" not in menu)
        assert "sem permissão" in (await v.open_cobranca()).html


async def test_controls_may_have_another_prefix_and_other_rows() -> None:
    look = {"aparencia": {"prefixo": "ctl00_Corpo", "primeira_linha": 4}}
    async with Simulador(make_cenario(look)) as portal, Visitante(portal) as v:
        await v.login()
        page = await v.get("CONAT/frmBuscaCota.aspx")
        assert "ctl00_Conteudo" not in page.html
        assert "ctl00$Conteudo" not in page.html
        q = "ctl00$Corpo$"
        await v.post(f"{q}cbxCriterioBusca", muda={f"{q}cbxCriterioBusca": "F"})
        await v.post(botao=f"{q}btnBuscar", muda={f"{q}edtContextoBusca": ANA_F})
        await v.post(f"{q}grdBuscaAvancada$ctl05$lnkGrupoCota")
        assert 'id="ctl00_Corpo_lblCD_Cota">006650/2278-00 ANA' in v.pagina.html
        await v.open_cobranca()
        await v.post(imagem=f"{q}grdBoleto_Avulso$ctl04$imgEmite_Boleto")
        assert "ckChecked" in v.pagina.html


async def test_a_layout_change_breaks_a_selector_for_one_client_alone() -> None:
    look = {"aparencia": {"trocar_ids": {"btnEmitir": "cmdX"}, "trocar_textos": {"Emitir Cobrança": "Prosseguir"}}}
    async with Simulador(make_cenario(ana=look)) as portal, Visitante(portal) as v:
        await v.login()
        await v.open_cliente(ANA_F)
        html = (await v.open_cobranca()).html
        assert "btnEmitir" not in html
        assert "Emitir Cobrança" not in html
        await v.post(imagem=f"{P}grdBoleto_Avulso$ctl02$imgEmite_Boleto")
        assert "btnVerificaPopUp" in (await v.post(f"{P}cmdX")).html, "whoever knows the new name gets through"
        assert portal.registro[-1]["evento"] == f"{P}btnEmitir"
