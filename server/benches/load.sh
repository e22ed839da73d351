#!/usr/bin/env bash
# Serves the demo shop and asks it under load. wrk shares the machine's cores with the server, so the figures are a
# floor. Usage: load.sh BINARY [SECONDS] [CONNECTIONS]
set -euo pipefail
binary=$1 seconds=${2:-20} connections=${3:-64}
address=127.0.0.1:18080
here=$(cd "$(dirname "$0")" && pwd)

YINGDA_LOG__LEVEL=warn "$binary" demo --address "$address" >/dev/null &
server=$!
trap 'kill "$server"' EXIT
until curl --silent --fail --output /dev/null "http://$address/readyz"; do
    kill -0 "$server"
    sleep 0.1
done
wrk --threads 1 --connections "$connections" --duration "${seconds}s" --latency \
    --script "$here/ask.lua" "http://$address/v1/ask" -- "$here/../../datasets/shop-zh/questions.jsonl"
