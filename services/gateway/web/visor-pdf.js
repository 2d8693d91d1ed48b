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

  async firstUpdated() {
    this.querySelector("dialog").showModal();
    if (navigator.pdfViewerEnabled === false) return;
    const pdf = await this.fazer(async () => (await callUntilDone("GET", this.caminho)).blob());
    if (!pdf) return this.close();
    // Closed meanwhile: nobody would ever give the address back.
    if (this.isConnected) this.endereco = URL.createObjectURL(pdf);
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
        ${this.renderPdf()}
      </dialog>
    `;
  }

  renderPdf() {
    if (navigator.pdfViewerEnabled === false) return html`<p class="destaque">${VISOR.sem_visor}</p>`;
    if (!this.endereco) return carregando();
    return html`<iframe class="pdf" src=${this.endereco} title=${VISOR.pdf(this.titulo)}></iframe>`;
  }
}

customElements.define("visor-pdf", VisorPdf);
