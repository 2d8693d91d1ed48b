UPDATE credenciais_canopus SET espera_ate = now() + interval '30 seconds' WHERE id = 1;
