// The form in a dialog that makes or changes one entry of the register; each refusal stands at its field.
import { html, nothing, repeat } from "./vendor/lit.js";
import { ask } from "./api.js";
import { T } from "./textos/comum.js";
import { Pagina, avisar, campo, confirmar } from "./ui.js";

// campos: [{ nome, rotulo, tipo, opcoes, obrigatorio, dica, nulo, valor, atual, completar }]
//   tipo: texto (where absent), senha, numero, hora, linhas, arquivo (the text of one that is chosen), marca, escolha, varios
//   opcoes: [[value, words]] of escolha and varios. atual: of escolha, the words for a value that is none of them.
//   todos: of varios, the words for all of them, sent as null; absent: there is no such box.
//   inteiro: of escolha, its values are numbers.
//   nulo: left blank it is sent as null, otherwise as an empty text. valor: what it shows, in place of linha[nome].
export class FichaCadastro extends Pagina {
  static properties = {
    titulo: {},
    caminho: {}, // what it is sent to
    campos: { attribute: false },
    linha: { attribute: false }, // null: a new one
    leitura: { type: Boolean }, // shown, not changed
    nota: { attribute: false }, // what is said above the fields
    excluir: {}, // the question before it is deleted; empty: it cannot be
    extra: { attribute: false }, // more buttons
    recusa: { state: true },
  };

  firstUpdated() {
    this.antes = this.read();
    this.querySelector("dialog").showModal();
  }

  read() {
    const dados = new FormData(this.querySelector("form"));
    return Object.fromEntries(this.campos.map((c) => [c.nome, readCampo(c, dados)]));
  }

  // A change holds what differs; a new one, what was filled in.
  body() {
    const depois = Object.entries(this.read());
    const novo = ([, valor]) => valor !== "" && valor !== null;
    const mudou = ([nome, valor]) => JSON.stringify(valor) !== JSON.stringify(this.antes[nome]);
    return Object.fromEntries(depois.filter(this.linha ? mudou : novo));
  }

  async save(event) {
    event.preventDefault();
    await this.lendo;
    const corpo = this.body();
    if (this.linha && !Object.keys(corpo).length) return this.close();
    await this.send(this.linha ? "PATCH" : "POST", corpo);
  }

  // Into the field that is sent; more than any such file holds is not read.
  takeTexto({ target }) {
    this.lendo = (async () => {
      target.nextElementSibling.value = (await target.files[0]?.slice(0, ARQUIVO_BYTES).text()) ?? "";
    })();
  }

  async discard() {
    if (await confirmar(this.excluir, T.excluir)) this.send("DELETE");
  }

  async send(metodo, corpo) {
    this.recusa = "";
    const feita = await this.fazer(() => ask(metodo, this.caminho, corpo));
    if (!feita) return;
    avisar(feita.message);
    this.close();
    this.dispatchEvent(new CustomEvent("salvo", { detail: feita.data }));
  }

  // The field of the form at which a refusal stands.
  findCampo(campo) {
    return campo.split(/[.[]/)[0];
  }

  refuse(erro) {
    const conhecidos = new Set(this.campos.map((c) => c.nome));
    const soltos = erro.detalhes.filter((d) => !conhecidos.has(this.findCampo(d.campo))).map((d) => `${d.campo}: ${d.erro}`);
    this.erros = Object.fromEntries(erro.detalhes.map((d) => [this.findCampo(d.campo), d.erro]));
    this.recusa = [erro.message, ...soltos].join(" ");
  }

  close() {
    this.querySelector("dialog").close();
  }

  render() {
    return html`
      <dialog class="largo" aria-labelledby="ficha-titulo" @close=${() => this.dispatchEvent(new Event("fechar"))}>
        <form @submit=${this.save} novalidate autocomplete="off">
          <h2 id="ficha-titulo">${this.titulo}</h2>
          ${this.recusa ? html`<p class="recusa" role="alert">${this.recusa}</p>` : nothing}
          ${this.nota ?? nothing}
          <fieldset class="grade" ?disabled=${this.leitura}>
            ${repeat(this.campos, (c) => c.nome, (c) => this.renderCampo(c))}
          </fieldset>
          ${this.renderAbaixo()}
          <div class="acoes">
            ${this.linha && this.excluir && !this.leitura
              ? html`<button type="button" class="perigo" aria-disabled=${this.ocupada} @click=${this.discard}>${T.excluir}</button>` : nothing}
            ${this.extra ?? nothing}
            <button type="button" class="secundario" @click=${this.close}>${this.leitura ? T.fechar : T.cancelar}</button>
            ${this.leitura ? nothing : html`<button aria-disabled=${this.ocupada}>${T.salvar}</button>`}
          </div>
        </form>
      </dialog>
    `;
  }

  renderAbaixo() {
    return nothing;
  }

  renderCampo(c) {
    const valor = c.valor !== undefined ? c.valor : this.linha?.[c.nome] ?? "";
    const erro = this.erros[c.nome] ?? "";
    const id = `ficha-${c.nome}`;
    if (c.tipo === "marca") return renderMarca(id, c, valor);
    if (c.tipo === "varios") return renderVarios(id, c, valor, erro);
    return campo(id, c.rotulo, renderControle(id, c, valor, this.takeTexto), erro, c.dica);
  }
}

function readCampo({ nome, tipo, nulo, inteiro }, dados) {
  if (tipo === "marca") return dados.has(nome);
  if (tipo === "varios") return dados.has("todos") ? null : dados.getAll(nome);
  const texto = (dados.get(nome) ?? "").replaceAll("\r\n", "\n");
  if (!texto && (nulo || tipo === "numero")) return null;
  return (tipo === "numero" || inteiro) && /^\d+$/.test(texto.trim()) ? Number(texto) : texto;
}

const ARQUIVO_BYTES = 20_000;
const TIPOS = { senha: "password", hora: "time" };

// What is chosen already can be kept where it is not among those that this person may choose.
const withAtual = (opcoes, valor, atual = valor) =>
  valor === "" || opcoes.some(([v]) => String(v) === String(valor)) ? opcoes : [[valor, atual], ...opcoes];

function renderControle(id, { nome, tipo, opcoes, atual, obrigatorio = false, completar = "off" }, valor, lerArquivo) {
  switch (tipo) {
    case "escolha":
      return html`
        <select id=${id} name=${nome} ?required=${obrigatorio}>
          ${withAtual(opcoes, valor, atual).map(([v, texto]) => html`
            <option value=${v} ?selected=${String(v) === String(valor)}>${texto}</option>`)}
        </select>`;
    case "linhas":
      return html`<textarea id=${id} name=${nome} rows="3" .value=${valor}></textarea>`;
    case "arquivo":
      return html`<input id=${id} type="file" accept=".json,application/json" ?required=${obrigatorio} @change=${lerArquivo}>
        <input type="hidden" name=${nome}>`;
    default:
      return html`<input id=${id} name=${nome} type=${TIPOS[tipo] ?? "text"} .value=${String(valor)}
        inputmode=${tipo === "numero" ? "numeric" : nothing} autocomplete=${completar} ?required=${obrigatorio}>`;
  }
}

const renderMarca = (id, { nome, rotulo }, valor) =>
  html`<label class="marca-campo"><input id=${id} name=${nome} type="checkbox" ?checked=${valor}> ${rotulo}</label>`;

// Boxes to tick, and one above them for all. valor: those ticked; null: all.
const renderVarios = (id, { nome, rotulo, opcoes, todos, dica }, valor, erro) => html`
  <fieldset class="campo varios" id=${id} aria-describedby=${erro ? `${id}-erro` : nothing} tabindex="-1" ?data-erro=${erro}>
    <legend>${rotulo}</legend>
    ${todos ? html`<label><input type="checkbox" name="todos" ?checked=${valor === null}> ${todos}</label>` : nothing}
    ${opcoes.map(([v, texto]) => html`
      <label class="parte"><input type="checkbox" name=${nome} value=${v} ?checked=${valor?.includes(v)}> ${texto}</label>`)}
    ${dica ? html`<p class="dica">${dica}</p>` : nothing}
    ${erro ? html`<p class="erro-campo" id="${id}-erro">${erro}</p>` : nothing}
  </fieldset>
`;

customElements.define("ficha-cadastro", FichaCadastro);
