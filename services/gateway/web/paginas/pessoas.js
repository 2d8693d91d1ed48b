// Who signs in: roles, pontos de venda, provisional passwords, which are shown once.
import { html, nothing } from "../vendor/lit.js";
import { getAll, post } from "../api.js";
import { PaginaCadastro, opcoesPontos, seloAtivo } from "../cadastro.js";
import { PAPEIS, T } from "../textos.js";
import { confirmar, dataHora } from "../ui.js";

class PaginaPessoas extends PaginaCadastro {
  static properties = { provisoria: { state: true }, copiada: { state: true } };

  caminho = "pessoas";
  palavras = {
    titulo: "Pessoas", novo: "Nova pessoa", um: "Pessoa", nenhum: "Ninguém por aqui.",
    excluir: (linha) => `Excluir ${linha.nome}? As sessões dela terminam na hora.`,
  };

  async list() {
    this.pontos = await getAll("pontos-venda", "pontos-venda");
    return super.list();
  }

  colunas() {
    return [
      { titulo: "Nome", ver: (p) => this.nome(p, p.nome) },
      { titulo: "E-mail", ver: (p) => p.email },
      { titulo: "Papel", ver: (p) => PAPEIS[p.escopo] },
      { titulo: "Pontos de venda", ver: (p) => p.pontos_venda?.join(", ") ?? "Todos" },
      { titulo: "Último acesso", ver: (p) => dataHora(p.ultimo_acesso) },
      { titulo: "Situação", ver: (p) => html`${seloAtivo(p.ativo)} ${p.trocar_senha ? html`<small>senha provisória</small>` : nothing}` },
    ];
  }

  campos(linha, novo) {
    return [
      { nome: "nome", rotulo: "Nome", obrigatorio: true },
      { nome: "email", rotulo: "E-mail", obrigatorio: true },
      { nome: "escopo", rotulo: "Papel", tipo: "escolha", valor: novo ? "operador" : linha.escopo, opcoes: Object.entries(PAPEIS),
        dica: "Leitura só vê; o operador trabalha; o administrador cuida também de credenciais e pessoas." },
      { nome: "pontos_venda", rotulo: "Pontos de venda", tipo: "varios", todos: "Todos os pontos de venda",
        valor: novo ? null : linha.pontos_venda, opcoes: opcoesPontos(this.pontos) },
      ...(novo ? [] : [{ nome: "ativo", rotulo: "Ativa: pode entrar", tipo: "marca", valor: linha.ativo }]),
    ];
  }

  saved(dados) {
    if (dados.senha_provisoria) this.show(dados.nome, dados.senha_provisoria);
  }

  acoes(linha) {
    return html`<button type="button" class="secundario" @click=${() => this.reset(linha)}>Nova senha provisória</button>`;
  }

  async reset(linha) {
    if (!(await confirmar(`Dar a ${linha.nome} uma nova senha provisória? A atual deixa de valer e as sessões terminam.`, "Dar nova senha"))) return;
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
      this.copiada = "Copiada.";
    } catch {
      // Browsers give the clipboard only to secure pages.
      this.copiada = "Não foi possível copiar: a senha está selecionada, copie-a com Ctrl+C.";
    }
  }

  render() {
    return html`${super.render()}${this.provisoria ? this.renderProvisoria() : nothing}`;
  }

  renderProvisoria() {
    const { nome, senha } = this.provisoria;
    return html`
      <dialog class="senha" aria-labelledby="senha-titulo" @close=${() => (this.provisoria = null)}>
        <h2 id="senha-titulo">Senha provisória de ${nome}</h2>
        <p>Entregue-a à pessoa: ela escolhe outra ao entrar. Esta senha não será mostrada de novo.</p>
        <div class="campo">
          <label for="provisoria">Senha provisória</label>
          <input id="provisoria" readonly .value=${senha}>
        </div>
        <p role="status">${this.copiada}</p>
        <div class="acoes">
          <button class="secundario" @click=${(e) => e.target.closest("dialog").close()}>${T.fechar}</button>
          <button @click=${this.copy}>Copiar</button>
        </div>
      </dialog>
    `;
  }
}

customElements.define("pagina-pessoas", PaginaPessoas);
