/* SPDX-License-Identifier: Apache-2.0
 * What all HTTP requests of the tools have in common. */
#ifndef UP_TOOLS_HTTP_H
#define UP_TOOLS_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>

/* A request that follows no redirect, raises no signal, and believes a TLS server only with a valid
 * certificate of its name: from an authority in the file CA, or the system's for NULL. PLAIN: it is
 * HTTP without TLS, and passes by any proxy. ERROR, of the caller, gets libcurl's words. False: no
 * memory. */
bool up_http_prepare(CURL *, bool plain, const char *ca, char error[CURL_ERROR_SIZE]);

#endif
