// The accesses to the portal: their state in plain words, and a test that shows each step. A password only goes in.
import { html, nothing, repeat } from "../vendor/lit.js";
import { getAll } from "../api.js";
import { PaginaCadastro, opcoesPontos } from "../cadastro.js";
import "../teste-credencial.js";
import { T } from "../textos/comum.js";
import { CREDENCIAIS } from "../textos/credenciais.js";
import { dataHora, numero } from "../ui.js";

class PaginaCredenciais extends PaginaCadastro {
  static properties = { testada: { state: true } }; // the credential whose test is shown

  caminho = "credenciais";
  palavras = CREDENCIAIS.palavras;

  async list() {
    const [pontos, desfechos] = await Promise.all([getAll("pontos-venda", "pontos-venda"), getAll("desfechos", "desfechos")]);
    this.pontos = pontos;
    this.titulos = Object.fromEntries(desfechos.map((d) => [d.codigo, d.titulo]));
    return super.list();
  }

  campos(_, novo) {
    return [
      { nome: "ponto_venda", rotulo: CREDENCIAIS.ponto_venda, tipo: "escolha", obrigatorio: true,
        opcoes: opcoesPontos(this.pontos) },
      { nome: "usuario", rotulo: CREDENCIAIS.usuario, obrigatorio: true },
      { nome: "senha", rotulo: CREDENCIAIS.senha, tipo: "senha", obrigatorio: novo, completar: "new-password",
        dica: novo ? CREDENCIAIS.senha_nova : CREDENCIAIS.senha_mudada },
      { nome: "codigo_empresa", rotulo: CREDENCIAIS.codigo_empresa, dica: novo ? CREDENCIAIS.codigo_empresa_dica : "" },
      { nome: "max_sessoes", rotulo: CREDENCIAIS.max_sessoes, tipo: "numero", valor: novo ? 1 : undefined,
        dica: CREDENCIAIS.max_sessoes_dica },
      ...(novo ? [] : [{ nome: "ativo", rotulo: CREDENCIAIS.ativa, tipo: "marca" }]),
    ];
  }

  renderLinhas() {
    return html`<ul class="lista">${repeat(this.linhas, (c) => c.id, (c) => html`<li>${this.renderCredencial(c)}</li>`)}</ul>
      ${this.testada ? html`<teste-credencial .credencial=${this.testada} @testada=${() => this.load()}
        @alterar=${() => (this.aberta = this.linhas.find((c) => c.id === this.testada.id))} @fechar=${() => (this.testada = null)}></teste-credencial>` : nothing}`;
  }

  renderCredencial(c) {
    const [classe, texto] = !c.ativo ? ["", CREDENCIAIS.inativa]
      : c.parada_codigo ? ["mau", CREDENCIAIS.parada] : ["bom", CREDENCIAIS.ativa];
    return html`
      <article class="cartao" aria-label=${CREDENCIAIS.nome(c)}>
        <div class="cabeca">
          <h2>${c.ponto_venda} · ${c.usuario} <span class="selo ${classe}">${texto}</span></h2>
          <div class="acoes">
            <button class="secundario" ?hidden=${!this.pode} @click=${() => (this.aberta = c)}>${T.editar}</button>
            <button ?hidden=${!this.pode} ?disabled=${!c.ativo} @click=${() => (this.testada = c)}>${CREDENCIAIS.testar}</button>
          </div>
        </div>
        ${c.parada_codigo ? html`
          <div class="destaque">
            <h3>${this.titulos[c.parada_codigo] ?? c.parada_codigo}</h3>
            <p>${c.parada_texto}</p>
            <p class="fraco">${CREDENCIAIS.parada_em(dataHora(c.parada_em))}</p>
          </div>` : nothing}
        <dl class="numeros">
          <div><dt>${CREDENCIAIS.ultimo_login}</dt><dd>${dataHora(c.ultimo_login)}</dd></div>
          <div><dt>${CREDENCIAIS.ultimo_erro}</dt><dd>${dataHora(c.ultimo_erro)}${c.mensagem_erro
            ? html`: ${c.mensagem_erro}` : nothing}</dd></div>
          <div><dt>${CREDENCIAIS.max_sessoes}</dt><dd>${numero(c.max_sessoes)}</dd></div>
          <div><dt>${CREDENCIAIS.codigo_empresa}</dt><dd>${c.codigo_empresa ?? "–"}</dd></div>
        </dl>
      </article>
    `;
  }
}

customElements.define("pagina-credenciais", PaginaCredenciais);
