// The words of the statistics and of their blocks.

export const ESTATISTICAS = {
  periodos: { hoje: "Hoje", dias_7: "Últimos 7 dias", dias_30: "Últimos 30 dias" },
  ponto_venda: "Ponto de venda",
  consultor: "Consultor",
  sem_consultor: "Sem consultor",
  lidas: (hora) => `Lidas às ${hora}`,
  atualizar: "Atualizar",
  baixar: "Baixar em CSV",
  total: "Total",
  contratos: "Contratos",
  taxa_sucesso: "Taxa de sucesso",
  de_sucesso: "de sucesso no portal",
  por_consultor: "Por consultor, últimos 30 dias",
  dias: {
    titulo: "Taxa de sucesso por dia",
    grafico: "Linha da taxa de sucesso nos últimos 30 dias",
    dia: "Dia",
    escrever: (dia, mes) => `${dia}/${mes}`,
  },
  meses: {
    titulo: "Resultados por mês e consultor",
    grafico: "Barras dos resultados de cada mês, nos últimos 12 meses",
    mes: "Mês",
    escrever: (mes, ano) => `${mes.slice(0, 3)} ${ano}`,
  },
  recuos: {
    titulo: "Feitos de novo no navegador",
    motivo: "O que parou sem ele",
    explicacao: "Contratos que só o navegador entendeu. Muitos seguidos: o portal mudou; avise quem cuida do sistema.",
  },
  causas: {
    titulo: "Causas, da mais à menos frequente",
    explicacao: "Contratos sem boleto nos últimos 30 dias, e quem pode resolver.",
    nenhuma: "Nenhuma falha nos últimos 30 dias.",
  },
  tempos: {
    metade: "Metade em até",
    metade_serie: "Metade em até (p50)",
    quase_todos: "95% em até",
    quase_todos_serie: "95% em até (p95)",
    unidade: "s",
  },
  etapas: {
    titulo: "Tempo de cada etapa",
    grafico: "Barras do tempo de cada etapa: o da metade dos contratos e o de 95% deles",
    etapa: "Etapa",
    medidas: "Medidas",
  },
  horas: {
    titulo: "Lentidão do portal por hora do dia",
    grafico: "Linhas do tempo no portal por hora do dia, e barras da parte das tentativas com falha técnica",
    hora: "Hora",
    escrever: (hora) => `${hora} h`,
    tentativas: "Tentativas",
    falhas: "Falhas técnicas",
    parte: "Parte das tentativas",
  },
};

export const QUADRO = {
  numeros: (titulo) => `Ver os números: ${titulo}`,
};
