/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/sql.h"

/* A condition as a column: 1 or 0, 0 too where it is unknown. */
#define TRUTH(condition) "CASE WHEN " condition " THEN 1 ELSE 0 END"

/* Facts that core/authority judges, wherever a role is read: up_rows_edge knows these columns. */
#define EDGE_COLUMNS(phone) \
	"r.id, r.role, r.status, u.code, c.number, c.valid_from_s, c.valid_to_s, " \
	TRUTH("u.status = 'live'") ", " TRUTH("p.outcome = 'match'") ", " TRUTH(phone) \
	", r.holder, r.grantor, r.may_authorise, " TRUTH("r.suspended_ms IS NOT NULL")

/* An edge that something is done to, whatever became of its phone: up_rows_target. */
#define TARGET_COLUMNS \
	"SELECT " EDGE_COLUMNS("FALSE") ", h.ref, p.masked, r.device" \
	" FROM role r JOIN holder h ON h.id = r.holder JOIN unit u ON u.id = r.unit" \
	" JOIN person p ON p.id = h.person" \
	" LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live' "

/* One shape for a role wherever it is read: take_role (rows.c) knows the columns. */
#define ROLE_COLUMNS \
	"SELECT " EDGE_COLUMNS("d.status = 'live'") \
	", h.ref, p.ref, u.name, p.name, p.masked, p.assurance, c.fields, c.version" \
	", u.id, d.ref, d.verifier, d.errors, p.id" \
	" FROM role r JOIN holder h ON h.id = r.holder JOIN unit u ON u.id = h.unit" \
	" JOIN person p ON p.id = h.person" \
	" JOIN device d ON d.id = r.device LEFT JOIN certificate c ON c.unit = u.id" \
	" AND c.status = 'live' "

/* The same, for lists that holders see: PEOPLE, GRANTS, PHONES know the further columns
 * (people_list.c). */
#define LISTED_FROM \
	" JOIN holder h ON h.id = r.holder JOIN unit u ON u.id = r.unit" \
	" JOIN person p ON p.id = h.person" \
	" LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live'" \
	" LEFT JOIN role gr ON gr.id = r.grantor LEFT JOIN holder o ON o.id = gr.holder "
#define LISTED_COLUMNS \
	"SELECT " EDGE_COLUMNS("FALSE") ", h.ref, p.masked, r.device, p.name, p.ref, o.ref, gr.role"
#define PEOPLE \
	LISTED_COLUMNS ", p.mobile, r.created_ms, r.live_ms, (SELECT count(*) FROM item_grant g" \
	" WHERE g.edge = r.id AND g." STANDING ") FROM role r" LISTED_FROM
#define GRANTS \
	LISTED_COLUMNS ", g.id, g.ref, g.from_day, g.to_day, g.status, g.created_ms, g.live_ms," \
	" g.ended_ms FROM item_grant g JOIN role r ON r.id = g.edge" LISTED_FROM
#define PHONES \
	LISTED_COLUMNS ", d.ref, d.name, d.created_ms FROM role r" \
	" JOIN device d ON d.id = r.device AND d.status = 'live'" LISTED_FROM
/* Of a grant: an edge's are found by this, of many that ended few that did not. */
#define STANDING "status IN ('waiting', 'live')"
#define UNIT_OF(code) "(SELECT id FROM unit WHERE code = " code ")"

#define PHONES_OF_UNIT(role) \
	PHONES "WHERE r.unit = " UNIT_OF("?1") " AND r.role = '" role "'" \
	" AND r.status <> 'ended' AND r.id < ?2"

/* A grant and who gave it: up_edge_grant_row knows the columns. */
#define GRANT_COLUMNS "SELECT g.id, g.edge, g.from_day, g.to_day, g.status, o.ref, g.ref"
#define GRANTOR " JOIN role gr ON gr.id = g.grantor JOIN holder o ON o.id = gr.holder "
#define GRANT GRANT_COLUMNS " FROM item_grant g" GRANTOR
/* Those that core/authority judges for ITEM (right.c), in whatever order. */
#define OF_ITEM(item) \
	" JOIN grant_item i ON i.item_grant = g.id JOIN item t ON t.code = i.item" \
	" WHERE i.item = " item " AND g.status = 'live' AND t.ended_ms IS NULL"
#define GRANTS_FOR(item) \
	GRANT_COLUMNS " FROM role r JOIN item_grant g ON g.edge = r.id" GRANTOR OF_ITEM(item)

/* For administration (view.c): what was there before TO, and had not ended by FROM. Through the
 * holders of a unit: the indexes of its roles and grants know those alone that stand. */
#define STOOD(what) what ".created_ms < ?2 AND (" what ".ended_ms IS NULL OR " what \
	".ended_ms >= ?1)"
#define VIEW_EDGES \
	"SELECT r.id, h.ref, p.ref, p.masked, r.role, r.grantor, o.ref, r.created_ms, r.live_ms," \
	" r.ended_ms, " TRUTH("p.outcome = 'match'") ", " TRUTH("r.suspended_ms IS NOT NULL") \
	", r.may_authorise, u.code, u.name FROM holder h JOIN role r ON r.holder = h.id" \
	" JOIN unit u ON u.id = h.unit JOIN person p ON p.id = h.person" \
	" LEFT JOIN role g ON g.id = r.grantor LEFT JOIN holder o ON o.id = g.holder" \
	" WHERE " STOOD("r")
#define VIEW_GRANTS \
	"SELECT g.id, g.ref, g.edge, u.code, h.ref, p.masked, o.ref, gr.role, g.from_day," \
	" g.to_day, g.created_ms, g.live_ms, g.ended_ms FROM item_grant g" \
	" JOIN role r ON r.id = g.edge JOIN holder h ON h.id = r.holder" \
	" JOIN unit u ON u.id = g.unit JOIN person p ON p.id = h.person" \
	" JOIN role gr ON gr.id = g.grantor JOIN holder o ON o.id = gr.holder" \
	" WHERE " STOOD("g") " AND g.to_day >= ?3 AND (?4 = '' OR EXISTS (SELECT 1" \
	" FROM grant_item i WHERE i.item_grant = g.id AND i.item = ?4))"

/* A statement that may be asked for one as well says that one again behind these: an engine finds
 * nothing by an index under "if it is not empty". */
#define UNITS \
	"SELECT u.code, u.name, u.status, a.code, a.name, c.number, c.fields," \
	" c.version, c.valid_from_s, c.valid_to_s, p.masked," \
	" CASE WHEN r.suspended_ms IS NOT NULL THEN 'suspended' ELSE r.status END" \
	" FROM unit u JOIN authority a ON a.id = u.authority" \
	" LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live'" \
	" LEFT JOIN role r ON r.unit = u.id AND r.role = 'principal' AND r.status <> 'ended'" \
	" LEFT JOIN holder h ON h.id = r.holder LEFT JOIN person p ON p.id = h.person"
/* columns of UNITS; of several that stood that day, the last */
#define VIEW_UNITS \
	"SELECT u.code, CASE WHEN c.name <> '' THEN c.name ELSE u.name END," \
	" CASE WHEN u.ended_ms < ?2 THEN 'ended' ELSE 'live' END, a.code, a.name, c.number," \
	" c.fields, c.version, c.valid_from_s, c.valid_to_s, p.masked," \
	" CASE WHEN r.live_ms < ?2 THEN 'live' WHEN r.id IS NOT NULL THEN 'waiting' END" \
	" FROM unit u JOIN authority a ON a.id = u.authority" \
	" LEFT JOIN certificate c ON c.id = (SELECT max(x.id) FROM certificate x" \
	" WHERE x.unit = u.id AND " STOOD("x") ")" \
	" LEFT JOIN role r ON r.id = (SELECT max(y.id) FROM holder k" \
	" JOIN role y ON y.holder = k.id WHERE k.unit = u.id AND y.role = 'principal'" \
	" AND " STOOD("y") ") LEFT JOIN holder h ON h.id = r.holder" \
	" LEFT JOIN person p ON p.id = h.person WHERE u.created_ms < ?2"
/* Empty parameters do not filter. */
#define DEVICES \
	"SELECT d.ref, d.name, d.status, p.ref, p.masked, d.errors," \
	" d.created_ms, d.ended_ms, d.id FROM device d JOIN person p ON p.id = d.person" \
	" WHERE (?1 = '' OR d.ref = ?1) AND (?2 = '' OR p.ref = ?2)" \
	" AND (?3 = '' OR EXISTS (SELECT 1 FROM role r JOIN unit u ON u.id = r.unit" \
	" WHERE r.device = d.id AND r.status <> 'ended' AND u.code = ?3))" \
	" AND d.created_ms < ?5 AND (d.ended_ms IS NULL OR d.ended_ms >= ?4)"

/* An ended client that was not removed is disabled: it may come back. */
#define CLIENT_STATUS \
	"CASE WHEN c.status = 'live' THEN 'live' WHEN c.removed_ms IS NULL THEN 'disabled'" \
	" ELSE 'removed' END"

/* Of one person: what happened under her units, and what happened before a unit was chosen. */
#define PERSON_OWNERS \
	"(SELECT ?1 UNION SELECT u.code FROM person p JOIN holder h ON h.person = p.id" \
	" JOIN unit u ON u.id = h.unit WHERE p.ref = ?1)"

/* Of a person, in whatever unit. */
#define WAITING_EDGES \
	"(SELECT r.id FROM holder h JOIN role r ON r.holder = h.id" \
	" WHERE h.person = ?1 AND r.status = 'waiting')"

const char *const up_sql_texts[UP_SQL_N] = {
	[UP_SQL_PING] = "SELECT max(version) FROM schema_version",
	[UP_SQL_PROBE] = "UPDATE schema_version SET probed_ms = ?1"
	    " WHERE version = (SELECT max(version) FROM schema_version)",

	[UP_SQL_USAGE_LAST] = "SELECT seq, time_ms FROM usage ORDER BY seq DESC LIMIT 1",
	[UP_SQL_USAGE_NEWEST] = "SELECT body FROM usage ORDER BY seq DESC LIMIT 1",
	[UP_SQL_USAGE_ADD] = "INSERT INTO usage (seq, time_ms, owner, login, body)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[UP_SQL_USAGE_BLOCK] = "INSERT INTO usage_block (block, first_ms, last_ms)"
	    " VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (block) DO UPDATE SET"
	    " first_ms = CASE WHEN excluded.first_ms < usage_block.first_ms"
	    " THEN excluded.first_ms ELSE usage_block.first_ms END,"
	    " last_ms = CASE WHEN excluded.last_ms > usage_block.last_ms"
	    " THEN excluded.last_ms ELSE usage_block.last_ms END",
	[UP_SQL_USAGE_BOUNDS] = "SELECT min(block), max(block) FROM usage_block"
	    " WHERE last_ms >= ?1 AND first_ms < ?2",
	[UP_SQL_USAGE_UP] = "SELECT seq, time_ms, body FROM usage WHERE seq > ?2 AND seq < ?3"
	    " ORDER BY seq LIMIT ?4",
	[UP_SQL_USAGE_DOWN] = "SELECT seq, time_ms, body FROM usage WHERE seq > ?2 AND seq < ?3"
	    " ORDER BY seq DESC LIMIT ?4",
	[UP_SQL_USAGE_OWNER_UP] = "SELECT seq, time_ms, body FROM usage WHERE owner = ?1"
	    " AND seq > ?2 AND seq < ?3 ORDER BY seq LIMIT ?4",
	[UP_SQL_USAGE_OWNER_DOWN] = "SELECT seq, time_ms, body FROM usage WHERE owner = ?1"
	    " AND seq > ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4",
	[UP_SQL_USAGE_PERSON_UP] = "SELECT seq, time_ms, body FROM usage"
	    " WHERE owner IN " PERSON_OWNERS " AND seq > ?2 AND seq < ?3 ORDER BY seq LIMIT ?4",
	[UP_SQL_USAGE_PERSON_DOWN] = "SELECT seq, time_ms, body FROM usage"
	    " WHERE owner IN " PERSON_OWNERS " AND seq > ?2 AND seq < ?3"
	    " ORDER BY seq DESC LIMIT ?4",
	[UP_SQL_USAGE_LOGIN] = "SELECT min(seq), max(time_ms) FROM usage WHERE login = ?1",
	[UP_SQL_PROOF_ADD] = "INSERT INTO proof (seq, proof) VALUES (?1, ?2)",
	[UP_SQL_PROOF] = "SELECT proof FROM proof WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1",
	[UP_SQL_ANSWER] = "SELECT request, err, tries, sealed FROM answer"
	    " WHERE device = ?1 AND key = ?2 AND kept_ms > ?3",
	[UP_SQL_ANSWER_ADD] = "INSERT INTO answer (device, key, request, kept_ms, err, tries,"
	    " sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[UP_SQL_ANSWERS_END] = "DELETE FROM answer WHERE kept_ms <= ?1",
	[UP_SQL_HOLDER_UNIT] = "SELECT u.code FROM holder h JOIN unit u ON u.id = h.unit"
	    " WHERE h.ref = ?1",

	[UP_SQL_CLIENTS] = "SELECT c.id, c.code, c.name, c.origin, c.jwks, c.is_static,"
	    " c.secret_hash, " CLIENT_STATUS ", c.created_ms, c.since_ms FROM client c"
	    " WHERE ?1 <> 0 OR c.status = 'live' ORDER BY c.id",
	[UP_SQL_CLIENT_ITEMS] = "SELECT code FROM item WHERE client = ?1 AND ended_ms IS NULL"
	    " ORDER BY code",
	[UP_SQL_CLIENT] = "SELECT id, " TRUTH("status = 'live'") " FROM client WHERE code = ?1",
	[UP_SQL_CLIENT_ADD] = "INSERT INTO client (code, name, origin, is_static, secret_hash,"
	    " jwks, status, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'live', ?7)",
	[UP_SQL_CLIENT_ROTATE] = "UPDATE client SET secret_hash = ?2, jwks = ?3"
	    " WHERE code = ?1 AND removed_ms IS NULL",
	[UP_SQL_CLIENT_VIEW] = "SELECT c.id, " CLIENT_STATUS ", c.name, c.origin,"
	    " " TRUTH("c.secret_hash IS NOT NULL") " FROM client c WHERE c.code = ?1",
	[UP_SQL_CLIENT_SET] = "UPDATE client SET"
	    " status = CASE WHEN ?2 = 'live' THEN 'live' ELSE 'ended' END,"
	    " removed_ms = CASE WHEN ?2 = 'removed' THEN ?3 END, since_ms = ?3"
	    " WHERE code = ?1 AND removed_ms IS NULL",
	[UP_SQL_CLIENTS_VERSION] = "SELECT version FROM catalogue",
	[UP_SQL_CATALOGUE_NEXT] = "UPDATE catalogue SET version = version + 1",
	[UP_SQL_ITEMS] = "SELECT i.code, i.name, c.code FROM item i"
	    " JOIN client c ON c.id = i.client WHERE c.status = 'live' AND i.ended_ms IS NULL"
	    " ORDER BY i.code",
	[UP_SQL_ITEM] = "SELECT 1 FROM item WHERE code = ?1",
	[UP_SQL_PERSON_KNOWN] = "SELECT 1 FROM person WHERE ref = ?1",
	[UP_SQL_ITEM_ADD] = "INSERT INTO item (code, name, client, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4)",
	[UP_SQL_ITEM_VIEW] = "SELECT i.name, c.code, c.name, c.origin, "
	    TRUTH("i.ended_ms IS NULL") " FROM item i JOIN client c ON c.id = i.client"
	    " WHERE i.code = ?1",
	[UP_SQL_ITEM_END] = "UPDATE item SET ended_ms = ?2 WHERE code = ?1 AND ended_ms IS NULL",

	[UP_SQL_DEVICE_BY_TOKEN] = "SELECT d.id, d.ref, d.person, p.ref, p.masked, d.errors,"
	    " " TRUTH("d.status = 'live'") ", d.verifier, d.key"
	    " FROM device d JOIN person p ON p.id = d.person WHERE d.token_hash = ?1",
	[UP_SQL_DEVICE] = "SELECT d.id, d.ref, d.person, p.ref, p.masked, d.errors,"
	    " " TRUTH("d.status = 'live'") ", d.verifier, d.key"
	    " FROM device d JOIN person p ON p.id = d.person WHERE d.id = ?1",
	[UP_SQL_DEVICE_ADD] = "INSERT INTO device (ref, person, key, token_hash, verifier,"
	    " errors, status, name, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, 0, 'live', ?6, ?7) RETURNING id",
	[UP_SQL_DEVICE_UNLOCK] = "UPDATE device SET verifier = ?2, errors = 0 WHERE id = ?1"
	    " AND errors = ?3",
	[UP_SQL_DEVICE_ERRORS] = "UPDATE device SET errors = ?2 WHERE id = ?1 AND errors = ?3",
	[UP_SQL_DEVICE_END_UNUSED] = "UPDATE device SET status = 'ended', ended_ms = ?2"
	    " WHERE id = ?1 AND status = 'live'"
	    " AND NOT EXISTS (SELECT 1 FROM role WHERE device = ?1 AND status <> 'ended')",
	[UP_SQL_DEVICE_END] = "UPDATE device SET status = 'ended', ended_ms = ?2"
	    " WHERE id = ?1 AND status = 'live'",
	[UP_SQL_DEVICE_KEY] = "SELECT key FROM device WHERE ref = ?1",
	[UP_SQL_DEVICE_VIEW] = "SELECT d.id, " TRUTH("d.status = 'live'") ", p.ref, p.masked"
	    " FROM device d JOIN person p ON p.id = d.person WHERE d.ref = ?1",
	[UP_SQL_DEVICE_ROLES] = "SELECT u.code, u.name, h.ref, r.role, c.number, c.version"
	    " FROM role r JOIN holder h ON h.id = r.holder JOIN unit u ON u.id = h.unit"
	    " LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live'"
	    " WHERE r.device = ?1 AND r.status <> 'ended' ORDER BY r.id",
	[UP_SQL_ROLES] = ROLE_COLUMNS "WHERE r.device = ?1 ORDER BY r.id",
	[UP_SQL_ROLE] = ROLE_COLUMNS "WHERE r.id = ?1 AND r.device = ?2",
	[UP_SQL_ROLE_ONLY] = ROLE_COLUMNS "WHERE r.device = ?1 AND r.status <> 'ended'"
	    " AND (SELECT count(*) FROM role WHERE device = ?1 AND status <> 'ended') = 1",
	/* a suspended principal is confirmed by it: her codes come from the window alone */
	[UP_SQL_ROLE_TAKE] = "UPDATE role SET status = 'live', device = ?2,"
	    " live_ms = coalesce(live_ms, ?3), suspended_ms = NULL"
	    " WHERE id = ?1 AND status <> 'ended'",

	[UP_SQL_REFUSAL_COUNT] = "INSERT INTO refusal (source, event, reason, day, n)"
	    " VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT (source, event, reason) DO UPDATE"
	    " SET n = CASE WHEN refusal.day = excluded.day THEN refusal.n + 1 ELSE 1 END,"
	    " day = excluded.day"
	    " RETURNING n",

	[UP_SQL_SESSION] = "SELECT "
	    EDGE_COLUMNS("d.status = 'live' AND r.device = s.device")
	    ", s.id, k.code, s.items, s.device, s.created_ms, "
	    TRUTH("s.revoked_ms IS NOT NULL") ", " TRUTH("k.status = 'live'") ", k.since_ms"
	    " FROM session s JOIN client k ON k.id = s.client JOIN role r ON r.id = s.role"
	    " JOIN device d ON d.id = s.device"
	    " JOIN unit u ON u.id = r.unit JOIN holder h ON h.id = r.holder"
	    " JOIN person p ON p.id = h.person"
	    " LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live' WHERE s.id = ?1",
	[UP_SQL_SESSION_ADD] = "INSERT INTO session (id, client, role, device, created_ms,"
	    " items) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
	[UP_SQL_SESSION_REVOKE] = "UPDATE session SET revoked_ms = ?2 WHERE id = ?1"
	    " AND revoked_ms IS NULL",
	[UP_SQL_SESSION_REVOKED] = "SELECT 1 FROM session WHERE id = ?1"
	    " AND revoked_ms IS NOT NULL",
	[UP_SQL_BROWSER] = "SELECT 1 FROM browser b JOIN client c ON c.id = b.client"
	    " JOIN unit u ON u.id = b.unit"
	    " WHERE c.code = ?1 AND b.browser = ?2 AND u.code = ?3",
	[UP_SQL_BROWSER_ADD] = "INSERT INTO browser (client, browser, unit, first_ms)"
	    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",

	[UP_SQL_ENROLMENT] = "SELECT " EDGE_COLUMNS("FALSE")
	    ", e.id, u.name, c.fields, p.masked, c.version, e.expires_ms, e.mismatches, "
	    TRUTH("e.status = 'open'")
	    ", p.name, p.resident, p.mobile, r.device, p.id, p.ref, e.created_ms, g.id, g.ref,"
	    " g.from_day, g.to_day, " TRUTH("g.status = 'waiting'")
	    " FROM enrolment e JOIN role r ON r.id = e.role JOIN holder h ON h.id = r.holder"
	    " JOIN unit u ON u.id = h.unit"
	    " JOIN person p ON p.id = h.person JOIN certificate c ON c.unit = u.id"
	    " AND c.status = 'live' LEFT JOIN item_grant g ON g.id = e.item_grant"
	    " WHERE e.code_hash = ?1",
	[UP_SQL_ENROLMENT_ADD] = "INSERT INTO enrolment (code_hash, role, status, expires_ms,"
	    " mismatches, clerk, \"window\", created_ms, item_grant)"
	    " VALUES (?1, ?2, 'open', ?3, 0, ?4, ?5, ?6, ?7)",
	[UP_SQL_ENROLMENT_MISMATCH] = "UPDATE enrolment SET mismatches = mismatches + 1"
	    " WHERE id = ?1 AND status = 'open'",
	[UP_SQL_ENROLMENT_USE] = "UPDATE enrolment SET status = 'used', used_ms = ?2"
	    " WHERE id = ?1 AND status = 'open'",
	[UP_SQL_ENROLMENT_END] = "UPDATE enrolment SET status = 'ended' WHERE role = ?1"
	    " AND status = 'open'",
	[UP_SQL_ENROLMENT_TOO_LONG] = "UPDATE enrolment SET status = 'ended'"
	    " WHERE status = 'open' AND expires_ms > ?1",
	[UP_SQL_AGREEMENT_ADD] = "INSERT INTO agreement (role, device, version, agreed_ms)"
	    " VALUES (?1, ?2, ?3, ?4)",
	[UP_SQL_PERSON] = "SELECT id, ref, " TRUTH("outcome = 'match'") " FROM person"
	    " WHERE resident_index = ?1",
	[UP_SQL_PERSON_STANDS] = "SELECT 1 FROM holder h JOIN role r ON r.holder = h.id"
	    " WHERE h.person = ?1 AND r.status <> 'ended'",
	[UP_SQL_PERSON_DATA] = "SELECT ref, resident, name, mobile FROM person WHERE id = ?1",
	[UP_SQL_PERSON_ADD] = "INSERT INTO person (ref, resident_index, resident, name, masked,"
	    " mobile, key_id, outcome, assurance, checked_ms, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) RETURNING id",
	[UP_SQL_PERSON_SET] = "UPDATE person SET resident = ?2, name = ?3, masked = ?4,"
	    " mobile = ?5, key_id = ?6, outcome = ?7, assurance = ?8, checked_ms = ?9"
	    " WHERE id = ?1",
	/* what lies under which key; one that is there under '' is not sealed yet */
	[UP_SQL_PERSON_KEY_NEXT] = "SELECT key_id FROM person WHERE key_id > ?1"
	    " ORDER BY key_id LIMIT 1",
	[UP_SQL_PERSON_KEY_OTHER] = "SELECT count(*) FROM person WHERE key_id <> ?1",
	[UP_SQL_PERSON_UNDER] = "SELECT id, ref, resident_index, resident, name, mobile"
	    " FROM person WHERE key_id = ?1 ORDER BY id LIMIT ?2",
	[UP_SQL_PERSON_SEAL] = "UPDATE person SET resident_index = ?2, resident = ?3, name = ?4,"
	    " mobile = ?5, key_id = ?6 WHERE id = ?1",
	[UP_SQL_CHORE] = "SELECT 1 FROM chore WHERE name = ?1",
	[UP_SQL_CHORE_ADD] = "INSERT INTO chore (name) VALUES (?1) ON CONFLICT DO NOTHING",
	[UP_SQL_CHORE_DONE] = "DELETE FROM chore WHERE name = ?1",
	/* An edge of hers ended before she was confirmed: nobody waits for the answer. */
	[UP_SQL_PENDING] = "SELECT p.id FROM person p WHERE p.outcome = 'pending' AND p.id > ?1"
	    " AND (NOT EXISTS (SELECT 1 FROM holder h WHERE h.person = p.id)"
	    " OR EXISTS (SELECT 1 FROM holder h JOIN role r ON r.holder = h.id"
	    " WHERE h.person = p.id AND r.status = 'waiting'))"
	    " ORDER BY p.id LIMIT ?2",
	[UP_SQL_PENDING_REF] = "SELECT ref, masked FROM person WHERE id = ?1"
	    " AND outcome = 'pending'",
	[UP_SQL_PENDING_SET] = "UPDATE person SET outcome = 'match', assurance = ?2,"
	    " checked_ms = ?3 WHERE id = ?1 AND outcome = 'pending'",
	[UP_SQL_PENDING_FORGET] = "DELETE FROM person WHERE id = ?1 AND outcome = 'pending'"
	    " AND NOT EXISTS (SELECT 1 FROM holder WHERE person = ?1)"
	    " AND NOT EXISTS (SELECT 1 FROM device WHERE person = ?1)",
	[UP_SQL_PENDING_EDGES] = "SELECT u.code, u.name, h.ref, r.role, c.number, c.version"
	    " FROM holder h JOIN role r ON r.holder = h.id AND r.status = 'waiting'"
	    " JOIN unit u ON u.id = h.unit"
	    " LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live'"
	    " WHERE h.person = ?1 ORDER BY r.id",
	[UP_SQL_PENDING_CODES_END] = "UPDATE enrolment SET status = 'ended'"
	    " WHERE status = 'open' AND role IN " WAITING_EDGES,
	[UP_SQL_PENDING_GRANTS_END] = "UPDATE item_grant SET status = 'ended', ended_ms = ?2"
	    " WHERE " STANDING " AND edge IN " WAITING_EDGES,
	[UP_SQL_PENDING_EDGES_END] = "UPDATE role SET status = 'ended', ended_ms = ?2"
	    " WHERE status = 'waiting' AND holder IN (SELECT id FROM holder WHERE person = ?1)",
	[UP_SQL_HOLDER] = "SELECT id, ref FROM holder WHERE unit = ?1 AND person = ?2",
	[UP_SQL_HOLDER_ADD] = "INSERT INTO holder (ref, unit, person, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4) RETURNING id",
	[UP_SQL_HOLDER_VIEW] = "SELECT u.code, u.name, c.number, c.version FROM holder h"
	    " JOIN unit u ON u.id = h.unit"
	    " LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live' WHERE h.ref = ?1",
	[UP_SQL_PRINCIPAL] = "SELECT r.id, h.person, " TRUTH("r.status = 'live'") " FROM role r"
	    " JOIN holder h ON h.id = r.holder"
	    " WHERE r.unit = ?1 AND r.role = 'principal' AND r.status <> 'ended'",
	[UP_SQL_ROLE_ADD] = "INSERT INTO role (holder, unit, role, status, created_ms)"
	    " VALUES (?1, ?2, ?3, 'waiting', ?4) RETURNING id",
	[UP_SQL_ROLE_END] = "UPDATE role SET status = 'ended', ended_ms = ?2 WHERE id = ?1"
	    " AND status <> 'ended'",

	[UP_SQL_EDGE_ADD] = "INSERT INTO role (holder, unit, role, status, created_ms, grantor,"
	    " may_authorise) VALUES (?1, ?2, ?3, 'waiting', ?4, ?5, ?6) RETURNING id",
	[UP_SQL_EDGES_OF_REF] = TARGET_COLUMNS "WHERE h.ref = ?1 AND r.status <> 'ended'"
	    " ORDER BY r.id",
	[UP_SQL_EDGES_OF_GRANTOR] = TARGET_COLUMNS
	    "WHERE r.grantor = ?1 AND r.status <> 'ended' ORDER BY h.ref",
	[UP_SQL_EDGES_OF_PERSON] = TARGET_COLUMNS "WHERE h.unit = ?1 AND h.person = ?2"
	    " AND r.status <> 'ended' ORDER BY r.id",
	[UP_SQL_EDGES_ON_PHONE] = TARGET_COLUMNS "WHERE r.device = ?1 AND r.status <> 'ended'"
	    " ORDER BY r.id",
	[UP_SQL_EDGE] = TARGET_COLUMNS "WHERE r.id = ?1",
	[UP_SQL_EDGE_VIEW] = "SELECT h.ref, p.masked, r.role, r.status, r.device, o.ref,"
	    " r.may_authorise FROM role r JOIN holder h ON h.id = r.holder"
	    " JOIN person p ON p.id = h.person LEFT JOIN role g ON g.id = r.grantor"
	    " LEFT JOIN holder o ON o.id = g.holder WHERE r.id = ?1 AND r.status <> 'ended'",
	[UP_SQL_EDGE_GIVEN] = "SELECT id FROM role WHERE grantor = ?1 AND status <> 'ended'"
	    " ORDER BY id",
	[UP_SQL_EDGE_GRANTS] = "SELECT ref FROM item_grant WHERE edge = ?1 AND " STANDING
	    " ORDER BY id",
	[UP_SQL_EDGE_GRANTS_END] = "UPDATE item_grant SET status = 'ended', ended_ms = ?2"
	    " WHERE edge = ?1 AND " STANDING,
	[UP_SQL_MANAGERS] = "SELECT count(*) FROM role WHERE unit = ?1 AND role = 'manager'"
	    " AND status <> 'ended'",

	[UP_SQL_GRANT_ADD] = "INSERT INTO item_grant (ref, edge, unit, grantor, from_day, to_day,"
	    " status, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', ?7) RETURNING id",
	[UP_SQL_GRANT_ITEM_ADD] = "INSERT INTO grant_item (item_grant, item) VALUES (?1, ?2)",
	[UP_SQL_GRANT_ITEMS] = "SELECT item FROM grant_item WHERE item_grant = ?1 ORDER BY item",
	[UP_SQL_GRANT_BY_REF] = GRANT "WHERE g.ref = ?1",
	[UP_SQL_GRANT_TAKE] = "UPDATE item_grant SET status = 'live', from_day = ?2, live_ms = ?3"
	    " WHERE id = ?1 AND status = 'waiting'",
	[UP_SQL_GRANT_CANCEL] = "UPDATE item_grant SET status = 'ended', ended_ms = ?2"
	    " WHERE id = ?1 AND status <> 'ended'",
	/* of an edge that was taken: codes that name no grant */
	[UP_SQL_PLAIN_CODES_END] = "UPDATE enrolment SET status = 'ended' WHERE role = ?1"
	    " AND status = 'open' AND item_grant IS NULL",
	/* and those whose grant waits no more */
	[UP_SQL_GRANT_CODES_END] = "UPDATE enrolment SET status = 'ended' WHERE role = ?1"
	    " AND status = 'open' AND EXISTS (SELECT 1 FROM item_grant g"
	    " WHERE g.id = enrolment.item_grant AND g.status <> 'waiting')",
	/* one, or those that were there when the code was made */
	[UP_SQL_GRANTS_WAITING] = GRANT "WHERE g.edge = ?1 AND g.status = 'waiting'"
	    " AND (g.id = ?2 OR (?2 = 0 AND g.created_ms <= ?3)) ORDER BY g.id",
	/* of all edges of one holder on one phone */
	[UP_SQL_GRANTS_FOR_EDGE] = GRANTS_FOR("?3") " AND r.device = ?1 AND r.holder = ?2"
	    " AND r.status <> 'ended'",
	/* to be judged alone: the first columns */
	[UP_SQL_GRANTS_FOR_PHONE] = "SELECT g.id, g.edge, g.from_day, g.to_day FROM role r"
	    " JOIN item_grant g ON g.edge = r.id" OF_ITEM("?2") " AND r.device = ?1"
	    " AND r.status <> 'ended'",
	[UP_SQL_GRANTS_OF_EDGE] = GRANTS_FOR("?2") " AND r.id = ?1",
	[UP_SQL_ITEM_GRANTABLE] = "SELECT 1 FROM item i JOIN client c ON c.id = i.client"
	    " WHERE i.code = ?1 AND i.ended_ms IS NULL AND c.status = 'live'",
	/* an edge, and those above it */
	[UP_SQL_CHAIN] = "SELECT r.role, h.ref, r.live_ms, " TRUTH("r.status = 'live'")
	    ", a.role, ah.ref, a.live_ms, " TRUTH("a.status = 'live'")
	    ", b.role, bh.ref, b.live_ms, " TRUTH("b.status = 'live'") ", b.grantor"
	    " FROM role r JOIN holder h ON h.id = r.holder"
	    " LEFT JOIN role a ON a.id = r.grantor LEFT JOIN holder ah ON ah.id = a.holder"
	    " LEFT JOIN role b ON b.id = a.grantor LEFT JOIN holder bh ON bh.id = b.holder"
	    " WHERE r.id = ?1",

	[UP_SQL_AUTHORITY_PUT] = "INSERT INTO authority (code, name, created_ms)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT (code) DO UPDATE SET name = excluded.name",
	[UP_SQL_AUTHORITY] = "SELECT id, name FROM authority WHERE code = ?1",
	[UP_SQL_UNIT] = "SELECT u.id, " TRUTH("u.status = 'live'"
	    " AND c.id IS NOT NULL") ", u.name, a.code, c.number, c.version, c.fields,"
	    " c.valid_from_s, c.valid_to_s"
	    " FROM unit u JOIN authority a ON a.id = u.authority"
	    " LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live' WHERE u.code = ?1",
	[UP_SQL_UNIT_ADD] = "INSERT INTO unit (code, name, authority, status, created_ms)"
	    " VALUES (?1, ?2, ?3, 'live', ?4) RETURNING id",
	[UP_SQL_CERTIFICATE_TAKEN] = "SELECT 1 FROM certificate WHERE number = ?1",
	[UP_SQL_CERTIFICATE_ADD] = "INSERT INTO certificate (unit, number, version, status,"
	    " valid_from_s, valid_to_s, fields, created_ms)"
	    " VALUES (?1, ?2, 1, 'live', ?3, ?4, ?5, ?6)",
	[UP_SQL_CERTIFICATE_NEXT] = "INSERT INTO certificate (unit, number, version, status,"
	    " valid_from_s, valid_to_s, fields, created_ms)"
	    " VALUES (?1, ?2, ?7, 'live', ?3, ?4, ?5, ?6)",
	[UP_SQL_CERTIFICATE_END] = "UPDATE certificate SET status = 'ended', ended_ms = ?2,"
	    " name = (SELECT u.name FROM unit u WHERE u.id = ?1)"
	    " WHERE unit = ?1 AND status = 'live'",
	[UP_SQL_UNIT_VIEW] = "SELECT u.id, u.name, " TRUTH("u.status = 'live'")
	    ", c.number, c.version FROM unit u"
	    " LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live' WHERE u.code = ?1",
	[UP_SQL_UNIT_NAME] = "UPDATE unit SET name = ?2 WHERE id = ?1",
	[UP_SQL_UNIT_END] = "UPDATE unit SET status = 'ended', ended_ms = ?2 WHERE id = ?1"
	    " AND status = 'live'",
	/* edges whose grantor does not end with the unit: a principal's */
	[UP_SQL_UNIT_TOPS] = "SELECT r.id FROM role r LEFT JOIN role g ON g.id = r.grantor"
	    " WHERE r.unit = ?1 AND r.status <> 'ended'"
	    " AND (g.id IS NULL OR g.status = 'ended') ORDER BY r.id",
	[UP_SQL_ROLE_SUSPEND] = "UPDATE role SET suspended_ms = ?2 WHERE id = ?1"
	    " AND status <> 'ended' AND suspended_ms IS NULL",

	[UP_SQL_UNITS] = UNITS " ORDER BY u.code",
	[UP_SQL_UNITS_OF] = UNITS " WHERE u.code = ?1",
	[UP_SQL_AUTHORITIES] = "SELECT code, name FROM authority ORDER BY code",
	[UP_SQL_DEVICES] = DEVICES " ORDER BY d.id",
	[UP_SQL_DEVICES_OF_REF] = DEVICES " AND d.ref = ?1",
	[UP_SQL_DEVICES_OF_PERSON] = DEVICES " AND p.ref = ?2 ORDER BY d.id",
	[UP_SQL_DEVICES_OF_UNIT] = DEVICES " AND d.id IN (SELECT r.device FROM role r"
	    " WHERE r.unit = " UNIT_OF("?3") " AND r.status <> 'ended') ORDER BY d.id",
	[UP_SQL_DEVICE_UNITS] = "SELECT u.code FROM role r JOIN unit u ON u.id = r.unit"
	    " WHERE r.device = ?1 AND r.status <> 'ended' ORDER BY u.code",

	[UP_SQL_VIEW_UNITS] = VIEW_UNITS " ORDER BY u.code",
	[UP_SQL_VIEW_UNITS_OF] = VIEW_UNITS " AND u.code = ?3",
	[UP_SQL_VIEW_EDGES] = VIEW_EDGES " ORDER BY u.code, r.id",
	[UP_SQL_VIEW_EDGES_OF_UNIT] = VIEW_EDGES " AND h.unit = " UNIT_OF("?3") " ORDER BY r.id",
	[UP_SQL_VIEW_EDGES_OF_REF] = VIEW_EDGES " AND h.ref = ?3 ORDER BY r.id",
	[UP_SQL_VIEW_GRANTS] = VIEW_GRANTS " ORDER BY u.code, g.id",
	[UP_SQL_VIEW_GRANTS_OF_UNIT] = VIEW_GRANTS " AND h.unit = " UNIT_OF("?5") " ORDER BY g.id",
	[UP_SQL_VIEW_GRANTS_OF_REF] = VIEW_GRANTS " AND h.ref = ?5 ORDER BY g.id",
	[UP_SQL_VIEW_ITEMS] = "SELECT i.code, i.name, c.code, i.created_ms, i.ended_ms"
	    " FROM item i JOIN client c ON c.id = i.client WHERE " STOOD("i") " ORDER BY i.code",
	[UP_SQL_VIEW_STANDING] = "SELECT (SELECT count(*) FROM role r WHERE r.unit = u.id"
	    " AND r.role = 'principal' AND r.status <> 'ended'), (SELECT count(*) FROM role r"
	    " WHERE r.unit = u.id AND r.role = 'manager' AND r.status <> 'ended'),"
	    " (SELECT count(DISTINCT r.holder) FROM role r WHERE r.unit = u.id"
	    " AND r.role = 'user' AND r.status <> 'ended'), (SELECT count(*) FROM item_grant g"
	    " WHERE g.unit = u.id AND g.status <> 'ended'), (SELECT count(*) FROM role r"
	    " JOIN enrolment e ON e.role = r.id WHERE r.unit = u.id AND r.status <> 'ended'"
	    " AND e.status = 'open') FROM unit u WHERE u.code = ?1",

	[UP_SQL_PEOPLE_OF_UNIT] = PEOPLE "WHERE r.unit = " UNIT_OF("?1") " AND r.role = ?2"
	    " AND r.status <> 'ended' AND r.id < ?3 ORDER BY r.id DESC LIMIT ?4",
	[UP_SQL_PEOPLE_OF_GRANTOR] = PEOPLE "WHERE r.grantor = ?1 AND r.role = ?2"
	    " AND r.status <> 'ended' AND r.id < ?3 ORDER BY r.id DESC LIMIT ?4",
	[UP_SQL_PEOPLE_OF_REF] = PEOPLE "WHERE h.ref = ?1 AND r.role = ?2"
	    " AND r.status <> 'ended' ORDER BY r.id",
	[UP_SQL_GRANTS_OF_UNIT] = GRANTS "WHERE g.unit = " UNIT_OF("?1") " AND g.id < ?2"
	    " AND g.status <> 'ended' ORDER BY g.id DESC LIMIT ?3",
	[UP_SQL_GRANTS_OF_GRANTOR] = GRANTS "WHERE g.grantor = ?1 AND g.id < ?2"
	    " AND g.status <> 'ended' ORDER BY g.id DESC LIMIT ?3",
	/* 0: of whichever grantor */
	[UP_SQL_GRANTS_OF_HOLDER] = GRANTS "WHERE h.ref = ?1 AND g.id < ?2 AND g." STANDING
	    " AND (?4 = 0 OR g.grantor = ?4) ORDER BY g.id DESC LIMIT ?3",
	[UP_SQL_GRANTS_OF_REF] = GRANTS "WHERE g.ref = ?1",
	[UP_SQL_ITEMS_GRANTABLE] = "SELECT i.code, i.name, c.code, c.name FROM item i"
	    " JOIN client c ON c.id = i.client WHERE c.status = 'live' AND i.ended_ms IS NULL"
	    " ORDER BY i.code",
	/* each of the two comes in order: an engine need not sort all to give a page */
	[UP_SQL_PHONES_OF_UNIT] = PHONES_OF_UNIT("manager") " UNION ALL " PHONES_OF_UNIT("user")
	    " ORDER BY 1 DESC LIMIT ?3",
	[UP_SQL_PHONES_OF_GRANTOR] = PHONES "WHERE r.grantor = ?1 AND r.status <> 'ended'"
	    " AND r.id < ?2 ORDER BY r.id DESC LIMIT ?3",
	[UP_SQL_PHONES_OF_HOLDER] = PHONES "WHERE h.ref = ?1 AND r.status <> 'ended' ORDER BY r.id",
};
