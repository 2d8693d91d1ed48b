// The pontos de venda, and the portal's address of each.
import { PaginaCadastro, seloAtivo } from "../cadastro.js";
import { numero } from "../ui.js";

class PaginaPontosVenda extends PaginaCadastro {
  caminho = "pontos-venda";
  palavras = {
    titulo: "Pontos de venda", novo: "Novo ponto de venda", um: "Ponto de venda", nenhum: "Nenhum ponto de venda ainda.",
    excluir: (linha) => `Excluir o ponto de venda ${linha.codigo}? Se já tiver clientes ou execuções, será só desativado.`,
  };

  chave(linha) {
    return linha.codigo;
  }

  colunas() {
    return [
      { titulo: "Código", ver: (p) => this.nome(p, p.codigo) },
      { titulo: "Nome", ver: (p) => p.nome },
      { titulo: "Empresa", ver: (p) => p.empresa },
      { titulo: "Clientes ativos", ver: (p) => numero(p.clientes), numero: true },
      { titulo: "Credenciais", ver: (p) => numero(p.credenciais), numero: true },
      { titulo: "Portal", ver: (p) => p.url_base },
      { titulo: "Situação", ver: (p) => seloAtivo(p.ativo) },
    ];
  }

  campos(_, novo) {
    return [
      { nome: "codigo", rotulo: "Código", obrigatorio: true, dica: "Como no portal: 17.308." },
      { nome: "nome", rotulo: "Nome", obrigatorio: true },
      { nome: "empresa", rotulo: "Empresa", obrigatorio: true },
      { nome: "url_base", rotulo: "Endereço do portal", dica: novo ? "Em branco: o do perfil." : "" },
      { nome: "perfil", rotulo: "Perfil do portal", dica: novo ? "Em branco: canopus." : "" },
      ...(novo ? [] : [{ nome: "ativo", rotulo: "Ativo", tipo: "marca" }]),
    ];
  }
}

customElements.define("pagina-pontos-venda", PaginaPontosVenda);
