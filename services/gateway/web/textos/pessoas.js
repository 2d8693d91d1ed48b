// What the page of those who sign in says.
export const PESSOAS = {
  palavras: {
    novo: "Nova pessoa",
    um: "Pessoa",
    nenhum: "Ninguém por aqui.",
    excluir: ({ nome }) => `Excluir ${nome}? As sessões dela terminam na hora.`,
  },
  nome: "Nome",
  email: "E-mail",
  papel: "Papel",
  papel_dica: "Leitura só vê; o operador trabalha; o administrador cuida também de credenciais e pessoas.",
  todos_pontos: "Todos os pontos de venda",
  ultimo_acesso: "Último acesso",
  situacao: "Situação",
  trocar_senha: "senha provisória",
  ativa: "Ativa: pode entrar",
  nova_senha: "Nova senha provisória",
  nova_senha_pergunta: (nome) => `Dar a ${nome} uma nova senha provisória? A atual deixa de valer e as sessões terminam.`,
  nova_senha_sim: "Dar nova senha",
  provisoria: "Senha provisória",
  provisoria_de: (nome) => `Senha provisória de ${nome}`,
  provisoria_uso: "Entregue-a à pessoa: ela escolhe outra ao entrar. Esta senha não será mostrada de novo.",
};
