// The notices to people in a dialog: what became of each, and sending one again.
import { html, nothing } from "./vendor/lit.js";
import { ask, get } from "./api.js";
import { tabela } from "./tabela.js";
import { AVISOS, ENVIADOS } from "./textos/avisos.js";
import { T } from "./textos/comum.js";
import { Pagina, avisar, campo, carregando, dataSegundos, escolha, numero, vazio } from "./ui.js";

const OLHADA_MS = 500; // while something is on its way
const SELOS = { aceito: "bom", entregue: "bom", lido: "bom", desistiu: "mau", falhou: "processando" };
const REENVIAVEIS = ["falhou", "desistiu"];

class AvisosEnviados extends Pagina {
  static properties = { avisos: { state: true }, cursor: { state: true }, recusa: { state: true } };

  estado = "";

  firstUpdated() {
    this.querySelector("dialog").showModal();
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.espera);
  }

  async load(cursor = null) {
    clearTimeout(this.espera);
    const pagina = await this.ler(() => get("avisos", { estado: this.estado, cursor }));
    if (!pagina) return;
    this.avisos = cursor ? [...this.avisos, ...pagina.avisos] : pagina.avisos;
    this.cursor = pagina.cursor;
    const esperado = this.avisos.some(({ estado }) => estado === "pendente");
    if (!cursor && esperado && this.isConnected) this.espera = setTimeout(() => this.load(), OLHADA_MS);
  }

  filter(event) {
    this.estado = event.target.value;
    this.load();
  }

  async resend(aviso) {
    this.recusa = "";
    const feito = await this.fazer(() => ask("POST", `avisos/${aviso.id}/reenviar`));
    if (feito) avisar(feito.message);
    this.load();
  }

  refuse(erro) {
    this.recusa = erro.message;
  }

  render() {
    return html`
      <dialog class="largo" aria-labelledby="enviados-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <div class="cabeca">
          <h2 id="enviados-titulo">${AVISOS.enviados}</h2>
          <button class="secundario" @click=${() => this.load()}>${ENVIADOS.atualizar}</button>
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
        </div>
        ${this.recusa ? html`<p class="recusa" role="alert">${this.recusa}</p>` : nothing}
        <p class="fraco">${ENVIADOS.explica}</p>
        <div class="grade" @change=${this.filter}>
          ${campo("enviados-estado", ENVIADOS.estado, escolha("enviados-estado", Object.entries(ENVIADOS.estados)))}
        </div>
        ${this.renderFalha(() => this.load())}
        ${!this.avisos ? (this.falha ? nothing : carregando()) : this.avisos.length ? this.renderAvisos() : vazio(ENVIADOS.nenhum)}
      </dialog>
    `;
  }

  renderAvisos() {
    return html`
      ${tabela(AVISOS.enviados, [
        { titulo: ENVIADOS.aviso, ver: (a) => html`${a.titulo}<br><small>${dataSegundos(a.criado_em)}</small>` },
        { titulo: ENVIADOS.para, ver: (a) => html`${a.pessoa}<br><small>${a.canal}</small>` },
        { titulo: ENVIADOS.estado, ver: (a) => html`<span class="selo ${SELOS[a.estado] ?? ""}">${ENVIADOS.estados[a.estado]}</span>` },
        { titulo: ENVIADOS.andamento, ver: (a) => this.renderAndamento(a) },
        {
          titulo: ENVIADOS.acao,
          ver: (a) => html`<button class="secundario" aria-disabled=${this.ocupada || !REENVIAVEIS.includes(a.estado)}
            @click=${() => this.resend(a)}>${ENVIADOS.reenviar}</button>`,
        },
      ], this.avisos)}
      ${this.cursor ? html`<button class="secundario" @click=${() => this.load(this.cursor)}>${T.mais}</button>` : nothing}
    `;
  }

  renderAndamento(a) {
    const passos = ["aceito", "entregue", "lido"].filter((passo) => a[`${passo}_em`]);
    return html`
      ${a.erro ?? nothing}
      ${passos.map((passo) => html`<small>${ENVIADOS[passo](dataSegundos(a[`${passo}_em`]))}</small><br>`)}
      ${a.tentativas > 1 ? html`<br><small>${ENVIADOS.tentativas(numero(a.tentativas))}</small>` : nothing}
      ${a.proxima_em ? html`<br><small>${ENVIADOS.proxima(dataSegundos(a.proxima_em))}</small>` : nothing}
      <details><summary>${ENVIADOS.ver}</summary><p>${a.texto}</p></details>
    `;
  }
}

customElements.define("avisos-enviados", AvisosEnviados);
