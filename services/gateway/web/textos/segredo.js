// What the dialog of a secret that is shown once says.
export const SEGREDO = {
  copiar: "Copiar",
  copiado: "Copiado.",
  nao_copiado: "Não foi possível copiar: o texto está selecionado, copie-o com Ctrl+C.",
};
