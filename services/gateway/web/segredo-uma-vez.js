// A dialog that shows a secret once: it is there to be copied, and gone when the dialog is closed.
import { html } from "./vendor/lit.js";
import { SEGREDO } from "./textos/segredo.js";
import { T } from "./textos/comum.js";
import { Base } from "./ui.js";

class SegredoUmaVez extends Base {
  static properties = {
    titulo: {},
    uso: {}, // what to do with it
    rotulo: {},
    valor: {},
    copiado: { state: true },
  };

  firstUpdated() {
    this.querySelector("dialog").showModal();
  }

  async copy() {
    const lugar = this.querySelector("input");
    lugar.select();
    try {
      await navigator.clipboard.writeText(lugar.value);
      this.copiado = SEGREDO.copiado;
    } catch {
      // Browsers give the clipboard only to secure pages.
      this.copiado = SEGREDO.nao_copiado;
    }
  }

  render() {
    return html`
      <dialog aria-labelledby="segredo-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <h2 id="segredo-titulo">${this.titulo}</h2>
        <p>${this.uso}</p>
        <div class="campo">
          <label for="segredo">${this.rotulo}</label>
          <input id="segredo" readonly .value=${this.valor}>
        </div>
        <p role="status">${this.copiado}</p>
        <div class="acoes">
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
          <button @click=${this.copy}>${SEGREDO.copiar}</button>
        </div>
      </dialog>
    `;
  }
}

customElements.define("segredo-uma-vez", SegredoUmaVez);
