"""A hub on loopback: a host that answers for models and one that holds the large files, as the real
one does. Ports are the kernel's. What it did is recorded; what it shall do wrong is told to it."""
import hashlib
import http.server
import re
import ssl
import threading


def blob_sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Host:
    """One HTTP(S) server; `answer(request)` gives status, headers and body."""

    def __init__(self, answer, tls=None):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests.append((self.path, dict(self.headers)))
                status, headers, body, cut = answer(self.path, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:cut])
                if cut is not None:
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Hub:
    """`files` by name; those in `large` lie on the second host."""

    def __init__(self, files, large=(), tls=None):
        self.files, self.large = dict(files), set(large)
        self.commit = "a" * 40
        self.branch = "main"       # as URLs have it
        self.token = None          # asked for, if set
        self.plain = False         # no commit, no marks: a folder behind a web server
        self.cuts = []             # bytes after which the next large transfers end
        self.marks = {}            # instead of the SHA-256 of large files, by name
        self.wrong = set()         # large files whose content is not what was promised
        self.refusals = []         # what the second host answers to the next transfers; None: as usual
        self.failures = 0          # answers of 503 before it works
        self.released = None       # an Event: large files come once it is set
        self.storage = Host(self._store, tls)
        self.front = Host(self._answer, tls)
        self.url = self.front.url

    def stop(self):
        if self.released:
            self.released.set()
        self.front.stop()
        self.storage.stop()

    def asked(self, file):
        return [r for r in self.front.requests if r[0].endswith("/" + file)]

    def _answer(self, path, headers):
        found = re.fullmatch(r"/org/small/resolve/([^/]+)/(.+)", path)
        if self.failures:
            self.failures -= 1
            return 503, {}, b"busy", None
        if self.token and headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"X-Error-Code": "GatedRepo"}, b"", None
        if not found or found[1] not in (self.branch, self.commit):
            return 404, {"X-Error-Code": "RepoNotFound"}, b"", None
        content = self.files.get(found[2])
        commit = {} if self.plain else {"X-Repo-Commit": self.commit}
        if content is None:
            return 404, commit | {"X-Error-Code": "EntryNotFound"}, b"Entry not found", None
        if self.plain:
            cut = self.cuts.pop(0) if self.cuts and found[2] in self.large else None
            return 200, {}, content, cut
        if found[2] not in self.large:
            return 200, commit | {"ETag": f'"{blob_sha1(content)}"'}, content, None
        mark = self.marks.get(found[2], hashlib.sha256(content).hexdigest())
        return 302, commit | {"Location": f"{self.storage.url}/{found[2]}?signed=1",
                              "X-Linked-Etag": f'"{mark}"',
                              "X-Linked-Size": str(len(content))}, b"", None

    def _store(self, path, headers):
        if self.refusals and (status := self.refusals.pop(0)):
            return status, {}, b"busy", None
        if self.released:
            self.released.wait()
        name = path[1:].split("?")[0]
        content = self.files[name]
        if name in self.wrong:
            content = bytes([content[0] ^ 1]) + content[1:]
        status, extra = 200, {"ETag": '"md5-of-the-storage"'}
        if begin := re.fullmatch(r"bytes=(\d+)-", headers.get("Range", "")):
            first = int(begin[1])
            if first >= len(content):
                return 416, {"Content-Range": f"bytes */{len(content)}"}, b"", None
            extra["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
            status, content = 206, content[first:]
        return status, extra, content, self.cuts.pop(0) if self.cuts else None
