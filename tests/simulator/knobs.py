"""The knobs: how this portal misbehaves, for everyone or for one client. All are optional; the defaults are Canopus."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _widen(value: Any) -> Any:
    """A single number is a fixed latency; a pair is a uniform range."""
    return (value, value) if isinstance(value, int | float) else value


Faixa = Annotated[tuple[float, float], BeforeValidator(_widen)]

Passo = Literal[
    "", "login", "inicio", "identificacao", "busca", "atendimento", "cobranca", "emissao", "impressao",
]  # fmt: skip
Documento = Literal[
    "certo", "vazio", "html", "truncado", "em_branco", "escaneado", "ilegivel", "outro_cliente", "outro_cpf",
    "outra_cota", "outro_mes", "outro_valor", "digito_errado", "linha_de_outro_valor", "sem_linha",
]  # fmt: skip
Entrega = Literal[
    "html_depois_pdf", "pdf", "embutido", "involucro", "anexo", "octet_stream", "form_post", "stimulsoft",
    "redireciona", "html_eterno", "nunca", "sem_janela",
]  # fmt: skip


class Grupo(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Login(Grupo):
    """How the login page answers."""

    completar_zeros: bool = Field(True, description="only the user padded to 10 digits is known")
    botao: Literal["button", "submit", "link"] = "button"
    mensagem_em: Literal["lblMensagemErro", "lblMensagem", "errmsg", "alert", "solta"] = "lblMensagemErro"
    mensagem: str = "Usuário ou senha inválida"
    mensagem_bloqueado: str = "Usuário bloqueado. Procure o administrador do sistema."
    bloquear_apos: int = Field(0, ge=0, description="refusals after which the user is blocked; 0 never")
    captcha: Literal["nunca", "sempre"] = "nunca"
    captcha_apos: int = Field(0, ge=0, description="ask for the captcha after this many attempts of a user; 0 never")
    resetar: tuple[str, ...] = Field((), description="spellings of the login page whose connection is reset")
    raiz_para: str = Field("frmCorCCCnsLogin.aspx", description="spelling that the root redirects to")
    mensagem_derrubada: str = Field("", description="shown on the login page to a session that was kicked out")


class Sessao(Grupo):
    """How long a session lives, and how strictly its hidden fields are checked."""

    expira_requisicoes: int = Field(0, ge=0)
    expira_minutos: float = Field(0, ge=0)
    expirar_na: Passo = Field("", description="the session is gone when this page is asked for")
    expirar_vezes: int = Field(1, ge=0, description="how often; 0 always")
    expirada_para: str = Field("", description="the login page's spelling that it then leads to; its own where empty")
    adulteracao: Literal["500", "reset", "waf"] = "500"
    viewstates_validos: int = Field(1, ge=1, description="renders of a page whose state is still accepted; 1 is strict")
    exclusiva: bool = Field(False, description="one request of a session at a time, as ASP.NET locks it")
    formato: Literal["vstate", "viewstate"] = Field("vstate", description="where the state travels")


class Firewall(Grupo):
    """The block page in front of the portal."""

    bloqueio: Literal["nunca", "uma_vez", "sempre"] = Field(
        "nunca", description="uma_vez: one session is blocked, for good; sempre: every request"
    )
    na: Passo = Field("", description="only on this page")
    status: int = Field(200, ge=200, le=599)


class Ritmo(Grupo):
    """Posts that come too soon after another."""

    minimo_ms: float = Field(0, ge=0)
    castigo_s: float = Field(1.0, ge=0, description="how long every post of that session is then a 500")


class Falhas(Grupo):
    """Plain server faults: the next N matching requests, or all."""

    erros: int = Field(0, ge=-1, description="next N requests answer `status`; -1 all")
    status: int = Field(500, ge=400, le=599)
    resets: int = Field(
        0, ge=-1, description="next N requests have their connection cut; -1 all. Clients repeat a GET once"
    )
    cortes: int = Field(0, ge=-1, description="next N answers end in the middle; -1 all")
    na: Passo = Field("", description="only on this page")
    metodo: Literal["", "GET", "POST"] = ""


class Latencia(Grupo):
    """Milliseconds before the answer, per page; one number or [least, most]."""

    login: Faixa = (0, 0)
    inicio: Faixa = (0, 0)
    identificacao: Faixa = (0, 0)
    busca: Faixa = (0, 0)
    atendimento: Faixa = (0, 0)
    cobranca: Faixa = (0, 0)
    emissao: Faixa = (0, 0)
    impressao: Faixa = (0, 0)
    simultaneas: int = Field(0, ge=0, description="requests worked at a time, the others wait in line; 0 all of them")
    pico_de_s: float = Field(0, ge=0, description="peak hours begin this long after the start")
    pico_ate_s: float = Field(0, ge=0)
    pico_fator: float = Field(1, ge=1)


class Busca(Grupo):
    """The two search pages."""

    primeira_linha_vazia: bool = True
    confirmar: bool = Field(False, description="a row needs 'Confirmar Busca' after the click")
    sem_resultado: Literal["mensagem", "grade_vazia", "alerta", "nada"] = "mensagem"
    mensagem: str = "Nenhum registro encontrado."
    alerta: str = ""
    confirmacao: str = Field("", description="a confirm() before the search is posted")
    criterio_atraso_ms: int = Field(0, ge=0, description="the page waits this long before posting the new criterion")
    exige_mascara: bool = True
    buscar_por_evento: bool = Field(False, description="the button posts itself as event target")
    rotulo_cpf: str = "CPF"
    mensagem_mascara: str = "CPF/CNPJ inválido."
    ordem: Literal["cadastro", "inversa"] = "cadastro"
    valor_cpf: str = "F"
    valor_cnpj: str = "J"
    valor_contrato: str = "C"
    inativa_por_cota: Literal["abre", "invalida"] = "abre"
    cabecalho: Literal["barra", "espacos"] = Field("barra", description="how grid and header write grupo and cota")


class Menu(Grupo):
    """The icon and the client's menu."""

    icone: bool = True
    cobranca: Literal["ctl05", "ctl10", "so_texto", "ausente"] = "ctl05"
    alerta: str = Field("", description="alert() on the client's page")
    acesso_direto: bool = Field(True, description="the pages behind a missing entry or icon open by their URL")


class Cobranca(Grupo):
    """The billing grid, beside the client's own parcelas."""

    grade: Literal["normal", "ausente", "so_cabecalho"] = "normal"
    primeira_linha_zerada: bool = False
    taxa: bool = Field(False, description="a RECBTO. TAXA TRANSF row that can be issued, due with the next parcela")
    residuo: bool = Field(False, description="a PARCELA difference of a few centavos, in the next parcela's month")
    outras_cotas: bool = Field(False, description="the client's other cotas stand in the grid")
    unificar: Literal["normal", "desabilitado", "ausente"] = "normal"
    exige_localizar: bool = Field(False, description="the grid comes after 'Localizar pendências'")
    no_lugar: str | None = Field(None, description="what 'Localizar pendências' brings in place of the page")
    rotulos: bool = Field(False, description="the header says Grupo, Cota and Versão before their numbers")
    radio_marcado: bool = True
    ordem: Literal["cadastro", "inversa"] = "cadastro"
    mensagem: str = ""
    alerta: str = ""


class Emissao(Grupo):
    """From 'Emitir Cobrança' to the PDF."""

    entrega: Entrega = "html_depois_pdf"
    documento: Documento = "certo"
    vezes: int = Field(0, ge=0, description="only the first N emissions of the client are so; 0 always")
    janela_fecha_s: float = Field(8.0, ge=0, description="the pop-up closes itself after this long; 0 never")
    janela_atraso_ms: int = Field(0, ge=0)
    janela_branca: bool = Field(False, description="the window opens at about:blank and is sent on by script")
    janela_montada: bool = Field(False, description="the window's address is put together by the page's script")
    janela_teste: bool = Field(False, description="the pop-up test opens and closes a window of its own")
    chave_unica: bool = Field(False, description="the PDF is served once per key")
    relatorio_na_sessao: bool = Field(True, description="the print page shows the session's last report, whatever key")
    alerta: str = Field("", description="alert() at emission, such as 'Existem parcelas em atraso.'")
    confirmacao: str = Field("", description="confirm() before emission; refusing it stops")
    recargas: int = Field(1, ge=0, description="text/html answers before the PDF")
    disposicao: Literal["", "inline"] = "inline"
    tamanho_kb: int = Field(171, ge=0, description="size that the valid PDF is padded to; 0 as it comes")
    modelo: Literal["variado", "ficha", "colunas", "linhas", "arrecadacao"] = "variado"
    espera_s: float = Field(600, ge=0, description="how long `nunca` holds the answer")


class Aparencia(Grupo):
    """How the pages look: what an installation, or a new version, changes."""

    charset: Literal["utf-8", "iso-8859-1"] = "utf-8"
    prefixo: str = Field("ctl00_Conteudo", description="what content ids begin with; suffixes stay")
    primeira_linha: int = Field(2, ge=0, description="ordinal of the first grid row (ctl02)")
    trocar_ids: dict[str, str] = Field(
        {}, description="control suffix -> another: a layout change that breaks selectors"
    )
    trocar_textos: dict[str, str] = Field({}, description="text on the page -> another")
    rodape: str = Field("", description="HTML at the end of every page")


class Botoes(Grupo):
    """Every knob. A client's own (`clientes.botoes`) win over the portal's, one by one."""

    login: Login = Login()
    sessao: Sessao = Sessao()
    firewall: Firewall = Firewall()
    ritmo: Ritmo = Ritmo()
    falhas: Falhas = Falhas()
    latencia: Latencia = Latencia()
    busca: Busca = Busca()
    menu: Menu = Menu()
    cobranca: Cobranca = Cobranca()
    emissao: Emissao = Emissao()
    aparencia: Aparencia = Aparencia()

    def merge(self, over: "Botoes") -> "Botoes":
        """These knobs with each one that `over` states explicitly in its place."""
        groups = {
            name: getattr(self, name).model_copy(update=_stated(getattr(over, name))) for name in over.model_fields_set
        }
        return self.model_copy(update=groups)

    def change(self, patch: dict[str, dict[str, Any]]) -> "Botoes":
        """These knobs after a change given as plain data, validated; raises ValidationError."""
        return self.merge(Botoes.model_validate(patch))


def _stated(group: Grupo) -> dict[str, Any]:
    return {name: getattr(group, name) for name in group.model_fields_set}
