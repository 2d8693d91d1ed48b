// The words of the prediction of failures. Reasons and warnings come from the server in words.
export const PREVISAO = {
  fala: "Em uso",
  calada: "Calada",
  o_que_e:
    "Prevê falhas técnicas na primeira tentativa de um contrato: portal fora do ar, sessão perdida, download ou documento com " +
    "defeito. Respostas do portal sobre o cliente (sem boleto, CPF não encontrado) não são falhas. Aprende sozinha, toda noite, " +
    "com o histórico deste escritório, e só fala enquanto erra menos que a frequência simples das falhas em dias que não viu.",
  treinar: "Treinar agora",
  treino_pedido: "Treino pedido. O resultado aparece aqui em alguns segundos.",
  nada_a_aprender: "Ainda não há tentativas das quais aprender.",
  juizo: {
    treinada: "Treinada em",
    linhas: "Tentativas no histórico",
    falhas: "Falhas técnicas",
    julgadas: "Julgada em",
    julgadas_de: (tentativas, dias) => `${tentativas} tentativas, ${dias} dias`,
    brier: "Erro da previsão (Brier)",
    brier_frequencia: "Erro da frequência simples (Brier)",
    ganho: "Erra a menos",
    minimo: "Mínimo para falar",
  },
  avisos: "Avisos",
  calibracao: {
    titulo: "O previsto e o que aconteceu",
    explicacao: "Cada grupo junta tentativas de risco parecido. Quanto mais perto as duas, mais vale o número previsto.",
    grafico: "Barras da parte que falhou e linha da parte prevista, por grupo de tentativas de risco parecido",
    previsto: "Previsto",
    observado: "Aconteceu",
    tentativas: "Tentativas",
  },
  horas: {
    titulo: (ponto) => `Risco por hora do dia: ${ponto}`,
    grafico: (ponto) => `Linha do risco de falha por hora do dia em ${ponto}, e a média`,
    hora: "Hora",
    escrever: (hora) => `${hora} h`,
    risco: "Risco de falha",
    media: "Média",
    agora: (risco) => `Neste momento: ${risco}`,
  },
  razoes: {
    titulo: "O que muda o risco",
    nenhuma: "Nada muda o risco mais que um pouco.",
  },
  contratos: {
    titulo: "Contratos com mais risco, se tentados agora",
    ponto_venda: "Ponto de venda",
    cliente: "Cliente",
    cota: "Cota",
    risco: "Risco",
    porque: "Por quê",
    nenhum: "Nenhum contrato ativo.",
  },
};
