// How the work goes: results over time, by month and consultor, causes, step times, and the portal's slow hours.
import { html, svg } from "../vendor/lit.js";
import { download, get, getCadastros, withQuery } from "../api.js";
import "../grafico.js";
import { quadro, tabela } from "../quadro.js";
import { ETAPAS, FORMATOS, MENU, MESES, QUEM_AGE, STATUS_CLIENTE } from "../textos/comum.js";
import { ESTATISTICAS } from "../textos/estatisticas.js";
import {
  Pagina, campo, carregando, escolha, hora, mesAno, nomePonto, numero, percentual, valores, vazio,
} from "../ui.js";

// In the colours of the bars of an execution; true: the lighter one of two.
const RESULTADOS = [
  ["sucesso", "--bom", false], ["ja_baixado", "--bom", true], ["sem_boleto", "--aviso", false],
  ["cpf_nao_encontrado", "--aviso", true], ["erro", "--mau", false], ["cancelado", "--neutro", false],
];

const diaMes = (dia) => ESTATISTICAS.dias.escrever(...dia.split("-").slice(1).reverse());
const segundos = (valor) => (valor === null ? FORMATOS.nada : FORMATOS.segundos(numero(valor)));
const contagens = [
  [ESTATISTICAS.total, (c) => numero(c.total), true],
  ...RESULTADOS.map(([status]) => [STATUS_CLIENTE[status], (c) => numero(c[status]), true]),
  [ESTATISTICAS.taxa_sucesso, (c) => percentual(c.taxa_sucesso), true],
];
const grafico = (rotulo, rotulos, series, opcoes = {}) => html`
  <grafico-painel .rotulo=${rotulo} .rotulos=${rotulos} .series=${series} .empilhado=${!!opcoes.empilhado}
    .deitado=${!!opcoes.deitado} .unidade=${opcoes.unidade ?? ""}></grafico-painel>
`;

class PaginaEstatisticas extends Pagina {
  static properties = {
    sessao: { attribute: false },
    pontos: { state: true },
    consultores: { state: true },
    dados: { state: true },
    lidas: { state: true }, // when
  };

  connectedCallback() {
    super.connectedCallback();
    this.filtros = {};
    this.load();
  }

  // The charts are made once for what was read: drawn again with every change of the page they would never rest.
  willUpdate(mudou) {
    if (mudou.has("dados")) this.quadros = this.renderDados(this.dados);
  }

  async load() {
    const formulario = this.querySelector("form");
    const filtros = formulario ? valores(formulario) : this.filtros;
    const lido = await this.ler(() => Promise.all([get("estatisticas", filtros), this.pontos ? {} : getCadastros()]));
    if (!lido) return;
    const [dados, cadastros] = lido;
    Object.assign(this, cadastros, { dados, filtros, lidas: new Date().toISOString() });
  }

  save() {
    this.fazer(() => download(withQuery("estatisticas.csv", this.filtros)));
  }

  render() {
    return html`
      <h1 tabindex="-1">${MENU.estatisticas}</h1>
      ${this.pontos ? this.renderFiltros() : ""}
      ${this.renderFalha(() => this.load())}
      ${this.dados ? this.quadros : this.falha ? "" : carregando()}
    `;
  }

  renderFiltros() {
    return html`
      <form class="cartao" @submit=${(e) => e.preventDefault()} @change=${() => this.load()}>
        <div class="grade">
          ${campo("ponto_venda", ESTATISTICAS.ponto_venda, escolha("ponto_venda", this.pontos.map((p) => [p.codigo, nomePonto(p)])))}
          ${campo("consultor", ESTATISTICAS.consultor, escolha("consultor", this.consultores.map((c) => [c.id, c.nome])))}
        </div>
        <div class="cabeca">
          <span class="fraco" role="status">${this.lidas ? ESTATISTICAS.lidas(hora(this.lidas)) : ""}</span>
          <div class="acoes">
            <button type="button" class="secundario" aria-disabled=${this.ocupada}
              @click=${() => this.load()}>${ESTATISTICAS.atualizar}</button>
            <button type="button" class="secundario" aria-disabled=${this.ocupada}
              @click=${() => this.save()}>${ESTATISTICAS.baixar}</button>
          </div>
        </div>
      </form>
    `;
  }

  renderDados({ totais, etapas, por_consultor, por_causa, recuos, por_dia, por_mes, por_hora }) {
    const periodos = Object.entries(ESTATISTICAS.periodos);
    const consultor = [ESTATISTICAS.consultor, (c) => c.consultor ?? ESTATISTICAS.sem_consultor];
    return html`
      <div class="placar">${periodos.map(([janela, nome]) => this.renderPeriodo(janela, nome, totais[janela]))}</div>
      <div class="quadros">
        ${this.renderDias(por_dia)} ${this.renderMeses(por_mes)} ${this.renderEtapas(etapas)} ${this.renderHoras(por_hora)}
      </div>
      ${this.renderCausas(por_causa)}
      ${recuos.length ? html`
        <section class="cartao">
          ${tabela(ESTATISTICAS.recuos.titulo,
            [[ESTATISTICAS.recuos.motivo, (r) => r.titulo], [ESTATISTICAS.contratos, (r) => numero(r.quantidade)]], recuos)}
          <p class="fraco">${ESTATISTICAS.recuos.explicacao}</p>
        </section>` : ""}
      ${por_consultor.length ? html`
        <section class="cartao">${tabela(ESTATISTICAS.por_consultor, [consultor, ...contagens], por_consultor)}</section>` : ""}
    `;
  }

  renderPeriodo(janela, nome, c) {
    return html`
      <section class="cartao" aria-labelledby="total-${janela}">
        <h2 id="total-${janela}">${nome}</h2>
        <p class="grande">${percentual(c.taxa_sucesso)}</p>
        <p class="fraco">${ESTATISTICAS.de_sucesso}</p>
        <dl class="numeros">
          ${[[ESTATISTICAS.contratos, c.total], ...RESULTADOS.map(([status]) => [STATUS_CLIENTE[status], c[status]])].map(
            ([rotulo, quantos]) => html`<div><dt>${rotulo}</dt><dd>${numero(quantos)}</dd></div>`)}
        </dl>
      </section>
    `;
  }

  renderDias(dias) {
    const textos = ESTATISTICAS.dias;
    const taxas = dias.map((dia) => dia.taxa_sucesso);
    const serie = { nome: ESTATISTICAS.taxa_sucesso, cor: "--bom", tipo: "line", proporcao: true, valores: taxas };
    return quadro("por-dia", textos.titulo,
      grafico(textos.grafico, dias.map((dia) => diaMes(dia.dia)), [serie]),
      [[textos.dia, (dia) => diaMes(dia.dia)], ...contagens], dias);
  }

  // The chart adds the consultores of each month up; the table keeps them apart.
  renderMeses(linhas) {
    const textos = ESTATISTICAS.meses;
    const meses = [...new Set(linhas.map((linha) => `${linha.ano}-${linha.mes}`))];
    const somar = (mes, status) =>
      linhas.filter((linha) => `${linha.ano}-${linha.mes}` === mes).reduce((soma, linha) => soma + linha[status], 0);
    const nomes = meses.map((mes) => textos.escrever(MESES[mes.split("-")[1] - 1], mes.split("-")[0]));
    const series = RESULTADOS.map(([status, cor, clara]) => ({
      nome: STATUS_CLIENTE[status], cor, clara, valores: meses.map((mes) => somar(mes, status)),
    }));
    const consultor = [ESTATISTICAS.consultor, (m) => m.consultor ?? ESTATISTICAS.sem_consultor];
    return quadro("por-mes", textos.titulo,
      grafico(textos.grafico, nomes, series, { empilhado: true }),
      [[textos.mes, (m) => mesAno(m.mes, m.ano)], consultor, ...contagens], linhas);
  }

  renderCausas(causas) {
    const textos = ESTATISTICAS.causas;
    const maior = causas[0]?.quantidade;
    return html`
      <section class="cartao" aria-labelledby="por-causa">
        <h2 id="por-causa">${textos.titulo}</h2>
        <p class="fraco">${textos.explicacao}</p>
        ${causas.length ? html`
          <ol class="lista causas">${causas.map((causa) => html`
            <li class="causa">
              <strong class="quantos">${numero(causa.quantidade)}</strong>
              <div>
                <h3>${causa.titulo}</h3>
                <div class="barra" aria-hidden="true"><svg viewBox="0 0 100 1" preserveAspectRatio="none">${svg`
                  <rect class="processando" width=${(100 * causa.quantidade) / maior} height="1"></rect>`}</svg></div>
                <p class="fraco">${QUEM_AGE[causa.quem_age] ?? causa.quem_age} · ${causa.codigo}</p>
              </div>
            </li>`)}</ol>` : vazio(textos.nenhuma)}
      </section>
    `;
  }

  renderEtapas(etapas) {
    const { etapas: textos, tempos } = ESTATISTICAS;
    const ordem = Object.keys(ETAPAS);
    const linhas = [...etapas].sort((a, b) => ordem.indexOf(a.etapa) - ordem.indexOf(b.etapa));
    const nome = (etapa) => ETAPAS[etapa.etapa] ?? etapa.etapa;
    return quadro("etapas", textos.titulo,
      grafico(textos.grafico, linhas.map(nome), [
        { nome: tempos.metade_serie, cor: "--info", valores: linhas.map((etapa) => etapa.p50_s) },
        { nome: tempos.quase_todos_serie, cor: "--aviso", valores: linhas.map((etapa) => etapa.p95_s) },
      ], { deitado: true, unidade: tempos.unidade }),
      [[textos.etapa, nome], [textos.medidas, (e) => numero(e.medidas), true], [tempos.metade, (e) => segundos(e.p50_s), true],
        [tempos.quase_todos, (e) => segundos(e.p95_s), true]], linhas);
  }

  renderHoras(horas) {
    const { horas: textos, tempos } = ESTATISTICAS;
    const nome = ({ hora: h }) => textos.escrever(h);
    return quadro("por-hora", textos.titulo,
      grafico(textos.grafico, horas.map(nome), [
        { nome: tempos.metade_serie, cor: "--info", tipo: "line", valores: horas.map((h) => h.p50_s) },
        { nome: tempos.quase_todos_serie, cor: "--aviso", tipo: "line", tracejada: true, valores: horas.map((h) => h.p95_s) },
        { nome: textos.falhas, cor: "--mau", proporcao: true, valores: horas.map((h) => h.taxa_falhas_tecnicas) },
      ], { unidade: tempos.unidade }),
      [[textos.hora, nome], [textos.tentativas, (h) => numero(h.tentativas), true],
        [tempos.metade, (h) => segundos(h.p50_s), true], [tempos.quase_todos, (h) => segundos(h.p95_s), true],
        [textos.falhas, (h) => numero(h.falhas_tecnicas), true],
        [textos.parte, (h) => percentual(h.taxa_falhas_tecnicas), true]], horas);
  }
}

customElements.define("pagina-estatisticas", PaginaEstatisticas);
