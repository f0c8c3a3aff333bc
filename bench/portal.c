/* SPDX-License-Identifier: Apache-2.0 */
#include "portal.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "measure.h"

#define AGENT \
	"Mozilla%2F5.0+%28Windows+NT+10.0%3B+Win64%3B+x64%29+AppleWebKit%2F537.36+%28KHTML%2C+" \
	"like+Gecko%29+Chrome%2F139.0.0.0+Safari%2F537.36"

bool up_bench_portal_headers(const char *client, const char *secret_file, char *out, size_t size)
{
	char pair[256], coded[400], secret[128] = "";
	FILE *f = fopen(secret_file, "re");
	bool ok = f != NULL && fgets(secret, sizeof(secret), f) != NULL;

	if (f != NULL)
		fclose(f);
	secret[strcspn(secret, "\r\n")] = '\0';
	int n = snprintf(pair, sizeof(pair), "%s:%s", client, secret);
	if (!ok || n >= (int)sizeof(pair)) {
		up_bench_complain("%s: no secret that can be read", secret_file);
		return false;
	}
	EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)pair, n);
	return (size_t)snprintf(out, size, "Authorization: Basic %s\r\n"
	    "Content-Type: application/x-www-form-urlencoded\r\n", coded) < size;
}

void up_bench_portal_begin(long number, long browser, char nonce[32], char *out, size_t size)
{
	snprintf(nonce, 32, "bench-%016ld", number);
	snprintf(out, size,
	    "scope=openid+unit&nonce=%s&initiator_ip=192.0.2.%ld&browser=browser%014ldA&initiator_"
	    "user_agent=%s",
	    nonce, browser % 250 + 1, browser, AGENT);
}
