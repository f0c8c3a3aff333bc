/* SPDX-License-Identifier: Apache-2.0
 * Where a request comes from and where it may be sent back to. */
#ifndef UP_TARGET_H
#define UP_TARGET_H

#include "core/span.h"

/* May a browser be sent to RETURN_TO after login? Same-origin absolute path with optional query and
 * fragment: starts with exactly one '/', no '\\', control, NUL, space or non-ASCII byte, no encoded
 * backslash, control or NUL in the path (%5c %00-%1f %7f, also doubly encoded), an encoded slash
 * (%2f) judged as a slash and never doubly encoded, no dot segments that leave the root ("/..",
 * "/..;x", encoded or not), no "//" anywhere in the path, every %XX of the path complete and its
 * bytes UTF-8, <= 1024 bytes, not under /.unitpass/ (after decoding and dot segments,
 * in any case). SECURITY 21. */
bool up_target_ok(struct up_span return_to);

/* "scheme://host[:port]" of a URL. https, or http when the host is loopback (localhost,
 * 127.0.0.0/8, [::1]); no userinfo, no fragment; host lower-case ASCII, addresses in canonical
 * form, no default port (so that equal origins are equal bytes). *path is the rest with its query
 * ("" or "/..."), printable ASCII without '\\'. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_target_url(
    struct up_span url, struct up_span *origin, struct up_span *path);

/* Where the metadata of ISSUER (https://host[:port][/path]) may be, the Ith place to look: OpenID
 * Connect Discovery 1.0 section 4 appends, RFC 8414 section 3.1 puts in between host and path; a
 * final '/' counts for the name only. False: there are no more. */
#define UP_TARGET_METADATA_MAX 600
bool up_target_metadata(const char *issuer, unsigned i, char url[UP_TARGET_METADATA_MAX]);

/* A network "10.0.0.0/8", "::1", "unix:". UP_E_FORMAT; UP_E_RANGE: prefix too long, or address bits
 * set beyond it. */
struct up_cidr { uint8_t addr[16]; uint8_t bits; uint8_t family; /* 4, 6, or 1 for "unix:" */ };
UP_MUST_USE enum up_err up_target_cidr(struct up_span text, struct up_cidr *out);
bool up_target_in(struct up_span ip, const struct up_cidr *nets, size_t n);

/* TEXT as an IP address in canonical form (IPv4-mapped as IPv4), in the spellings that proxies and
 * services write: "203.0.113.9:51008", "[2001:db8::1]:443", "[2001:db8::1]", in double quotes, with
 * blanks around, with a zone ("fe80::1%eth0"), with an obfuscated port (RFC 7239 section 6). False,
 * and OUT "": anything else, "unix:" and "unknown" too. "2001:db8::1:443" is an address,
 * as it says. */
bool up_target_address(struct up_span text, char out[46]);

/* The four bytes of an IPv4 address as inet_ntop() writes them. */
void up_target_put4(const uint8_t a[4], char out[16]);

/* The client's address: PEER itself unless PEER is in TRUSTED, then X-Forwarded-For (all its header
 * lines joined by ',', empty if none) read from the right, skipping trusted hops (SECURITY 24) and
 * empty members. A hop without an address ("unknown", "_hidden", junk) ends the walk at the last
 * good one: whoever stands left of it is not vouched for. OUT: textual IP as of up_target_address,
 * or "unix:"; "" when PEER itself is malformed. */
void up_target_client_ip(
    struct up_span peer, struct up_span xff, const struct up_cidr *trusted, size_t n, char out[46]);

#endif
