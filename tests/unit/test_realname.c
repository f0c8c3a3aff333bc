/* SPDX-License-Identifier: Apache-2.0 */
#include "server/realname.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TODAY 20261123

static const char roster[] =
    "\xef\xbb\xbf" "name,resident_id,mobile\r\n"
    "张测试,430102198808080010,13800005678\r\n"
    "\r\n"
    "\"买买提\xc2\xb7测试\",430102198808080061,+86 139-0000-1234\r\n"
    "李测试,43010219880808007X,\r\n";

static char path[64];

static void write_roster(const char *text, mode_t mode)
{
	int fd;

	strcpy(path, "/tmp/test_realname.XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CU_ASSERT(fchmod(fd, mode) == 0);
	close(fd);
}

static enum up_err check(const char *file, const char *name, const char *id, const char *mobile, struct up_realname_answer *a, const char **wrong)
{
	const struct up_realname c = up_realname_roster(file);
	const struct up_realname_person p = { up_span_str(name), up_span_str(id), up_span_str(mobile) };

	return up_realname_check(&c, &p, TODAY, a, wrong);
}

static const struct { const char *name, *id, *mobile; enum up_realname_outcome outcome; } rows[] = {
	{ "张测试", "430102198808080010", "13800005678", UP_REALNAME_MATCH },
	{ "张测试", "430102198808080010", "+86 138 0000 5678", UP_REALNAME_MATCH },
	{ "张测试", "430102198808080010", "13800005679", UP_REALNAME_MISMATCH },
	{ "张测", "430102198808080010", "13800005678", UP_REALNAME_MISMATCH },
	{ "买买提\xe2\x80\xa2测试", "430102198808080061", "13900001234", UP_REALNAME_MATCH },     /* another middle dot, the same name */
	{ "李测试", "43010219880808007X", "13800005678", UP_REALNAME_MISMATCH },                  /* the roster lacks the mobile */
	{ "张测试", "34052419800101001X", "13800005678", UP_REALNAME_NOT_FOUND },
};

static void test_outcomes(void)
{
	write_roster(roster, 0640);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_realname_answer a;
		const char *wrong;

		UP_CHECK(check(path, rows[i].name, rows[i].id, rows[i].mobile, &a, &wrong) == UP_OK, rows[i].name);
		UP_CHECK(a.outcome == rows[i].outcome, up_realname_name(a.outcome));
		UP_CHECK(strcmp(a.assurance, "roster") == 0, a.assurance);
	}
	unlink(path);
}

static const struct { const char *name, *id, *mobile, *wrong; enum up_err err; } bad[] = {
	{ "张", "430102198808080010", "13800005678", "name", UP_E_FORMAT },
	{ "张1", "430102198808080010", "13800005678", "name", UP_E_FORMAT },
	{ "张测试", "430102198808080011", "13800005678", "resident_id", UP_E_CHECK },
	{ "张测试", "43010219880808007x", "13800005678", "resident_id", UP_E_FORMAT },
	{ "张测试", "430102208808080010", "13800005678", "resident_id", UP_E_RANGE },
	{ "张测试", "430102198808080010", "12800005678", "mobile", UP_E_FORMAT },
	{ "张测试", "430102198808080010", "", "mobile", UP_E_FORMAT },
};

/* The platform is not even asked. */
static void test_formats(void)
{
	write_roster(roster, 0600);
	for (size_t i = 0; i < UP_ARRAY_LEN(bad); i++) {
		struct up_realname_answer a;
		const char *wrong;

		UP_CHECK(check(path, bad[i].name, bad[i].id, bad[i].mobile, &a, &wrong) == bad[i].err, bad[i].id);
		UP_CHECK(wrong != NULL && strcmp(wrong, bad[i].wrong) == 0, bad[i].wrong);
		UP_CHECK(a.outcome == UP_REALNAME_UNAVAILABLE, bad[i].id);
	}
	unlink(path);
}

static void unavailable(const char *file, const char *row)
{
	struct up_realname_answer a;
	const char *wrong;

	UP_CHECK(check(file, "张测试", "430102198808080010", "13800005678", &a, &wrong) == UP_OK, row);
	UP_CHECK(a.outcome == UP_REALNAME_UNAVAILABLE, row);
	UP_CHECK(strcmp(a.assurance, "formats") == 0, row);
	UP_CHECK(a.why[0] != '\0' && strstr(a.why, "430102") == NULL && strstr(a.why, "138") == NULL, a.why);
}

static const struct { const char *text; mode_t mode; } broken[] = {
	{ "", 0600 },
	{ "name,resident_id\n张测试,430102198808080010\n", 0600 },                              /* no mobile */
	{ "name,name,resident_id,mobile\n张测试,张测试,430102198808080010,13800005678\n", 0600 },
	{ "张测试,430102198808080010,13800005678\n", 0600 },                                    /* no head */
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n李四,x\n", 0600 },    /* broken elsewhere */
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n\"李四", 0600 },
	{ "name,resident_id,mobile\n\xd5\xc5,430102198808080010,13800005678\n", 0600 },         /* not UTF-8 */
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n张测试,430102198808080010,13800005678\n", 0600 },
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n", 0644 },           /* all may read it */
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n", 0660 },           /* others may write it */
};

static void test_unavailable(void)
{
	unavailable(NULL, "none");
	unavailable("", "empty");
	unavailable("/nonexistent/roster.csv", "absent");
	unavailable("/tmp", "folder");
	for (size_t i = 0; i < UP_ARRAY_LEN(broken); i++) {
		write_roster(broken[i].text, broken[i].mode);
		unavailable(path, broken[i].text);
		unlink(path);
	}
}

UP_SUITE("realname", test_outcomes, test_formats, test_unavailable)
