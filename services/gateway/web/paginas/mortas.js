// Messages that no service could handle: read, with secrets and documents masked, and put back.
import { html, nothing } from "../vendor/lit.js";
import { ask, get } from "../api.js";
import { tabela } from "../tabela.js";
import { MENU } from "../textos/comum.js";
import { MORTAS } from "../textos/mortas.js";
import { Pagina, avisar, carregando, dataHora, vazio } from "../ui.js";

class PaginaMortas extends Pagina {
  static properties = { sessao: { attribute: false }, mortas: { state: true } };

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  async load() {
    this.mortas = (await this.ler(() => get("mortas", { limite: 500 })))?.mortas ?? this.mortas;
  }

  async resend(id) {
    const resposta = await this.fazer(() => ask("POST", `mortas/${encodeURIComponent(id)}/reenviar`));
    if (resposta) avisar(resposta.message);
    this.load();
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.mortas}</h1>
      <p class="fraco">${MORTAS.explica}</p>
      ${this.renderFalha(() => this.load())}
      ${this.mortas ? this.renderMortas() : this.falha ? nothing : carregando()}
    `;
  }

  renderMortas() {
    if (!this.mortas.length) return vazio(MORTAS.nenhuma);
    const colunas = [
      { titulo: MORTAS.mensagem, ver: (m) => m.rota },
      { titulo: MORTAS.fila, ver: (m) => m.fila },
      { titulo: MORTAS.quando, ver: (m) => dataHora(m.quando) },
      { titulo: MORTAS.motivo, ver: (m) => m.motivo },
      { titulo: MORTAS.corpo, ver: (m) => html`<details><summary>${MORTAS.ver}</summary><pre tabindex="0">${text(m.corpo)}</pre></details>` },
      { titulo: MORTAS.acao, ver: (m) => html`<button type="button" class="secundario" @click=${() => this.resend(m.id)}>${MORTAS.reenviar}</button>` },
    ];
    return html`<section class="cartao">${tabela(MENU.mortas, colunas, this.mortas)}</section>`;
  }
}

const text = (corpo) => (typeof corpo === "string" ? corpo : JSON.stringify(corpo, null, 1));

customElements.define("pagina-mortas", PaginaMortas);
