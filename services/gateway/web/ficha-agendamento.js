// The form of a schedule in a dialog: the rule in human words, and its next firings while it is written.
import { html, nothing } from "./vendor/lit.js";
import { ask, post } from "./api.js";
import { opcoesPontos } from "./cadastro.js";
import { zonada } from "./disparos.js";
import { T } from "./textos/comum.js";
import { AGENDAMENTOS as A } from "./textos/agendamentos.js";
import { Pagina, avisar, campo, throttle } from "./ui.js";

const PREVIA_MS = 300;
const NOVO = {
  mes: "proximo", perdidos: "recuperar", fuso: "America/Sao_Paulo", regra: { tipo: "dia_do_mes", dia: 5, hora: "08:00" },
};

class FichaAgendamento extends Pagina {
  static properties = {
    agendamento: { attribute: false }, // {}: a new one
    pontos: { attribute: false },
    consultores: { attribute: false },
    tipo: { state: true },
    previa: { state: true },
    recusa: { state: true },
  };

  constructor() {
    super();
    this.change = throttle(() => this.preview(), PREVIA_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.change.cancel();
  }

  willUpdate(mudou) {
    if (!mudou.has("agendamento")) return;
    this.antes = { ...NOVO, ...this.agendamento };
    this.tipo = this.antes.regra.tipo;
  }

  firstUpdated() {
    this.querySelector("dialog").showModal();
    this.preview();
  }

  get novo() {
    return this.agendamento.id === undefined;
  }

  readRegra(dados) {
    const { tipo } = this;
    const hora = dados.get("hora");
    switch (tipo) {
      case "dia_do_mes": return { tipo, dia: Number(dados.get("dia")), hora };
      case "dia_util": return { tipo, numero: Number(dados.get("numero")), hora };
      case "semanal": return { tipo, dias: dados.getAll("dias"), hora };
      default: return { tipo, expressao: dados.get("expressao") };
    }
  }

  read() {
    const dados = new FormData(this.querySelector("form"));
    const textos = ["nome", "ponto_venda", "mes", "fuso", "perdidos"].map((nome) => [nome, dados.get(nome)]);
    const consultor = dados.get("consultor");
    return { ...Object.fromEntries(textos), consultor: consultor ? Number(consultor) : null, regra: this.readRegra(dados) };
  }

  // The answer to an older question is dropped; what is not whole yet says nothing.
  async preview() {
    const pergunta = (this.pergunta = {});
    const { regra, fuso } = this.read();
    const previa = await post("agendamentos/previa", { regra, fuso }).catch(() => null);
    if (pergunta === this.pergunta) this.previa = previa && { ...previa, fuso };
  }

  async choose(event) {
    this.tipo = event.target.value;
    await this.updateComplete;
    this.preview();
  }

  async save(event) {
    event.preventDefault();
    this.recusa = "";
    const [metodo, caminho] = this.novo ? ["POST", "agendamentos"] : ["PATCH", `agendamentos/${this.agendamento.id}`];
    const feita = await this.fazer(() => ask(metodo, caminho, this.read()));
    if (!feita) return;
    avisar(feita.message);
    this.close();
    this.dispatchEvent(new CustomEvent("salvo", { detail: feita.data }));
  }

  // By field: what is wrong in an item of a list is wrong in the list.
  refuse(erro) {
    this.erros = Object.fromEntries(erro.detalhes.map((d) => [d.campo.replace(/\[.*/, ""), d.erro]));
    this.recusa = erro.message;
  }

  close() {
    this.querySelector("dialog").close();
  }

  render() {
    const { antes } = this;
    return html`
      <dialog class="largo" aria-labelledby="ficha-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <form @submit=${this.save} @input=${this.change} novalidate autocomplete="off">
          <h2 id="ficha-titulo">${this.novo ? A.novo : this.agendamento.nome}</h2>
          ${this.recusa ? html`<p class="recusa" role="alert">${this.recusa}</p>` : nothing}
          <fieldset class="grade">
            ${this.renderTexto("nome", antes.nome, A.dicas.nome)}
            ${this.renderEscolha("ponto_venda", opcoesPontos(this.pontos), antes.ponto_venda)}
            ${this.renderEscolha("consultor", this.listConsultores(), antes.consultor_id)}
            ${this.renderEscolha("mes", Object.entries(A.meses_opcoes), antes.mes)}
            ${campo("ficha-tipo", A.campos.tipo, html`
              <select id="ficha-tipo" name="tipo" @change=${this.choose}>
                ${Object.entries(A.tipos).map(([v, texto]) => html`
                  <option value=${v} ?selected=${v === this.tipo}>${texto}</option>`)}
              </select>`, this.erros.regra)}
            ${this.renderRegra(antes.regra)}
            ${this.tipo === "cron" ? nothing : this.renderDaRegra("hora", antes.regra.hora ?? NOVO.regra.hora, "time")}
            ${this.renderEscolha("fuso", this.listFusos(), antes.fuso)}
            ${this.renderEscolha("perdidos", Object.entries(A.politicas_opcoes), antes.perdidos)}
          </fieldset>
          <div role="status">${this.renderPrevia()}</div>
          <div class="acoes">
            <button type="button" class="secundario" @click=${this.close}>${T.cancelar}</button>
            <button aria-disabled=${this.ocupada}>${T.salvar}</button>
          </div>
        </form>
      </dialog>
    `;
  }

  listConsultores() {
    return [["", A.todos_contratos], ...this.consultores.map((c) => [c.id, c.nome])];
  }

  // One that was chosen elsewhere is offered by its own name.
  listFusos() {
    const { fuso } = this.antes;
    return Object.entries({ ...A.fusos, ...(A.fusos[fuso] ? {} : { [fuso]: fuso }) });
  }

  renderRegra(regra) {
    switch (this.tipo) {
      case "dia_do_mes": return this.renderDaRegra("dia", regra.dia ?? NOVO.regra.dia, "number");
      case "dia_util": return this.renderDaRegra("numero", regra.numero ?? 1, "number");
      case "semanal": return this.renderDias(regra.dias ?? []);
      default: return this.renderDaRegra("expressao", regra.expressao, "text");
    }
  }

  renderDaRegra(nome, valor, tipo) {
    return this.renderTexto(nome, valor, A.dicas[nome], tipo, this.erros[`regra.${nome}`]);
  }

  renderTexto(nome, valor, dica = "", tipo = "text", erro = this.erros[nome]) {
    const id = `ficha-${nome}`;
    return campo(id, A.campos[nome], html`
      <input id=${id} name=${nome} type=${tipo} .value=${String(valor ?? "")} required>`, erro, dica);
  }

  renderEscolha(nome, opcoes, valor) {
    const id = `ficha-${nome}`;
    return campo(id, A.campos[nome], html`
      <select id=${id} name=${nome}>
        ${opcoes.map(([v, texto]) => html`
          <option value=${v} ?selected=${String(v) === String(valor ?? "")}>${texto}</option>`)}
      </select>`, this.erros[nome]);
  }

  renderDias(dias) {
    const erro = this.erros["regra.dias"];
    return html`
      <fieldset class="campo varios" aria-describedby=${erro ? "ficha-dias-erro" : nothing} tabindex="-1" ?data-erro=${erro}>
        <legend>${A.campos.dias}</legend>
        ${Object.entries(A.dias_semana).map(([v, texto]) => html`
          <label><input type="checkbox" name="dias" value=${v} ?checked=${dias.includes(v)}> ${texto}</label>`)}
        ${erro ? html`<p class="erro-campo" id="ficha-dias-erro">${erro}</p>` : nothing}
      </fieldset>
    `;
  }

  renderPrevia() {
    if (!this.previa) return nothing;
    const { descricao, proximas, fuso } = this.previa;
    return html`
      <p class="fraco">${A.previa(descricao)}</p>
      <ol class="fraco">${proximas.map((iso) => html`<li>${zonada(iso, fuso)}</li>`)}</ol>
    `;
  }
}

customElements.define("ficha-agendamento", FichaAgendamento);
