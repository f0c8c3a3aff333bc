#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A portal's application behind a web server with the unitpass module, as small as it can be.

The module signs people in and passes their identity in X-Unitpass-* request headers
(percent-encoded UTF-8); it removes such headers when they come from outside. The application just
reads them. It listens on loopback: only the web server can reach it.

    portal.py PORT        /         a page that greets the unit
                          /whoami   the identity as JSON
                          /headers  all request headers as JSON, as they came
"""
import html
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

NAMES = ["Unit-Code", "Unit-Name", "Certificate", "Role", "Holder-Ref", "Holder-Name", "Items",
         "Auth-Time", "Session"]

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>示例业务系统 · Sample portal</title>
<style>:root{{color-scheme:light dark}}
body{{font:1.0625rem/1.6 "Noto Sans CJK SC",system-ui,sans-serif;
max-width:40rem;margin:2rem auto;padding:0 1rem}}
dt{{opacity:.75}}dd{{margin:0 0 .75rem;word-break:normal;overflow-wrap:anywhere}}
button{{font:inherit;padding:.5rem 1rem}}</style>
<h1>{unit}</h1><p>已登录示例业务系统。 You are signed in to the sample portal.</p><dl>{rows}</dl>
<form method="post" action="/.unitpass/logout"><button>退出登录 Sign out</button></form></html>"""


class Portal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def identity(self):
        return {n.lower().replace("-", "_"): unquote(self.headers.get("X-Unitpass-" + n, ""))
                for n in NAMES}

    def answer(self, content_type, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        who = self.identity()
        path = self.path.split("?")[0]
        if path.endswith("/whoami"):
            self.answer("application/json", json.dumps(who, ensure_ascii=False))
        elif path.endswith("/headers"):
            self.answer("application/json", json.dumps(self.headers.items(), ensure_ascii=False))
        else:
            rows = "".join("<dt>%s</dt><dd>%s</dd>" % (html.escape(k), html.escape(v or "–"))
                           for k, v in who.items())
            self.answer("text/html; charset=utf-8",
                        PAGE.format(unit=html.escape(who["unit_name"] or "访客 · guest"), rows=rows))

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Portal).serve_forever()
