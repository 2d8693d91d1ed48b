// The workbooks: one is checked before anything is written, then imported; the earlier ones with their reports.
import { html, nothing } from "../vendor/lit.js";
import { callUntilDone, get, getAll } from "../api.js";
import { opcoesPontos, tabela } from "../cadastro.js";
import "../relato-planilha.js";
import { T } from "../textos.js";
import { Pagina, avisar, campo, carregando, dataHora, numero, valores, vazio } from "../ui.js";

const TIPOS = ".xlsx,.xls,.xlsm";
const LIMITE_BYTES = 20 * 1024 * 1024;

class PaginaPlanilhas extends Pagina {
  static properties = {
    sessao: { attribute: false },
    arquivo: { state: true },
    sobre: { state: true }, // a file is held above the place for it
    lendo: { state: true }, // what is being done with the workbook, in words
    relato: { state: true },
    historico: { state: true },
    cursor: { state: true },
    aberta: { state: true }, // the import whose report is shown
  };

  connectedCallback() {
    super.connectedCallback();
    this.fazer(async () => {
      [this.consultores, this.pontos] = await Promise.all([getAll("consultores", "consultores"), getAll("pontos-venda", "pontos-venda")]);
      await this.load();
    });
  }

  async load(cursor = null) {
    const pagina = await get("planilhas", { limite: 20, cursor });
    this.historico = cursor ? [...this.historico, ...pagina.planilhas] : pagina.planilhas;
    this.cursor = pagina.cursor;
  }

  choose(arquivo) {
    this.sobre = false;
    this.relato = null;
    if (!arquivo) return;
    const grande = arquivo.size > LIMITE_BYTES;
    this.erros = grande ? { arquivo: "passa de 20 MB: divida a planilha ou tire dela as imagens" } : {};
    this.arquivo = grande ? null : arquivo;
  }

  drop(event) {
    event.preventDefault();
    this.choose(event.dataTransfer.files[0]);
  }

  drag(event) {
    event.preventDefault();
    this.sobre = true;
  }

  async send(simular) {
    const formulario = new FormData();
    for (const [nome, valor] of Object.entries(valores(this.querySelector("form")))) {
      if (valor && nome !== "arquivo") formulario.append(nome, valor);
    }
    formulario.append("arquivo", this.arquivo);
    this.lendo = simular ? "Lendo a planilha…" : "Importando a planilha…";
    const esperar = () => (this.lendo = "A planilha é grande e ainda está sendo lida…");
    try {
      return await this.fazer(async () => (await callUntilDone("POST", `planilhas${simular ? "?simular=true" : ""}`, formulario, esperar)).json());
    } finally {
      this.lendo = "";
    }
  }

  async check(event) {
    event.preventDefault();
    if (!this.arquivo) {
      this.erros = { arquivo: "escolha a planilha do consultor" };
      return;
    }
    this.relato = (await this.send(true))?.data;
    await this.updateComplete;
    this.querySelector("#relato")?.focus();
  }

  async import() {
    const feita = await this.send(false);
    if (!feita) return;
    avisar(feita.message);
    this.relato = this.arquivo = null;
    this.querySelector("form").reset();
    await this.fazer(() => this.load());
  }

  async open(planilha) {
    this.aberta = planilha;
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`
      <h1 tabindex="-1">Planilhas</h1>
      ${this.sessao.escopo === "leitura" || !this.pontos ? nothing : this.renderForm()}
      ${this.relato ? this.renderRelato() : nothing}
      <section class="cartao" aria-labelledby="importadas">
        <h2 id="importadas">Planilhas importadas</h2>
        ${!this.historico ? carregando() : this.historico.length ? this.renderHistorico() : vazio("Nenhuma planilha importada ainda.")}
      </section>
      ${this.aberta ? this.renderAberta(this.aberta) : nothing}
    `;
  }

  renderForm() {
    const ativos = this.consultores.filter((c) => c.ativo);
    return html`
      <form class="cartao" @submit=${this.check} @change=${(e) => e.target.name !== "arquivo" && (this.relato = null)}>
        <div class="grade">
          ${campo("consultor", "Consultor", html`
            <select id="consultor" name="consultor" required>
              <option value="">Escolha</option>
              ${ativos.map((c) => html`<option value=${c.id}>${c.nome}</option>`)}
            </select>`, this.erros.consultor)}
          ${campo("ponto_venda", "Ponto de venda das linhas que não o dizem", html`
            <select id="ponto_venda" name="ponto_venda">
              <option value="">O do consultor</option>
              ${opcoesPontos(this.pontos.filter((p) => p.ativo)).map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
            </select>`, this.erros.ponto_venda)}
        </div>
        <div class="soltar ${this.sobre ? "sobre" : ""}" @dragover=${this.drag} @dragleave=${() => (this.sobre = false)} @drop=${this.drop}>
          <label for="arquivo">Solte aqui a planilha, ou escolha o arquivo</label>
          <input id="arquivo" name="arquivo" type="file" accept=${TIPOS} aria-describedby="arquivo-escolhido"
            @change=${(e) => this.choose(e.target.files[0])}>
          <p id="arquivo-escolhido" role="status">${this.arquivo
            ? html`<strong>${this.arquivo.name}</strong> · ${numero(Math.ceil(this.arquivo.size / 1024))} KB` : "Excel (.xlsx, .xls, .xlsm), até 20 MB"}</p>
          ${this.erros.arquivo ? html`<p class="erro-campo" role="alert">${this.erros.arquivo}</p>` : nothing}
        </div>
        <p role="status" class="fraco">${this.lendo}</p>
        <button ?disabled=${this.ocupada}>Conferir a planilha</button>
        <span class="fraco">Nada é gravado antes de você ver o relato.</span>
      </form>
    `;
  }

  renderRelato() {
    return html`
      <section class="cartao" id="relato" tabindex="-1" aria-labelledby="relato-titulo">
        <div class="cabeca">
          <h2 id="relato-titulo">O que a importação vai fazer</h2>
          <button ?disabled=${this.ocupada} @click=${this.import}>Importar</button>
        </div>
        <relato-planilha .relato=${this.relato} .nome=${this.arquivo.name}></relato-planilha>
      </section>
    `;
  }

  renderHistorico() {
    return html`
      ${tabela("Planilhas importadas", [
        { titulo: "Arquivo", ver: (p) => html`<button class="nome" @click=${() => this.open(p)}>${p.nome_arquivo}</button>` },
        { titulo: "Consultor", ver: (p) => p.consultor },
        { titulo: "Importada", ver: (p) => html`${dataHora(p.importada_em)}${p.importada_por ? html`<br><small>${p.importada_por}</small>` : nothing}` },
        { titulo: "Linhas", ver: (p) => numero(p.total), numero: true },
        { titulo: "Novos", ver: (p) => numero(p.importados), numero: true },
        { titulo: "Atualizados", ver: (p) => numero(p.atualizados), numero: true },
        { titulo: "De fora", ver: (p) => numero(p.erros.length), numero: true },
      ], this.historico)}
      ${this.cursor ? html`<button class="secundario" ?disabled=${this.ocupada} @click=${() => this.fazer(() => this.load(this.cursor))}>${T.mais}</button>` : nothing}
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
