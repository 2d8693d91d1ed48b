// The words of signing in and of the own account.
export const ENTRADA = {
  resumo: "Boletos dos seus clientes, baixados, conferidos e arquivados.",
  email: "E-mail",
  senha: "Senha",
  entrar: "Entrar",

  // The own account.
  pontos: (codigos) => `Pontos de venda: ${codigos.join(", ")}`,
  todos_pontos: "Todos os pontos de venda",
  avisos: "Do que sou avisado",
  trocar: "Trocar a senha",
  trocada: "Senha trocada.",
  provisoria: "A sua senha é provisória. Escolha outra para continuar.",
  atual: "Senha atual",
  nova: "Nova senha",
  nova_dica: "Pelo menos 10 caracteres.",
  repetida: "Repita a nova senha",
  diferente: "não é igual à nova senha",
};
