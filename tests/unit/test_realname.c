/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/realname.h"
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
    "李测试,43010219880808007x,13800005670\r\n";

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

static void check(const char *file, const char *name, const char *id, const char *mobile,
    struct up_realname_answer *a)
{
	const struct up_realname c = up_realname_roster(file);
	const struct up_person_given given = { up_span_str(name), up_span_str(id),
	    up_span_str(mobile) };
	struct up_person_fault fault;
	struct up_person p;

	UP_CHECK(up_person_take(&given, TODAY, &p, &fault) == UP_OK, id);
	up_realname_check(&c, &p, a);
}

static const struct { const char *name, *id, *mobile; enum up_realname_outcome outcome; } rows[] = {
	{ "张测试", "430102198808080010", "13800005678", UP_REALNAME_MATCH },
	{ "张　测 试", "４３０１０２１９８８０８０８００１０", "+86 138 0000 5678",
	    UP_REALNAME_MATCH },
	{ "张测试", "430102198808080010", "13800005679", UP_REALNAME_MISMATCH },
	{ "张测", "430102198808080010", "13800005678", UP_REALNAME_MISMATCH },
	/* another middle dot, the same name */
	{ "买买提\xe2\x80\xa2测试", "430102198808080061", "13900001234", UP_REALNAME_MATCH },
	{ "李测试", "43010219880808007x", "13800005670", UP_REALNAME_MATCH },
	{ "张测试", "34052419800101001X", "13800005678", UP_REALNAME_NOT_FOUND },
};

static void test_outcomes(void)
{
	write_roster(roster, 0640);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_realname_answer a;

		check(path, rows[i].name, rows[i].id, rows[i].mobile, &a);
		UP_CHECK(a.outcome == rows[i].outcome, up_realname_name(a.outcome));
		UP_CHECK(strcmp(a.assurance, "roster") == 0, a.assurance);
		UP_CHECK(a.why_en[0] == '\0' && a.why_zh[0] == '\0', a.why_en);
	}
	unlink(path);
}

/* Rows that cannot be read, and what they do to the two who are asked for: she of the good row, and
 * one who is in none. */
#define HEAD "name,resident_id,mobile\n"
#define GOOD "张测试,430102198808080010,13800005678\n"
static const struct { const char *text, *en, *zh; enum up_realname_outcome hers,
    others; } spoilt[] = {
	{ HEAD GOOD "李四,x\n", NULL, NULL, UP_REALNAME_MATCH, UP_REALNAME_NOT_FOUND },
	{ HEAD "李四\n" GOOD, "line 2: resident ID number: must", "第 2 行：身份证号：应为",
	    UP_REALNAME_MATCH, UP_REALNAME_UNAVAILABLE },
	{ HEAD "\"李四\n" GOOD, "line 2: a quote", "第 2 行：引号", UP_REALNAME_MATCH,
	    UP_REALNAME_UNAVAILABLE },
	{ HEAD GOOD "\"李四", "line 3: a quote", "第 3 行：引号", UP_REALNAME_MATCH,
	    UP_REALNAME_UNAVAILABLE },
	{ HEAD "\xc0\xee\xcb\xc4,43010219880808007X,13800005670\n" GOOD, "line 2: is GBK",
	    "第 2 行：是 GBK", UP_REALNAME_MATCH, UP_REALNAME_UNAVAILABLE },
	{ HEAD GOOD "\xd5,430102198808080061,13800005670\n", "line 3: is not UTF-8",
	    "第 3 行：不是 UTF-8", UP_REALNAME_MATCH, UP_REALNAME_UNAVAILABLE },
	{ HEAD "李,四,43010219880808007X,13800005670\n" GOOD, "line 2: has more cells",
	    "第 2 行：单元格多于", UP_REALNAME_MATCH, UP_REALNAME_UNAVAILABLE },
	/* columns that nobody asks for may be missing at the end */
	{ "name,resident_id,mobile,note\n" GOOD "李四,43010219880808007X,13800005670,x\n", NULL,
	    NULL, UP_REALNAME_MATCH, UP_REALNAME_NOT_FOUND },
	{ "note,name,resident_id,mobile\n,张测试,430102198808080010\n",
	    "line 2: mobile number: must", "第 2 行：手机号：应为",
	    UP_REALNAME_UNAVAILABLE, UP_REALNAME_NOT_FOUND },
	/* her own row */
	{ HEAD "张\u200b测试,430102198808080010,13800005678\n", "line 2: name: character 2 (U+200B",
	    "第 2 行：姓名：第 2 个字符（U+200B",
	    UP_REALNAME_UNAVAILABLE, UP_REALNAME_NOT_FOUND },
	{ HEAD "\n\n,,\n" GOOD, NULL, NULL, UP_REALNAME_MATCH, UP_REALNAME_NOT_FOUND },
	{ "name,resident_id,mobile\r李四,1\r张测试,430102198808080010,13800005678\r王五\r",
	    "line 4: resident", "第 4 行", UP_REALNAME_MATCH,
	    UP_REALNAME_UNAVAILABLE },
};

static void check_why(const struct up_realname_answer *a, const char *en, const char *zh)
{
	if (en == NULL) {
		UP_CHECK_TEXT(up_span_str(a->why_en), "");
		return;
	}
	UP_CHECK(strstr(a->why_en, en) != NULL, a->why_en);
	UP_CHECK(strstr(a->why_zh, zh) != NULL, a->why_zh);
	UP_CHECK(strstr(a->why_en, "430102") == NULL &&
	    strstr(a->why_en, "138") == NULL, a->why_en);
}

static void test_spoilt(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(spoilt); i++) {
		struct up_realname_answer a;

		write_roster(spoilt[i].text, 0600);
		check(path, "张测试", "430102198808080010", "13800005678", &a);
		UP_CHECK(a.outcome == spoilt[i].hers, spoilt[i].text);
		check_why(&a, spoilt[i].en, spoilt[i].zh);
		check(path, "王测试", "34052419800101001X", "13800005678", &a);
		UP_CHECK(a.outcome == spoilt[i].others, spoilt[i].text);
		unlink(path);
	}
}

static void unavailable(const char *file, const char *row)
{
	struct up_realname_answer a;

	check(file, "张测试", "430102198808080010", "13800005678", &a);
	UP_CHECK(a.outcome == UP_REALNAME_UNAVAILABLE, row);
	UP_CHECK(strcmp(a.assurance, "formats") == 0, row);
	UP_CHECK(a.why_en[0] != '\0' && a.why_zh[0] != '\0' &&
	    strstr(a.why_en, "430102") == NULL, a.why_en);
}

static const struct { const char *text; mode_t mode;
} broken[] = {
	{ "", 0600 },
	/* no mobile */
	{ "name,resident_id\n张测试,430102198808080010\n", 0600 },
	{ "name,name,resident_id,mobile\n张测试,张测试,430102198808080010,13800005678\n", 0600 },
	/* no head */
	{ "张测试,430102198808080010,13800005678\n", 0600 },
	/* a head in GBK */
	{ "\xd0\xd5\xc3\xfb,resident_id,mobile\n张测试,430102198808080010,13800005678\n", 0600 },
	/* UTF-16 */
	{ "\xff\xfen", 0600 },
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n张测试,"
	  "430102198808080010,13800005678\n",
	    0600 },
	/* all may read it */
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n", 0644 },
	/* others may write it */
	{ "name,resident_id,mobile\n张测试,430102198808080010,13800005678\n", 0660 },
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

UP_SUITE("realname", test_outcomes, test_spoilt, test_unavailable)
