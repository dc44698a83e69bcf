"""python3 drive.py SNIPPET HEADER SECRET <body: says what the snippet on the page of the guide makes of a delivery."""

import runpy
import sys

snippet, header, secret = sys.argv[1:]
verify = runpy.run_path(snippet)["verify"]
print("accepted" if verify(sys.stdin.buffer.read(), header, secret) else "refused")
