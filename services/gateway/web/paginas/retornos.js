// A bank's return file: checked first, then the boletos that it says were paid are marked; what is unclear is listed.
import { html, nothing } from "../vendor/lit.js";
import { ask } from "../api.js";
import { PaginaArquivo } from "../pagina-arquivo.js";
import { tabela } from "../tabela.js";
import { MENU, T } from "../textos/comum.js";
import { RETORNOS } from "../textos/pagamentos.js";
import { avisar, data, moeda, numero, vazio } from "../ui.js";

const SELOS = { pago: "bom", ja_pago: "bom" };

class PaginaRetornos extends PaginaArquivo {
  static properties = {
    sessao: { attribute: false },
    lido: { state: true }, // what the server found in it
  };

  constructor() {
    super(RETORNOS, 5 * 1024 * 1024);
  }

  forget() {
    this.lido = null;
  }

  async send(simular) {
    const { arquivo } = this;
    const formulario = new FormData();
    formulario.append("arquivo", arquivo);
    const feita = await this.fazer(() => ask("POST", `retornos${simular ? "?simular=true" : ""}`, formulario));
    // Another file was chosen meanwhile: this is not its result.
    if (arquivo !== this.arquivo) return;
    this.lido = feita?.data ?? null;
    if (feita && !simular) avisar(feita.message);
    await this.updateComplete;
    this.querySelector("#retorno")?.focus();
  }

  check(event) {
    event.preventDefault();
    if (this.arquivo) return this.send(true);
    this.erros = { arquivo: RETORNOS.sem_arquivo };
  }

  // Its refusal stands at the file.
  refuse(erro) {
    if (!erro.detalhes.length) super.refuse(erro);
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.retornos}</h1>
      <p class="fraco">${RETORNOS.explica}</p>
      ${this.sessao.escopo === "leitura" ? html`<p class="vazio">${RETORNOS.peca} ${T.peca_operador}</p>` : this.renderForm()}
      ${this.lido ? this.renderLido(this.lido) : nothing}
    `;
  }

  renderForm() {
    return html`
      <form class="cartao" @submit=${this.check}>
        ${this.renderArquivo()}
        <button aria-disabled=${this.ocupada}>${RETORNOS.conferir}</button>
        <span class="fraco">${RETORNOS.conferir_dica}</span>
      </form>
    `;
  }

  renderLido(lido) {
    return html`
      <section class="cartao" id="retorno" tabindex="-1" aria-labelledby="retorno-titulo">
        <div class="cabeca">
          <h2 id="retorno-titulo">${RETORNOS.resultado(lido.simulado)}</h2>
          ${lido.simulado && lido.pagos ? html`
            <button aria-disabled=${this.ocupada} @click=${() => this.send(false)}>${RETORNOS.gravar}</button>` : nothing}
        </div>
        <p class="fraco">${RETORNOS.cabeca({ ...lido, gerado: data(lido.gerado_em) })}</p>
        <dl class="numeros">
          ${Object.entries(RETORNOS.contagens).map(([nome, rotulo]) => html`
            <div><dt>${rotulo}</dt><dd>${numero(lido[nome])}</dd></div>`)}
        </dl>
        ${lido.linhas.length ? this.renderLinhas(lido.linhas) : vazio(RETORNOS.nenhum)}
      </section>
    `;
  }

  renderLinhas(linhas) {
    return tabela(RETORNOS.linhas, [
      { titulo: RETORNOS.linha, ver: (l) => numero(l.linha) },
      { titulo: RETORNOS.situacao, ver: (l) => html`<span class="selo ${SELOS[l.situacao] ?? "mau"}">${RETORNOS.situacoes[l.situacao]}</span>` },
      { titulo: RETORNOS.nosso_numero, ver: (l) => l.nosso_numero },
      { titulo: RETORNOS.vencimento, ver: (l) => data(l.vencimento) },
      { titulo: RETORNOS.valor, ver: (l) => moeda(l.valor), numero: true },
      { titulo: RETORNOS.pago_em, ver: (l) => data(l.data_pagamento) },
      { titulo: RETORNOS.valor_pago, ver: (l) => moeda(l.valor_pago), numero: true },
      { titulo: RETORNOS.motivo, ver: (l) => l.motivo },
    ], linhas, { chave: (l) => l.linha });
  }
}

customElements.define("pagina-retornos", PaginaRetornos);
