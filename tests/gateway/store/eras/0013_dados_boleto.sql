UPDATE boletos SET banco = '237', pagador = 'ANA D''ÁVILA ÇA', origens = '{"banco": "texto"}';
