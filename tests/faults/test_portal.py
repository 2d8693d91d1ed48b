"""Whatever the portal does: each knob of the simulator, and each row of portal.md §3 that it can cause, with what must
come of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bancada import Arranjo, Bancada, Servidores, open_bancada
from tests.faults.invariantes import check_sistema, check_trabalhos
from tests.faults.portais import FIM_S, Caso, check_sondas, lay
from tests.samples.builder import Construtor
from tests.simulator import Botoes

HTTP, NAVEGADOR = ("http",), ("navegador",)
AMBOS = HTTP + NAVEGADOR
LOGINS = ("frmCorCcCnsLogin.aspx", "frmCorCCCnsLogin.aspx")
ERRADA = "Antiga#31000"


def pdf(
    ref: str, codigo: str = "", falham: int = 0, *, falha: str = "", drivers: tuple[str, ...] = AMBOS, **botoes: Any
) -> Caso:
    """From "Emitir Cobrança" to the PDF. falham: so many attempts, the last one with `codigo` if it is given."""
    return Caso(
        ref, cliente={"emissao": botoes}, codigos=(codigo or None,), falha=falha, tentativas=(falham, falham),
        drivers=drivers,
    )  # fmt: skip


def falhas(**botoes: Any) -> dict[str, Any]:
    return {"falhas": botoes}


def recusa(**botoes: Any) -> Caso:
    """A refusal, however it is told: one post, then nobody tries again until the credential is put right."""
    return Caso(
        "§3-10", portal={"login": {"mensagem_em": "lblMensagemErro"} | botoes}, senha=ERRADA, contratos=3, sessoes=2,
        para="login.recusado", entradas=1, conserto="credencial", recusas=1, logins=(1, 2),
    )  # fmt: skip


def acao(situacao: str, codigo: str, **botoes: Any) -> Caso:
    """The password is right, and the portal asks for a person all the same."""
    return Caso(
        "§10.1", credencial={"situacao": situacao}, portal={"login": botoes} if botoes else {}, para=codigo, entradas=1,
        conserto="portal", recusas=1, logins=(1, 1),
    )  # fmt: skip


def vencida(c: Construtor) -> dict[str, Any]:
    return {"cotas": [c.cota(c.parcelas(meses=(-2, -1, 0, 1, 2)))]}


def duas(c: Construtor) -> dict[str, Any]:
    return {"cotas": [c.cota(), c.cota()]}


def inativa(situacao: str, *, outra: bool) -> Any:
    def pessoa(c: Construtor) -> dict[str, Any]:
        ativa, parada = c.cota(), c.cota(situacao=situacao)
        return {"cotas": [parada, ativa], "pedida": ativa} if outra else {"cotas": [parada]}

    return pessoa


DO_LOGIN = [
    recusa(),
    recusa(mensagem_em="lblMensagem"),
    recusa(mensagem_em="errmsg"),
    recusa(mensagem_em="alert", mensagem="Falha 17"),
    recusa(mensagem_em="solta", mensagem="Acesso indisponível."),
    recusa(mensagem=""),
    recusa(bloquear_apos=2),  # the account is not locked: one refusal, and one login with the right password
    Caso(
        "§10.1", portal={"login": {"completar_zeros": False}}, para="login.recusado", entradas=1, conserto="portal",
        recusas=1, logins=(1, 1),
    ),
    Caso(
        "§3-11", portal={"login": {"captcha": "sempre"}}, contratos=3, sessoes=2, para="login.captcha", entradas=1,
        conserto="portal", recusas=1, logins=(1, 2),
    ),
    Caso(
        "§3-11", portal={"login": {"captcha_apos": 1}, "sessao": {"expirar_na": "cobranca"}}, para="login.captcha",
        entradas=2, conserto="portal", recusas=1, logins=(2, 2),
    ),
    acao("bloqueada", "login.bloqueado"),
    acao("bloqueada", "login.bloqueado", mensagem_bloqueado="Conta suspensa.", mensagem_em="alert"),
    acao("trocar_senha", "login.acao_necessaria.trocar_senha"),
    acao("termos", "login.acao_necessaria.termos"),
    acao("token", "login.acao_necessaria.token"),
    acao("sso", "login.acao_necessaria"),
    Caso("§10.1", credencial={"situacao": "unidade"}, recusas=1, logins=(1, 1)),
    Caso("§10.1", portal={"login": {"botao": "submit"}}, logins=(1, 1)),
    Caso("§10.1", portal={"login": {"botao": "link"}}, logins=(1, 1)),
    Caso("§1.1", portal={"login": {"resetar": LOGINS[:1]}}, logins=(1, 1)),
    Caso(
        "§1.1", portal={"login": {"resetar": LOGINS}}, contratos=4, conserto="tempo", falha="portal.fora_do_ar",
        tentativas=(0, 3), logins=(1, 1),
    ),
    Caso(
        "§10.3", portal=falhas(erros=1, status=503, na="login", metodo="POST"), falha="portal.fora_do_ar",
        tentativas=(0, 1), logins=(1, 1),
    ),
]  # fmt: skip

DA_SESSAO = [
    *(
        Caso("§3-12", cliente={"sessao": {"expirar_na": na}})
        for na in ("busca", "atendimento", "cobranca", "emissao", "impressao")
    ),
    Caso("§1.1", cliente={"sessao": {"expirar_na": "busca", "expirada_para": "frmCorCCCnsLogin.aspx"}}),
    # Two budgets: sessions lost spend nothing of what the portal's own faults may.
    Caso(
        "§3-12",
        cliente={"sessao": {"expirar_na": "busca", "expirar_vezes": 2}, **falhas(erros=3, status=503, na="cobranca")},
        falha="portal.fora_do_ar", tentativas=(3, 3),
    ),
    Caso("§3-12", portal={"sessao": {"expira_requisicoes": 25}}, contratos=4, logins=(2, 8)),
    Caso(
        "§3-12", portal={"sessao": {"expira_minutos": 0.2}, "latencia": {"busca": 600}}, contratos=8, logins=(2, 16),
    ),
    Caso(
        "§3-12", portal={"sessao": {"expirar_na": "busca", "expirar_vezes": 0}}, contratos=1,
        codigos=("sessao.expirada",), tentativas=(1, 1), logins=(6, 18),
    ),
    Caso(
        "§10.1",
        portal={
            "login": {"mensagem_derrubada": "Sua sessão foi encerrada por outro acesso."},
            "latencia": {"busca": 150, "cobranca": 150},
        },
        credencial={"max_sessoes": 1}, contratos=6, sessoes=2, derruba=True, logins=(2, 14),
    ),
    Caso(
        "§10.2",
        portal={"sessao": {"adulteracao": "reset", "viewstates_validos": 3, "exclusiva": True, "formato": "viewstate"}},
        logins=(1, 1),
    ),
    Caso("§3-36", portal={"firewall": {"bloqueio": "uma_vez", "na": "busca"}}, logins=(2, 2)),
    Caso("§3-36", portal={"firewall": {"bloqueio": "uma_vez", "na": "emissao", "status": 403}}, logins=(2, 2)),
    Caso(
        "§3-36", portal={"firewall": {"bloqueio": "sempre", "na": "cobranca"}}, para="portal.bloqueado", entradas=2,
        conserto="portal", logins=(3, 3),
    ),
    Caso(
        "§3-36", portal={"firewall": {"bloqueio": "sempre", "na": "login"}}, para="portal.bloqueado", entradas=0,
        conserto="portal", logins=(1, 1),
    ),
    Caso(
        "§10.5", portal={"menu": {"icone": False, "acesso_direto": False}}, para="portal.sem_permissao", entradas=1,
        conserto="portal", logins=(2, 2),
    ),
    Caso(
        "§10.5", portal={"menu": {"cobranca": "ausente", "acesso_direto": False}}, para="portal.sem_permissao",
        entradas=1, conserto="portal", logins=(2, 2),
    ),
]  # fmt: skip

DO_SERVIDOR = [
    Caso("§10.3", portal={"ritmo": {"minimo_ms": 250, "castigo_s": 0.3}}, contratos=4, logins=(1, 1)),
    Caso("§10.3", cliente=falhas(erros=1, na="emissao", metodo="POST")),
    Caso(
        "§10.3", portal=falhas(erros=-1, status=503, na="busca"), contratos=6, conserto="tempo",
        falha="portal.fora_do_ar", tentativas=(0, 2), confere=check_sondas,
    ),
    Caso("§10.3", portal=falhas(erros=3, status=502), falha="portal.fora_do_ar", tentativas=(0, 3)),
    Caso(
        "§3-37", cliente=falhas(erros=-1, status=503, na="cobranca"), codigos=("portal.fora_do_ar.http_5xx",),
        tentativas=(4, 4),
    ),
    Caso("§10.3", cliente=falhas(erros=1, status=504, na="cobranca"), falha="portal.fora_do_ar", tentativas=(1, 1)),
    Caso("§10.3", cliente=falhas(resets=1, na="busca", metodo="POST"), falha="portal.fora_do_ar", tentativas=(1, 1)),
    Caso(
        "§10.3", cliente=falhas(resets=-1, na="cobranca"), codigos=("portal.fora_do_ar.conexao",), tentativas=(4, 4),
    ),
    Caso("§10.3", cliente=falhas(cortes=1, na="cobranca"), falha="portal.fora_do_ar", tentativas=(1, 1)),
    Caso(
        "§3-37", cliente={"latencia": {"atendimento": 45_000}}, codigos=("portal.fora_do_ar.tempo_esgotado",),
        tentativas=(4, 4),
    ),
    Caso(
        "§3-37",
        portal={
            "latencia": dict.fromkeys(
                ("login", "inicio", "identificacao", "busca", "atendimento", "cobranca", "emissao", "impressao"),
                (50, 150),
            ) | {"simultaneas": 1, "pico_de_s": 0.01, "pico_ate_s": 600, "pico_fator": 3}
        },
        contratos=4, sessoes=2, logins=(1, 2),
    ),
]  # fmt: skip

DA_BUSCA = [
    Caso(
        "§10.4",
        portal={
            "busca": {
                "confirmacao": "Buscar?", "criterio_atraso_ms": 150, "buscar_por_evento": True, "rotulo_cpf": "C.P.F.",
                "valor_cpf": "PF", "valor_cnpj": "PJ", "valor_contrato": "K",
            }
        },
    ),
    *(
        Caso(
            "§3-24", portal={"busca": {"sem_resultado": como}}, pessoa=lambda c: {"no_portal": False},
            codigos=("cliente.nao_encontrado",), tentativas=(1, 1),
        )
        for como in ("mensagem", "alerta", "grade_vazia")
    ),
    Caso(
        "§3-24", portal={"busca": {"mensagem": "Zero registros."}, "aparencia": {"trocar_textos": {"Zero": "Sem"}}},
        pessoa=lambda c: {"no_portal": False}, codigos=("cliente.nao_encontrado",), tentativas=(1, 1),
    ),
    Caso(
        "§3-24", portal={"busca": {"sem_resultado": "nada"}}, pessoa=lambda c: {"no_portal": False},
        codigos=("portal.mudou.fluxo",), tentativas=(2, 2),
    ),
    Caso("§10.4", cliente={"busca": {"primeira_linha_vazia": False, "ordem": "inversa"}}, pessoa=duas),
    Caso("§10.4", cliente={"busca": {"confirmar": True, "alerta": "Cliente com pendências."}}),
    Caso("§10.4", cliente={"busca": {"exige_mascara": False, "cabecalho": "espacos"}}),
    Caso("§10.4", pessoa=inativa("CAN", outra=True)),
    Caso("§10.4", pessoa=inativa("TRA", outra=False), codigos=("cliente.cota_inativa",), tentativas=(1, 1)),
    Caso("§10.4", pessoa=inativa("QUITADO", outra=False), codigos=("cliente.cota_inativa",), tentativas=(1, 1)),
    Caso(
        "§10.4", pessoa=lambda c: {"pedida": c.cota([])}, codigos=("cliente.cota_nao_encontrada",), tentativas=(1, 1),
    ),
    Caso(
        "§10.4", pessoa=lambda c: duas(c) | {"sem_cota": True}, codigos=("cliente.ambiguo",), tentativas=(1, 1),
    ),
    *(Caso("§10.5", cliente={"menu": {"cobranca": onde}}) for onde in ("ctl10", "so_texto", "ausente")),
    Caso("§10.5", cliente={"menu": {"alerta": "Parcelas em atraso."}}),
    Caso("§10.5", portal={"menu": {"icone": False}}, logins=(1, 1)),
]  # fmt: skip

DA_COBRANCA = [
    Caso("§10.6", pessoa=vencida, cliente={"cobranca": {"primeira_linha_zerada": True, "taxa": True, "residuo": True}}),
    Caso("§10.6", pessoa=duas, cliente={"cobranca": {"outras_cotas": True, "ordem": "inversa"}}),
    Caso("§10.6", cliente={"cobranca": {"exige_localizar": True, "radio_marcado": False, "unificar": "desabilitado"}}),
    Caso("§10.6", cliente={"cobranca": {"alerta": "Existem parcelas em atraso.", "unificar": "ausente"}}),
    Caso("§10.6", cliente={"cobranca": {"rotulos": True}, "aparencia": {"rodape": '<a href="#a">Atendimento</a>'}}),
    Caso(
        "§10.6", cliente={"cobranca": {"exige_localizar": True, "no_lugar": "Sistema em manutenção"}},
        codigos=("portal.mudou.fluxo",), tentativas=(1, 3),
    ),
    *(
        Caso("§10.6", cliente={"cobranca": grade}, codigos=("boleto.inexistente",), tentativas=(1, 1))
        for grade in ({"grade": "ausente"}, {"grade": "so_cabecalho", "mensagem": "Nenhuma pendência."})
    ),
    *(
        Caso("§10.6", pessoa=pessoa, codigos=(f"boleto.inexistente.{filho}",), tentativas=(1, 1))
        for filho, pessoa in (
            ("sem_valor", lambda c: {"cotas": [c.cota(c.parcelas(receber="0.00"))]}),
            ("ja_pago", lambda c: {"cotas": [c.cota(c.parcelas(emitivel=False))]}),
            ("outro_mes", lambda c: {"cotas": [c.cota(c.parcelas(meses=(-1, 0)))]}),
        )
    ),
    Caso(
        "§10.6", cliente={"aparencia": {"trocar_ids": {"grdBoleto_Avulso": "tabela"}}},
        codigos=("portal.mudou.seletor",), tentativas=(2, 2),
    ),
    # Three contracts in a row at one step: the execution stops, with those that it did not come to.
    Caso(
        "§10.6", portal={"aparencia": {"trocar_ids": {"grdBoleto_Avulso": "tabela"}}}, contratos=5,
        codigos=("portal.mudou", "portal.mudou.seletor"), tentativas=(0, 2),
    ),
    Caso("§1.0", portal={"aparencia": {"charset": "iso-8859-1", "prefixo": "ctl00_Miolo", "primeira_linha": 3}}),
]  # fmt: skip

DO_PDF = [
    pdf("§3-1", janela_fecha_s=0.01, drivers=NAVEGADOR),
    pdf("§3-2", janela_branca=True, janela_fecha_s=12, drivers=NAVEGADOR),
    pdf("§3-2", janela_atraso_ms=700, janela_teste=True, drivers=NAVEGADOR),
    pdf("§3-7", janela_montada=True, drivers=NAVEGADOR),
    pdf("§3-7", "download.falhou.tempo_esgotado", 4, janela_montada=True, drivers=HTTP),
    pdf("§3-7", "download.falhou.tempo_esgotado", 4, entrega="sem_janela", drivers=HTTP),
    pdf("§3-3", "download.falhou.nao_pdf", 4, entrega="involucro", drivers=HTTP),
    pdf("§3-3", "", 1, entrega="involucro", vezes=1),
    *(
        pdf("§3-4", entrega=entrega)
        for entrega in ("html_depois_pdf", "pdf", "embutido", "anexo", "octet_stream", "form_post", "stimulsoft")
    ),
    pdf("§3-5", entrega="redireciona"),
    pdf("§3-6", "download.falhou.vazio", 4, documento="em_branco"),
    pdf("§3-6", tamanho_kb=109),
    pdf("§10.7", tamanho_kb=0, disposicao="", recargas=3),
    pdf("§10.7", chave_unica=True, relatorio_na_sessao=False),
    pdf("§10.7", alerta="Existem parcelas em atraso.", confirmacao="Confirma?"),
    pdf("§10.7", "download.falhou.nao_pdf", 4, entrega="html_eterno", drivers=HTTP),
    pdf("§10.7", "", 1, entrega="nunca", espera_s=3, vezes=1, drivers=HTTP),
    pdf("§10.7", "download.falhou.vazio", 4, documento="vazio", drivers=HTTP),
    pdf("§10.7", "download.falhou.nao_pdf", 4, documento="html", drivers=HTTP),
    pdf("§10.7", "download.falhou.truncado", 4, documento="truncado", drivers=HTTP),
    pdf("§10.7", "", 2, documento="truncado", vezes=2),
    pdf("§10.7", documento="escaneado", drivers=HTTP),
    pdf("§10.7", "documento.ilegivel", 1, documento="ilegivel", drivers=HTTP),
    pdf("§3-25", "documento.divergente.cliente", 2, documento="outro_cliente"),
    pdf("§3-25", "documento.divergente.cliente", 2, documento="outro_cpf", drivers=HTTP),
    pdf("§3-25", "documento.divergente.cota", 2, documento="outra_cota", drivers=HTTP),
    pdf("§3-25", "documento.divergente.mes", 2, documento="outro_mes", drivers=HTTP),
    pdf("§3-25", "documento.divergente.valor", 2, documento="outro_valor", drivers=HTTP),
    pdf("§3-25", "documento.divergente.digito", 2, documento="digito_errado", drivers=HTTP),
    pdf("§3-25", "documento.divergente.digito", 2, documento="linha_de_outro_valor", drivers=HTTP),
    pdf("§3-25", "documento.divergente.digito", 2, documento="sem_linha", drivers=HTTP),
    pdf("§3-25", "", 1, falha="documento.divergente", documento="outro_cliente", vezes=1),
    # Three contracts of one credential in a row: it stops, nothing is filed. One may have had its second try before.
    Caso(
        "§3-25", portal={"emissao": {"documento": "outro_cliente"}}, contratos=3, sessoes=3,
        para="documento.divergente", conserto="portal", codigos=(None, "documento.divergente.cliente"),
        tentativas=(0, 2),
    ),
    *(pdf("§1.7", modelo=modelo, drivers=HTTP) for modelo in ("ficha", "colunas", "linhas", "arrecadacao")),
]  # fmt: skip

CASOS = [*DO_LOGIN, *DA_SESSAO, *DO_SERVIDOR, *DA_BUSCA, *DA_COBRANCA, *DO_PDF]

# Knobs that nothing of ours can meet.
ISENTOS = {
    "login.raiz_para": "the root is not asked for: the login page has its own address",
    "busca.mensagem_mascara": "a document is always typed with its mask",
    "busca.inativa_por_cota": "clients are searched by document",
}


def test_every_knob_of_the_portal_has_its_case() -> None:
    comuns = {f"{grupo}.{nome}": valor for grupo, campo in Botoes() for nome, valor in campo}
    casos = [Botoes.model_validate(botoes) for caso in CASOS for botoes in (caso.cliente, caso.portal)]
    girados = {
        f"{grupo}.{nome}" for botoes in casos for grupo, campo in botoes for nome, valor in campo
        if valor != comuns[f"{grupo}.{nome}"]
    }  # fmt: skip
    assert comuns.keys() - girados == set(ISENTOS)


@pytest.mark.faltas
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("driver", "sessoes"), [("http", 3), ("navegador", 2), ("auto", 2)], ids=["http", "navegador", "auto"]
)
async def test_whatever_the_portal_does_comes_to_its_outcome(
    driver: str, sessoes: int, tmp_path: Path, servidores: Servidores
) -> None:
    """All at once on one system, beside a job at a portal that is well. Each case that does not hold is named."""
    arranjo = Arranjo(
        scrapers=2,
        contratos=6,
        driver=driver,
        ambiente={"CANOPUS_SESSOES_POR_SCRAPER": "64" if driver == "http" else "4"},
    )
    # `auto` begins in the browser, and goes back to it where requests are not understood.
    casos = (caso for caso in CASOS if driver in caso.drivers or (driver == "auto" and "navegador" in caso.drivers))
    mesas, vez = lay(casos, sessoes), asyncio.Semaphore(4)
    async with open_bancada(tmp_path, servidores, arranjo) as bancada:
        await bancada.submit()
        achados = await asyncio.gather(*(mesa.run(bancada, vez) for mesa in mesas), return_exceptions=True)
        erros = [
            f"{mesa}: {achado!r}"
            for mesa, achado in zip(mesas, achados, strict=True)
            if isinstance(achado, BaseException)
        ]
        assert not erros, "\n".join(erros)
        await bancada.finish(FIM_S)
        await check_trabalhos(bancada)
        await check_sistema([bancada, *(achado for achado in achados if isinstance(achado, Bancada))])
