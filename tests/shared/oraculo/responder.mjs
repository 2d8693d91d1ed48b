// Rows `line day` on stdin → what the library says of each on stdout: nothing, or kind, bank, centavos, due date, segment.
import { createInterface } from "node:readline";
import { getBoletoInfo, isValidBoleto } from "@brazilian-utils/brazilian-utils";

const iso = (dia) =>
  dia ? [dia.getFullYear(), dia.getMonth() + 1, dia.getDate()].map((n) => String(n).padStart(2, "0")).join("-") : "";

for await (const entrada of createInterface({ input: process.stdin })) {
  const [linha, referencia] = entrada.split(" ");
  const [ano, mes, dia] = referencia.split("-").map(Number);
  const info = getBoletoInfo(linha, { referenceDate: new Date(ano, mes - 1, dia) });
  if (Boolean(info) !== isValidBoleto(linha)) throw new Error(`two words on ${linha}`);
  const { type, bankCode, amount, expirationDate, segment, hasEffectiveValue } = info ?? {};
  const resposta = type
    ? `a,,${hasEffectiveValue ? amount : ""},,${segment}`
    : `c,${bankCode},${amount},${iso(expirationDate)},`;
  process.stdout.write(`${info ? resposta : ""}\n`);
}
