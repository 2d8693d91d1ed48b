// Whether a boleto was paid, shown to all and put right by those who work. Tells `salvo` with the boleto as it is now.
import { html, nothing } from "./vendor/lit.js";
import { ask } from "./api.js";
import { PAGAMENTO } from "./textos/pagamentos.js";
import { T } from "./textos/comum.js";
import { Pagina, avisar, campo, data, lerReais, moeda, reais } from "./ui.js";

const SELOS = { pago: "bom", vencido: "mau", cancelado: "" };

export const seloPagamento = ({ status }) =>
  html`<span class="selo ${SELOS[status] ?? "processando"}">${PAGAMENTO.status[status] ?? status}</span>`;

class PagamentoBoleto extends Pagina {
  static properties = {
    boleto: { attribute: false },
    pode: { attribute: false }, // whether it may be changed here
    status: { state: true }, // as it is being changed; null: it is only shown
    recusa: { state: true },
  };

  constructor() {
    super();
    this.status = null;
  }

  async save(event) {
    event.preventDefault();
    const dados = Object.fromEntries(new FormData(event.target));
    const corpo = { status: dados.status };
    this.recusa = "";
    if (dados.status === "pago") {
      corpo.data_pagamento = dados.data_pagamento || null;
      corpo.valor_pago = dados.valor_pago.trim() ? lerReais(dados.valor_pago) : null;
      this.erros = {
        // Half a date reads as none.
        ...(event.target.data_pagamento.validity.badInput ? { data_pagamento: PAGAMENTO.data_errada } : {}),
        ...(dados.valor_pago.trim() && corpo.valor_pago === null ? { valor_pago: PAGAMENTO.valor_errado } : {}),
      };
      if (Object.keys(this.erros).length) return this.focusErro();
    }
    const feita = await this.fazer(() => ask("PATCH", `boletos/${this.boleto.id}`, corpo));
    if (!feita) return;
    avisar(feita.message);
    this.status = null;
    this.dispatchEvent(new CustomEvent("salvo", { detail: feita.data }));
  }

  refuse(erro) {
    this.recusa = erro.detalhes.length ? "" : erro.message;
  }

  render() {
    return this.status === null ? this.renderVisto() : this.renderForm();
  }

  renderVisto() {
    const { boleto } = this;
    const quando = boleto.data_pagamento ? PAGAMENTO.em(data(boleto.data_pagamento)) : "";
    const quanto = boleto.valor_pago === null ? "" : moeda(boleto.valor_pago);
    return html`
      <p>${seloPagamento(boleto)} <span class="fraco">${[quando, quanto].filter(Boolean).join(" · ")}</span>
        ${this.pode ? html`
          <button class="secundario" @click=${() => (this.status = boleto.status)}>${PAGAMENTO.alterar}</button>` : nothing}</p>
    `;
  }

  renderForm() {
    const { boleto, erros } = this;
    return html`
      <form @submit=${this.save} novalidate>
        ${this.recusa ? html`<p class="recusa" role="alert">${this.recusa}</p>` : nothing}
        <div class="grade">
          ${campo("pagamento-status", PAGAMENTO.situacao, html`
            <select id="pagamento-status" name="status" @change=${(e) => (this.status = e.target.value)}>
              ${Object.entries(PAGAMENTO.status).map(([valor, texto]) => html`
                <option value=${valor} ?selected=${valor === this.status}>${texto}</option>`)}
            </select>`, erros.status)}
          ${this.status === "pago" ? html`
            ${campo("pagamento-data", PAGAMENTO.data, html`
              <input id="pagamento-data" name="data_pagamento" type="date" .value=${boleto.data_pagamento ?? ""}>`, erros.data_pagamento)}
            ${campo("pagamento-valor", PAGAMENTO.valor, html`
              <input id="pagamento-valor" name="valor_pago" inputmode="decimal" autocomplete="off"
                .value=${reais(boleto.valor_pago ?? boleto.valor)}>`, erros.valor_pago)}` : nothing}
        </div>
        <div class="acoes">
          <button type="button" class="secundario" @click=${() => (this.status = null)}>${T.cancelar}</button>
          <button aria-disabled=${this.ocupada}>${T.salvar}</button>
        </div>
      </form>
    `;
  }
}

customElements.define("pagamento-boleto", PagamentoBoleto);
