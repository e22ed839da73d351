#!/usr/bin/env bash
# Serves the demo shop and asks it under load: answers and vectors with all connections, then answers with a single one. wrk
# shares the machine's cores with the server, so the figures are a floor. Usage: load.sh BINARY [SECONDS] [CONNECTIONS]
set -euo pipefail
binary=$1 seconds=${2:-20} connections=${3:-64}
address=127.0.0.1:18080
here=$(cd "$(dirname "$0")" && pwd)

YINGDA_LOG__LEVEL=warn YINGDA_MODEL__CACHE_CAPACITY=0 "$binary" demo --address "$address" >/dev/null &
server=$!
trap 'kill "$server"' EXIT
until curl --silent --fail --output /dev/null "http://$address/readyz"; do
    kill -0 "$server"
    sleep 0.1
done
load() { # CONNECTIONS ROUTE BODY
    wrk --threads 1 --connections "$1" --duration "${seconds}s" --latency \
        --script "$here/questions.lua" "http://$address$2" -- "$here/../../datasets/shop-zh/questions.jsonl" "$3"
}
load "$connections" /v1/ask '{"text":"QUESTION"}'
load "$connections" /v1/embeddings '{"model":"yingda-encoder","input":"QUESTION"}'
load 1 /v1/ask '{"text":"QUESTION"}'
