// The words that several modules of the dashboard share; another language is another folder like this one. What the server says is its own.

export const STATUS_CLIENTE = {
  pendente: "Na fila",
  processando: "Em andamento",
  sucesso: "Baixado",
  ja_baixado: "Já baixado",
  sem_boleto: "Sem boleto",
  cpf_nao_encontrado: "CPF não encontrado",
  erro: "Erro",
  cancelado: "Cancelado",
};

export const STATUS_EXECUCAO = {
  na_fila: "Na fila",
  em_andamento: "Em andamento",
  pausada: "Pausada",
  bloqueada: "Espera uma pessoa",
  concluida: "Concluída",
  concluida_com_falhas: "Concluída com falhas",
  erro: "Parou com erro",
  cancelada: "Cancelada",
};

export const ETAPAS = {
  na_fila: "Na fila",
  autenticando: "Entrando no portal",
  buscando: "Buscando o cliente",
  emitindo: "Emitindo a cobrança",
  baixando: "Baixando o PDF",
  verificando: "Conferindo o boleto",
  nomeando: "Dando nome",
  arquivado: "Arquivado",
};

export const TIPOS = {
  download_boletos: "Download",
  agendada: "Agendada",
  reprocessamento: "Nova tentativa",
  teste: "Teste",
};

export const PAPEIS = { admin: "Administrador", operador: "Operador", leitura: "Leitura" };

export const MESES = [
  "Janeiro", "Fevereiro", "Março", "Abril", "Maio", "Junho",
  "Julho", "Agosto", "Setembro", "Outubro", "Novembro", "Dezembro",
];

export const QUEM_AGE = {
  operador: "Quem opera precisa agir",
  administrador: "Um administrador precisa agir",
  administradora: "Depende da administradora do portal",
  sistema: "O sistema resolve sozinho",
  desenvolvimento: "O suporte precisa agir",
  "ninguém": "Ninguém precisa agir",
};

export const MENU = {
  inicio: "Baixar boletos",
  execucoes: "Execuções",
  agendamentos: "Agendamentos",
  boletos: "Boletos",
  retornos: "Retornos do banco",
  clientes: "Clientes",
  planilhas: "Planilhas",
  estatisticas: "Estatísticas",
  previsao: "Previsão de falhas",
  consultores: "Consultores",
  "pontos-venda": "Pontos de venda",
  credenciais: "Credenciais",
  pessoas: "Pessoas",
  avisos: "Avisos",
  canais: "Canais de aviso",
  webhooks: "Webhooks",
  espelhos: "Espelhos",
  mortas: "Mensagens mortas",
  escritorios: "Escritórios",
  conta: "Minha conta",
};

export const CONEXAO = {
  conectando: "Conectando…",
  no_ar: "Ao vivo",
  caida: "Conexão perdida; tentando de novo…",
  recusada: "Acesso recusado",
};

// How numbers, dates and times are written.
export const FORMATOS = {
  idioma: "pt-BR",
  nada: "–",
  mes_ano: (mes, ano) => `${mes} de ${ano}`,
  proxima: "Próxima parcela",
  segundos: (quantos) => `${quantos}\u00a0s`,
  minutos: (quantos) => `${quantos}\u00a0min`,
  horas: (quantas, minutos) => `${quantas} h ${String(minutos).padStart(2, "0")} min`,
  avanco: (feitos, total) => `${feitos} de ${total}`,
};

export const T = {
  kilobytes: (kb) => `${kb} KB`,
  sistema: "Canopus",
  pular: "Ir para o conteúdo",
  menu: "Menu",
  sair: "Sair",
  carregando: "Carregando…",
  fechar: "Fechar",
  cancelar: "Cancelar",
  salvar: "Salvar",
  excluir: "Excluir",
  editar: "Editar",
  todos: "Todos",
  buscar: "Buscar",
  mais: "Carregar mais",
  arquivo_mudou: "o arquivo mudou desde que foi escolhido: escolha-o de novo",
  repetir: "Tentar de novo",
  peca_admin: "Peça a um administrador.",
  peca_operador: "Peça a quem opera o sistema.",
  nenhum: "Nada por aqui ainda.",
  sessao_encerrada: "A sessão terminou. Entre de novo.",
  nao_saiu: (motivo) => `Você ainda não saiu. ${motivo}`,
  sem_servidor: "O servidor não respondeu. Confira a conexão e tente de novo.",
  pagina_desconhecida: "Página não encontrada.",
  arquivo: "arquivo",
};
