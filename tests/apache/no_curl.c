/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into httpd: libcurl does not begin. */
int curl_global_init(long flags);

int curl_global_init(long flags)
{
	(void)flags;
	return 2;                        /* CURLE_FAILED_INIT */
}
