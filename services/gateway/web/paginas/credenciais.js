// The accesses to the portal: their state in plain words, and a test that shows each step. A password only goes in.
import { html, nothing, repeat } from "../vendor/lit.js";
import { get, getAll } from "../api.js";
import { PaginaCadastro, opcoesPontos } from "../cadastro.js";
import "../teste-credencial.js";
import { T } from "../textos.js";
import { dataHora, numero } from "../ui.js";

class PaginaCredenciais extends PaginaCadastro {
  static properties = { testada: { state: true } }; // the credential whose test is shown

  caminho = "credenciais";
  palavras = {
    titulo: "Credenciais do portal", novo: "Nova credencial", um: "Credencial", nenhum: "Nenhuma credencial ainda.",
    excluir: (linha) => `Excluir a credencial ${linha.usuario}? Se já entrou no portal, será só desativada.`,
  };

  async list() {
    const [pontos, { desfechos }] = await Promise.all([getAll("pontos-venda", "pontos-venda"), get("desfechos")]);
    this.pontos = pontos;
    this.titulos = Object.fromEntries(desfechos.map((d) => [d.codigo, d.titulo]));
    return super.list();
  }

  campos(_, novo) {
    return [
      { nome: "ponto_venda", rotulo: "Ponto de venda", tipo: "escolha", obrigatorio: true, opcoes: opcoesPontos(this.pontos) },
      { nome: "usuario", rotulo: "Usuário no portal", obrigatorio: true },
      { nome: "senha", rotulo: "Senha no portal", tipo: "senha", obrigatorio: novo, completar: "new-password",
        dica: novo ? "Fica guardada cifrada e nunca é mostrada." : "Em branco: continua a de agora, que nunca é mostrada." },
      { nome: "codigo_empresa", rotulo: "Código da empresa", dica: novo ? "Em branco: 0101." : "" },
      { nome: "max_sessoes", rotulo: "Sessões ao mesmo tempo", tipo: "numero", valor: novo ? 1 : undefined,
        dica: "Mais de uma só se o portal deixar a mesma conta entrar duas vezes." },
      ...(novo ? [] : [{ nome: "ativo", rotulo: "Ativa", tipo: "marca" }]),
    ];
  }

  renderLinhas() {
    return html`<ul class="lista">${repeat(this.linhas, (c) => c.id, (c) => html`<li>${this.renderCredencial(c)}</li>`)}</ul>
      ${this.testada ? html`<teste-credencial .credencial=${this.testada} @testada=${() => this.load()}
        @alterar=${() => (this.aberta = this.linhas.find((c) => c.id === this.testada.id))} @fechar=${() => (this.testada = null)}></teste-credencial>` : nothing}`;
  }

  renderCredencial(c) {
    const [classe, texto] = !c.ativo ? ["", "Inativa"] : c.parada_codigo ? ["mau", "Parada: espera uma pessoa"] : ["bom", "Ativa"];
    return html`
      <article class="cartao" aria-label="Credencial ${c.usuario} de ${c.ponto_venda}">
        <div class="cabeca">
          <h2>${c.ponto_venda} · ${c.usuario} <span class="selo ${classe}">${texto}</span></h2>
          <div class="acoes">
            <button class="secundario" ?hidden=${!this.pode} @click=${() => (this.aberta = c)}>${T.editar}</button>
            <button ?hidden=${!this.pode} ?disabled=${!c.ativo} @click=${() => (this.testada = c)}>Testar agora</button>
          </div>
        </div>
        ${c.parada_codigo ? html`
          <div class="destaque">
            <h3>${this.titulos[c.parada_codigo] ?? c.parada_codigo}</h3>
            <p>${c.parada_texto}</p>
            <p class="fraco">Parada em ${dataHora(c.parada_em)}. Nada é enviado ao portal com ela até que uma pessoa aja.</p>
          </div>` : nothing}
        <dl class="numeros">
          <div><dt>Último login</dt><dd>${dataHora(c.ultimo_login)}</dd></div>
          <div><dt>Último erro</dt><dd>${dataHora(c.ultimo_erro)}${c.mensagem_erro ? html`: ${c.mensagem_erro}` : nothing}</dd></div>
          <div><dt>Sessões ao mesmo tempo</dt><dd>${numero(c.max_sessoes)}</dd></div>
          <div><dt>Código da empresa</dt><dd>${c.codigo_empresa ?? "–"}</dd></div>
        </dl>
      </article>
    `;
  }
}

customElements.define("pagina-credenciais", PaginaCredenciais);
