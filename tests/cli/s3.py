"""A server on this machine that speaks as much of S3 as PyArrow needs to list and read the files of a folder."""

import contextlib
import email.utils
import http.server
import pathlib
import threading
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}


class Store(http.server.ThreadingHTTPServer):
    """The files of a folder as objects of the bucket `bucket`; `before_read(key)` is called before each is read."""

    daemon_threads = True

    def __init__(self, folder: pathlib.Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.before_read = lambda key: None
        self.keys_read: list[str] = []

    def handle_error(self, request, client_address):
        """Clients that are killed in the middle are what some tests are about."""

    def uri(self, key: str) -> str:
        options = f"endpoint_override=127.0.0.1:{self.server_port}&scheme=http&region=us-east-1"
        return f"s3://bucket/{key}?{options}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def log_message(self, *arguments):
        pass

    def _send(self, code, body=b"", headers=(), length=None):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix("/bucket").lstrip("/")
        query = parse_qs(parts.query, keep_blank_values=True)
        if not key and "list-type" in query:
            self._send(
                200, self._listing(query.get("prefix", [""])[0], "delimiter" in query), [("Content-Type", "text/xml")]
            )
            return
        path = self.server.folder / key
        if not path.is_file():
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        if self.command == "GET":
            self.server.keys_read.append(key)
            self.server.before_read(key)
        content = path.read_bytes()
        headers = [("ETag", '"0"'), ("Last-Modified", email.utils.formatdate(0, usegmt=True))]
        span = self.headers.get("Range")
        if span is None or self.command == "HEAD":
            self._send(200, content if self.command == "GET" else b"", headers, len(content))
            return
        first, last = span.removeprefix("bytes=").split("-")
        some = content[int(first) : int(last) + 1]
        headers.append(("Content-Range", f"bytes {first}-{int(first) + len(some) - 1}/{len(content)}"))
        self._send(206, some, headers)

    def _listing(self, prefix, is_flat):
        paths = sorted(path for path in self.server.folder.rglob("*") if path.is_file())
        keys = {path.relative_to(self.server.folder).as_posix(): path.stat().st_size for path in paths}
        found = {key: size for key, size in keys.items() if key.startswith(prefix)}
        folders = {prefix + key[len(prefix) :].split("/")[0] + "/" for key in found if "/" in key[len(prefix) :]}
        own = [key for key in found if not (is_flat and "/" in key[len(prefix) :])]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{found[key]}</Size>"
            "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            for key in own
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in sorted(folders) if is_flat
        )
        start = '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        about = f"<Name>bucket</Name><KeyCount>{len(own)}</KeyCount><IsTruncated>false</IsTruncated>"
        return f"{start}{about}{contents}{common}</ListBucketResult>".encode()


@contextlib.contextmanager
def serving(folder: pathlib.Path):
    """Serve a folder."""
    server = Store(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
