#!/usr/bin/env python3
"""Puts the Python package together: our modules and the stubs made from proto/, in one folder `xp`.

    /usr/bin/python3 client/python/build.py DEST      then: PYTHONPATH=DEST python3 -c 'import xp'

The stubs are `xp.v1.*_pb2`, so they must lie inside our package; nothing generated is kept in the
source tree. The CMake target `xp_python` calls this with DEST = <build>/python. Running it again
replaces what it made before. Needs protoc and grpc_python_plugin (packages protobuf-compiler and
protobuf-compiler-grpc, see deploy/install-deps.sh).
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"


def tool(name):
    path = shutil.which(name)
    if path is None:
        sys.exit(f"build.py: {name} is not there; run deploy/install-deps.sh")
    return path


def make_stubs(dest):
    """Writes dest/xp/v1/*_pb2.py and *_pb2_grpc.py."""
    protos = sorted(str(p.relative_to(PROTO)) for p in PROTO.glob("xp/v1/*.proto"))
    subprocess.run(
        [
            tool("protoc"),
            f"--proto_path={PROTO}",
            f"--python_out={dest}",
            f"--grpc_out={dest}",
            f"--plugin=protoc-gen-grpc={tool('grpc_python_plugin')}",
            *protos,
        ],
        check=True,
    )
    (dest / "xp" / "v1" / "__init__.py").touch()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("dest", type=pathlib.Path, help="folder that the package `xp` is put into")
    dest = parser.parse_args().dest.resolve()
    dest.mkdir(parents=True, exist_ok=True)
    # Made aside and moved, so that whoever imports it meanwhile never sees half a package.
    with tempfile.TemporaryDirectory(dir=dest) as aside_name:
        aside = pathlib.Path(aside_name)
        shutil.copytree(HERE / "xp", aside / "xp", ignore=shutil.ignore_patterns("__pycache__"))
        make_stubs(aside)
        old = dest / "xp"
        if old.exists():
            old.rename(aside / "old")
        (aside / "xp").rename(old)


if __name__ == "__main__":
    main()
