// What the page of the workbooks and the report of an import say.
const CONTAGENS = {
  total: "Linhas",
  importados: "Novos",
  atualizados: "Atualizados",
  inativos: "Inativos",
  ignorados: "Ignoradas",
  rejeitados: "Rejeitadas",
};

export const PLANILHAS = {
  importadas: "Planilhas importadas",
  nenhuma: "Nenhuma planilha importada ainda.",
  consultor: "Consultor",
  escolha: "Escolha",
  ponto_venda: "Ponto de venda das linhas que não o dizem",
  do_consultor: "O do consultor",
  soltar: "Solte aqui a planilha, ou escolha o arquivo",
  formatos: "Excel (.xlsx, .xls, .xlsm), até 20 MB",
  grande: "passa de 20 MB: divida a planilha ou tire dela as imagens",
  sem_arquivo: "escolha a planilha do consultor",
  conferir: "Conferir a planilha",
  conferir_dica: "Nada é gravado antes de você ver o relato.",
  lendo: "Lendo a planilha…",
  importando: "Importando a planilha…",
  esperando: "A planilha é grande e ainda está sendo lida…",
  relato: "O que a importação vai fazer",
  importar: "Importar",
  arquivo: "Arquivo",
  importada: "Importada",
  contagens: CONTAGENS,
  de_fora: "De fora",
};

export const RELATO = {
  contagens: CONTAGENS,
  linhas: "Linhas da planilha",
  sem_erros: "Todas as linhas foram entendidas.",
  de_fora: "Linhas que ficam de fora",
  procurar: "Procurar nas linhas",
  aba: "Aba",
  linha: "Linha",
  campo: "Campo",
  motivo: "Motivo",
  quantas: (achadas, todas) => `${achadas} de ${todas}`,
  baixar: "Baixar em CSV",
  arquivo: (planilha) => `erros-${planilha}.csv`,
  mais: "Mostrar mais",
};
