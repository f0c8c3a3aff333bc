/* SPDX-License-Identifier: Apache-2.0
 * What the provider publishes, kept in memory: endpoints (OpenID Connect Discovery 1.0 section 4,
 * RFC 8414) and keys (RFC 7517). One thread asks, the others wait for its answer; a failing
 * provider is not asked more often than the throttle allows. */
#ifndef UP_METADATA_H
#define UP_METADATA_H

#include "module/rp/provider.h"
#include "module/rp/transport.h"

struct up_metadata;

enum up_metadata_what { UP_METADATA_DEVICE, UP_METADATA_TOKEN, UP_METADATA_JWKS, UP_METADATA_N };

/* ISSUER and TRANSPORT are borrowed. */
UP_MUST_USE enum up_err up_metadata_new(
    const char *issuer, struct up_transport *transport, struct up_metadata **out);
void up_metadata_free(struct up_metadata **);
/* UP_E_PROVIDER: nothing known, and what the provider says of itself does not do; UP_E_UPSTREAM:
 * it says nothing; logged. */
UP_MUST_USE enum up_err up_metadata_endpoint(
    struct up_metadata *, enum up_metadata_what, char url[UP_RP_URL_MAX + 1]);
/* An endpoint failed: ask again before it is used next, within the throttle. */
void up_metadata_doubt(struct up_metadata *);
UP_MUST_USE enum up_err up_metadata_verify(struct up_metadata *, const struct up_jwt *);
/* Have the keys at hand, so that a redeemed token need not wait for them. Failure is left for
 * up_metadata_verify to report. */
void up_metadata_warm(struct up_metadata *);
/* https, or http to a loopback host; printable ASCII without quotes, spaces, commas and semicolons,
 * so that it may stand in a policy. */
bool up_metadata_url_ok(const char *url);

#endif
