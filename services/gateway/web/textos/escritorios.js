// What the page of the installation's offices says.
export const ESCRITORIOS = {
  explica: "Cada escritório tem os seus próprios dados, e nenhum vê os de outro. Crie mais um na linha de comando: canopus empresas criar.",
  codigo: "Código",
  nome: "Nome",
  sessoes: "Sessões no portal",
  sem_limite: "sem limite",
  desde: "Desde",
  situacao: "Situação",
  ativo: "Ativo",
  inativo: "Inativo",
};
