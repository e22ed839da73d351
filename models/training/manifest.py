"""Writes `manifest.json` of a model folder: name, dimension, licence, sha256 of each file, and one fingerprint.

    python manifest.py FOLDER --name NAME --dimension N --licence SPDX

The fingerprint is the sha256 over "path\\0sha256\\n" of each file, sorted by path. The model card with its pictures and
the manifest itself are not part of it: none changes a vector.
"""
import argparse
import hashlib
import json
from pathlib import Path

NOT_NEEDED = {"manifest.json", "README.md"}
PICTURE = ".svg"


def write_manifest(folder: Path, name: str, dimension: int, licence: str) -> dict:
    needed = (path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_NEEDED and path.suffix != PICTURE)
    files = [describe(path, folder) for path in needed]
    files.sort(key=lambda file: file["path"])
    manifest = {
        "name": name,
        "dimension": dimension,
        "licence": licence,
        "files": files,
        "fingerprint": fingerprint(files),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return manifest


def describe(path: Path, folder: Path) -> dict:
    content = path.read_bytes()
    relative = path.relative_to(folder).as_posix()
    return {"path": relative, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def fingerprint(files: list[dict]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file['path']}\0{file['sha256']}\n".encode())
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--dimension", type=int, required=True)
    parser.add_argument("--licence", required=True)
    arguments = parser.parse_args()
    manifest = write_manifest(arguments.folder, arguments.name, arguments.dimension, arguments.licence)
    print(f"{arguments.folder}/manifest.json: {len(manifest['files'])} files, fingerprint {manifest['fingerprint']}")


if __name__ == "__main__":
    main()
