// Who signs in: roles, pontos de venda, provisional passwords, which are shown once.
import { html, nothing } from "../vendor/lit.js";
import { getAll, post } from "../api.js";
import { PaginaCadastro, opcoesPontos, seloAtivo } from "../cadastro.js";
import { MENU, PAPEIS, T } from "../textos/comum.js";
import { PESSOAS } from "../textos/pessoas.js";
import { confirmar, dataHora } from "../ui.js";

class PaginaPessoas extends PaginaCadastro {
  static properties = { provisoria: { state: true }, copiada: { state: true } };

  caminho = "pessoas";
  palavras = { titulo: MENU.pessoas, ...PESSOAS.palavras };

  async list() {
    this.pontos = await getAll("pontos-venda", "pontos-venda");
    return super.list();
  }

  colunas() {
    return [
      { titulo: PESSOAS.nome, ver: (p) => this.nome(p, p.nome) },
      { titulo: PESSOAS.email, ver: (p) => p.email },
      { titulo: PESSOAS.papel, ver: (p) => PAPEIS[p.escopo] },
      { titulo: MENU["pontos-venda"], ver: (p) => p.pontos_venda?.join(", ") ?? T.todos },
      { titulo: PESSOAS.ultimo_acesso, ver: (p) => dataHora(p.ultimo_acesso) },
      {
        titulo: PESSOAS.situacao,
        ver: (p) => html`${seloAtivo(p.ativo)} ${p.trocar_senha ? html`<small>${PESSOAS.trocar_senha}</small>` : nothing}`,
      },
    ];
  }

  campos(linha, novo) {
    return [
      { nome: "nome", rotulo: PESSOAS.nome, obrigatorio: true },
      { nome: "email", rotulo: PESSOAS.email, obrigatorio: true },
      { nome: "escopo", rotulo: PESSOAS.papel, tipo: "escolha", valor: novo ? "operador" : linha.escopo,
        opcoes: Object.entries(PAPEIS), dica: PESSOAS.papel_dica },
      { nome: "pontos_venda", rotulo: MENU["pontos-venda"], tipo: "varios", todos: PESSOAS.todos_pontos,
        valor: novo ? null : linha.pontos_venda, opcoes: opcoesPontos(this.pontos) },
      ...(novo ? [] : [{ nome: "ativo", rotulo: PESSOAS.ativa, tipo: "marca", valor: linha.ativo }]),
    ];
  }

  saved(dados) {
    if (dados.senha_provisoria) this.show(dados.nome, dados.senha_provisoria);
  }

  acoes(linha) {
    return html`<button type="button" class="secundario" @click=${() => this.reset(linha)}>${PESSOAS.nova_senha}</button>`;
  }

  async reset(linha) {
    if (!(await confirmar(PESSOAS.nova_senha_pergunta(linha.nome), PESSOAS.nova_senha_sim))) return;
    const dada = await this.fazer(() => post(`pessoas/${linha.id}/senha`));
    this.querySelector("ficha-cadastro")?.close();
    if (dada) this.show(linha.nome, dada.senha_provisoria);
    this.load();
  }

  async show(nome, senha) {
    this.copiada = "";
    this.provisoria = { nome, senha };
    await this.updateComplete;
    this.querySelector("dialog.senha").showModal();
  }

  async copy() {
    const lugar = this.querySelector("#provisoria");
    lugar.select();
    try {
      await navigator.clipboard.writeText(lugar.value);
      this.copiada = PESSOAS.copiada;
    } catch {
      // Browsers give the clipboard only to secure pages.
      this.copiada = PESSOAS.nao_copiada;
    }
  }

  render() {
    return html`${super.render()}${this.provisoria ? this.renderProvisoria() : nothing}`;
  }

  renderProvisoria() {
    const { nome, senha } = this.provisoria;
    return html`
      <dialog class="senha" aria-labelledby="senha-titulo" @close=${() => (this.provisoria = null)}>
        <h2 id="senha-titulo">${PESSOAS.provisoria_de(nome)}</h2>
        <p>${PESSOAS.provisoria_uso}</p>
        <div class="campo">
          <label for="provisoria">${PESSOAS.provisoria}</label>
          <input id="provisoria" readonly .value=${senha}>
        </div>
        <p role="status">${this.copiada}</p>
        <div class="acoes">
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
          <button @click=${this.copy}>${PESSOAS.copiar}</button>
        </div>
      </dialog>
    `;
  }
}

customElements.define("pagina-pessoas", PaginaPessoas);
