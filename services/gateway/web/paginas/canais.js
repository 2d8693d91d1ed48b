// By what people are told: the channels and their state. Passwords and tokens only go in.
import { html, nothing, repeat } from "../vendor/lit.js";
import { API } from "../api.js";
import { PaginaCadastro } from "../cadastro.js";
import { CANAIS } from "../textos/avisos.js";
import { MENU, T } from "../textos/comum.js";
import { dataHora, numero } from "../ui.js";

const WHATSAPP = "whatsapp";

class PaginaCanais extends PaginaCadastro {
  caminho = "canais";
  palavras = { titulo: MENU.canais, ...CANAIS.palavras };

  outros() {
    return html`<button class="secundario" @click=${() => (this.aberta = { tipo: WHATSAPP })}>${CANAIS.novo_whatsapp}</button>`;
  }

  campos(linha, novo) {
    const texto = (nome, valor) => ({ nome, rotulo: CANAIS[nome], obrigatorio: true, dica: CANAIS[`${nome}_dica`], valor });
    const segredo = (nome) => ({
      nome, rotulo: CANAIS[nome], tipo: "senha", obrigatorio: novo, completar: "new-password",
      dica: novo ? CANAIS[`${nome}_dica`] : CANAIS.segredo_mudado,
    });
    return [
      texto("nome"),
      ...(linha.tipo === WHATSAPP
        ? [texto("numero_id"), texto("modelo"), texto("idioma", novo ? "pt_BR" : undefined), segredo("token"),
            segredo("segredo_app"), segredo("token_verificacao"), ...(novo ? [] : [texto("url_base")])]
        : [segredo("url")]),
      ...(novo ? [] : [{ nome: "ativo", rotulo: CANAIS.ligado_campo, tipo: "marca", valor: linha.ativo }]),
    ];
  }

  renderLinhas() {
    return html`
      <p class="fraco">${CANAIS.explica}</p>
      <ul class="lista">${repeat(this.linhas, (c) => c.id, (c) => html`<li>${this.renderCanal(c)}</li>`)}</ul>
    `;
  }

  renderCanal(c) {
    return html`
      <article class="cartao" aria-label=${c.nome}>
        <div class="cabeca">
          <h2>${c.nome} <span class="selo ${c.ativo ? "bom" : ""}">${c.ativo ? CANAIS.ligado : CANAIS.desligado}</span></h2>
          <div class="acoes">
            <button class="secundario" ?hidden=${!this.pode} @click=${() => (this.aberta = c)}>${T.editar}</button>
          </div>
        </div>
        <p class="fraco">${c.servico} · ${c.pede_endereco ? CANAIS.de_cada : CANAIS.de_todos}</p>
        ${c.em_espera_ate ? html`<p class="fraco">${CANAIS.em_espera(dataHora(c.em_espera_ate))}</p>` : nothing}
        ${c.tipo === WHATSAPP
          ? html`<p>${CANAIS.situacoes}<br><code>${location.origin}${API}/canais/${c.id}/situacoes</code></p>` : nothing}
        <dl class="numeros">
          ${c.tipo === WHATSAPP ? html`<div><dt>${CANAIS.modelo}</dt><dd>${c.modelo} (${c.idioma})</dd></div>` : nothing}
          <div><dt>${CANAIS.destinatarios}</dt><dd>${numero(c.destinatarios)}</dd></div>
        </dl>
      </article>
    `;
  }
}

customElements.define("pagina-canais", PaginaCanais);
