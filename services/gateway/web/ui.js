// What the pages are made of: their base, formats, and the small pieces that every page shows alike.
import { LitElement, html, nothing, svg } from "./vendor/lit.js";
import { Recusa } from "./api.js";
import { FORMATOS, MESES, STATUS_CLIENTE, STATUS_EXECUCAO, T } from "./textos/comum.js";

// Pages live in the document itself, under its one style sheet.
export class Base extends LitElement {
  createRenderRoot() {
    return this;
  }
}

// A page: `fazer` runs what a button asks for and tells how it went, `ler` reads what is shown.
export class Pagina extends Base {
  static properties = { ocupada: { state: true }, erros: { state: true }, falha: { state: true } };

  constructor() {
    super();
    this.ocupada = false;
    this.erros = {};
    this.falha = ""; // why the last reading came to nothing
  }

  async fazer(trabalho, feito) {
    this.ocupada = true;
    this.erros = {};
    try {
      const resposta = await trabalho();
      if (feito) avisar(feito);
      return resposta;
    } catch (erro) {
      this.refused(erro, (recusa) => this.refuse(recusa));
      this.focusErro();
      return undefined;
    } finally {
      this.ocupada = false;
    }
  }

  // Only the latest question is heard: undefined where another came after it, or where it failed. What is shown stays.
  async ler(trabalho) {
    const vez = (this.vez = {});
    try {
      const lido = await trabalho();
      if (vez !== this.vez) return undefined;
      this.erros = {};
      this.falha = "";
      return lido;
    } catch (erro) {
      if (vez === this.vez || !(erro instanceof Recusa)) {
        this.refused(erro, (recusa) => (recusa.detalhes.length ? this.refuse(recusa) : (this.falha = recusa.message)));
      }
      return undefined;
    }
  }

  refused(erro, tell) {
    if (!(erro instanceof Recusa)) throw erro;
    this.erros = Object.fromEntries(erro.detalhes.map(({ campo, erro: motivo }) => [campo, motivo]));
    // That the session ended, the shell says itself; a wrong password is no session.
    if (erro.codigo !== "acesso.sessao_encerrada") tell(erro);
  }

  updated() {
    for (const lugar of this.querySelectorAll(".campo")) describeCampo(lugar);
  }

  async focusErro() {
    await this.updateComplete;
    this.querySelector("[aria-invalid=true], [data-erro]")?.focus();
  }

  renderFalha(repetir) {
    if (!this.falha) return nothing;
    return html`
      <p class="recusa" role="alert">${this.falha}
        <button type="button" class="secundario" @click=${repetir}>${T.repetir}</button></p>
    `;
  }

  // Notices lie behind an open dialog: what is one tells its refusals inside itself.
  refuse(erro) {
    avisar(erro.message, "erro");
  }
}

// Who administers every ponto de venda, and so what is of none.
export const administraTudo = (sessao) => sessao?.escopo === "admin" && !sessao.pontos_venda;

// --- formats ---------------------------------------------------------------------------------------------------------

const DATA_HORA = new Intl.DateTimeFormat(FORMATOS.idioma, { dateStyle: "short", timeStyle: "short" });
const DATA = new Intl.DateTimeFormat(FORMATOS.idioma, { dateStyle: "short", timeZone: "UTC" });
const DATA_SEGUNDOS = new Intl.DateTimeFormat(FORMATOS.idioma, { dateStyle: "short", timeStyle: "medium" });
const HORA = new Intl.DateTimeFormat(FORMATOS.idioma, { timeStyle: "medium" });
const HORA_MINUTO = new Intl.DateTimeFormat(FORMATOS.idioma, { timeStyle: "short" });
const MOEDA = new Intl.NumberFormat(FORMATOS.idioma, { style: "currency", currency: "BRL" });
const NUMERO = new Intl.NumberFormat(FORMATOS.idioma);
const PERCENTUAL = new Intl.NumberFormat(FORMATOS.idioma, { style: "percent", maximumFractionDigits: 1 });

const ou = (formato) => (valor) => (valor === null || valor === undefined || valor === "" ? FORMATOS.nada : formato(valor));
export const dataHora = ou((iso) => DATA_HORA.format(new Date(iso)));
export const dataSegundos = ou((iso) => DATA_SEGUNDOS.format(new Date(iso)));
export const data = ou((iso) => DATA.format(new Date(iso)));
export const hora = ou((iso) => HORA.format(new Date(iso)));
export const horaMinuto = ou((iso) => HORA_MINUTO.format(new Date(iso)));
export const moeda = ou((valor) => MOEDA.format(valor));
const DECIMAIS = new Intl.NumberFormat(FORMATOS.idioma, { maximumFractionDigits: 4 });
const REAIS = new Intl.NumberFormat(FORMATOS.idioma, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const decimais = ou((valor) => DECIMAIS.format(valor));
// An amount as it is typed: `1.234,56`.
export const reais = ou((valor) => REAIS.format(valor));
// And read again, a dot before two digits at the end taken as one for the centavos; null where it is no amount.
export function lerReais(texto) {
  const limpo = texto.replace(/^R\$/, "").trim();
  if (/^(\d{1,3}(\.\d{3})+|\d+)(,\d{1,2})?$/.test(limpo)) return Number(limpo.replaceAll(".", "").replace(",", "."));
  return /^\d+\.\d{1,2}$/.test(limpo) ? Number(limpo) : null;
}
export const numero = ou((valor) => NUMERO.format(valor));
export const contar = (quantos, um, varios) => `${numero(quantos)} ${quantos === 1 ? um : varios}`;
export const percentual = ou((valor) => PERCENTUAL.format(valor));
// Who did something, as a person reads it: "pessoa 3 (Ana Lima)" is Ana Lima.
export const autor = ou((quem) => /^\w+ \d+ \((.+)\)$/.exec(quem)?.[1] ?? quem);
export function mesAno(mes, ano) {
  if (!mes) return FORMATOS.proxima;
  return ano ? FORMATOS.mes_ano(MESES[mes - 1], ano) : MESES[mes - 1];
}

const MESES_ANTES = 12;
const MESES_DEPOIS = 6;

// The months around this one that an office asks for, as "2026-12".
export function listMeses(hoje = new Date()) {
  return Array.from({ length: MESES_ANTES + MESES_DEPOIS + 1 }, (_, n) => {
    const dia = new Date(hoje.getFullYear(), hoje.getMonth() + n - MESES_ANTES, 1);
    return { valor: `${dia.getFullYear()}-${dia.getMonth() + 1}`, texto: mesAno(dia.getMonth() + 1, dia.getFullYear()) };
  });
}

export const cota = (linha) => (linha.grupo === null ? FORMATOS.nada : `${linha.grupo}/${linha.cota}`);

export const duracao = ou((segundos) => {
  if (segundos < 60) return FORMATOS.segundos(Math.max(1, Math.round(segundos)));
  if (segundos < 3600) return FORMATOS.minutos(Math.round(segundos / 60));
  const minutos = Math.round(segundos / 60);
  return FORMATOS.horas(Math.floor(minutos / 60), minutos % 60);
});

// --- pieces ----------------------------------------------------------------------------------------------------------

export const selo = (status) =>
  html`<span class="selo ${status}">${STATUS_CLIENTE[status] ?? STATUS_EXECUCAO[status] ?? status}</span>`;

export const seloExecucao = (status) => html`<span class="selo ${status}">${STATUS_EXECUCAO[status] ?? status}</span>`;

export const carregando = () => html`<p class="vazio" role="status">${T.carregando}</p>`;
export const vazio = (texto = T.nenhum) => html`<p class="vazio">${texto}</p>`;

// A labelled control with its error. controle: a template whose control has this id.
export const campo = (id, rotulo, controle, erro = "", dica = "") => html`
  <div class="campo">
    <label for=${id}>${rotulo}</label>
    ${controle}
    ${dica ? html`<p class="dica" id="${id}-dica">${dica}</p>` : nothing}
    ${erro ? html`<p class="erro-campo" id="${id}-erro">${erro}</p>` : nothing}
  </div>
`;

// What is written below a control is read out with it.
function describeCampo(lugar) {
  const controle = lugar.querySelector("input, select, textarea");
  const ids = [...lugar.querySelectorAll(":scope > .dica, :scope > .erro-campo")].map(({ id }) => id);
  if (!controle || lugar.matches("fieldset")) return;
  set(controle, "aria-describedby", ids.join(" "));
  set(controle, "aria-invalid", lugar.querySelector(":scope > .erro-campo") ? "true" : "");
}

const set = (elemento, nome, valor) => (valor ? elemento.setAttribute(nome, valor) : elemento.removeAttribute(nome));

// Options of a list to choose from: [[value, words]]. todos: the words of the blank one; empty: there is none.
export const escolha = (id, opcoes, todos = T.todos) => html`
  <select id=${id} name=${id}>
    ${todos ? html`<option value="">${todos}</option>` : nothing}
    ${opcoes.map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
  </select>
`;

export const nomePonto = ({ codigo, nome }) => `${codigo} · ${nome}`;

// A button that was pressed keeps the focus: it says that it is disabled, and this lets nothing through.
export function ignoreDisabled(event) {
  const alvo = event.composedPath()[0];
  if (!alvo.closest?.("[aria-disabled=true]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

// Does it soon, once for however many ask meanwhile. `cancel` forgets who asked.
export function throttle(fazer, ms) {
  let espera = null;
  const pedir = () => {
    espera ??= setTimeout(() => {
      espera = null;
      fazer();
    }, ms);
  };
  pedir.cancel = () => {
    clearTimeout(espera);
    espera = null;
  };
  return pedir;
}

// The share of each outcome, drawn without inline styles: the policy of the page forbids them.
export function barra(contadores, rotulo) {
  const ordem = ["sucesso", "ja_baixado", "sem_boleto", "cpf_nao_encontrado", "erro", "cancelado", "processando"];
  const total = Object.values(contadores).reduce((soma, quantos) => soma + quantos, 0) || 1;
  const feitos = total - contadores.pendente - contadores.processando;
  let x = 0;
  const partes = ordem.map((status) => {
    const largura = (100 * contadores[status]) / total;
    const inicio = x;
    x += largura;
    return { status, inicio, largura };
  });
  return html`
    <div class="barra" role="progressbar" aria-label=${rotulo} aria-valuemin="0" aria-valuemax=${total}
      aria-valuenow=${feitos} aria-valuetext=${FORMATOS.avanco(feitos, total)}>
      <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        ${partes.map((p) => svgRect(p.status, p.inicio, p.largura))}
      </svg>
    </div>
  `;
}

const svgRect = (status, x, largura) =>
  largura ? svg`<rect class=${status} x=${x} y="0" width=${largura} height="1"></rect>` : nothing;

// --- telling and asking ----------------------------------------------------------------------------------------------

export function avisar(texto, tipo = "bom") {
  dispatchEvent(new CustomEvent("aviso", { detail: { texto, tipo } }));
}

// Opens the page's one question dialog; resolves to whether the person said yes.
export function confirmar(pergunta, sim) {
  return new Promise((responder) => dispatchEvent(new CustomEvent("pergunta", { detail: { pergunta, sim, responder } })));
}

// A form's values by name; blank ones are null.
export function valores(formulario) {
  return Object.fromEntries([...new FormData(formulario)].map(([nome, valor]) => [nome, valor === "" ? null : valor]));
}

export function titular(texto) {
  document.title = texto ? `${texto} · ${T.sistema}` : T.sistema;
}

export const ir = (caminho) => {
  location.hash = `#/${caminho}`;
};
