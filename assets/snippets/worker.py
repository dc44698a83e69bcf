"""Works through what receiver.py has queued: python3 worker.py"""

import json
import time

from receiver import queue


def work(event):
    print(event["event"], event["id"], flush=True)  # your own work goes here


def main():
    database = queue()
    while True:
        row = database.execute("SELECT id, body FROM deliveries WHERE done = 0 ORDER BY rowid LIMIT 1").fetchone()
        if row is None:
            time.sleep(1)
            continue
        work(json.loads(row[1]))
        with database:
            database.execute("UPDATE deliveries SET done = 1, body = NULL WHERE id = ?", (row[0],))


if __name__ == "__main__":
    main()
