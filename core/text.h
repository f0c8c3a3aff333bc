/* SPDX-License-Identifier: Apache-2.0
 * Encodings of bytes and text. */
#ifndef UP_TEXT_H
#define UP_TEXT_H

#include "core/span.h"

/* Unpadded base64url (RFC 4648 section 5), strict: no padding, no white space,
 * no spare bits.  N bytes make up_text_b64url_len(N) characters. */
size_t up_text_b64url_len(size_t n);
void up_text_b64url(struct up_span in, char *out);           /* writes exactly that many, no NUL */
void up_text_put_b64url(struct up_buf *b, struct up_span in);
UP_MUST_USE enum up_err up_text_b64url_decode(
    struct up_span in, uint8_t *out, size_t cap, size_t *n);
/* Exactly N bytes or UP_E_FORMAT. */
UP_MUST_USE enum up_err up_text_b64url_fixed(struct up_span in, uint8_t *out, size_t n);

void up_text_hex(struct up_span in, char *out);              /* 2*n lower-case characters, no NUL */
/* exactly n bytes, any case */
UP_MUST_USE enum up_err up_text_hex_decode(struct up_span in, uint8_t *out, size_t n);

/* What a scanner read or a person pasted, without what came with it: blanks, line ends and other
 * control bytes on either side (scanners end a code with CR, LF or TAB). */
struct up_span up_text_scanned(struct up_span text);

/* User codes (RFC 8628 section 6.1): 8 characters of BCDFGHJKLMNPQRSTVWXZ shown
 * as XXXX-XXXX.  RND is 16 random bytes, taken as a number modulo 20^8: the
 * bias is under 2^-93. OUT: 10 bytes with dash and NUL. */
void up_text_base20(const uint8_t rnd[16], char out[10]);
/* Typed by a person: case, spaces and dashes fold away. OUT: 8 characters and NUL. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_text_base20_parse(struct up_span in, char out[9]);

/* Valid UTF-8 (RFC 3629: no surrogates, no overlongs, <=10FFFF) without NUL. */
bool up_text_utf8_valid(struct up_span s);
size_t up_text_utf8_count(struct up_span s);                 /* code points of valid text */
/* Bytes of the first code point, which is put in *CP (NUL is one); 0 when S is empty or begins with
 * bad UTF-8. */
size_t up_text_utf8_next(struct up_span s, uint32_t *cp);
/* Controls and characters that hide, reorder or join text: the list of up_text_put_safe. */
bool up_text_unsafe(uint32_t cp);
/* Append S with C0/C1 controls, bidi controls (061C 200E 200F 202A-202E 2066-206F), zero-width and
 * invisible characters (00AD 180E 200B-200D 2060-2065 FEFF FFF9-FFFB E0000-E007F), line/paragraph
 * separators (2028 2029) and each byte of bad UTF-8 replaced by U+FFFD, at most MAX code points,
 * the last an ellipsis when cut.  SECURITY 8. */
void up_text_put_safe(struct up_buf *b, struct up_span s, size_t max);

/* Append the percent-decoded query value IN: '+' is a space. On error OUT is as before. UP_E_FORMAT
 * on a bad escape, UP_E_UTF8 on NUL or bad UTF-8. */
UP_MUST_USE enum up_err up_text_form_decode(struct up_span in, struct up_buf *out);

/* "Firefox on Windows" from a User-Agent, for the phone's screen: browser and system names
 * from short fixed lists, "" where unknown; never text of the header itself. */
void up_text_user_agent(struct up_span ua, const char **browser, const char **os);
/* The app whose own browser this is, by the key of its name in the word tables ("app_wechat"); ""
 * for a browser that stands for itself. Such an app opens no other app. */
const char *up_text_in_app(struct up_span ua);

/* Is a person at the terminal spoken to in Chinese? The first of the values (of LC_ALL,
 * LC_MESSAGES, LANG; NULL: not set) that is not empty decides: "zh...". */
bool up_text_locale_chinese(const char *lc_all, const char *lc_messages, const char *lang);

/* TEXT, what a file with one line holds, without that line's end (LF or CRLF); blanks stay. */
struct up_span up_text_line(struct up_span text);

#endif
