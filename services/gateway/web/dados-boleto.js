// What a boleto yields: the line and the bars, each with a button that copies it, and what else was read from the PDF.
import { html, nothing } from "./vendor/lit.js";
import { copiar } from "./copia.js";
import { BOLETOS } from "./textos/boletos.js";
import { Base } from "./ui.js";

// As it stands on paper: AAAAA.AAAAA BBBBB.BBBBBB CCCCC.CCCCCC D EEEEEEEEEEEEEE, or four blocks with a digit each.
const escreverLinha = (linha) =>
  linha
    .replace(/^(\d{5})(\d{5})(\d{5})(\d{6})(\d{5})(\d{6})(\d)(\d{14})$/, "$1.$2 $3.$4 $5.$6 $7 $8")
    .replace(/^(\d{11})(\d)(\d{11})(\d)(\d{11})(\d)(\d{11})(\d)$/, "$1-$2 $3-$4 $5-$6 $7-$8");

class DadosBoleto extends Base {
  static properties = {
    boleto: { attribute: false },
    copiado: { state: true }, // what is told of the last copy
  };

  willUpdate(mudou) {
    if (mudou.has("boleto")) this.copiado = "";
  }

  async copy(campo, event) {
    const [, feito, aqui] = BOLETOS.copias[campo];
    if (await copiar(this.boleto[campo], feito, event.target.parentElement)) this.copiado = aqui;
  }

  render() {
    const { boleto } = this;
    const origens = [...new Set(Object.values(boleto.origens))].map((origem) => BOLETOS.origens[origem] ?? origem);
    const lido = { ...boleto, origens: origens.join(", ") };
    const campos = Object.entries(BOLETOS.dados).filter(([campo]) => lido[campo]);
    return html`
      ${boleto.linha_digitavel ? this.renderCodigo("linha_digitavel", escreverLinha(boleto.linha_digitavel)) : nothing}
      ${boleto.codigo_barras ? this.renderCodigo("codigo_barras", boleto.codigo_barras) : nothing}
      <span class="fraco" role="status">${this.copiado}</span>
      ${campos.length ? html`
        <dl class="numeros">${campos.map(([campo, rotulo]) => html`<div><dt>${rotulo}</dt><dd>${lido[campo]}</dd></div>`)}</dl>`
        : nothing}
    `;
  }

  renderCodigo(campo, texto) {
    return html`
      <p class="linha-digitavel"><code>${texto}</code>
        <button class="secundario" @click=${(e) => this.copy(campo, e)}>${BOLETOS.copias[campo][0]}</button></p>
    `;
  }
}

customElements.define("dados-boleto", DadosBoleto);
