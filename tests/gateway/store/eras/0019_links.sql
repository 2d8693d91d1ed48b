INSERT INTO links_planilha (consultor_id, link, alcance, marca, versao, planilha_id, em_dia_em)
VALUES (1, 'https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345/view', '{1}', repeat('a', 64), 'd41d8cd9', 1, now());
