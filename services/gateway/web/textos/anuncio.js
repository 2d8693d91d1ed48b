// How the end of an execution is told.
const com_erro = ({ erro }) => (erro ? `, ${erro} com erro` : "");
const contagem = (contadores) => `${contadores.sucesso} ${contadores.sucesso === 1 ? "baixado" : "baixados"}${com_erro(contadores)}`;

export const ANUNCIO = {
  nome: (ponto, vencimento) => `${ponto}, ${vencimento}`,
  sem_nome: "A execução",
  concluida: (nome, contadores) => `${nome}: terminou com ${contagem(contadores)}.`,
  concluida_com_falhas: (nome, contadores) => `${nome}: terminou com ${contagem(contadores)}.`,
  cancelada: (nome) => `${nome}: foi cancelada.`,
  erro: (nome) => `${nome}: parou com erro.`,
  bloqueada: (nome) => `${nome}: espera uma pessoa.`,
};
