// What the page of dead messages says.
export const MORTAS = {
  explica: "Mensagens que nenhum serviço conseguiu tratar. Corrija a causa e devolva cada uma: a de um cliente volta como trabalho a fazer.",
  nenhuma: "Nenhuma mensagem morta: está tudo em ordem.",
  quando: "Morreu em",
  mensagem: "Mensagem",
  fila: "Fila",
  motivo: "Motivo",
  corpo: "Conteúdo",
  ver: "Ver",
  acao: "Ação",
  reenviar: "Devolver à fila",
};
