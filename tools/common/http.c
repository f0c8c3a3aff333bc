/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/http.h"

bool up_http_prepare(CURL *c, bool plain, const char *ca, char error[CURL_ERROR_SIZE])
{
	CURLcode err = CURLE_OK;

	err |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	err |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	err |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	err |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	err |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	if (plain)
		err |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (ca != NULL) {                /* and none of the system's, which lie in a folder too */
		err |= curl_easy_setopt(c, CURLOPT_CAINFO, ca);
		err |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	return err == CURLE_OK;
}
