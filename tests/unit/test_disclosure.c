/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "core/disclosure.h"
#include "unit.h"

static const struct up_disclosure_link links[] = {
	{ UP_SPAN_LIT("principal"), UP_SPAN_LIT("p1"), UP_SPAN_LIT(""), 5, 0 },
	{ UP_SPAN_LIT("user"), UP_SPAN_LIT("u1"), UP_SPAN_LIT("annual-report change"), 6, 9 },
};

static const struct up_disclosure all = {
    UP_SPAN_LIT("12430000100000016Y"),
    UP_SPAN_LIT("第一\"中学"),
    UP_SPAN_LIT("CERT-1"),
    2,
    UP_SPAN_LIT("ref"),
    UP_SPAN_LIT("principal"),
    UP_SPAN_LIT("李明"),
    UP_SPAN_LIT("annual-report"),
    { links, 2 },
};

static void test_claims(void)
{
	static const struct up_disclosure nothing;
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };

	up_json_put_object(&j, NULL);
	up_disclosure_put_claims(&j, &all);
	up_json_put_end(&j);
	UP_CHECK_TEXT(up_buf_span(&b),
	    "{\"unit\":{\"code\":\"12430000100000016Y\",\"name\":\"第一\\\"中学\","
	    "\"certificate\":\"CERT-1\",\"certificate_version\":2},"
	    "\"holder\":{\"ref\":\"ref\",\"role\":\"principal\",\"name\":\"李明\"},"
	    "\"items\":[\"annual-report\"],"
	    "\"authority\":[{\"role\":\"principal\",\"ref\":\"p1\",\"since\":5},"
	    "{\"role\":\"user\",\"ref\":\"u1\",\"since\":6,\"until\":9,"
	    "\"items\":[\"annual-report\",\"change\"]}]}");
	up_buf_reset(&b);
	j = (struct up_json_put){ .b = &b };
	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "sub", "x");
	up_disclosure_put_claims(&j, &nothing);
	up_json_put_end(&j);
	UP_CHECK_TEXT(up_buf_span(&b),
	    "{\"sub\":\"x\",\"unit\":{\"certificate_version\":0},\"holder\":{},"
	    "\"items\":[],\"authority\":[]}");
	up_buf_free(&b);
}

/* The names of what stands in CLAIMS, each of which the list must know. */
static size_t count_known(const json_t *claims, const char *prefix)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)claims, key, value) {
		char name[80];
		size_t i = 0;

		snprintf(name, sizeof(name), "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key);
		if (json_is_object(value)) {
			n += count_known(value, name);
			continue;
		}
		while (up_disclosure_name(i) != NULL && strcmp(up_disclosure_name(i), name) != 0)
			i++;
		UP_CHECK(up_disclosure_name(i) != NULL, name);
		n++;
	}
	return n;
}

/* What the phone and the record name is what the portal gets: no more, no less. */
static void test_names(void)
{
	struct up_buf b = { 0 };
	struct up_json_put j = { .b = &b };
	char words[UP_DISCLOSURE_WORDS];
	json_t *claims, *names;
	size_t n = 0;

	while (up_disclosure_name(n) != NULL)
		n++;
	up_json_put_object(&j, NULL);
	up_disclosure_put_claims(&j, &all);
	up_json_put_end(&j);
	claims = json_loadb((const char *)b.p, b.n, 0, NULL);
	CU_ASSERT_EQUAL(count_known(claims, ""), n);
	json_decref(claims);
	up_buf_reset(&b);
	j = (struct up_json_put){ .b = &b };
	up_disclosure_put_array(&j, NULL);
	names = json_loadb((const char *)b.p, b.n, 0, NULL);
	CU_ASSERT_EQUAL(json_array_size(names), n);
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_STRING_EQUAL(
		    json_string_value(json_array_get(names, i)), up_disclosure_name(i));
	json_decref(names);
	up_disclosure_words(words);
	UP_CHECK_TEXT(up_span_str(words),
	    "unit.code unit.name unit.certificate unit.certificate_version "
	    "holder.ref holder.role holder.name items authority");
	up_buf_free(&b);
}

/* Each name has words for the phone, in both languages; one that is not on the list has none. */
static void test_have_words(void)
{
	const char *name;

	for (size_t i = 0; (name = up_disclosure_name(i)) != NULL; i++)
		for (int chinese = 0; chinese < 2; chinese++) {
			const char *word = up_disclosure_word(up_span_str(name), chinese != 0);

			UP_CHECK(word != NULL && word[0] != '\0', name);
			UP_CHECK(((uint8_t)word[0] >= 0x80) == (chinese != 0), name);
		}
	CU_ASSERT_PTR_NULL(up_disclosure_word(UP_SPAN_LIT("unit.colour"), false));
}

UP_SUITE("disclosure", test_claims, test_names, test_have_words)
