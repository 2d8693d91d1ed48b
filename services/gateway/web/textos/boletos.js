// The words of the filed boletos: their page, the window that shows one, and what is copied from it.

export const BOLETOS = {
  ordens: { consultor: "Por consultor e mês", recentes: "Baixados por último" },
  sem_consultor: "Sem consultor",
  sem_nome: "Sem nome",
  sem_titulo: "Boleto",
  nenhum: "Nenhum boleto com estes filtros.",
  filtros: {
    busca: "Nome do cliente",
    cpf: "CPF ou CNPJ",
    ponto_venda: "Ponto de venda",
    consultor: "Consultor",
    mes: "Mês",
    ano: "Ano",
    ordem: "Ordem",
  },
  colunas: {
    cliente: "Cliente",
    cota: "Cota",
    consultor: "Consultor",
    mes: "Mês",
    vencimento: "Vencimento",
    valor: "Valor",
    acoes: "Ações",
  },
  contagem: ["boleto", "boletos"], // one, several
  ha_mais: (quantos) => `${quantos}, e há mais`,
  ate_aqui: (quantos) => `${quantos} até aqui`,
  tabela: (grupo) => `Boletos: ${grupo}`,
  ver: "Ver",
  ver_de: (nome) => `Ver o boleto de ${nome}`,
  baixar: "Baixar",
  baixar_de: (nome) => `Baixar o boleto de ${nome}`,
  copiar: "Copiar linha",
  copiar_de: (nome) => `Copiar a linha digitável de ${nome}`,
  // Field → its button, the notice, and what is told beside the button.
  copias: {
    linha_digitavel: ["Copiar linha digitável", "Linha digitável copiada.", "Copiada."],
    codigo_barras: ["Copiar código de barras", "Código de barras copiado.", "Copiado."],
  },
  dados: { pagador: "Pagador", banco: "Banco", nosso_numero: "Nosso número", origens: "Lido em" },
  origens: { texto: "texto do PDF", codigo_barras: "código de barras", ocr: "imagem (OCR)" },
  detalhe: ({ cpf, cota, mes, vencimento, valor, baixado }) =>
    `${cpf} · cota ${cota} · ${mes} · vence ${vencimento} · ${valor} · baixado em ${baixado}`,
  ver_execucao: "ver a execução",
};

export const VISOR = {
  baixar: "Baixar o PDF",
  sem_visor: "Este navegador não mostra PDFs na página. Use “Baixar o PDF”.",
  pdf: (titulo) => `PDF: ${titulo}`,
};

export const COPIA = {
  negada: (texto) => `O navegador não deixou copiar. Copie daqui: ${texto}`,
};
