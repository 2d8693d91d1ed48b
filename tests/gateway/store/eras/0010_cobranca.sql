UPDATE boletos SET status = 'pago', data_pagamento = '2026-11-09', valor_pago = 812.45 WHERE id = 1;
UPDATE boletos SET mudanca = nextval('mudancas') WHERE id = 1;
INSERT INTO boletos_apagados (boleto_id, ponto_venda_id) VALUES (99, 1);
INSERT INTO webhooks (nome, url, segredo) VALUES ('crm', 'https://crm.exemplo.com.br/canopus', 'cifrado');
INSERT INTO webhooks_entregas (webhook_id, evento_id, tipo, corpo) VALUES (1, 'evt_1', 'boleto.arquivado', '{}');
