// Who is told of what, and by which channel; a test, and the notices that were sent.
import { html, nothing, repeat } from "../vendor/lit.js";
import { ask, getAll } from "../api.js";
import "../avisos-enviados.js";
import { PaginaCadastro } from "../cadastro.js";
import { AVISOS } from "../textos/avisos.js";
import { MENU, T } from "../textos/comum.js";
import { administraTudo, avisar, dataHora, numero } from "../ui.js";

const EVENTOS = ["execucao.encerrada", "execucao.bloqueada", "execucao.falhas"];

class PaginaAvisos extends PaginaCadastro {
  static properties = { enviados: { state: true } }; // whether the notices sent are shown

  caminho = "destinatarios";
  papeis = ["leitura", "operador", "admin"]; // each sets what is her own
  palavras = { titulo: MENU.avisos, ...AVISOS.palavras };

  // Everybody's notices are for who administers everything.
  get todos() {
    return administraTudo(this.sessao);
  }

  async list() {
    this.pessoas = this.todos ? await getAll("pessoas", "pessoas") : [];
    this.canais = await getAll("canais", "canais");
    return super.list();
  }

  outros() {
    return html`<button class="secundario" @click=${() => (this.enviados = true)}>${AVISOS.enviados}</button>`;
  }

  campos(linha, novo) {
    const quem = [
      ...(this.todos ? [{ nome: "pessoa_id", rotulo: AVISOS.pessoa, tipo: "escolha", inteiro: true, obrigatorio: true,
        opcoes: this.pessoas.map((p) => [p.id, p.nome]) }] : []),
      { nome: "canal_id", rotulo: AVISOS.canal, tipo: "escolha", inteiro: true, obrigatorio: true,
        opcoes: this.canais.map((c) => [c.id, c.nome]) },
    ];
    const tem_endereco = novo || this.canais.find((c) => c.id === linha.canal_id)?.pede_endereco;
    return [
      ...(novo ? quem : []),
      ...(tem_endereco ? [{ nome: "endereco", rotulo: AVISOS.endereco, dica: AVISOS.endereco_dica }] : []),
      { nome: "eventos", rotulo: AVISOS.eventos, tipo: "varios", todos: AVISOS.todos_eventos,
        valor: novo ? null : linha.eventos, opcoes: EVENTOS.map((nome) => [nome, AVISOS.evento[nome]]) },
      { nome: "limite_falhas", rotulo: AVISOS.limite, tipo: "numero", valor: novo ? 5 : undefined, dica: AVISOS.limite_dica },
      ...(novo ? [] : [{ nome: "ativo", rotulo: AVISOS.ligado_campo, tipo: "marca", valor: linha.ativo }]),
    ];
  }

  // What became of it stands among the notices sent.
  async test(linha) {
    const enviado = await this.fazer(() => ask("POST", `destinatarios/${linha.id}/testar`));
    if (!enviado) return;
    avisar(enviado.message);
    this.enviados = true;
  }

  renderLinhas() {
    return html`
      <p class="fraco">${this.todos ? AVISOS.explica : AVISOS.explica_meus}</p>
      <ul class="lista">${repeat(this.linhas, (d) => d.id, (d) => html`<li>${this.renderDestinatario(d)}</li>`)}</ul>
    `;
  }

  renderDestinatario(d) {
    const nome = AVISOS.nome(d);
    const eventos = (d.eventos ?? EVENTOS).map((evento) => AVISOS.evento[evento]).join(" · ");
    return html`
      <article class="cartao" aria-label=${nome}>
        <div class="cabeca">
          <h2>${nome} <span class="selo ${d.ativo ? "bom" : ""}">${d.ativo ? AVISOS.ligado : AVISOS.desligado}</span></h2>
          <div class="acoes">
            <button class="secundario" ?hidden=${!this.pode} @click=${() => (this.aberta = d)}>${T.editar}</button>
            <button aria-disabled=${this.ocupada} aria-label=${AVISOS.testar_nome(nome)}
              @click=${() => this.test(d)}>${AVISOS.testar}</button>
          </div>
        </div>
        <p>${d.servico}${d.endereco ? html` · <code>${d.endereco}</code>` : nothing}</p>
        <p class="fraco">${eventos}</p>
        <dl class="numeros">
          <div><dt>${AVISOS.limite}</dt><dd>${numero(d.limite_falhas)}</dd></div>
          ${["pendentes", "falhando", "desistidos"].map((campo) => html`
            <div><dt>${AVISOS[campo]}</dt><dd>${numero(d[campo])}</dd></div>`)}
          <div><dt>${AVISOS.ultimo}</dt><dd>${dataHora(d.ultimo_aceito_em)}</dd></div>
        </dl>
      </article>
    `;
  }

  render() {
    return html`
      ${super.render()}
      ${this.enviados ? html`
        <avisos-enviados @fechar=${() => { this.enviados = false; this.load(); }}></avisos-enviados>` : nothing}
    `;
  }
}

customElements.define("pagina-avisos", PaginaAvisos);
