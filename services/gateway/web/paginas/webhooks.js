// Who is told of what: the addresses, how they take it, a test, and the secret, which is shown once.
import { html, nothing, repeat } from "../vendor/lit.js";
import { ask, getAll, post } from "../api.js";
import { PaginaCadastro, opcoesPontos } from "../cadastro.js";
import "../entregas-webhook.js";
import "../segredo-uma-vez.js";
import { MENU, T } from "../textos/comum.js";
import { WEBHOOKS } from "../textos/webhooks.js";
import { avisar, confirmar, dataHora, numero } from "../ui.js";

const EVENTOS = ["boleto.arquivado", "execucao.encerrada"];

class PaginaWebhooks extends PaginaCadastro {
  static properties = {
    segredo: { state: true }, // { nome, segredo }: shown once
    vistas: { state: true }, // the webhook whose deliveries are shown
  };

  caminho = "webhooks";
  palavras = { titulo: MENU.webhooks, ...WEBHOOKS.palavras };

  async list() {
    this.pontos = await getAll("pontos-venda", "pontos-venda");
    return super.list();
  }

  campos(linha, novo) {
    return [
      { nome: "nome", rotulo: WEBHOOKS.nome, obrigatorio: true },
      { nome: "url", rotulo: WEBHOOKS.url, obrigatorio: true, dica: WEBHOOKS.url_dica },
      { nome: "eventos", rotulo: WEBHOOKS.eventos, tipo: "varios", todos: WEBHOOKS.todos_eventos,
        valor: novo ? null : linha.eventos, opcoes: EVENTOS.map((nome) => [nome, WEBHOOKS.evento[nome]]) },
      { nome: "ponto_venda", rotulo: WEBHOOKS.ponto_venda, tipo: "escolha", nulo: true,
        opcoes: [["", WEBHOOKS.todos_pontos], ...opcoesPontos(this.pontos)] },
      ...(novo ? [] : [{ nome: "ativo", rotulo: WEBHOOKS.ligado_campo, tipo: "marca", valor: linha.ativo }]),
    ];
  }

  saved(dados) {
    if (dados.segredo) this.segredo = dados;
  }

  async rotate(webhook) {
    if (!(await confirmar(WEBHOOKS.trocar_pergunta(webhook.nome), WEBHOOKS.trocar_sim))) return;
    const trocado = await this.fazer(() => post(`webhooks/${webhook.id}/segredo`));
    this.querySelector("ficha-cadastro")?.close();
    if (trocado) this.segredo = trocado;
    this.load();
  }

  // How it is answered stands among the deliveries.
  async test(webhook) {
    const enviado = await this.fazer(() => ask("POST", `webhooks/${webhook.id}/testar`));
    if (!enviado) return;
    avisar(enviado.message);
    this.vistas = webhook;
  }

  acoes(linha) {
    return html`<button type="button" class="secundario" @click=${() => this.rotate(linha)}>${WEBHOOKS.trocar}</button>`;
  }

  renderLinhas() {
    return html`
      <p class="fraco">${WEBHOOKS.explica}</p>
      <ul class="lista">${repeat(this.linhas, (w) => w.id, (w) => html`<li>${this.renderWebhook(w)}</li>`)}</ul>
    `;
  }

  renderWebhook(w) {
    const eventos = (w.eventos ?? EVENTOS).map((nome) => WEBHOOKS.evento[nome]).join(", ");
    return html`
      <article class="cartao" aria-label=${w.nome}>
        <div class="cabeca">
          <h2>${w.nome} <span class="selo ${w.ativo ? "bom" : w.desligado_em ? "mau" : ""}">
            ${w.ativo ? WEBHOOKS.ligado : WEBHOOKS.desligado}</span></h2>
          <div class="acoes">
            <button class="secundario" ?hidden=${!this.pode} @click=${() => (this.aberta = w)}>${T.editar}</button>
            <button class="secundario" aria-label=${WEBHOOKS.entregas_nome(w.nome)}
              @click=${() => (this.vistas = w)}>${WEBHOOKS.entregas}</button>
            <button ?disabled=${!w.ativo} aria-disabled=${this.ocupada} aria-label=${WEBHOOKS.testar_nome(w.nome)}
              @click=${() => this.test(w)}>${WEBHOOKS.testar}</button>
          </div>
        </div>
        <p><code>${w.url}</code></p>
        <p class="fraco">${eventos} · ${w.ponto_venda ?? WEBHOOKS.todos_pontos}</p>
        ${w.desligado_em ? html`
          <div class="destaque"><p>${w.desligado_motivo}</p><p>${WEBHOOKS.desligado_em(dataHora(w.desligado_em))}</p></div>` : nothing}
        ${w.em_espera_ate ? html`<p class="fraco">${WEBHOOKS.em_espera(dataHora(w.em_espera_ate))}</p>` : nothing}
        ${w.segredo_anterior_ate ? html`<p class="fraco">${WEBHOOKS.dois_segredos(dataHora(w.segredo_anterior_ate))}</p>` : nothing}
        <dl class="numeros">
          ${["pendentes", "falhando", "desistidas"].map((nome) => html`
            <div><dt>${WEBHOOKS[nome]}</dt><dd>${numero(w[nome])}</dd></div>`)}
          <div><dt>${WEBHOOKS.ultima}</dt><dd>${dataHora(w.ultima_aceita_em)}</dd></div>
        </dl>
      </article>
    `;
  }

  render() {
    return html`
      ${super.render()}
      ${this.vistas ? html`
        <entregas-webhook .webhook=${this.vistas} @fechar=${() => { this.vistas = null; this.load(); }}></entregas-webhook>` : nothing}
      ${this.segredo ? html`
        <segredo-uma-vez .titulo=${WEBHOOKS.segredo_de(this.segredo.nome)} .uso=${WEBHOOKS.segredo_uso}
          .rotulo=${WEBHOOKS.segredo} .valor=${this.segredo.segredo} @fechar=${() => (this.segredo = null)}></segredo-uma-vez>` : nothing}
    `;
  }
}

customElements.define("pagina-webhooks", PaginaWebhooks);
