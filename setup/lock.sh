#!/bin/sh
# Resolves all dependencies at once and writes the locks: every version with its hashes, no address of any registry.
# The development lock is resolved first and constrains the others, so that a library has one version everywhere.
# With --upgrade it takes newer versions; without, it keeps what the locks have as long as it fits.
set -eu
cd "$(dirname "$0")/.."

lock() { # output, then inputs and options
    output=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@" --output-file "$output"
}

services="services/gateway/pyproject.toml services/scraper/pyproject.toml services/namer/pyproject.toml
    services/previsor/pyproject.toml"
lock requirements-dev.txt $services --group pyproject.toml:simulador --group pyproject.toml:dev "$@"
lock requirements.txt $services --group pyproject.toml:simulador -c requirements-dev.txt
for service in gateway scraper namer previsor; do
    lock "services/$service/requirements.txt" "services/$service/pyproject.toml" -c requirements-dev.txt
done
lock requirements-bench.txt $services --group pyproject.toml:simulador --group pyproject.toml:dev \
    --group pyproject.toml:bench -c requirements-dev.txt
