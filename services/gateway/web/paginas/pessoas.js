// Who signs in: roles, pontos de venda, provisional passwords, which are shown once.
import { html, nothing } from "../vendor/lit.js";
import { getAll, post } from "../api.js";
import { PaginaCadastro, opcoesPontos, seloAtivo } from "../cadastro.js";
import "../segredo-uma-vez.js";
import { MENU, PAPEIS, T } from "../textos/comum.js";
import { PESSOAS } from "../textos/pessoas.js";
import { confirmar, dataHora } from "../ui.js";

class PaginaPessoas extends PaginaCadastro {
  static properties = { provisoria: { state: true } }; // { nome, senha }: shown once

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
    if (dados.senha_provisoria) this.provisoria = { nome: dados.nome, senha: dados.senha_provisoria };
  }

  acoes(linha) {
    return html`<button type="button" class="secundario" @click=${() => this.reset(linha)}>${PESSOAS.nova_senha}</button>`;
  }

  async reset(linha) {
    if (!(await confirmar(PESSOAS.nova_senha_pergunta(linha.nome), PESSOAS.nova_senha_sim))) return;
    const dada = await this.fazer(() => post(`pessoas/${linha.id}/senha`));
    this.querySelector("ficha-cadastro")?.close();
    if (dada) this.provisoria = { nome: linha.nome, senha: dada.senha_provisoria };
    this.load();
  }

  render() {
    return html`${super.render()}${this.provisoria ? this.renderProvisoria(this.provisoria) : nothing}`;
  }

  renderProvisoria({ nome, senha }) {
    return html`
      <segredo-uma-vez .titulo=${PESSOAS.provisoria_de(nome)} .uso=${PESSOAS.provisoria_uso} .rotulo=${PESSOAS.provisoria}
        .valor=${senha} @fechar=${() => (this.provisoria = null)}></segredo-uma-vez>
    `;
  }
}

customElements.define("pagina-pessoas", PaginaPessoas);
