// Where else the boletos lie: each mirror with what is due there and why, and a button that fills it again.
import { html, nothing, repeat } from "../vendor/lit.js";
import { ask } from "../api.js";
import { PaginaCadastro } from "../cadastro.js";
import "../copias-espelho.js";
import { MENU, T } from "../textos/comum.js";
import { ESPELHOS } from "../textos/espelhos.js";
import { avisar, confirmar, dataHora, numero } from "../ui.js";

const OLHADA_MS = 3000; // while something is due
const DRIVE = "drive://";

const isDrive = (espelho) => espelho.destino?.startsWith(DRIVE);
const linkPasta = (espelho) => `https://drive.google.com/drive/folders/${espelho.destino.slice(DRIVE.length)}`;

class PaginaEspelhos extends PaginaCadastro {
  static properties = { vistas: { state: true } }; // the mirror whose copies are shown

  caminho = "espelhos";
  palavras = { titulo: MENU.espelhos, ...ESPELHOS.palavras };

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.espera);
  }

  async load() {
    clearTimeout(this.espera);
    await super.load();
    const devidas = this.linhas?.some((e) => e.ativo && e.pendentes + e.a_remover);
    if (devidas && this.isConnected) this.espera = setTimeout(() => this.load(), OLHADA_MS);
  }

  outros() {
    return html`<button class="secundario"
      @click=${() => (this.aberta = { destino: DRIVE, titulo: ESPELHOS.novo_drive })}>${ESPELHOS.novo_drive}</button>`;
  }

  campos(linha, novo) {
    return [
      { nome: "nome", rotulo: ESPELHOS.nome, obrigatorio: true },
      ...(isDrive(linha) ? this.camposDrive(linha, novo) : this.camposS3(linha, novo)),
      ...(novo ? [] : [{ nome: "ativo", rotulo: ESPELHOS.ligado_campo, tipo: "marca", valor: linha.ativo }]),
    ];
  }

  camposS3(linha, novo) {
    return [
      { nome: "destino", rotulo: ESPELHOS.destino, obrigatorio: true, dica: ESPELHOS.destino_dica },
      { nome: "endereco", rotulo: ESPELHOS.endereco, obrigatorio: true, dica: ESPELHOS.endereco_dica },
      { nome: "regiao", rotulo: ESPELHOS.regiao, obrigatorio: true, valor: novo ? "us-east-1" : linha.regiao },
      { nome: "chave", rotulo: ESPELHOS.chave, obrigatorio: true },
      { nome: "segredo", rotulo: novo ? ESPELHOS.segredo : ESPELHOS.segredo_novo, tipo: "senha", obrigatorio: novo,
        valor: "", dica: novo ? undefined : ESPELHOS.segredo_dica, completar: "new-password" },
    ];
  }

  camposDrive(linha, novo) {
    return [
      { nome: "destino", rotulo: ESPELHOS.pasta, obrigatorio: true, dica: ESPELHOS.pasta_dica,
        valor: novo ? "" : linkPasta(linha) },
      { nome: "segredo", rotulo: novo ? ESPELHOS.conta : ESPELHOS.conta_nova, tipo: "arquivo", obrigatorio: novo,
        dica: novo ? undefined : ESPELHOS.conta_nova_dica },
    ];
  }

  nota(linha, novo) {
    if (!novo || !isDrive(linha)) return nothing;
    return html`
      <ol class="como-fazer">${ESPELHOS.passos.map((passo) => html`<li>${passo}</li>`)}</ol>
      <p class="dica">${ESPELHOS.sem_drive}</p>
    `;
  }

  async fill(espelho) {
    if (!(await confirmar(ESPELHOS.preencher_pergunta(espelho.nome), ESPELHOS.preencher_sim))) return;
    const feita = await this.fazer(() => ask("POST", `espelhos/${espelho.id}/preencher`));
    if (feita) avisar(feita.message);
    this.load();
  }

  renderLinhas() {
    return html`
      <p class="fraco">${ESPELHOS.explica}</p>
      <ul class="lista">${repeat(this.linhas, (e) => e.id, (e) => html`<li>${this.renderEspelho(e)}</li>`)}</ul>
    `;
  }

  renderEspelho(e) {
    return html`
      <article class="cartao" aria-label=${e.nome}>
        <div class="cabeca">
          <h2>${e.nome} <span class="selo ${e.erro ? "mau" : e.ativo ? "bom" : ""}">
            ${e.ativo ? ESPELHOS.ligado : ESPELHOS.desligado}</span></h2>
          <div class="acoes">
            <button class="secundario" @click=${() => (this.aberta = e)}>${T.editar}</button>
            <button class="secundario" aria-label=${ESPELHOS.copias_nome(e.nome)}
              @click=${() => (this.vistas = e)}>${ESPELHOS.copias}</button>
            <button aria-disabled=${this.ocupada} aria-label=${ESPELHOS.preencher_nome(e.nome)}
              @click=${() => this.fill(e)}>${ESPELHOS.preencher}</button>
          </div>
        </div>
        ${isDrive(e)
          ? html`<p>${ESPELHOS.drive} · <a href=${linkPasta(e)} target="_blank" rel="noopener">${ESPELHOS.abrir_pasta}</a></p>`
          : html`<p><code>${e.destino}</code> <span class="fraco">${e.endereco}</span></p>`}
        ${e.erro ? html`
          <div class="destaque"><p>${e.erro}</p>
            ${e.em_espera_ate ? html`<p>${ESPELHOS.em_espera(dataHora(e.em_espera_ate))}</p>` : nothing}</div>` : nothing}
        ${e.atrasada_desde ? html`<p class="fraco">${ESPELHOS.atrasada(dataHora(e.atrasada_desde))}</p>` : nothing}
        <dl class="numeros">
          ${["feitas", "pendentes", "a_remover", "falhando"].map((nome) => html`
            <div><dt>${ESPELHOS[nome]}</dt><dd>${numero(e[nome])}</dd></div>`)}
          <div><dt>${ESPELHOS.ultima}</dt><dd>${dataHora(e.ultima_em)}</dd></div>
        </dl>
      </article>
    `;
  }

  render() {
    return html`
      ${super.render()}
      ${this.vistas ? html`
        <copias-espelho .espelho=${this.vistas} @fechar=${() => { this.vistas = null; this.load(); }}></copias-espelho>` : nothing}
    `;
  }
}

customElements.define("pagina-espelhos", PaginaEspelhos);
