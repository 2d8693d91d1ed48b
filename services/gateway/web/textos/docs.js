// The words of the page that shows the API.
export const DOCS = {
  // Those that stand in docs.html, by their data-texto.
  pagina: "Canopus: documentação da API",
  titulo: "Canopus: API",
  carregando: "Carregando…",
  chave: "Chave de acesso",
  mostrar: "Mostrar",
  chave_dica: "Fica só na memória desta página.",
  rest: "REST (OpenAPI)",
  socket: "Socket e mensagens (AsyncAPI)",
  painel: "Painel",

  versao: (numero) => `Versão ${numero}.`,
  sem_chave: "Informe a chave, ou entre no painel.",
  escopo: (escopo) => `Escopo da chave: ${escopo}`,
  aberta: "Sem chave.",
  aviso: (evento) => `Aviso ${evento}`,
  assinado: "Enviado por nós ao endereço cadastrado, com assinatura.",
  parametros: "Parâmetros",
  corpo: "Corpo",
};
