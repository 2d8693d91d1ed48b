// A PDF in a window of the page: fetched as whoever signed in, shown by the browser's own viewer where it has one.
import { html, nothing } from "./vendor/lit.js";
import { callUntilDone, download } from "./api.js";
import { T } from "./textos/comum.js";
import { VISOR } from "./textos/boletos.js";
import { Pagina, carregando } from "./ui.js";

class VisorPdf extends Pagina {
  static properties = {
    titulo: {},
    caminho: {}, // the PDF's address below the API
    detalhe: { attribute: false }, // a template below the title
    endereco: { state: true }, // blob: of the fetched PDF
  };

  firstUpdated() {
    this.querySelector("dialog").showModal();
    if (navigator.pdfViewerEnabled === false) return;
    this.load();
  }

  // What else stands in the window stays whatever becomes of the PDF.
  async load() {
    this.falha = "";
    if (this.endereco) return;
    const pdf = await this.ler(async () => (await callUntilDone("GET", this.caminho)).blob());
    // Closed meanwhile: nobody would ever give the address back.
    if (pdf && this.isConnected) this.endereco = URL.createObjectURL(pdf);
  }

  refuse(erro) {
    this.falha = erro.message;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (this.endereco) URL.revokeObjectURL(this.endereco);
  }

  close() {
    this.querySelector("dialog").close();
  }

  render() {
    return html`
      <dialog class="largo" aria-labelledby="visor-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <div class="cabeca">
          <h2 id="visor-titulo">${this.titulo}</h2>
          <div class="acoes">
            <button aria-disabled=${this.ocupada} @click=${() => this.fazer(() => download(this.caminho))}>${VISOR.baixar}</button>
            <button class="secundario" @click=${this.close}>${T.fechar}</button>
          </div>
        </div>
        ${this.detalhe ?? nothing}
        ${this.renderFalha(() => this.load())}
        ${this.renderPdf()}
      </dialog>
    `;
  }

  renderPdf() {
    if (navigator.pdfViewerEnabled === false) return html`<p class="destaque">${VISOR.sem_visor}</p>`;
    if (!this.endereco) return this.falha ? nothing : carregando();
    return html`<iframe class="pdf" src=${this.endereco} title=${VISOR.pdf(this.titulo)}></iframe>`;
  }
}

customElements.define("visor-pdf", VisorPdf);
