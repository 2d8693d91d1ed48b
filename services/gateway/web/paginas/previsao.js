// The prediction of failures: whether it speaks, how well it does beside the plain frequency, what it says, and why.
import { html, nothing } from "../vendor/lit.js";
import { get, post } from "../api.js";
import "../grafico.js";
import { quadro } from "../quadro.js";
import { tabela } from "../tabela.js";
import { FORMATOS, MENU } from "../textos/comum.js";
import { PREVISAO } from "../textos/previsao.js";
import { Pagina, administraTudo, avisar, campo, carregando, cota, dataHora, decimais, numero, percentual, vazio } from "../ui.js";

const CONTRATOS = 10;
const ESPERA_MS = 3000;
const ESPERAS = 40;
// A little above the highest, so that small risks are seen apart.
const teto = (valores) => Math.min(1, Math.ceil(Math.max(0.05, ...valores.filter((v) => v !== null)) * 11) / 10);

class PaginaPrevisao extends Pagina {
  static properties = {
    sessao: { attribute: false },
    dados: { state: true },
    ponto: { state: true }, // whose contracts are shown
    contratos: { state: true },
  };

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.espera);
  }

  // Charts drawn again with every change of the page would never rest.
  willUpdate(mudou) {
    if (mudou.has("dados") && this.dados) this.quadros = this.renderQuadros(this.dados);
  }

  async load() {
    const dados = await this.ler(() => get("previsao"));
    if (!dados) return;
    this.dados = dados;
    if (dados.fala && dados.pontos_venda.length) await this.show(this.ponto ?? dados.pontos_venda[0].ponto_venda);
  }

  async show(ponto) {
    this.ponto = ponto;
    this.contratos = null;
    const lido = await this.ler(() => get("previsao/contratos", { ponto_venda: ponto, limite: CONTRATOS }));
    if (lido) this.contratos = lido.contratos;
  }

  async train() {
    const antes = this.dados.treinada_em;
    const pedido = await this.fazer(() => post("previsao/treinar"));
    if (!pedido) return;
    avisar(pedido.pedida_em ? PREVISAO.treino_pedido : PREVISAO.nada_a_aprender);
    if (pedido.pedida_em) this.wait(antes, ESPERAS);
  }

  // Until the answer is there, or nobody is to be expected any more.
  wait(antes, vezes) {
    clearTimeout(this.espera);
    this.espera = setTimeout(async () => {
      await this.load();
      if (this.dados.treinada_em === antes && vezes > 1 && this.isConnected) this.wait(antes, vezes - 1);
    }, ESPERA_MS);
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.previsao}</h1>
      ${this.renderFalha(() => this.load())}
      ${this.dados ? html`${this.renderSituacao(this.dados)} ${this.quadros} ${this.renderContratos()}` : this.falha ? nothing : carregando()}
    `;
  }

  renderSituacao({ fala, texto, treinada_em, juizo }) {
    const textos = PREVISAO.juizo;
    const numeros = [[textos.treinada, dataHora(treinada_em)]];
    if (juizo) numeros.push([textos.linhas, numero(juizo.linhas)], [textos.falhas, numero(juizo.falhas)]);
    if (juizo && juizo.brier !== null) {
      numeros.push(
        [textos.julgadas, textos.julgadas_de(numero(juizo.julgadas), numero(juizo.dias))],
        [textos.brier, decimais(juizo.brier)], [textos.brier_frequencia, decimais(juizo.brier_frequencia)],
        [textos.ganho, percentual(juizo.ganho)], [textos.minimo, percentual(juizo.minimo)],
      );
    }
    return html`
      <section class="cartao" aria-labelledby="situacao-previsao">
        <div class="cabeca">
          <h2 id="situacao-previsao"><span class="selo ${fala ? "sucesso" : "cancelado"}">${fala ? PREVISAO.fala : PREVISAO.calada}</span></h2>
          ${administraTudo(this.sessao) ? html`
            <button type="button" class="secundario" aria-disabled=${this.ocupada} @click=${() => this.train()}>${PREVISAO.treinar}</button>` : nothing}
        </div>
        <p role="status">${texto}</p>
        <dl class="numeros">${numeros.map(([nome, valor]) => html`<div><dt>${nome}</dt><dd>${valor}</dd></div>`)}</dl>
        <p class="fraco">${PREVISAO.o_que_e}</p>
      </section>
    `;
  }

  renderQuadros({ fala, juizo, pontos_venda, razoes }) {
    const avisos = pontos_venda.flatMap((ponto) => ponto.avisos);
    return html`
      ${avisos.length ? html`
        <section class="cartao" aria-labelledby="avisos-previsao">
          <h2 id="avisos-previsao">${PREVISAO.avisos}</h2>
          <ul>${avisos.map((aviso) => html`<li>${aviso}</li>`)}</ul>
        </section>` : nothing}
      <div class="quadros">
        ${juizo?.calibracao.length ? this.renderCalibracao(juizo.calibracao) : nothing}
        ${pontos_venda.map((ponto) => this.renderHoras(ponto))}
        ${fala ? html`
          <section class="cartao" aria-labelledby="razoes-previsao">
            <h2 id="razoes-previsao">${PREVISAO.razoes.titulo}</h2>
            ${razoes.length ? html`<ul>${razoes.map(({ texto }) => html`<li>${texto}</li>`)}</ul>` : vazio(PREVISAO.razoes.nenhuma)}
          </section>` : nothing}
      </div>
    `;
  }

  renderCalibracao(pontos) {
    const textos = PREVISAO.calibracao;
    const [previstos, observados] = ["previsto", "observado"].map((nome) => pontos.map((ponto) => ponto[nome]));
    const series = [
      { nome: textos.observado, cor: "--info", proporcao: true, valores: observados },
      { nome: textos.previsto, cor: "--aviso", tipo: "line", tracejada: true, proporcao: true, valores: previstos },
    ];
    const desenho = html`
      <p class="fraco">${textos.explicacao}</p>
      <grafico-painel .rotulo=${textos.grafico} .rotulos=${previstos.map(percentual)} .series=${series}
        .teto=${teto([...previstos, ...observados])}></grafico-painel>`;
    return quadro("calibracao", textos.titulo, desenho,
      [[textos.previsto, (p) => percentual(p.previsto)], [textos.observado, (p) => percentual(p.observado), true],
        [textos.tentativas, (p) => numero(p.quantas), true]], pontos);
  }

  renderHoras({ ponto_venda, nome, media, agora, horas }) {
    const textos = PREVISAO.horas;
    const conhecidas = horas.filter(({ risco }) => risco !== null);
    const escrever = ({ hora }) => textos.escrever(hora);
    const series = [
      { nome: textos.risco, cor: "--mau", proporcao: true, valores: conhecidas.map(({ risco }) => risco) },
      { nome: textos.media, cor: "--info", tipo: "line", tracejada: true, proporcao: true, valores: conhecidas.map(() => media) },
    ];
    const desenho = html`
      <p class="fraco">${textos.agora(percentual(agora.risco))}</p>
      <grafico-painel .rotulo=${textos.grafico(nome)} .rotulos=${conhecidas.map(escrever)} .series=${series}
        .teto=${teto([media, ...conhecidas.map(({ risco }) => risco)])}></grafico-painel>`;
    return quadro(`horas-${ponto_venda.replace(/\W/g, "-")}`, textos.titulo(nome), desenho,
      [[textos.hora, escrever], [textos.risco, ({ risco }) => percentual(risco), true]], conhecidas);
  }

  renderContratos() {
    const { dados, contratos } = this;
    const textos = PREVISAO.contratos;
    if (!dados.fala || !dados.pontos_venda.length) return nothing;
    return html`
      <section class="cartao" aria-labelledby="contratos-previsao">
        <h2 id="contratos-previsao">${textos.titulo}</h2>
        ${campo("ponto_previsao", textos.ponto_venda, html`
          <select id="ponto_previsao" .value=${this.ponto ?? ""} @change=${(e) => this.show(e.target.value)}>
            ${dados.pontos_venda.map((p) => html`<option value=${p.ponto_venda}>${p.nome}</option>`)}
          </select>`)}
        ${!contratos ? carregando() : contratos.length ? tabela(textos.titulo, [
          { titulo: textos.cliente, ver: (c) => c.nome },
          { titulo: textos.cota, ver: cota },
          { titulo: textos.risco, ver: (c) => percentual(c.risco), numero: true },
          { titulo: textos.porque, ver: (c) => c.razoes.map(({ texto }) => texto).join("; ") || FORMATOS.nada },
        ], contratos, { chave: (c) => c.cliente_id }) : vazio(textos.nenhum)}
      </section>
    `;
  }
}

customElements.define("pagina-previsao", PaginaPrevisao);
