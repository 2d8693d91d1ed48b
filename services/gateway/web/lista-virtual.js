// A long list of rows of one height, of which only those in view are in the document.
import { html, repeat } from "./vendor/lit.js";
import { Base } from "./ui.js";

const FOLGA = 8; // rows drawn above and below what is seen

class ListaVirtual extends Base {
  static properties = {
    itens: { attribute: false },
    linha: { attribute: false }, // (item, índice) → template of one row
    chave: { attribute: false }, // item → its identity
    altura: { type: Number }, // of a row, in pixels
    _de: { state: true },
    _ate: { state: true },
  };

  constructor() {
    super();
    this.itens = [];
    this.chave = (item) => item.id;
    this.altura = 56;
    this._de = 0;
    this._ate = 30;
  }

  connectedCallback() {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "rowgroup");
    this.addEventListener("scroll", this.measure, { passive: true });
    this.observador = new ResizeObserver(() => this.measure());
    this.observador.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.observador.disconnect();
  }

  // A row that had the focus and is no longer drawn leaves it to the list.
  willUpdate() {
    this.focado = this.querySelector(":focus");
  }

  updated() {
    if (this.focado && !this.focado.isConnected) this.focus({ preventScroll: true });
  }

  measure = () => {
    this._de = Math.max(0, Math.floor(this.scrollTop / this.altura) - FOLGA);
    this._ate = Math.ceil((this.scrollTop + this.clientHeight) / this.altura) + FOLGA;
  };

  render() {
    const ate = Math.min(this.itens.length, this._ate);
    const de = Math.min(this._de, ate);
    return html`
      <div class="espaco" .style=${`height:${this.itens.length * this.altura}px`}>
        <div class="janela" .style=${`transform:translateY(${de * this.altura}px)`}>
          ${repeat(this.itens.slice(de, ate), this.chave, (item, numero) => this.linha(item, de + numero))}
        </div>
      </div>
    `;
  }
}

customElements.define("lista-virtual", ListaVirtual);
