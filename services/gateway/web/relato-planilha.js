// What an import did, or would do: counts, and each row that was left out with its reason.
import { html, nothing } from "./vendor/lit.js";
import { tabela } from "./cadastro.js";
import { saveCsv } from "./csv.js";
import { Base, campo, numero } from "./ui.js";

const CONTAGENS = {
  total: "Linhas", importados: "Novos", atualizados: "Atualizados", inativos: "Inativos", ignorados: "Ignoradas", rejeitados: "Rejeitadas",
};
const MOSTRADOS = 200;

let feitos = 0;

class RelatoPlanilha extends Base {
  static properties = {
    relato: { attribute: false },
    nome: {}, // of the workbook's file
    texto: { state: true },
    motivo: { state: true },
    quantos: { state: true },
  };

  constructor() {
    super();
    this.marca = `erros-${++feitos}`; // two reports may be in the page at once
  }

  willUpdate(mudou) {
    if (mudou.has("relato")) [this.texto, this.motivo, this.quantos] = ["", "", MOSTRADOS];
  }

  list() {
    const procurado = this.texto.toLowerCase();
    return this.relato.erros.filter((e) => (!this.motivo || e.campo.trim() === this.motivo)
      && (!procurado || `${e.aba} ${e.linha} ${e.campo} ${e.motivo}`.toLowerCase().includes(procurado)));
  }

  save(erros) {
    saveCsv(`erros-${this.nome.replace(/\.\w+$/, "")}.csv`, ["Aba", "Linha", "Campo", "Motivo"],
      erros.map((e) => [e.aba.trim(), e.linha, e.campo.trim(), e.motivo]));
  }

  render() {
    return html`
      <dl class="numeros" aria-label="Linhas da planilha">
        ${Object.entries(CONTAGENS).map(([nome, rotulo]) => html`<div><dt>${rotulo}</dt><dd>${numero(this.relato[nome])}</dd></div>`)}
      </dl>
      ${this.relato.erros.length ? this.renderErros() : html`<p>Todas as linhas foram entendidas.</p>`}
    `;
  }

  renderErros() {
    const erros = this.list();
    const campos = [...new Set(this.relato.erros.map((e) => e.campo.trim()))].sort();
    return html`
      <h3>Linhas que ficam de fora</h3>
      <div class="grade">
        ${campo(`${this.marca}-texto`, "Procurar nas linhas", html`<input id="${this.marca}-texto" type="search" .value=${this.texto} @input=${(e) => (this.texto = e.target.value)}>`)}
        ${campo(`${this.marca}-campo`, "Campo", html`
          <select id="${this.marca}-campo" @change=${(e) => (this.motivo = e.target.value)}>
            <option value="">Todos</option>
            ${campos.map((c) => html`<option value=${c} ?selected=${c === this.motivo}>${c || "–"}</option>`)}
          </select>`)}
      </div>
      <div class="cabeca">
        <span class="fraco" role="status">${numero(erros.length)} de ${numero(this.relato.erros.length)}</span>
        <div class="acoes"><button type="button" class="secundario" @click=${() => this.save(erros)}>Baixar em CSV</button></div>
      </div>
      ${tabela("Linhas que ficam de fora", [
        { titulo: "Linha", ver: (e) => e.linha },
        { titulo: "Aba", ver: (e) => e.aba },
        { titulo: "Campo", ver: (e) => e.campo },
        { titulo: "Motivo", ver: (e) => e.motivo },
      ], erros.slice(0, this.quantos), (e) => e)}
      ${erros.length > this.quantos
        ? html`<button type="button" class="secundario" @click=${() => (this.quantos += MOSTRADOS)}>Mostrar mais</button>` : nothing}
    `;
  }
}

customElements.define("relato-planilha", RelatoPlanilha);
