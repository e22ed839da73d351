#!/usr/bin/env bash
# Lays out a CUDA toolkit in FOLDER from Python packages, for machines without one: FOLDER/home is then a CUDA_HOME
# with bin, include, lib64 and nvvm. It takes 1.3 GB. No card and no driver are needed to build with it.
# Usage: toolkit.sh FOLDER
set -euo pipefail
folder=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-deps --requirement "$here/requirements.txt"
packages=$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
home=$(cd "$packages/nvidia/cu13" && pwd)

# The packages hold lib/libNAME.so.VERSION only; a linker looks for lib64/libNAME.so.
ln -sfn lib "$home/lib64"
for library in cublas cublasLt cudart curand nvrtc; do
  versions=("$home/lib/lib$library".so.*)
  ln -sf "$(basename "${versions[0]}")" "$home/lib/lib$library.so"
done

# The driver's library comes with the driver, not with the packages. To link against it, this stub has every function
# that cuda.h names, and each returns CUDA_ERROR_STUB_LIBRARY (34).
mkdir -p "$home/lib/stubs"
grep --only-matching --no-filename --extended-regexp '\bcu[A-Z][A-Za-z0-9]*(_[a-z0-9]+)*\b' "$home/include/cuda.h" \
  | sort --unique | sed 's/.*/int &(void) { return 34; }/' \
  | "${CC:-cc}" -shared -fPIC -Wl,-soname,libcuda.so.1 -x c -o "$home/lib/stubs/libcuda.so.1" -
ln -sf libcuda.so.1 "$home/lib/stubs/libcuda.so"

"$home/bin/nvcc" --version
ln -sfn "$home" "$folder/home"
