// The form of a schedule: the rule in human words, and its next firings while it is written.
import { html, nothing } from "./vendor/lit.js";
import { post } from "./api.js";
import { opcoesPontos } from "./cadastro.js";
import { zonada } from "./disparos.js";
import { FichaCadastro } from "./ficha.js";
import { AGENDAMENTOS as A } from "./textos/agendamentos.js";
import { throttle } from "./ui.js";

const PREVIA_MS = 300;
const NOVO = { mes: "proximo", perdidos: "recuperar", fuso: "America/Sao_Paulo", regra: { tipo: "dia_do_mes" } };
// What each kind of rule holds, with what it begins with.
const REGRAS = {
  dia_do_mes: [["dia", "numero", 5], ["hora", "hora", "08:00"]],
  dia_util: [["numero", "numero", 1], ["hora", "hora", "08:00"]],
  semanal: [["dias", "varios", []], ["hora", "hora", "08:00"]],
  cron: [["expressao", "texto", ""]],
};

class FichaAgendamento extends FichaCadastro {
  static properties = {
    pontos: { attribute: false },
    consultores: { attribute: false },
    tipo: { state: true },
    previa: { state: true },
  };

  constructor() {
    super();
    this.previewSoon = throttle(() => this.preview(), PREVIA_MS);
    this.addEventListener("input", () => this.change());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.previewSoon.cancel();
  }

  willUpdate() {
    const { regra } = this.linha ?? NOVO;
    this.tipo ??= REGRAS[regra.tipo] ? regra.tipo : NOVO.regra.tipo;
    this.campos = this.listCampos({ ...NOVO, ...this.linha });
  }

  firstUpdated() {
    super.firstUpdated();
    this.preview();
  }

  change() {
    this.tipo = this.querySelector("#ficha-tipo").value;
    this.previewSoon();
  }

  listCampos({ nome, ponto_venda, consultor_id, consultor, mes, fuso, perdidos, regra }) {
    const escolha = (campo, valor, opcoes, mais) =>
      ({ nome: campo, rotulo: A.campos[campo], tipo: "escolha", valor: valor ?? "", opcoes, ...mais });
    const partes = REGRAS[this.tipo].map(([parte, tipo, inicio]) => ({
      nome: parte, rotulo: A.campos[parte], tipo, valor: regra[parte] ?? inicio, dica: A.dicas[parte],
      opcoes: Object.entries(A.dias_semana), obrigatorio: true,
    }));
    return [
      { nome: "nome", rotulo: A.campos.nome, valor: nome ?? "", dica: A.dicas.nome, obrigatorio: true },
      escolha("ponto_venda", ponto_venda, opcoesPontos(this.pontos)),
      escolha("consultor", consultor_id, this.listConsultores(), { atual: consultor, nulo: true }),
      escolha("mes", mes, Object.entries(A.meses_opcoes)),
      escolha("tipo", this.tipo, Object.entries(A.tipos)),
      ...partes,
      escolha("fuso", fuso, Object.entries(A.fusos)),
      escolha("perdidos", perdidos, Object.entries(A.politicas_opcoes)),
    ];
  }

  listConsultores() {
    return [["", A.todos_contratos], ...this.consultores.map((c) => [c.id, c.nome])];
  }

  read() {
    const lido = super.read();
    const partes = ["tipo", ...REGRAS[this.tipo].map(([parte]) => parte)];
    const regra = Object.fromEntries(partes.map((parte) => [parte, lido[parte]]));
    return { ...Object.fromEntries(Object.entries(lido).filter(([nome]) => !partes.includes(nome))), regra };
  }

  findCampo(campo) {
    return campo === "regra" ? "tipo" : super.findCampo(campo.replace(/^regra\./, ""));
  }

  // The answer to an older question is dropped; what is not whole yet says nothing.
  async preview() {
    const pergunta = (this.pergunta = {});
    const { regra, fuso } = this.read();
    const previa = await post("agendamentos/previa", { regra, fuso }).catch(() => null);
    if (pergunta === this.pergunta) this.previa = previa && { ...previa, fuso };
  }

  renderAbaixo() {
    return html`<div role="status">${this.previa ? this.renderPrevia(this.previa) : nothing}</div>`;
  }

  renderPrevia({ descricao, proximas, fuso }) {
    return html`
      <p class="fraco">${A.previa(descricao)}</p>
      <ol class="fraco">${proximas.map((iso) => html`<li>${zonada(iso, fuso)}</li>`)}</ol>
    `;
  }
}

customElements.define("ficha-agendamento", FichaAgendamento);
