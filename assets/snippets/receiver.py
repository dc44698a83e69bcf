"""Takes deliveries, checks them, puts them into a queue and answers at once: WEBHOOK_SECRET=whsec_… python3 receiver.py"""

import os
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verify import verify

SECRET = os.environ.get("WEBHOOK_SECRET", "")
QUEUE = os.environ.get("WEBHOOK_QUEUE", "queue.db")
LARGEST = 10 * 1024 * 1024


def queue():
    database = sqlite3.connect(QUEUE, timeout=3)
    database.execute("CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, body BLOB, done INTEGER DEFAULT 0)")
    return database


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > LARGEST:
            return self.answer(413)
        body = self.rfile.read(length)
        if not verify(body, self.headers.get("X-Webhook-Signature", ""), SECRET):
            return self.answer(401)
        database = queue()
        with database:  # commits, so what was answered 204 is on disk
            # A repeat has the same id and changes nothing.
            database.execute(
                "INSERT OR IGNORE INTO deliveries (id, body) VALUES (?, ?)", (self.headers["Webhook-Id"], body)
            )
        database.close()
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    if not SECRET:
        raise SystemExit("WEBHOOK_SECRET is not set")
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8000))), Receiver)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
