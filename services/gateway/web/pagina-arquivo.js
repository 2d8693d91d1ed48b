// A page that sends one file, chosen or dropped; `forget()` lets go of what was found in the one before.
import { html, nothing } from "./vendor/lit.js";
import { T } from "./textos/comum.js";
import { Pagina, numero } from "./ui.js";

export class PaginaArquivo extends Pagina {
  static properties = {
    arquivo: { state: true },
    sobre: { state: true }, // a file is held above the place for it
  };

  // textos: `soltar`, `formatos`, `grande`; tipos: of the dialogue, "" for all.
  constructor(textos, limiteBytes, tipos = "") {
    super();
    Object.assign(this, { textos, limiteBytes, tipos });
  }

  async choose(arquivo) {
    this.sobre = false;
    this.forget();
    if (!arquivo) return;
    const grande = arquivo.size > this.limiteBytes;
    this.erros = grande ? { arquivo: this.textos.grande } : {};
    const escolhido = (this.arquivo = grande ? null : arquivo);
    if (grande) return;
    // Read now: one that is saved anew meanwhile the browser would send no more.
    const bytes = await arquivo.arrayBuffer().catch(() => null);
    if (this.arquivo !== escolhido) return;
    this.arquivo = bytes && new File([bytes], arquivo.name, { type: arquivo.type });
    if (!bytes) this.erros = { arquivo: T.arquivo_mudou };
  }

  drop(event) {
    event.preventDefault();
    this.choose(event.dataTransfer.files[0]);
  }

  drag(event) {
    event.preventDefault();
    this.sobre = true;
  }

  renderArquivo() {
    const { arquivo } = this;
    return html`
      <div class="soltar ${this.sobre ? "sobre" : ""}" @dragover=${this.drag} @dragleave=${() => (this.sobre = false)} @drop=${this.drop}>
        <label for="arquivo">${this.textos.soltar}</label>
        <input id="arquivo" name="arquivo" type="file" accept=${this.tipos} aria-describedby="arquivo-escolhido"
          @click=${(e) => (e.target.value = "")} @change=${(e) => this.choose(e.target.files[0])}>
        <p id="arquivo-escolhido" role="status">${arquivo
          ? html`<strong>${arquivo.name}</strong> · ${T.kilobytes(numero(Math.ceil(arquivo.size / 1024)))}`
          : this.textos.formatos}</p>
        ${this.erros.arquivo ? html`<p class="erro-campo" role="alert">${this.erros.arquivo}</p>` : nothing}
      </div>
    `;
  }
}
