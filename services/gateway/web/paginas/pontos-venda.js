// The pontos de venda, and the portal's address of each.
import { PaginaCadastro, seloAtivo } from "../cadastro.js";
import { MENU } from "../textos/comum.js";
import { PONTOS_VENDA } from "../textos/cadastros.js";
import { administraTudo, numero } from "../ui.js";

class PaginaPontosVenda extends PaginaCadastro {
  caminho = "pontos-venda";
  palavras = { titulo: MENU["pontos-venda"], ...PONTOS_VENDA.palavras };

  get podeNovo() {
    return administraTudo(this.sessao);
  }

  chave(linha) {
    return linha.codigo;
  }

  colunas() {
    return [
      { titulo: PONTOS_VENDA.codigo, ver: (p) => this.nome(p, p.codigo) },
      { titulo: PONTOS_VENDA.nome, ver: (p) => p.nome },
      { titulo: PONTOS_VENDA.empresa, ver: (p) => p.empresa },
      { titulo: PONTOS_VENDA.clientes, ver: (p) => numero(p.clientes), numero: true },
      { titulo: MENU.credenciais, ver: (p) => numero(p.credenciais), numero: true },
      { titulo: PONTOS_VENDA.portal, ver: (p) => p.url_base },
      { titulo: PONTOS_VENDA.situacao, ver: (p) => seloAtivo(p.ativo) },
    ];
  }

  campos(_, novo) {
    return [
      { nome: "codigo", rotulo: PONTOS_VENDA.codigo, obrigatorio: true, dica: PONTOS_VENDA.codigo_dica },
      { nome: "nome", rotulo: PONTOS_VENDA.nome, obrigatorio: true },
      { nome: "empresa", rotulo: PONTOS_VENDA.empresa, obrigatorio: true },
      { nome: "url_base", rotulo: PONTOS_VENDA.endereco, dica: novo ? PONTOS_VENDA.endereco_dica : "" },
      { nome: "perfil", rotulo: PONTOS_VENDA.perfil, dica: novo ? PONTOS_VENDA.perfil_dica : "" },
      { nome: "recuperacao_rodadas", rotulo: PONTOS_VENDA.rodadas, tipo: "numero", valor: novo ? 0 : undefined,
        dica: PONTOS_VENDA.rodadas_dica },
      { nome: "recuperacao_pausa_min", rotulo: PONTOS_VENDA.pausa, tipo: "numero", valor: novo ? 30 : undefined,
        dica: PONTOS_VENDA.pausa_dica },
      { nome: "ordem_risco", rotulo: PONTOS_VENDA.ordem, tipo: "marca" },
      ...(novo ? [] : [{ nome: "ativo", rotulo: PONTOS_VENDA.ativo, tipo: "marca" }]),
    ];
  }
}

customElements.define("pagina-pontos-venda", PaginaPontosVenda);
