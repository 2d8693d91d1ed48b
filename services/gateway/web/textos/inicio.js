// The words of starting a download and of the list of executions. What counts takes the number, and the number as written.
export const INICIO = {
  ponto_venda: "Ponto de venda",
  andamento: (nome) => `Andamento de ${nome}`,
  feitos: (feitos, total) => `${feitos} de ${total}`,

  avisos: "Avisos da previsão de falhas",
  porque: "Por quê",

  // Starting a download.
  primeiros_passos: "Primeiros passos",
  passo_ponto: "Cadastre o ponto de venda",
  passo_credencial: "Cadastre a credencial do portal",
  passo_teste: "e teste-a", // follows the one before, outside its link
  passo_consultores: "Cadastre os consultores",
  passo_planilhas: "Importe a planilha de cada um",
  vencimento: "Vencimento",
  proxima_parcela: "Próxima parcela de cada cliente",
  consultor: "Consultor",
  limite: "Limite de clientes",
  forcar: "Baixar de novo os que já estão aqui",
  baixar: (n, escrito) => `Baixar ${escrito} ${n === 1 ? "boleto" : "boletos"}`,
  enviada: "Execução enviada.",
  ja_baixados: "Já baixados",
  ja_baixados_depois: "só se sabe no portal",
  pendentes: "A baixar",
  falharam: "Falharam da última vez",
  recentes: "Execuções recentes",
  nenhuma: "Nenhuma execução ainda.",

  // Every execution.
  tipo: "Tipo",
  nenhuma_com_filtros: "Nenhuma execução com estes filtros.",
  encontradas: "Execuções encontradas",
  quantas: (n, escrito, mais) => `${escrito} ${n === 1 ? "execução" : "execuções"}${mais ? ", e há mais" : ""}`,
  tabela: "Execuções, a mais nova primeiro",
  colunas: {
    execucao: "Execução",
    situacao: "Situação",
    resultado: "Resultado",
    quem: "Quem",
    inicio: "Início",
    duracao: "Duração",
    relatorio: "Relatório",
  },
  excel: "Excel",
  relatorio_de: (nome) => `Relatório em Excel de ${nome}`,
  execucao_de: (ponto, vencimento) => `${ponto}, ${vencimento}`,
  baixados: (n, escrito) => `${escrito} ${n === 1 ? "baixado" : "baixados"}`,
  ja_baixados_antes: (n, escrito) => `${escrito} ${n === 1 ? "já baixado" : "já baixados"}`,
  com_erro: (escrito) => `${escrito} com erro`,
};
