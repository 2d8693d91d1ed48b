// How the work goes: results over time, by month and consultor, causes, step times, and the portal's slow hours.
import { html, svg } from "../vendor/lit.js";
import { download, get, getAll, withQuery } from "../api.js";
import "../grafico.js";
import { quadro, tabela } from "../quadro.js";
import { ETAPAS, MESES, QUEM_AGE, STATUS_CLIENTE, T } from "../textos.js";
import { Pagina, campo, carregando, hora, mesAno, numero, percentual, valores, vazio } from "../ui.js";

const PERIODOS = { hoje: "Hoje", dias_7: "Últimos 7 dias", dias_30: "Últimos 30 dias" };
// In the colours of the bars of an execution; true: the lighter one of two.
const RESULTADOS = [
  ["sucesso", "--bom", false], ["ja_baixado", "--bom", true], ["sem_boleto", "--aviso", false],
  ["cpf_nao_encontrado", "--aviso", true], ["erro", "--mau", false], ["cancelado", "--neutro", false],
];
const SEM_CONSULTOR = "Sem consultor";

const diaMes = (dia) => dia.split("-").slice(1).reverse().join("/");
const segundos = (valor) => (valor === null ? "–" : `${numero(valor)} s`);
const contagens = [
  ["Total", (c) => numero(c.total), true],
  ...RESULTADOS.map(([status]) => [STATUS_CLIENTE[status], (c) => numero(c[status]), true]),
  ["Taxa de sucesso", (c) => percentual(c.taxa_sucesso), true],
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
    this.pedido = 0;
    this.fazer(async () => {
      [this.pontos, this.consultores] = await Promise.all([
        getAll("pontos-venda", "pontos-venda"), getAll("consultores", "consultores"),
      ]);
      await this.load();
    });
  }

  // The answer to an older question is dropped.
  async load() {
    const formulario = this.querySelector("form");
    if (formulario) this.filtros = valores(formulario);
    const pedido = ++this.pedido;
    await this.fazer(async () => {
      const dados = await get("estatisticas", this.filtros);
      if (pedido !== this.pedido) return;
      this.dados = dados;
      this.lidas = new Date().toISOString();
    });
  }

  render() {
    return html`
      <h1 tabindex="-1">Estatísticas</h1>
      ${this.pontos ? this.renderFiltros() : ""}
      ${this.dados ? this.renderDados(this.dados) : carregando()}
    `;
  }

  renderFiltros() {
    const escolha = (id, rotulo, opcoes) => campo(id, rotulo, html`
      <select id=${id} name=${id}>
        <option value="">${T.todos}</option>
        ${opcoes.map(([valor, texto]) => html`<option value=${valor}>${texto}</option>`)}
      </select>`, this.erros[id]);
    return html`
      <form class="cartao" @submit=${(e) => e.preventDefault()} @change=${() => this.load()}>
        <div class="grade">
          ${escolha("ponto_venda", "Ponto de venda", this.pontos.map((p) => [p.codigo, `${p.codigo} · ${p.nome}`]))}
          ${escolha("consultor", "Consultor", this.consultores.map((c) => [c.id, c.nome]))}
        </div>
        <div class="cabeca">
          <span class="fraco" role="status">${this.lidas ? `Lidas às ${hora(this.lidas)}` : ""}</span>
          <div class="acoes">
            <button type="button" class="secundario" ?disabled=${this.ocupada} @click=${() => this.load()}>Atualizar</button>
            <button type="button" class="secundario" ?disabled=${this.ocupada}
              @click=${() => this.fazer(() => download(withQuery("estatisticas.csv", this.filtros)))}>Baixar em CSV</button>
          </div>
        </div>
      </form>
    `;
  }

  renderDados({ totais, etapas, por_consultor, por_causa, por_dia, por_mes, por_hora }) {
    return html`
      <div class="placar">${Object.entries(PERIODOS).map(([janela, nome]) => this.renderPeriodo(janela, nome, totais[janela]))}</div>
      <div class="quadros">
        ${this.renderDias(por_dia)} ${this.renderMeses(por_mes)} ${this.renderEtapas(etapas)} ${this.renderHoras(por_hora)}
      </div>
      ${this.renderCausas(por_causa)}
      ${por_consultor.length ? html`
        <section class="cartao">${tabela("Por consultor, últimos 30 dias", [["Consultor", (c) => c.consultor ?? SEM_CONSULTOR], ...contagens], por_consultor)}</section>` : ""}
    `;
  }

  renderPeriodo(janela, nome, c) {
    return html`
      <section class="cartao" aria-labelledby="total-${janela}">
        <h2 id="total-${janela}">${nome}</h2>
        <p class="grande">${percentual(c.taxa_sucesso)}</p>
        <p class="fraco">de sucesso no portal</p>
        <dl class="numeros">
          ${[["Contratos", c.total], ...RESULTADOS.map(([status]) => [STATUS_CLIENTE[status], c[status]])].map(
            ([rotulo, quantos]) => html`<div><dt>${rotulo}</dt><dd>${numero(quantos)}</dd></div>`)}
        </dl>
      </section>
    `;
  }

  renderDias(dias) {
    const serie = { nome: "Taxa de sucesso", cor: "--bom", tipo: "line", proporcao: true, valores: dias.map((dia) => dia.taxa_sucesso) };
    return quadro("por-dia", "Taxa de sucesso por dia",
      grafico("Linha da taxa de sucesso nos últimos 30 dias", dias.map((dia) => diaMes(dia.dia)), [serie]),
      [["Dia", (dia) => diaMes(dia.dia)], ...contagens], dias);
  }

  // The chart adds the consultores of each month up; the table keeps them apart.
  renderMeses(linhas) {
    const meses = [...new Set(linhas.map((linha) => `${linha.ano}-${linha.mes}`))];
    const somar = (mes, status) =>
      linhas.filter((linha) => `${linha.ano}-${linha.mes}` === mes).reduce((soma, linha) => soma + linha[status], 0);
    const nomes = meses.map((mes) => `${MESES[mes.split("-")[1] - 1].slice(0, 3)} ${mes.split("-")[0]}`);
    const series = RESULTADOS.map(([status, cor, clara]) => ({ nome: STATUS_CLIENTE[status], cor, clara, valores: meses.map((mes) => somar(mes, status)) }));
    return quadro("por-mes", "Resultados por mês e consultor",
      grafico("Barras dos resultados de cada mês, nos últimos 12 meses", nomes, series, { empilhado: true }),
      [["Mês", (m) => mesAno(m.mes, m.ano)], ["Consultor", (m) => m.consultor ?? SEM_CONSULTOR], ...contagens], linhas);
  }

  renderCausas(causas) {
    const maior = causas[0]?.quantidade;
    return html`
      <section class="cartao" aria-labelledby="por-causa">
        <h2 id="por-causa">Causas, da mais à menos frequente</h2>
        <p class="fraco">Contratos sem boleto nos últimos 30 dias, e quem pode resolver.</p>
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
            </li>`)}</ol>` : vazio("Nenhuma falha nos últimos 30 dias.")}
      </section>
    `;
  }

  renderEtapas(etapas) {
    const ordem = Object.keys(ETAPAS);
    const linhas = [...etapas].sort((a, b) => ordem.indexOf(a.etapa) - ordem.indexOf(b.etapa));
    const nome = (etapa) => ETAPAS[etapa.etapa] ?? etapa.etapa;
    return quadro("etapas", "Tempo de cada etapa",
      grafico("Barras do tempo de cada etapa: o da metade dos contratos e o de 95% deles", linhas.map(nome), [
        { nome: "Metade em até (p50)", cor: "--info", valores: linhas.map((etapa) => etapa.p50_s) },
        { nome: "95% em até (p95)", cor: "--aviso", valores: linhas.map((etapa) => etapa.p95_s) },
      ], { deitado: true, unidade: "s" }),
      [["Etapa", nome], ["Medidas", (e) => numero(e.medidas), true], ["Metade em até", (e) => segundos(e.p50_s), true],
        ["95% em até", (e) => segundos(e.p95_s), true]], linhas);
  }

  renderHoras(horas) {
    const nome = ({ hora: h }) => `${h} h`;
    return quadro("por-hora", "Lentidão do portal por hora do dia",
      grafico("Linhas do tempo no portal por hora do dia, e barras da parte das tentativas com falha técnica", horas.map(nome), [
        { nome: "Metade em até (p50)", cor: "--info", tipo: "line", valores: horas.map((h) => h.p50_s) },
        { nome: "95% em até (p95)", cor: "--aviso", tipo: "line", tracejada: true, valores: horas.map((h) => h.p95_s) },
        { nome: "Falhas técnicas", cor: "--mau", proporcao: true, valores: horas.map((h) => h.taxa_falhas_tecnicas) },
      ], { unidade: "s" }),
      [["Hora", nome], ["Tentativas", (h) => numero(h.tentativas), true], ["Metade em até", (h) => segundos(h.p50_s), true],
        ["95% em até", (h) => segundos(h.p95_s), true], ["Falhas técnicas", (h) => numero(h.falhas_tecnicas), true],
        ["Parte das tentativas", (h) => percentual(h.taxa_falhas_tecnicas), true]], horas);
  }
}

customElements.define("pagina-estatisticas", PaginaEstatisticas);
