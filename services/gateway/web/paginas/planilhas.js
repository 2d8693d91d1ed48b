// The workbooks: one is checked before anything is written, then imported; the earlier ones with their reports.
import { html, nothing } from "../vendor/lit.js";
import { callUntilDone, get, getCadastros } from "../api.js";
import { opcoesPontos } from "../cadastro.js";
import { PaginaArquivo } from "../pagina-arquivo.js";
import "../relato-planilha.js";
import { tabela } from "../tabela.js";
import { MENU, T } from "../textos/comum.js";
import { PLANILHAS } from "../textos/planilhas.js";
import { autor, avisar, campo, carregando, dataHora, numero, valores, vazio } from "../ui.js";

class PaginaPlanilhas extends PaginaArquivo {
  static properties = {
    sessao: { attribute: false },
    lendo: { state: true }, // what is being done with the workbook, in words
    relato: { state: true },
    historico: { state: true },
    cursor: { state: true },
    aberta: { state: true }, // the import whose report is shown
  };

  constructor() {
    super(PLANILHAS, 20 * 1024 * 1024, ".xlsx,.xls,.xlsm");
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  async load(cursor = null) {
    const lido = await this.ler(() => Promise.all([get("planilhas", { limite: 20, cursor }), this.pontos ? {} : getCadastros()]));
    if (!lido) return;
    const [pagina, cadastros] = lido;
    Object.assign(this, cadastros, { cursor: pagina.cursor });
    this.historico = cursor ? [...this.historico, ...pagina.planilhas] : pagina.planilhas;
  }

  // What was found, or is still being found, is of what was chosen before.
  forget() {
    this.relato = this.conferencia = null;
  }

  async send(simular) {
    const formulario = new FormData();
    for (const [nome, valor] of Object.entries(valores(this.querySelector("form")))) {
      if (valor && nome !== "arquivo") formulario.append(nome, valor);
    }
    formulario.append("arquivo", this.arquivo);
    this.lendo = simular ? PLANILHAS.lendo : PLANILHAS.importando;
    const esperar = () => (this.lendo = PLANILHAS.esperando);
    try {
      return await this.fazer(async () => (await callUntilDone("POST", `planilhas${simular ? "?simular=true" : ""}`, formulario, esperar)).json());
    } finally {
      this.lendo = "";
    }
  }

  async check(event) {
    event.preventDefault();
    if (!this.arquivo) {
      this.erros = { arquivo: PLANILHAS.sem_arquivo };
      return;
    }
    const conferencia = (this.conferencia = {});
    const feita = await this.send(true);
    if (conferencia !== this.conferencia) return;
    this.relato = feita?.data;
    await this.updateComplete;
    this.querySelector("#relato")?.focus();
  }

  async import() {
    const { arquivo } = this;
    const feita = await this.send(false);
    if (!feita) return;
    avisar(feita.message);
    if (arquivo === this.arquivo) {
      this.forget();
      this.arquivo = null;
      this.querySelector("form").reset();
    }
    await this.load();
  }

  async open(planilha) {
    this.aberta = planilha;
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.planilhas}</h1>
      ${this.sessao.escopo === "leitura" || !this.pontos ? nothing : this.renderForm()}
      ${this.relato ? this.renderRelato() : nothing}
      <section class="cartao" aria-labelledby="importadas">
        <h2 id="importadas">${PLANILHAS.importadas}</h2>
        ${this.renderFalha(() => this.load())}
        ${!this.historico ? (this.falha ? nothing : carregando()) : this.historico.length ? this.renderHistorico() : vazio(PLANILHAS.nenhuma)}
      </section>
      ${this.aberta ? this.renderAberta(this.aberta) : nothing}
    `;
  }

  renderForm() {
    const ativos = this.consultores.filter((c) => c.ativo);
    return html`
      <form class="cartao" @submit=${this.check} @change=${(e) => e.target.name !== "arquivo" && this.forget()}>
        <div class="grade">
          ${campo("consultor", PLANILHAS.consultor, html`
            <select id="consultor" name="consultor" required>
              <option value="">${PLANILHAS.escolha}</option>
              ${ativos.map((c) => html`<option value=${c.id}>${c.nome}</option>`)}
            </select>`, this.erros.consultor)}
          ${campo("ponto_venda", PLANILHAS.ponto_venda, html`
            <select id="ponto_venda" name="ponto_venda">
              <option value="">${PLANILHAS.do_consultor}</option>
              ${opcoesPontos(this.pontos.filter((p) => p.ativo)).map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
            </select>`, this.erros.ponto_venda)}
        </div>
        ${this.renderArquivo()}
        <p role="status" class="fraco">${this.lendo}</p>
        <button aria-disabled=${this.ocupada}>${PLANILHAS.conferir}</button>
        <span class="fraco">${PLANILHAS.conferir_dica}</span>
      </form>
    `;
  }

  renderRelato() {
    return html`
      <section class="cartao" id="relato" tabindex="-1" aria-labelledby="relato-titulo">
        <div class="cabeca">
          <h2 id="relato-titulo">${PLANILHAS.relato}</h2>
          <button aria-disabled=${this.ocupada} @click=${this.import}>${PLANILHAS.importar}</button>
        </div>
        <relato-planilha .relato=${this.relato} .nome=${this.arquivo.name}></relato-planilha>
      </section>
    `;
  }

  renderHistorico() {
    return html`
      ${tabela(PLANILHAS.importadas, [
        {
          titulo: PLANILHAS.arquivo,
          ver: (p) => html`<button class="nome" @click=${() => this.open(p)}>${p.nome_arquivo}</button>`,
        },
        { titulo: PLANILHAS.consultor, ver: (p) => p.consultor },
        {
          titulo: PLANILHAS.importada,
          ver: (p) => html`${dataHora(p.importada_em)}${p.importada_por ? html`<br><small>${autor(p.importada_por)}</small>` : nothing}`,
        },
        { titulo: PLANILHAS.contagens.total, ver: (p) => numero(p.total), numero: true },
        { titulo: PLANILHAS.contagens.importados, ver: (p) => numero(p.importados), numero: true },
        { titulo: PLANILHAS.contagens.atualizados, ver: (p) => numero(p.atualizados), numero: true },
        { titulo: PLANILHAS.de_fora, ver: (p) => numero(p.erros.length), numero: true },
      ], this.historico)}
      ${this.cursor ? html`<button class="secundario" @click=${() => this.load(this.cursor)}>${T.mais}</button>` : nothing}
    `;
  }

  renderAberta(planilha) {
    return html`
      <dialog class="largo" aria-labelledby="aberta-titulo" @close=${() => (this.aberta = null)}>
        <div class="cabeca">
          <h2 id="aberta-titulo">${planilha.nome_arquivo}</h2>
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
        </div>
        <p class="fraco">${planilha.consultor} · ${dataHora(planilha.importada_em)}</p>
        <relato-planilha .relato=${planilha} .nome=${planilha.nome_arquivo}></relato-planilha>
      </dialog>
    `;
  }
}

customElements.define("pagina-planilhas", PaginaPlanilhas);
