// The own account: who one is, and the password.
import { html, nothing } from "../vendor/lit.js";
import { get, post } from "../api.js";
import { PAPEIS } from "../textos.js";
import { Pagina, campo, valores } from "../ui.js";

class PaginaConta extends Pagina {
  static properties = { sessao: { attribute: false } };

  async change(event) {
    event.preventDefault();
    const { atual, nova, repetida } = valores(event.target);
    if (nova !== repetida) {
      this.erros = { repetida: "não é igual à nova senha" };
      return;
    }
    if (await this.fazer(() => post("sessao/senha", { atual, nova }), "Senha trocada.")) {
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
      <h1 tabindex="-1">Minha conta</h1>
      <section class="cartao">
        <h2>${nome}</h2>
        <p>${email} · ${PAPEIS[escopo]} · ${pontos_venda ? `Pontos de venda: ${pontos_venda.join(", ")}` : "Todos os pontos de venda"}</p>
      </section>
      <section class="cartao">
        <h2>Trocar a senha</h2>
        ${trocar_senha ? html`<p class="destaque">A sua senha é provisória. Escolha outra para continuar.</p>` : nothing}
        <form class="estreito" @submit=${this.change}>
          ${senha("atual", "Senha atual", "current-password")}
          ${senha("nova", "Nova senha", "new-password", "Pelo menos 10 caracteres.")}
          ${senha("repetida", "Repita a nova senha", "new-password")}
          <button ?disabled=${this.ocupada}>Trocar a senha</button>
        </form>
      </section>
    `;
  }
}

customElements.define("pagina-conta", PaginaConta);
