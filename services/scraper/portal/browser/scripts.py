"""The JavaScript that the browser driver runs in the portal's pages."""

from __future__ import annotations

# In every page before its own scripts. The print window closes itself, or is closed by the page that opened it, before
# the PDF has come: both ways of closing do nothing, and we close it ourselves. The `webdriver` flag goes as well.
INICIO = """
(() => {
  try { Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => undefined, configurable: true }); }
  catch (e) {}
  const still = () => undefined;
  try { window.close = still; } catch (e) {}
  const open = window.open;
  window.open = function (...args) {
    const handle = open.apply(this, args);
    try { if (handle) handle.close = still; } catch (e) {}
    return handle;
  };
})();
"""

_FIND = """
const find = (c) => (c.id && document.getElementById(c.id))
  || (c.name && document.querySelector(c.tag + '[name="' + CSS.escape(c.name) + '"]'))
  || document.getElementsByTagName(c.tag)[c.posicao] || null;
"""

# Fills fields and presses one control; answers what is missing, or what the fields hold. The press comes after the
# answer, since a page that goes away takes the answer with it.
PRESSIONAR = (
    "([alvo, campos]) => {"
    + _FIND
    + """
  const el = find(alvo);
  if (!el) return { falta: alvo.id || alvo.name || alvo.tag };
  const lidos = [];
  let select = null;
  for (const [c, valor] of campos) {
    const campo = find(c);
    if (!campo) return { falta: c.id || c.name };
    if (campo === el && campo.tagName === 'SELECT') { select = valor; continue; }
    if (campo.type === 'radio' || campo.type === 'checkbox') { campo.checked = true; lidos.push(null); continue; }
    campo.focus();
    campo.value = valor;
    campo.dispatchEvent(new Event('input', { bubbles: true }));
    campo.dispatchEvent(new Event('keyup', { bubbles: true }));
    if (campo.type !== 'password') lidos.push(campo.value);
  }
  setTimeout(() => {
    if (select === null) { el.click(); return; }
    el.value = select;
    el.dispatchEvent(new Event('change', { bubbles: true }));
  }, 0);
  return { lidos };
}"""
)

# Documents and secrets out of every text and field that shows, before a picture is taken.
MASCARAR = """
(segredos) => {
  const padroes = [
    [/(^|[^0-9])[0-9]{3}\\.([0-9]{3})\\.([0-9]{3})-[0-9]{2}(?![0-9])/g, '$1***.$2.$3-**'],
    [/(^|[^0-9A-Za-z])[0-9A-Za-z]{2}\\.([0-9A-Za-z]{3})\\.([0-9A-Za-z]{3})\\/[0-9A-Za-z]{4}-[0-9]{2}(?![0-9])/g,
     '$1**.$2.$3/****-**'],
    [/(^|[^0-9A-Za-z])[0-9]{3}([0-9]{6})[0-9]{2}(?![0-9A-Za-z])/g, '$1***$2**'],
    [/(^|[^0-9A-Za-z])[0-9A-Z]{2}([0-9A-Z]{6})[0-9A-Z]{4}[0-9]{2}(?![0-9A-Za-z])/g, '$1**$2******'],
  ];
  const mask = (t) => {
    let s = t;
    for (const segredo of segredos) s = s.split(segredo).join('•••');
    for (const [de, para] of padroes) s = s.replace(de, para);
    return s;
  };
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const masked = mask(walker.currentNode.data);
    if (masked !== walker.currentNode.data) walker.currentNode.data = masked;
  }
  for (const el of document.querySelectorAll('input, textarea')) {
    if (el.type === 'password') el.value = '';
    else if (el.type !== 'hidden' && el.value) el.value = mask(el.value);
  }
}
"""
