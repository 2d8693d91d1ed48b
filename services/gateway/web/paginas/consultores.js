// The consultores: each has a workbook, perhaps behind a link that is opened by itself, and a folder of boletos.
import { html, nothing, svg } from "../vendor/lit.js";
import { ask, callUntilDone, getAll } from "../api.js";
import { PaginaCadastro, opcoesPontos, seloAtivo } from "../cadastro.js";
import { MENU } from "../textos/comum.js";
import { CONSULTORES } from "../textos/cadastros.js";
import { avisar, confirmar, dataHora, numero } from "../ui.js";

const OLHADA_MS = 1000; // while a workbook is being looked at

class PaginaConsultores extends PaginaCadastro {
  caminho = "consultores";
  papeis = ["admin", "operador"];
  palavras = { titulo: MENU.consultores, ...CONSULTORES.palavras };

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.espera);
  }

  async load() {
    clearTimeout(this.espera);
    await super.load();
    if (this.linhas?.some((c) => c.atualizando_planilha) && this.isConnected) this.espera = setTimeout(() => this.load(), OLHADA_MS);
  }

  // What was imported already is imported again only where a person says so.
  async refresh(consultor, forcar = false) {
    const caminho = `consultores/${consultor.id}/atualizar-planilha${forcar ? "?forcar=true" : ""}`;
    avisar(CONSULTORES.abrindo(consultor.nome));
    const resposta = await this.fazer(() => callUntilDone("POST", caminho));
    this.load();
    if (!resposta) return;
    const { message } = await resposta.json();
    if (resposta.status !== 200 || !resposta.url.includes("atualizar-planilha")) return avisar(message);
    if (await confirmar(message, CONSULTORES.importar_de_novo)) await this.refresh(consultor, true);
  }

  async refreshAll() {
    const feita = await this.fazer(() => ask("POST", "consultores/atualizar-planilhas"));
    if (feita) avisar(feita.message);
    this.load();
  }

  outros() {
    if (!this.linhas.some((c) => c.ativo && c.link_planilha_drive)) return nothing;
    return html`<button class="secundario" aria-disabled=${this.ocupada} @click=${this.refreshAll}>${CONSULTORES.atualizar_todas}</button>`;
  }

  async list() {
    this.pontos = await getAll("pontos-venda", "pontos-venda");
    return super.list();
  }

  colunas() {
    return [
      {
        titulo: CONSULTORES.nome,
        ver: (c) => html`${this.nome(c, c.nome)} ${c.cor_identificacao ? renderCor(c.cor_identificacao) : nothing}`,
      },
      { titulo: CONSULTORES.ponto_venda, ver: (c) => c.ponto_venda },
      { titulo: MENU.clientes, ver: (c) => numero(c.clientes), numero: true },
      { titulo: CONSULTORES.contato, ver: (c) => [c.whatsapp, c.email].filter(Boolean).join(" · ") || "–" },
      { titulo: CONSULTORES.pasta, ver: (c) => c.pasta_boletos },
      { titulo: CONSULTORES.planilha, ver: (c) => this.renderPlanilha(c) },
      { titulo: CONSULTORES.situacao, ver: (c) => seloAtivo(c.ativo) },
    ];
  }

  renderPlanilha(c) {
    if (!c.link_planilha_drive) return CONSULTORES.sem_link;
    const [classe, texto] = c.atualizando_planilha ? ["info", CONSULTORES.atualizando]
      : c.erro_planilha ? ["mau", CONSULTORES.com_erro]
      : c.ultima_atualizacao_planilha ? ["bom", CONSULTORES.em_dia] : ["", CONSULTORES.nao_aberta];
    return html`
      <div class="planilha">
        <span class="selo ${classe}">${texto}</span>
        ${c.ultima_atualizacao_planilha ? html`<small>${dataHora(c.ultima_atualizacao_planilha)}</small>` : nothing}
        ${c.erro_planilha ? html`<small class="motivo">${c.erro_planilha}</small>` : nothing}
        ${this.pode && c.ativo ? html`
          <button class="secundario" aria-disabled=${this.ocupada || c.atualizando_planilha} aria-label=${CONSULTORES.atualizar_nome(c.nome)}
            @click=${() => this.refresh(c)}>${CONSULTORES.atualizar}</button>` : nothing}
      </div>
    `;
  }

  campos(_, novo) {
    return [
      { nome: "nome", rotulo: CONSULTORES.nome, obrigatorio: true },
      { nome: "ponto_venda", rotulo: CONSULTORES.ponto_venda, tipo: "escolha", obrigatorio: true,
        opcoes: opcoesPontos(this.pontos), dica: CONSULTORES.ponto_venda_dica },
      { nome: "whatsapp", rotulo: CONSULTORES.whatsapp, dica: CONSULTORES.whatsapp_dica },
      { nome: "email", rotulo: CONSULTORES.email },
      { nome: "pasta_boletos", rotulo: CONSULTORES.pasta, dica: novo ? CONSULTORES.pasta_nova : CONSULTORES.pasta_mudada },
      { nome: "link_planilha_drive", rotulo: CONSULTORES.link, dica: CONSULTORES.link_dica, nulo: true },
      { nome: "cor_identificacao", rotulo: CONSULTORES.cor, dica: CONSULTORES.cor_dica },
      ...(novo ? [] : [{ nome: "ativo", rotulo: CONSULTORES.ativo, tipo: "marca" }]),
    ];
  }
}

const renderCor = (cor) => html`<svg class="cor" viewBox="0 0 10 10" aria-hidden="true">${svg`<circle cx="5" cy="5" r="5" fill=${cor}></circle>`}</svg>`;

customElements.define("pagina-consultores", PaginaConsultores);
