// How the end of an execution is told.
const terminou = (nome, { sucesso, erro }, escrever) =>
  `${nome}: terminou com ${escrever(sucesso)} ${sucesso === 1 ? "baixado" : "baixados"}${erro ? `, ${escrever(erro)} com erro` : ""}.`;

export const ANUNCIO = {
  nome: (ponto, vencimento) => `${ponto}, ${vencimento}`,
  sem_nome: "A execução",
  concluida: terminou,
  concluida_com_falhas: terminou,
  cancelada: (nome) => `${nome}: foi cancelada.`,
  erro: (nome) => `${nome}: parou com erro.`,
  bloqueada: (nome) => `${nome}: espera uma pessoa.`,
};
