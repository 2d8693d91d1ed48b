"""Lines of both families, and the word on each of the JavaScript library @brazilian-utils/brazilian-utils.

`make oracle` asks it again and writes `vetores.txt.xz`, so that the tests need no Node.js.
"""
