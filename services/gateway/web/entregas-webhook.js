// The deliveries to one webhook in a dialog: how each was answered, what is sent, and sending it again.
import { html, nothing } from "./vendor/lit.js";
import { ask, get } from "./api.js";
import { tabela } from "./tabela.js";
import { T } from "./textos/comum.js";
import { ENTREGAS, WEBHOOKS } from "./textos/webhooks.js";
import { Pagina, avisar, campo, carregando, dataSegundos, escolha, numero, vazio } from "./ui.js";

const OLHADA_MS = 500; // while something is on its way
const SELOS = { aceita: "bom", desistiu: "mau", falhou: "processando" };

class EntregasWebhook extends Pagina {
  static properties = {
    webhook: { attribute: false },
    entregas: { state: true },
    cursor: { state: true },
    recusa: { state: true },
  };

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
    const caminho = `webhooks/${this.webhook.id}/entregas`;
    const pagina = await this.ler(() => get(caminho, { estado: this.estado, cursor }));
    if (!pagina) return;
    this.entregas = cursor ? [...this.entregas, ...pagina.entregas] : pagina.entregas;
    this.cursor = pagina.cursor;
    // One page shown, and not all of it answered: it will be soon.
    const esperada = this.entregas.some(({ estado }) => estado === "pendente");
    if (!cursor && esperada && this.webhook.ativo && this.isConnected) this.espera = setTimeout(() => this.load(), OLHADA_MS);
  }

  filter(event) {
    this.estado = event.target.value;
    this.load();
  }

  async resend(caminho, corpo) {
    this.recusa = "";
    const feita = await this.fazer(() => ask("POST", `webhooks/${this.webhook.id}/${caminho}`, corpo));
    if (feita) avisar(feita.message);
    this.load();
  }

  resendAll(event) {
    event.preventDefault();
    const desde = new FormData(event.target).get("desde");
    this.resend("reenviar", { desde: desde ? new Date(desde).toISOString() : null });
  }

  refuse(erro) {
    this.recusa = erro.message;
  }

  render() {
    return html`
      <dialog class="largo" aria-labelledby="entregas-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <div class="cabeca">
          <h2 id="entregas-titulo">${ENTREGAS.titulo(this.webhook.nome)}</h2>
          <button class="secundario" @click=${() => this.load()}>${ENTREGAS.atualizar}</button>
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
        </div>
        ${this.recusa ? html`<p class="recusa" role="alert">${this.recusa}</p>` : nothing}
        <form class="grade" @submit=${this.resendAll}>
          <div @change=${this.filter}>${campo("entregas-estado", ENTREGAS.estado, escolha("entregas-estado", Object.entries(ENTREGAS.estados)))}</div>
          ${campo("entregas-desde", ENTREGAS.desde, html`<input id="entregas-desde" name="desde" type="datetime-local">`, this.erros.desde)}
          <div class="acoes"><button class="secundario" aria-disabled=${this.ocupada}>${ENTREGAS.reenviar_falhas}</button></div>
        </form>
        ${this.renderFalha(() => this.load())}
        ${!this.entregas ? (this.falha ? nothing : carregando()) : this.entregas.length ? this.renderEntregas() : vazio(ENTREGAS.nenhuma)}
      </dialog>
    `;
  }

  renderEntregas() {
    return html`
      ${tabela(ENTREGAS.titulo(this.webhook.nome), [
        { titulo: ENTREGAS.evento, ver: (e) => html`${WEBHOOKS.evento[e.tipo] ?? e.tipo}<br><small>${e.corpo.subject}</small>` },
        { titulo: ENTREGAS.criada, ver: (e) => dataSegundos(e.criada_em) },
        { titulo: ENTREGAS.estado, ver: (e) => html`<span class="selo ${SELOS[e.estado] ?? ""}">${ENTREGAS.estados[e.estado]}</span>` },
        { titulo: ENTREGAS.tentativas, ver: (e) => numero(e.tentativas), numero: true },
        { titulo: ENTREGAS.resposta, ver: (e) => this.renderResposta(e) },
        {
          titulo: ENTREGAS.acao,
          ver: (e) => html`<button class="secundario" aria-disabled=${this.ocupada || e.estado === "pendente"}
            @click=${() => this.resend(`entregas/${e.id}/reenviar`)}>${ENTREGAS.reenviar}</button>`,
        },
      ], this.entregas)}
      ${this.cursor ? html`<button class="secundario" @click=${() => this.load(this.cursor)}>${T.mais}</button>` : nothing}
    `;
  }

  renderResposta(e) {
    return html`
      ${e.estado === "aceita" ? ENTREGAS.aceita(e.status_http, numero(e.duracao_ms)) : e.erro}
      ${e.resposta ? html`<br><small>${e.resposta}</small>` : nothing}
      ${e.proxima_em ? html`<br><small>${ENTREGAS.proxima(dataSegundos(e.proxima_em))}</small>` : nothing}
      <details><summary>${ENTREGAS.ver}</summary><pre tabindex="0">${JSON.stringify(e.corpo, null, 1)}</pre></details>
    `;
  }
}

customElements.define("entregas-webhook", EntregasWebhook);
