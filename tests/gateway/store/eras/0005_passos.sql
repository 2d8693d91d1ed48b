UPDATE pedidos SET passos = '[{"passo": "login", "ok": true}]';
