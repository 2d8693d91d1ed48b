// Signing in.
import { html } from "../vendor/lit.js";
import { post } from "../api.js";
import { T } from "../textos/comum.js";
import { ENTRADA } from "../textos/entrada.js";
import { Pagina, campo, valores } from "../ui.js";

class PaginaEntrada extends Pagina {
  async enter(event) {
    event.preventDefault();
    const sessao = await this.fazer(() => post("sessao", valores(event.target)));
    if (sessao) dispatchEvent(new CustomEvent("entrou", { detail: sessao }));
  }

  render() {
    return html`
      <main class="entrada">
        <h1 tabindex="-1">${T.sistema}</h1>
        <p class="dica">${ENTRADA.resumo}</p>
        <form class="cartao" @submit=${this.enter}>
          ${campo("email", ENTRADA.email, html`<input id="email" name="email" type="email" autocomplete="username" required>`)}
          ${campo("senha", ENTRADA.senha,
            html`<input id="senha" name="senha" type="password" autocomplete="current-password" required>`)}
          <button aria-disabled=${this.ocupada}>${ENTRADA.entrar}</button>
        </form>
      </main>
    `;
  }
}

customElements.define("pagina-entrada", PaginaEntrada);
