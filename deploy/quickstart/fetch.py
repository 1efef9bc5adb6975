#!/usr/bin/env python3
"""fetch.py URL FILE: downloads with progress; goes on where an earlier try stopped. Exit 1 when it
cannot be had, with the reason on stderr."""

import os
import sys
import time
import urllib.error
import urllib.request

CONNECT_SECONDS = 15
CHUNK = 1 << 18


def fetch(url, path):
    held = os.path.getsize(path) if os.path.exists(path) else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={held}-"} if held else {})
    try:
        answer = urllib.request.urlopen(request, timeout=CONNECT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing beyond what is held: it was whole already
            return
        raise
    with answer:
        begins_at = held if answer.status == 206 else 0
        length = answer.headers.get("Content-Length")
        total = begins_at + int(length) if length else 0
        with open(path, "ab" if begins_at else "wb") as file:
            done, shown = begins_at, 0.0
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                if sys.stderr.isatty() and time.monotonic() - shown > 0.2:
                    shown = time.monotonic()
                    of_total = f" of {total >> 20} MB ({100 * done // total} %)" if total else ""
                    sys.stderr.write(f"\r  {done >> 20} MB{of_total} ")
    if sys.stderr.isatty():
        sys.stderr.write("\r\n")
    if total and done != total:
        raise OSError(f"the connection ended after {done} of {total} bytes; run it again to go on")


if __name__ == "__main__":
    try:
        fetch(*sys.argv[1:3])
    except (OSError, ValueError) as problem:
        sys.exit(f"fetch: {problem}")
