// The test of a credential in a dialog: each step of the login as it ends, then what it means and what to do.
import { html, nothing } from "./vendor/lit.js";
import { callUntilDone } from "./api.js";
import { MENU, T } from "./textos/comum.js";
import { TESTE } from "./textos/credenciais.js";
import { Pagina, numero } from "./ui.js";

class TesteCredencial extends Pagina {
  static properties = {
    credencial: { attribute: false },
    passos: { state: true },
    fim: { state: true }, // { ok, codigo, mensagem }
  };

  firstUpdated() {
    this.querySelector("dialog").showModal();
    this.run();
  }

  run() {
    this.passos = [];
    this.fim = null;
    return this.fazer(async () => {
      const seguir = (andamento) => (this.passos = andamento.passos);
      const resposta = await callUntilDone("POST", `credenciais/${this.credencial.id}/testar`, undefined, seguir, { Prefer: "respond-async" });
      const { data } = await resposta.json();
      this.passos = data.passos;
      this.fim = data;
    }).finally(() => this.dispatchEvent(new Event("testada")));
  }

  // The button that was pressed goes away with the verdict.
  async repeat() {
    this.run();
    await this.updateComplete;
    this.querySelector(".acoes button").focus();
  }

  refuse(erro) {
    this.fim = { ok: false, codigo: erro.codigo, mensagem: erro.message };
  }

  close() {
    this.querySelector("dialog").close();
  }

  change() {
    this.close();
    this.dispatchEvent(new Event("alterar"));
  }

  render() {
    return html`
      <dialog aria-labelledby="teste-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <h2 id="teste-titulo">${TESTE.titulo(this.credencial)}</h2>
        <div role="log" aria-label=${TESTE.passos}><ol class="passos-teste">
          ${this.passos?.map((p) => html`
            <li><span class="selo ${p.ok ? "bom" : "mau"}">${p.ok ? TESTE.feito : TESTE.falhou}</span>
              <span>${p.passo}${p.ok ? nothing : html`<br><small>${p.detalhe}</small>`}</span>
              <span class="fraco">${TESTE.segundos(numero(Math.round(10 * p.duracao_s) / 10))}</span></li>`)}
        </ol></div>
        <p role="status" class=${this.fim ? (this.fim.ok ? "aviso" : "recusa") : "fraco"}>${this.renderSituacao()}</p>
        <div class="acoes">
          <button class="secundario" @click=${this.close}>${T.fechar}</button>
          ${this.fim ? this.renderRemedio(this.fim) : nothing}
        </div>
      </dialog>
    `;
  }

  renderSituacao() {
    if (this.fim) return this.fim.mensagem;
    return this.passos?.length ? TESTE.proximo : TESTE.abrindo;
  }

  // What a refused login needs is another password: a second try with this one could lock the account.
  renderRemedio({ ok, codigo }) {
    if (ok) return html`<a class="botao" href="#/inicio">${MENU.inicio}</a>`;
    if (/^(login\.recusado|credencial\.)/.test(codigo)) return html`<button @click=${this.change}>${TESTE.alterar}</button>`;
    return html`<button @click=${this.repeat}>${TESTE.repetir}</button>`;
  }
}

customElements.define("teste-credencial", TesteCredencial);
