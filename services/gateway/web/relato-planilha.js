// What an import did, or would do: counts, and each row that was left out with its reason.
import { html, nothing } from "./vendor/lit.js";
import { saveCsv } from "./csv.js";
import { tabela } from "./tabela.js";
import { T } from "./textos/comum.js";
import { RELATO } from "./textos/planilhas.js";
import { Base, campo, numero } from "./ui.js";

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
    saveCsv(RELATO.arquivo(this.nome.replace(/\.\w+$/, "")), [RELATO.aba, RELATO.linha, RELATO.campo, RELATO.motivo],
      erros.map((e) => [e.aba.trim(), e.linha, e.campo.trim(), e.motivo]));
  }

  render() {
    return html`
      <dl class="numeros" aria-label=${RELATO.linhas}>
        ${Object.entries(RELATO.contagens)
          .map(([nome, rotulo]) => html`<div><dt>${rotulo}</dt><dd>${numero(this.relato[nome])}</dd></div>`)}
      </dl>
      ${this.relato.erros.length ? this.renderErros() : html`<p>${RELATO.sem_erros}</p>`}
    `;
  }

  renderErros() {
    const erros = this.list();
    const campos = [...new Set(this.relato.erros.map((e) => e.campo.trim()))].sort();
    return html`
      <h3>${RELATO.de_fora}</h3>
      <div class="grade">
        ${campo(`${this.marca}-texto`, RELATO.procurar, html`
          <input id="${this.marca}-texto" type="search" .value=${this.texto} @input=${(e) => (this.texto = e.target.value)}>`)}
        ${campo(`${this.marca}-campo`, RELATO.campo, html`
          <select id="${this.marca}-campo" @change=${(e) => (this.motivo = e.target.value)}>
            <option value="">${T.todos}</option>
            ${campos.map((c) => html`<option value=${c} ?selected=${c === this.motivo}>${c || "–"}</option>`)}
          </select>`)}
      </div>
      <div class="cabeca">
        <span class="fraco" role="status">${RELATO.quantas(numero(erros.length), numero(this.relato.erros.length))}</span>
        <div class="acoes">
          <button type="button" class="secundario" @click=${() => this.save(erros)}>${RELATO.baixar}</button>
        </div>
      </div>
      ${tabela(RELATO.de_fora, [
        { titulo: RELATO.linha, ver: (e) => e.linha },
        { titulo: RELATO.aba, ver: (e) => e.aba },
        { titulo: RELATO.campo, ver: (e) => e.campo },
        { titulo: RELATO.motivo, ver: (e) => e.motivo },
      ], erros.slice(0, this.quantos), { chave: (e) => e })}
      ${erros.length > this.quantos
        ? html`<button type="button" class="secundario" @click=${() => (this.quantos += MOSTRADOS)}>${RELATO.mais}</button>`
        : nothing}
    `;
  }
}

customElements.define("relato-planilha", RelatoPlanilha);
