// A chart drawn in the page's own colours, light or dark. The library comes when the first one is shown.
import { html } from "./vendor/lit.js";
import { Base, numero, percentual } from "./ui.js";

const ESCURO = matchMedia("(prefers-color-scheme: dark)");
const PARADO = matchMedia("(prefers-reduced-motion: reduce)");
const ANIMACAO_MS = 300;

class GraficoPainel extends Base {
  static properties = {
    rotulo: {}, // what it shows, for whoever does not see it
    rotulos: { attribute: false }, // of the points along the x axis
    // { nome, cor (a variable of painel.css), clara, valores, tipo ("bar" or "line"), tracejada, proporcao: a share, with its own axis }
    series: { attribute: false },
    empilhado: { type: Boolean },
    deitado: { type: Boolean },
    teto: { type: Number }, // of an axis of shares
    unidade: {}, // of the values that are no share
  };

  constructor() {
    super();
    this.unidade = "";
    this.teto = 1;
  }

  connectedCallback() {
    super.connectedCallback();
    ESCURO.addEventListener("change", this.draw);
    PARADO.addEventListener("change", this.draw);
    if (this.hasUpdated) this.draw();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    ESCURO.removeEventListener("change", this.draw);
    PARADO.removeEventListener("change", this.draw);
    this.grafico?.destroy();
    this.grafico = null;
  }

  updated() {
    this.draw();
  }

  draw = async () => {
    const { Chart } = await import("./vendor/chart.js");
    if (!this.isConnected) return;
    this.grafico?.destroy();
    this.grafico = new Chart(this.querySelector("canvas"), this.describe());
  };

  describe() {
    const estilo = getComputedStyle(this);
    const cor = (nome) => estilo.getPropertyValue(nome).trim();
    const eixo = (resto) => ({
      stacked: this.empilhado, ticks: { color: cor("--fraco") }, grid: { color: cor("--linha") }, border: { color: cor("--linha") }, ...resto,
    });
    const escrever = (valor) => `${numero(valor)}${this.unidade ? ` ${this.unidade}` : ""}`;
    const valores = eixo({ beginAtZero: true, ticks: { color: cor("--fraco"), precision: this.unidade ? undefined : 0, callback: escrever } });
    const proporcao = eixo({ stacked: false, min: 0, max: this.teto, ticks: { color: cor("--fraco"), callback: percentual } });
    const [x, y] = this.deitado ? [valores, eixo()] : [eixo(), valores];
    const soProporcao = this.series.every((serie) => serie.proporcao);
    const ambos = !soProporcao && this.series.some((serie) => serie.proporcao);
    return {
      type: "bar",
      data: { labels: this.rotulos, datasets: this.series.map((serie) => this.describeSerie(serie, cor(serie.cor), ambos)) },
      options: {
        indexAxis: this.deitado ? "y" : "x",
        maintainAspectRatio: false,
        animation: PARADO.matches ? false : { duration: ANIMACAO_MS },
        interaction: { mode: "index", intersect: false },
        font: { family: estilo.fontFamily },
        scales: {
          x, y: soProporcao ? proporcao : y,
          ...(ambos ? { y2: { ...proporcao, position: "right", grid: { display: false } } } : {}),
        },
        plugins: {
          legend: { display: this.series.length > 1, labels: { color: cor("--texto") } },
          tooltip: {
            callbacks: {
              label: ({ dataset, raw }) => `${dataset.label}: ${dataset.proporcao ? percentual(raw) : escrever(raw)}`,
            },
          },
        },
      },
    };
  }

  describeSerie({ nome, clara = false, valores, tipo = "bar", tracejada = false, proporcao = false }, tinta, ambos) {
    return {
      // The sheet's colours have six digits; two more are their opacity.
      type: tipo, label: nome, data: valores, proporcao, backgroundColor: clara ? `${tinta}66` : tinta, borderColor: tinta,
      yAxisID: ambos && proporcao ? "y2" : "y", spanGaps: true, order: tipo === "line" ? 0 : 1,
      ...(tipo === "bar" ? { borderWidth: 1, maxBarThickness: 48 } : {}),
      ...(tipo === "line" ? { borderWidth: 2, pointRadius: 3, borderDash: tracejada ? [6, 4] : [], pointStyle: tracejada ? "triangle" : "circle" } : {}),
    };
  }

  render() {
    return html`<div class="grafico"><canvas role="img" aria-label=${this.rotulo}></canvas></div>`;
  }
}

customElements.define("grafico-painel", GraficoPainel);
