"""Brings a file by tus with a client that we did not write (tuspy).

What to bring is read from the standard input, as JSON. The first line of output is where it is brought to,
the second how much was there at the start, the last how much is there at the end.
"""

import json
import os
import socket
import sys

import urllib3.util.ssl_
from tusclient.client import TusClient

asked = json.load(sys.stdin)
os.environ["REQUESTS_CA_BUNDLE"] = asked["ca"]
# Which face of the port answers: agents have a word of their own for it.
if asked.get("alpn"):
    urllib3.util.ssl_.ALPN_PROTOCOLS = [asked["alpn"]]

# All names are this machine.
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more)

certificate = tuple(asked["certificate"]) if asked.get("certificate") else None
client = TusClient(asked["url"], headers=asked.get("headers"), client_cert=certificate)
upload = client.uploader(
    asked["file"],
    url=asked.get("location"),
    chunk_size=asked["chunk_bytes"],
    metadata=asked["metadata"],
    upload_checksum=asked["has_checksums"],
)
if not upload.url:
    upload.set_url(upload.create_url())
    upload.offset = 0
print(upload.url, flush=True)
print(upload.offset, flush=True)
upload.upload()
print(upload.offset, flush=True)
