#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same requests again: N of them, one after the other on a kept connection.

    replay.py URL FILE N      FILE: a header a line, sent in turn; every answer must be 200"""
import http.client
import itertools
import sys
import urllib.parse


def main(url, file, n):
    where = urllib.parse.urlsplit(url)
    with open(file, encoding="ascii") as f:
        headers = [dict([line.rstrip("\n").split(": ", 1)]) for line in f]
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    for header in itertools.islice(itertools.cycle(headers), n):
        connection.request("GET", where.path, headers={"Accept-Encoding": "identity", **header})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"replay.py: {url} is answered {answer.status}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
