/* SPDX-License-Identifier: Apache-2.0 */
#include "core/uscc.h"

#include <string.h>

/* GB 32100-2015 table 2: a character's place is its value. */
static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static bool well_formed(struct up_span s)
{
	if (s.n != UP_USCC_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0' || strchr(alphabet, s.p[i]) == NULL)
			return false;
		if (i >= 2 && i < 8 && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	}
	return true;
}

/* GB 11714: eight characters and their check. Here letters count in the full alphabet, A = 10 to Z
 * = 35. */
static char organisation_check(const uint8_t *code)
{
	static const unsigned weights[8] = { 3, 7, 9, 10, 5, 8, 4, 2 };
	unsigned sum = 0;

	for (size_t i = 0; i < UP_ARRAY_LEN(weights); i++) {
		unsigned value = code[i] <= '9' ? code[i] - (unsigned)'0'
						: code[i] - (unsigned)'A' + 10;

		sum += value * weights[i];
	}
	unsigned check = (11 - sum % 11) % 11;

	return check == 10 ? 'X' : (char)('0' + check);
}

static char whole_check(const uint8_t *code)
{
	static const unsigned weights[UP_USCC_LEN - 1] = {
		1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28
	};
	unsigned sum = 0;

	for (size_t i = 0; i < UP_ARRAY_LEN(weights); i++)
		sum += (unsigned)(strchr(alphabet, code[i]) - alphabet) * weights[i];
	return alphabet[(31 - sum % 31) % 31];
}

enum up_err up_uscc_check(struct up_span s)
{
	if (!well_formed(s))
		return UP_E_FORMAT;
	if ((char)s.p[16] != organisation_check(s.p + 8) || (char)s.p[17] != whole_check(s.p))
		return UP_E_CHECK;
	return UP_OK;
}

enum up_err up_uscc_check_unit(struct up_span s)
{
	enum up_err err = up_uscc_check(s);

	if (err != UP_OK)
		return err;
	return up_span_starts(s, "12") ? UP_OK : UP_E_RANGE;
}

enum up_err up_uscc_parse(struct up_span in, char out[UP_USCC_LEN + 1],
    struct up_normal_fault *fault)
{
	enum up_err err = up_normal_take(in, UP_NORMAL_NUMBER, out, UP_USCC_LEN + 1, fault);

	if (err == UP_OK)
		err = up_uscc_check(up_span_str(out));
	if (err != UP_OK)
		out[0] = '\0';
	return err;
}
