#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sign in to a page behind mod_auth_openidc at node-oidc-provider, as a browser would: every
redirect followed, every form sent.

    oidc_login.py URL        prints the cookies for URL, as a Cookie header's value"""
import html
import http.cookiejar
import re
import sys
import urllib.parse
import urllib.request


def main(url):
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                          urllib.request.HTTPCookieProcessor(jar))
    browser.addheaders = [('Accept', 'text/html')]      # else mod_auth_openidc just refuses
    reply = browser.open(url)
    for _ in range(5):
        page = reply.read().decode('utf-8', 'replace')
        action = re.search(r'<form[^>]*action="([^"]+)"', page)
        if action is None:
            break
        form = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"',
                               page))
        if 'name="login"' in page:
            form.update(login='user', password='any')
        reply = browser.open(urllib.parse.urljoin(reply.url, html.unescape(action[1])),
                             urllib.parse.urlencode(form).encode())
    if reply.url != url:
        sys.exit(f'oidc_login.py: ended at {reply.url}, not {url}')
    request = urllib.request.Request(url)
    jar.add_cookie_header(request)
    # The OP is on the same address: its cookies are not the portal's.
    pairs = [pair for pair in (request.get_header('Cookie') or '').split('; ')
             if pair.startswith('mod_auth_openidc')]
    if not pairs:
        sys.exit('oidc_login.py: no session cookie after the login')
    print('; '.join(pairs))


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
