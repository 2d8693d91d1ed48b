// The copies of one mirror in a dialog: what is done, what is due, and what went wrong.
import { html, nothing } from "./vendor/lit.js";
import { get } from "./api.js";
import { tabela } from "./tabela.js";
import { T } from "./textos/comum.js";
import { COPIAS } from "./textos/espelhos.js";
import { Pagina, campo, carregando, dataSegundos, escolha, numero, vazio } from "./ui.js";

const SELOS = { feita: "bom", falhou: "mau" };

class CopiasEspelho extends Pagina {
  static properties = {
    espelho: { attribute: false },
    copias: { state: true },
    cursor: { state: true },
  };

  estado = "";

  firstUpdated() {
    this.querySelector("dialog").showModal();
    this.load();
  }

  async load(cursor = null) {
    const pagina = await this.ler(() => get(`espelhos/${this.espelho.id}/copias`, { estado: this.estado, cursor }));
    if (!pagina) return;
    this.copias = cursor ? [...this.copias, ...pagina.copias] : pagina.copias;
    this.cursor = pagina.cursor;
  }

  filter(event) {
    this.estado = event.target.value;
    this.load();
  }

  render() {
    return html`
      <dialog class="largo" aria-labelledby="copias-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <div class="cabeca">
          <h2 id="copias-titulo">${COPIAS.titulo(this.espelho.nome)}</h2>
          <button class="secundario" @click=${() => this.load()}>${COPIAS.atualizar}</button>
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
        </div>
        <div class="grade" @change=${this.filter}>
          ${campo("copias-estado", COPIAS.estado, escolha("copias-estado", Object.entries(COPIAS.estados)))}
        </div>
        ${this.renderFalha(() => this.load())}
        ${!this.copias ? (this.falha ? nothing : carregando()) : this.copias.length ? this.renderCopias() : vazio(COPIAS.nenhuma)}
      </dialog>
    `;
  }

  renderCopias() {
    return html`
      ${tabela(COPIAS.titulo(this.espelho.nome), [
        { titulo: COPIAS.arquivo, ver: (c) => html`${c.caminho}${c.sha256 ? nothing : html`<br><small>${COPIAS.a_remover}</small>`}` },
        { titulo: COPIAS.estado, ver: (c) => html`<span class="selo ${SELOS[c.estado] ?? ""}">${COPIAS.estados[c.estado]}</span>` },
        { titulo: COPIAS.pedida, ver: (c) => dataSegundos(c.pedida_em) },
        { titulo: COPIAS.tentativas, ver: (c) => numero(c.tentativas), numero: true },
        { titulo: COPIAS.situacao, ver: (c) => html`
          ${c.feita_em ? COPIAS.feita(dataSegundos(c.feita_em)) : c.erro}
          ${c.proxima_em ? html`<br><small>${COPIAS.proxima(dataSegundos(c.proxima_em))}</small>` : nothing}` },
      ], this.copias)}
      ${this.cursor ? html`<button class="secundario" @click=${() => this.load(this.cursor)}>${T.mais}</button>` : nothing}
    `;
  }
}

customElements.define("copias-espelho", CopiasEspelho);
