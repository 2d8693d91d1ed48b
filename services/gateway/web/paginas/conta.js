// The own account: who one is, and the password.
import { html, nothing } from "../vendor/lit.js";
import { get, post } from "../api.js";
import { MENU, PAPEIS } from "../textos/comum.js";
import { ENTRADA } from "../textos/entrada.js";
import { Pagina, campo, valores } from "../ui.js";

class PaginaConta extends Pagina {
  static properties = { sessao: { attribute: false } };

  async change(event) {
    event.preventDefault();
    const { atual, nova, repetida } = valores(event.target);
    if (nova !== repetida) {
      this.erros = { repetida: ENTRADA.diferente };
      return this.focusErro();
    }
    if (await this.fazer(() => post("sessao/senha", { atual, nova }), ENTRADA.trocada)) {
      event.target.reset();
      dispatchEvent(new CustomEvent("entrou", { detail: await get("sessao") }));
    }
  }

  render() {
    const { nome, email, escopo, pontos_venda, trocar_senha } = this.sessao;
    const senha = (id, rotulo, completar, dica = "") =>
      campo(id, rotulo, html`<input id=${id} name=${id} type="password" autocomplete=${completar} required
        minlength=${id === "atual" ? 1 : 10} maxlength="200">`, this.erros[id], dica);
    return html`
      <h1 tabindex="-1">${MENU.conta}</h1>
      <section class="cartao">
        <h2>${nome}</h2>
        <p>${email} · ${PAPEIS[escopo]} · ${pontos_venda ? ENTRADA.pontos(pontos_venda) : ENTRADA.todos_pontos}</p>
        ${trocar_senha ? nothing : html`<p><a href="#/avisos">${ENTRADA.avisos}</a></p>`}
      </section>
      <section class="cartao">
        <h2>${ENTRADA.trocar}</h2>
        ${trocar_senha ? html`<p class="destaque">${ENTRADA.provisoria}</p>` : nothing}
        <form class="estreito" @submit=${this.change}>
          ${senha("atual", ENTRADA.atual, "current-password")}
          ${senha("nova", ENTRADA.nova, "new-password", ENTRADA.nova_dica)}
          ${senha("repetida", ENTRADA.repetida, "new-password")}
          <button aria-disabled=${this.ocupada}>${ENTRADA.trocar}</button>
        </form>
      </section>
    `;
  }
}

customElements.define("pagina-conta", PaginaConta);
