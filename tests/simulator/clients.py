"""The client's own page, with the menu that leads to billing, and the pages that lead nowhere."""

from html import escape
from typing import Any

from aiohttp import web

from tests.simulator.dates import month_after
from tests.simulator.knobs import Botoes
from tests.simulator.pages import fill
from tests.simulator.requests import Pedido
from tests.simulator.scenario import Cliente, Cota
from tests.simulator.search import write_cota

_MENU = (
    "Dados Cadastrais", "Posição do Consorciado", "Histórico de Ocorrências", "", "Extrato do Consorciado",
    "Dados do Bem", "Lances Ofertados", "Assembleias", "", "Alteração de Endereço", "Transferência de Cota",
    "Oferta de Lance", "Simulação de Quitação",
)  # fmt: skip


async def show_atendimento(pedido: Pedido) -> web.Response:
    cliente, cota = pedido.sessao.cliente, pedido.sessao.cota
    day = pedido.portal.cenario.dia
    html = fill(
        "atendimento", cota=_header(cliente, cota, pedido.botoes), contrato=cota.contrato if cota else "",
        adesao=f"{month_after(day, -20, 5):%d/%m/%Y}", parcela="021", pagas="20",
        vencimento=f"{month_after(day, 0, 10):%d/%m/%Y}", menu=_write_menu(pedido),
        voltar=pedido.address("identificacao"),
    )  # fmt: skip
    alert = pedido.botoes.menu.alerta
    return pedido.show(html, "Atendimento", f"alert('{alert}');" if alert else "")


def _header(cliente: Cliente | None, cota: Cota | None, botoes: Botoes) -> str:
    if cliente is None or cota is None:
        return ""
    return f"{write_cota(cota, botoes)} {cliente.nome}"


def _write_menu(pedido: Pedido) -> str:
    """The entry for billing stands where the installation has it; every other ordinal is something else."""
    where, lines = pedido.botoes.menu.cobranca, []
    billing = pedido.address("cobranca", base="atendimento")
    other = pedido.address("outra", base="atendimento")
    at = {"ctl05": 5, "ctl10": 10, "so_texto": 7}.get(where, 0)
    for index, text in enumerate(_MENU, start=2):
        if index == at:
            lines.append(_entry("" if where == "so_texto" else f"ctl{index:02d}", billing, "Emissão de Cobrança"))
        elif text:
            lines.append(_entry(f"ctl{index:02d}", other, text))
    return "\n".join(lines)


def _entry(row: str, href: str, text: str) -> str:
    tag = f' id="ctl00_Conteudo_Menu_CONAT_grdMenu_CONAT_{row}_hlkFormulario"' if row else ""
    return f'<tr><td><a{tag} href="{escape(href)}">{escape(text)}</a></td></tr>'


async def show_outra(pedido: Pedido) -> web.Response:
    return show_aviso(pedido, "Formulário em manutenção.")


def show_aviso(pedido: Pedido, mensagem: str, **estado: Any) -> web.Response:
    return pedido.show(fill("aviso", mensagem=mensagem, voltar=pedido.address("inicio")), "Aviso", **estado)
