/* SPDX-License-Identifier: Apache-2.0 */
#include "core/password.h"

#include "core/hash.h"
#include "core/text.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#define LENGTH_MIN 6
#define LENGTH_MAX 64
#define BLOCK_MAX 6                      /* "123123": what may not simply repeat */
#define OWN_DIGITS 6                     /* of one's own numbers, in a row */

struct points {
	uint32_t at[LENGTH_MAX];
	size_t n;
};

static enum up_err read_points(struct up_span s, struct points *out)
{
	size_t step;

	out->n = 0;
	if (!up_text_utf8_valid(s))
		return UP_E_FORMAT;
	for (; s.n > 0; s = up_span_of(s.p + step, s.n - step)) {
		uint32_t cp;

		step = up_text_utf8_next(s, &cp);
		if (out->n == LENGTH_MAX)
			return UP_E_FORMAT;
		out->at[out->n++] = cp;
	}
	return out->n < LENGTH_MIN ? UP_E_FORMAT : UP_OK;
}

/* AB and BA on a row of digits or letters; 0 follows 9 as on a keyboard. */
static int step_of(uint32_t a, uint32_t b)
{
	if (b == a + 1 || (a == '9' && b == '0'))
		return 1;
	if (a == b + 1 || (a == '0' && b == '9'))
		return -1;
	return 0;
}

/* A run, also when each character is typed several times: 123456, fedcba, 112233.  All the same is
 * one too. */
static bool is_run(const struct points *p)
{
	int direction = 0;

	for (size_t i = 1; i < p->n; i++) {
		int step = step_of(p->at[i - 1], p->at[i]);

		if (p->at[i] == p->at[i - 1])
			continue;
		if (step == 0 || (direction != 0 && step != direction))
			return false;
		direction = step;
	}
	return true;
}

static bool repeats(const struct points *p, size_t period)
{
	for (size_t i = period; i < p->n; i++)
		if (p->at[i] != p->at[i - period])
			return false;
	return true;
}

static bool is_repeated(const struct points *p)
{
	for (size_t period = 1; period <= BLOCK_MAX && period <= p->n / 2; period++)
		if (repeats(p, period))
			return true;
	return false;
}

static bool is_common(struct up_span password)
{
	static const char *const common[] = {
		"password", "password1", "password123", "passw0rd", "p@ssw0rd", "p@ssword",
		"admin123", "admin888", "administrator",
		"qwerty", "qwertyuiop", "qwerty123", "qwe123", "123qwe", "qweasd", "qweasdzxc",
		"qazwsx", "1qaz2wsx", "1q2w3e",
		"1q2w3e4r", "1q2w3e4r5t", "qwer1234", "1234qwer", "asdfgh", "asdfghjkl", "asd123",
		"asdf1234", "zxcvbn", "zxcvbnm",
		"abc123", "abcd1234", "a123456", "a1234567", "a12345678", "123456a", "12345678a",
		"1234567a", "aa123456", "abc123456",
		"123456abc", "q123456", "woaini", "woaini520", "woaini1314", "iloveyou", "5201314",
		"520520", "1314520", "13145200",
		"123321", "1234321", "12344321", "147258", "147258369", "159753", "159357",
		"258369", "147852", "963852", "789456",
		"456789123", "741852", "741852963", "123654", "321654", "123789", "112211",
		"100200", "110120", "110119", "101010",
		"168168", "666888", "888666", "518518", "584520", "7758521", "7758258", "letmein",
		"welcome", "welcome1", "monkey",
		"dragon", "sunshine", "princess", "football", "baseball", "superman", "master",
		"shadow", "michael", "login123",
		"root123", "test123", "test1234", "guest123", "default", "changeme", "changeit",
		"secret", "unitpass", "zhongguo",
		"china123", "beijing", "system", "temp1234", "123123a", "a123123", "123456789a",
		"a123456789", "0123456789a",
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(common); i++)
		if (up_span_ieq_str(password, common[i]))
			return true;
	return false;
}

/* Six or more characters in a row of NUMBER (an ID's last may be X) somewhere in the password. */
static bool holds_part(const struct points *p, struct up_span number)
{
	for (size_t from = 0; from + OWN_DIGITS <= number.n; from++)
		for (size_t i = 0; i + OWN_DIGITS <= p->n; i++) {
			size_t k = 0;

			while (k < OWN_DIGITS && (p->at[i + k] == number.p[from + k]
			    || (p->at[i + k] == 'x' && number.p[from + k] == 'X')))
				k++;
			if (k == OWN_DIGITS)
				return true;
		}
	return false;
}

enum up_err up_password_check(
    struct up_span password, struct up_span resident, struct up_span mobile)
{
	struct points p;
	enum up_err err = read_points(password, &p);

	if (err == UP_OK && (is_run(&p) || is_repeated(&p) || is_common(password)
	    || holds_part(&p, resident) || holds_part(&p, mobile)))
		err = UP_E_WEAK;
	up_wipe(&p, sizeof p);
	return err;
}

enum up_err up_password_stretch(struct up_span password, const uint8_t salt[UP_PASSWORD_SALT],
    unsigned iterations, uint8_t out[UP_PASSWORD_STRETCHED])
{
	memset(out, 0, UP_PASSWORD_STRETCHED);
	if (password.n == 0 || password.n > INT_MAX || iterations == 0 || iterations > INT_MAX)
		return UP_E_FORMAT;
	if (PKCS5_PBKDF2_HMAC((const char *)password.p, (int)password.n, salt, UP_PASSWORD_SALT,
		(int)iterations, EVP_sha256(), UP_PASSWORD_STRETCHED, out) != 1) {
		up_wipe(out, UP_PASSWORD_STRETCHED);
		return UP_E_CRYPTO;
	}
	return UP_OK;
}

enum up_err up_password_verifier(
    struct up_span key, struct up_span device, struct up_span stretched, uint8_t out[32])
{
	static const char label[] = "unitpass-password";         /* with its NUL */
	const struct up_span parts[] = { up_span_of(label, sizeof label), device, UP_SPAN_LIT("\0"),
		stretched };

	memset(out, 0, 32);
	if (key.n == 0)
		return UP_E_KEY;
	return up_hash_hmac(key, parts, UP_ARRAY_LEN(parts), out);
}

enum up_err up_password_step(unsigned errors, bool right, unsigned *next)
{
	*next = errors;
	if (errors >= UP_PASSWORD_ERRORS_MAX)
		return UP_E_LOCKED;
	*next = right ? 0 : errors + 1;
	if (right)
		return UP_OK;
	return *next == UP_PASSWORD_ERRORS_MAX ? UP_E_LOCKED : UP_E_PASSWORD;
}
