// Where the day begins: start a download, and see what is running.
import { html, nothing, repeat } from "../vendor/lit.js";
import { get, getAll, post } from "../api.js";
import { conexao } from "../live.js";
import { MENU, T, TIPOS } from "../textos/comum.js";
import { INICIO } from "../textos/inicio.js";
import {
  Pagina, barra, campo, carregando, dataHora, ir, listMeses, mesAno, numero, seloExecucao, valores, vazio,
} from "../ui.js";

const PREVIA_MS = 300;

class PaginaInicio extends Pagina {
  static properties = {
    sessao: { attribute: false },
    pontos: { state: true },
    consultores: { state: true },
    execucoes: { state: true },
    previa: { state: true },
  };

  connectedCallback() {
    super.connectedCallback();
    this.load();
    this.stop = conexao.followAll((evento) => this.hear(evento));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stop();
    clearTimeout(this.espera);
  }

  async load() {
    await this.fazer(async () => {
      [this.pontos, this.consultores] = await Promise.all([
        getAll("pontos-venda", "pontos-venda"), getAll("consultores", "consultores"),
      ]);
      this.pontos = this.pontos.filter((ponto) => ponto.ativo);
      await this.loadExecucoes();
    });
    await this.updateComplete;
    this.preview();
  }

  async loadExecucoes() {
    this.execucoes = (await get("execucoes", { limite: 20 })).execucoes;
  }

  // An execution that is not on the list yet, or a socket that came back: the list is read again.
  hear(evento) {
    const conhecida = evento && this.execucoes?.find((e) => e.automacao_id === evento.automacao_id);
    if (!conhecida) return this.execucoes && this.loadExecucoes();
    conhecida.contadores = evento.contadores;
    if (evento.evento === "execucao.status") conhecida.status = evento.status;
    this.requestUpdate();
  }

  read() {
    const formulario = this.querySelector("form");
    const { ponto_venda, quando, consultor, limite, forcar } = valores(formulario);
    const [ano, mes] = quando ? quando.split("-").map(Number) : [null, null];
    return {
      ponto_venda, mes, ano,
      consultor: consultor && Number(consultor),
      limite: limite && Number(limite),
      forcar: forcar !== undefined,
    };
  }

  change() {
    clearTimeout(this.espera);
    this.espera = setTimeout(() => this.preview(), PREVIA_MS);
  }

  async preview() {
    const formulario = this.querySelector("form");
    if (!this.pontos?.length || !formulario?.checkValidity()) return;
    try {
      this.previa = await post("previa-downloads-ponto-venda", this.read());
    } catch (erro) {
      this.previa = { recusa: erro.message };
    }
  }

  async start(event) {
    event.preventDefault();
    const feita = await this.fazer(() => post("processar-downloads-ponto-venda", this.read()), INICIO.enviada);
    if (feita) ir(`execucoes/${feita.automacao_id}`);
  }

  render() {
    if (!this.pontos) return html`<h1 tabindex="-1">${MENU.inicio}</h1>${carregando()}`;
    return html`
      <h1 tabindex="-1">${MENU.inicio}</h1>
      ${this.pontos.length ? this.renderForm() : this.renderFirst()}
      <section aria-labelledby="recentes">
        <h2 id="recentes">${INICIO.recentes}</h2>
        ${this.renderExecucoes()}
      </section>
    `;
  }

  renderFirst() {
    return html`
      <section class="cartao">
        <h2>${INICIO.primeiros_passos}</h2>
        <ol>
          <li><a href="#/pontos-venda">${INICIO.passo_ponto}</a></li>
          <li><a href="#/credenciais">${INICIO.passo_credencial}</a> ${INICIO.passo_teste}</li>
          <li><a href="#/consultores">${INICIO.passo_consultores}</a></li>
          <li><a href="#/planilhas">${INICIO.passo_planilhas}</a></li>
        </ol>
      </section>
    `;
  }

  renderForm() {
    if (this.sessao.escopo === "leitura") return nothing;
    return html`
      <form class="cartao" @submit=${this.start} @input=${this.change} @change=${this.change}>
        <div class="grade">
          ${campo("ponto_venda", INICIO.ponto_venda, html`
            <select id="ponto_venda" name="ponto_venda" required>
              ${this.pontos.map((p) => html`<option value=${p.codigo}>${p.codigo} · ${p.nome}</option>`)}
            </select>`, this.erros.ponto_venda)}
          ${campo("quando", INICIO.vencimento, html`
            <select id="quando" name="quando">
              <option value="">${INICIO.proxima_parcela}</option>
              ${listMeses().map((m) => html`<option value=${m.valor}>${m.texto}</option>`)}
            </select>`, this.erros.mes)}
          ${campo("consultor", INICIO.consultor, html`
            <select id="consultor" name="consultor">
              <option value="">${T.todos}</option>
              ${this.consultores.map((c) => html`<option value=${c.id}>${c.nome}</option>`)}
            </select>`, this.erros.consultor)}
          ${campo("limite", INICIO.limite, html`
            <input id="limite" name="limite" type="number" min="1" inputmode="numeric" placeholder=${T.todos}>`,
            this.erros.limite)}
        </div>
        <label class="marca-campo"><input type="checkbox" name="forcar"> ${INICIO.forcar}</label>
        ${this.renderPrevia()}
        <button ?disabled=${this.ocupada || this.previa?.a_baixar === 0}>${this.renderVerbo()}</button>
      </form>
    `;
  }

  renderVerbo() {
    const quantos = this.previa?.a_baixar;
    return quantos ? INICIO.baixar(quantos, numero(quantos)) : MENU.inicio;
  }

  renderPrevia() {
    const { previa } = this;
    if (!previa) return nothing;
    if (previa.recusa) return html`<p class="destaque" role="status">${previa.recusa}</p>`;
    return html`
      <div role="status">
      <dl class="numeros">
        <div><dt>${MENU.clientes}</dt><dd>${numero(previa.total_clientes)}</dd></div>
        <div><dt>${INICIO.ja_baixados}</dt>
          <dd>${previa.ja_baixados === null ? INICIO.ja_baixados_depois : numero(previa.ja_baixados)}</dd></div>
        <div><dt>${INICIO.falharam}</dt><dd>${numero(previa.com_erro)}</dd></div>
      </dl>
      </div>
    `;
  }

  renderExecucoes() {
    if (!this.execucoes) return carregando();
    if (!this.execucoes.length) return vazio(INICIO.nenhuma);
    return html`
      <ul class="lista">
        ${repeat(this.execucoes, (e) => e.automacao_id, (e) => html`
          <li>
            <a class="linha-execucao" href="#/execucoes/${e.automacao_id}">
              <span><strong>${e.ponto_venda}</strong> · ${mesAno(e.parametros.mes, e.parametros.ano)}
                ${e.tipo === "download_boletos" ? nothing : html`· ${TIPOS[e.tipo]}`}</span>
              <span class="fraco">${dataHora(e.criado_em)}</span>
              ${seloExecucao(e.status)}
              ${barra(e.contadores, INICIO.andamento(e.ponto_venda))}
              <span class="fraco">${this.renderFeitos(e.contadores)}</span>
            </a>
          </li>`)}
      </ul>
    `;
  }

  renderFeitos(contadores) {
    const total = Object.values(contadores).reduce((soma, quantos) => soma + quantos, 0);
    return INICIO.feitos(numero(total - contadores.pendente - contadores.processando), numero(total));
  }
}

customElements.define("pagina-inicio", PaginaInicio);
