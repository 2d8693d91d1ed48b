UPDATE clientes_finais SET editados = '{whatsapp}' WHERE id = 1;
