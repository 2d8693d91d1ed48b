// Where the day begins: start a download, and see what is running.
import { html, nothing, repeat } from "../vendor/lit.js";
import { get, getCadastros, post } from "../api.js";
import { ExecucoesVivas } from "../execucoes-vivas.js";
import { MENU, T, TIPOS } from "../textos/comum.js";
import { INICIO } from "../textos/inicio.js";
import {
  Pagina, barra, campo, carregando, dataHora, escolha, ir, listMeses, mesAno, nomePonto, numero, seloExecucao, throttle, valores,
  vazio,
} from "../ui.js";

const PREVIA_MS = 300;
const PLANILHAS = 3; // those that are said in full

class PaginaInicio extends Pagina {
  static properties = {
    sessao: { attribute: false },
    pontos: { state: true },
    consultores: { state: true },
    previa: { state: true },
    avisos: { state: true }, // of the prediction of failures
  };

  vivas = new ExecucoesVivas(this, () => this.load());

  constructor() {
    super();
    this.change = throttle(() => this.preview(), PREVIA_MS);
    this.avisos = [];
    this.envio = {}; // what was sent last, and under which key: sent again, it is the same execution
  }

  connectedCallback() {
    super.connectedCallback();
    this.load();
    this.warn();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.change.cancel();
  }

  async load() {
    const lido = await this.ler(() => Promise.all([get("execucoes", { limite: 20 }), this.pontos ? null : getCadastros()]));
    if (!lido) return;
    const [{ execucoes }, cadastros] = lido;
    this.vivas.put(execucoes);
    this.requestUpdate();
    if (cadastros) {
      this.pontos = cadastros.pontos.filter((ponto) => ponto.ativo);
      this.consultores = cadastros.consultores.filter((consultor) => consultor.ativo);
      await this.updateComplete;
    }
    // What an execution has done meanwhile is no more to be done.
    this.preview();
  }

  // Without it the page is whole: nothing is said where it cannot be had.
  async warn() {
    const { pontos_venda } = await get("previsao").catch(() => ({ pontos_venda: [] }));
    this.avisos = pontos_venda.flatMap((ponto) => ponto.avisos);
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

  // The answer to an older question is dropped.
  async preview() {
    const formulario = this.querySelector("form");
    if (!this.pontos?.length || !formulario?.checkValidity()) return;
    const pergunta = (this.pergunta = {});
    const previa = await post("previa-downloads-ponto-venda", this.read()).catch((erro) => ({ recusa: erro.message }));
    if (pergunta === this.pergunta) this.previa = previa;
  }

  async start(event) {
    event.preventDefault();
    const pedido = this.read();
    const corpo = JSON.stringify(pedido);
    if (corpo !== this.envio.corpo) this.envio = { corpo, chave: makeChave() };
    const headers = { "Idempotency-Key": this.envio.chave };
    const feita = await this.fazer(() => post("processar-downloads-ponto-venda", pedido, headers), INICIO.enviada);
    if (feita) ir(`execucoes/${feita.automacao_id}`);
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.inicio}</h1>
      ${this.renderFalha(() => this.load())}
      ${this.pontos ? this.renderPagina() : this.falha ? nothing : carregando()}
    `;
  }

  renderPagina() {
    return html`
      ${this.avisos.length ? html`
        <aside class="destaque" aria-label=${INICIO.avisos}>
          ${this.avisos.map((aviso) => html`<p>${aviso}</p>`)}
          <a href="#/previsao">${INICIO.porque}</a>
        </aside>` : nothing}
      ${this.renderPlanilhas(this.consultores.filter((c) => c.erro_planilha))}
      ${this.pontos.length ? this.renderForm() : this.renderFirst()}
      <section aria-labelledby="recentes">
        <h2 id="recentes">${INICIO.recentes}</h2>
        ${this.renderExecucoes()}
      </section>
    `;
  }

  // Workbooks by link that could not be opened: what is downloaded follows an older one.
  renderPlanilhas(falhas) {
    if (!falhas.length) return nothing;
    return html`
      <aside class="destaque" aria-label=${INICIO.planilhas}>
        ${falhas.slice(0, PLANILHAS).map((c) => html`<p>${INICIO.planilha_falhou(c.nome, c.erro_planilha)}</p>`)}
        <a href="#/consultores">${INICIO.ver_planilhas(falhas.length)}</a>
      </aside>
    `;
  }

  renderFirst() {
    const { escopo } = this.sessao;
    const passo = (papeis, lugar, texto, resto = "") => html`
      <li>${papeis.includes(escopo) ? html`<a href="#/${lugar}">${texto}</a> ${resto}` : html`${texto} ${resto}: ${T.peca_admin}`}</li>`;
    return html`
      <section class="cartao">
        <h2>${INICIO.primeiros_passos}</h2>
        <ol>
          ${passo(["admin"], "pontos-venda", INICIO.passo_ponto)}
          ${passo(["admin"], "credenciais", INICIO.passo_credencial, INICIO.passo_teste)}
          ${passo(["admin", "operador"], "consultores", INICIO.passo_consultores)}
          ${passo(["admin", "operador"], "planilhas", INICIO.passo_planilhas)}
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
              ${this.pontos.map((p) => html`<option value=${p.codigo}>${nomePonto(p)}</option>`)}
            </select>`, this.erros.ponto_venda)}
          ${campo("quando", INICIO.vencimento,
            escolha("quando", listMeses().map((m) => [m.valor, m.texto]), INICIO.proxima_parcela), this.erros.mes)}
          ${campo("consultor", INICIO.consultor, escolha("consultor", this.consultores.map((c) => [c.id, c.nome])),
            this.erros.consultor)}
          ${campo("limite", INICIO.limite, html`
            <input id="limite" name="limite" type="number" min="1" inputmode="numeric" placeholder=${T.todos}>`,
            this.erros.limite)}
        </div>
        <label class="marca-campo"><input type="checkbox" name="forcar"> ${INICIO.forcar}</label>
        ${this.renderPrevia()}
        <button aria-disabled=${this.ocupada || this.previa?.a_baixar === 0}>${this.renderVerbo()}</button>
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
        <div><dt>${INICIO.pendentes}</dt><dd>${numero(previa.a_baixar)}</dd></div>
        <div><dt>${INICIO.falharam}</dt><dd>${numero(previa.com_erro)}</dd></div>
      </dl>
      </div>
    `;
  }

  renderExecucoes() {
    const { linhas } = this.vivas;
    if (!linhas.length) return vazio(INICIO.nenhuma);
    return html`
      <ul class="lista">
        ${repeat(linhas, (e) => e.automacao_id, (e) => html`
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

// Not randomUUID, which browsers give to secure pages alone.
const makeChave = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16).padStart(8, "0")).join("");

customElements.define("pagina-inicio", PaginaInicio);
