/* SPDX-License-Identifier: Apache-2.0
 * What a phone may not say: every fault of the DPoP proof, of the QR text, and of the decision. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { jws, newKey, Phone, publicJwk, sha256 } from './lib/phone.mjs';
import { frame, snapshot } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

const site = Site.shared();
const PATH = '/holder/certificates';
let phone, other;

before(async () => {
	[phone, other] = await Promise.all([site.newPhone(), site.newPhone()]);
	await phone.call('GET', PATH);
	await other.call('GET', PATH);
});

const now = () => Math.floor(Date.now() / 1000);
const hs256 = (secret) => (input) => crypto.createHmac('sha256', secret).update(input).digest();
/* r || s with s replaced by n - s is a valid signature too; what must not pass is another length */
const longer = (key) => (input) =>
	Buffer.concat([crypto.sign('sha256', Buffer.from(input),
	{ key, dsaEncoding: 'ieee-p1363' }), Buffer.from([0])]);

/* name, change (as lib/phone.mjs has it), error */
const faults = [
	['no proof', () => ({ headers: { dpop: undefined } }), 'invalid_dpop_proof'],
	['two proofs', () => ({ proofs: [phone.proof('GET', PATH), phone.proof('GET', PATH)] }),
		'invalid_request'],
	['wrong typ', () => ({ header: { typ: 'JWT' } }), 'invalid_dpop_proof'],
	['no typ', () => ({ header: { typ: undefined } }), 'invalid_dpop_proof'],
	['HS256 with the public key as secret',
		() => ({ header: { alg: 'HS256' },
		sign: hs256(JSON.stringify(publicJwk(phone.key))) }), 'invalid_dpop_proof'],
	['alg none', () => ({ header: { alg: 'none' }, sign: () => '' }), 'invalid_dpop_proof'],
	['alg ES384', () => ({ header: { alg: 'ES384' } }), 'invalid_dpop_proof'],
	['crit', () => ({ header: { crit: ['b64'], b64: true } }), 'invalid_dpop_proof'],
	['private key in jwk', () => ({ header: { jwk: phone.key.export({ format: 'jwk' }) } }),
		'invalid_dpop_proof'],
	['symmetric jwk', () => ({ header: { jwk: { kty: 'oct', k: 'AAAA' } } }),
		'invalid_dpop_proof'],
	['no jwk', () => ({ header: { jwk: undefined } }), 'invalid_dpop_proof'],
	['key of another', () => ({ key: other.key, header: { jwk: publicJwk(other.key) } }),
		'invalid_dpop_proof'],
	['signed by another key', () => ({ key: newKey() }), 'invalid_dpop_proof'],
	['signature one character longer', () => ({ sign: longer(phone.key) }),
		'invalid_dpop_proof'],
	['signature of zeros', () => ({ sign: () => Buffer.alloc(64) }), 'invalid_dpop_proof'],
	['wrong htm', () => ({ claims: { htm: 'POST' } }), 'invalid_dpop_proof'],
	['htm in lower case', () => ({ claims: { htm: 'get' } }), 'invalid_dpop_proof'],
	['htu with the path in other case',
		() => ({ claims: { htu: phone.issuer + PATH.toUpperCase() } }),
		'invalid_dpop_proof'],
	['wrong htu', () => ({ claims: { htu: phone.issuer + '/holder/usage' } }),
		'invalid_dpop_proof'],
	['htu of another origin', () => ({ claims: { htu: 'https://evil.example' + PATH } }),
		'invalid_dpop_proof'],
	['no htu', () => ({ claims: { htu: undefined } }), 'invalid_dpop_proof'],
	['iat 61 s old', () => ({ claims: { iat: now() - 63 } }), 'invalid_dpop_proof'],
	['iat in the future', () => ({ claims: { iat: now() + 63 } }), 'invalid_dpop_proof'],
	['iat as text', () => ({ claims: { iat: String(now()) } }), 'invalid_dpop_proof'],
	['no iat', () => ({ claims: { iat: undefined } }), 'invalid_dpop_proof'],
	['no jti', () => ({ claims: { jti: undefined } }), 'invalid_dpop_proof'],
	['short jti', () => ({ claims: { jti: 'abc' } }), 'invalid_dpop_proof'],
	['no ath', () => ({ claims: { ath: undefined } }), 'invalid_dpop_proof'],
	['ath of another token', () => ({ claims: { ath: sha256(other.token) } }),
		'invalid_dpop_proof'],
	['no nonce', () => ({ claims: { nonce: undefined } }), 'use_dpop_nonce'],
	['made-up nonce', () =>
		({ claims: { nonce: crypto.randomBytes(16).toString('base64url') } }),
		'use_dpop_nonce'],
	['token of another phone',
		() => ({ headers: { authorization: 'DPoP ' + other.token },
		claims: { ath: sha256(other.token) } }), 'invalid_dpop_proof'],
	['no token', () => ({ headers: { authorization: undefined }, claims: { ath: undefined } }),
		'invalid_token'],
	['token as Bearer', () => ({ headers: { authorization: 'Bearer ' + phone.token } }),
		'invalid_token'],
	['made-up token', () =>
		({ headers: { authorization: 'DPoP ' + 'A'.repeat(43) },
		claims: { ath: sha256('A'.repeat(43)) } }), 'invalid_token'],
	['not a JWS', () => ({ proofs: 'abc' }), 'invalid_dpop_proof'],
	['header not JSON', () => ({ proofs: jws('{', {}, phone.key) }), 'invalid_dpop_proof'],
	['member twice', () => ({ proofs: jws('{"typ":"dpop+jwt","alg":"none","alg":"ES256",'
		+ `"jwk":${JSON.stringify(publicJwk(phone.key))}}`,
		{ htm: 'GET', htu: phone.issuer + PATH, iat: now(), jti: crypto.randomUUID(),
			nonce: phone.nonce, ath: sha256(phone.token) }, phone.key) }),
		'invalid_dpop_proof'],
];

test('RFC 9449 4.3: htu is compared as a normalised URI, iat may have a fraction', async () => {
	const origin = new URL(phone.issuer);

	for (const htu of [`HTTP://${origin.host}${PATH}`, `${phone.issuer}${PATH}?x=1#f`,
		`${phone.issuer}/./holder/%63ertificates`])
		assert.equal((await phone.once('GET', PATH, undefined, { claims: { htu } })).status,
			200,
			htu);
	assert.equal((await phone.once('GET', PATH, undefined,
		{ claims: { iat: now() + 0.5 } })).status, 200);
	assert.equal((await phone.once('HEAD', PATH)).status, 200,
		'htm is the method that was sent');
});

for (const [name, change, error] of faults) {
	test(`SECURITY 16: proof with ${name}: ${error}`, async () => {
		const answer = await phone.once('GET', PATH, undefined, change());

		assert.equal(answer.json().error, error, answer.text);
		assert.equal(answer.status, error === 'invalid_request' ? 400 : 401);
		assert.equal((await phone.once('GET', PATH)).status, 200,
			'and the right one passes');
	});
}

test('SECURITY 16: a proof is taken once', async () => {
	const proofs = phone.proof('GET', PATH);

	assert.equal((await phone.once('GET', PATH, undefined, { proofs })).status, 200);
	const again = await phone.once('GET', PATH, undefined, { proofs });
	assert.equal(again.status, 401);
	assert.equal(again.json().error, 'invalid_dpop_proof');
	const jti = crypto.randomUUID();
	assert.equal((await phone.once('GET', PATH, undefined, { claims: { jti } })).status, 200);
	assert.equal((await phone.once('GET', PATH, undefined, { claims: { jti, iat: now() - 1 } }))
		.json().error, 'invalid_dpop_proof', 'the same jti in another proof');
	const burst = phone.proof('GET', PATH);
	const all = await Promise.all(Array.from({ length: 50 },
		() => phone.once('GET', PATH, undefined, { proofs: burst })));
	assert.equal(all.filter((a) => a.status === 200).length, 1, 'of 50 at once one');
});

test('SECURITY 16: the nonce is asked for before a signature is verified, and by every answer',
	async () => {
	const stranger = new Phone(site.issuer);

	stranger.token = phone.token;
	const answer = await stranger.once('GET', PATH, undefined,
		{ header: { jwk: publicJwk(phone.key) }, sign: () => Buffer.alloc(64, 1) });
	assert.equal(answer.status, 401);
	assert.equal(answer.json().error, 'use_dpop_nonce');
	assert.match(answer.headers['dpop-nonce'], /^[\w-]{22}$/);
	assert.match(answer.headers['www-authenticate'], /DPoP.*use_dpop_nonce/);
	assert.match((await phone.once('GET', PATH)).headers['dpop-nonce'], /^[\w-]{22}$/);
});

/* --- QR texts --- */

test('SECURITY 4: a forged frame is refused and takes nothing', async () => {
	const begun = await site.client.begin(), second = await site.client.begin();
	const text = await frame(begun.watch_uri), [head, t, mac] = text.split('.');
	const [, , foreign] = (await frame(second.watch_uri)).split('.');
	const flipped = (mac[0] === 'A' ? 'B' : 'A') + mac.slice(1);

	for (const forged of [`${head}.${t}.${flipped}`, `${head}.${Number(t) + 1}.${mac}`,
		`${head}.${t}.${foreign}`, `${head}.${t}.`, `${head}.${t}`,
		`${head}.0${t}.${mac}`, `${head}.${t}.${mac}A`, `${head}.-1.${mac}`,
		`${text}.${mac}`,
		text + ' x', text.replace('/q/', '/Q/'), text.replace('http://', 'http://x@')])
		assert.equal((await phone.scan(forged)).json().error, 'invalid_code', forged);
	assert.equal((await phone.scan(`\t${text}\r\n`)).status, 200,
		'still pending; a scanner may end it with a line');
});

test('SECURITY 4: the static form is for static clients alone', async () => {
	const begun = await site.client.begin(), terminal = await site.terminal.begin();
	const text = await frame(begun.watch_uri);

	assert.equal(begun.verification_uri_complete, undefined);
	assert.equal((await phone.scan(text.split('.')[0].replace(/\.\d+$/, ''))).json().error,
		'invalid_code');
	assert.equal((await phone.scan(`${site.issuer}/q/${text.split('/q/')[1].split('.')[0]}`))
		.json().error, 'invalid_code');
	const scanned = await phone.scan(terminal.verification_uri_complete);
	assert.equal(scanned.status, 200, scanned.text);
	assert.equal(scanned.json().frame, 'static');
	assert.equal((await phone.decide(scanned.json())).status, 200);
	assert.equal((await site.terminal.token(terminal.device_code)).status, 200);
	const records = await site.recordsOf(scanned.json().transaction);
	assert.deepEqual(records.map((r) => r.channel), ['static-qr', 'static-qr', 'static-qr']);
});

test('SECURITY 13: a user code is for static clients alone', async () => {
	const begun = await site.client.begin(), terminal = await site.terminal.begin();

	assert.match(terminal.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
	assert.equal(begun.user_code, undefined, 'none is given where no phone would take it');
	const scanned = await phone.scan(terminal.user_code.toLowerCase().replace('-', ' ')
		+ '\r\n');
	assert.equal(scanned.status, 200, scanned.text);
	assert.equal(scanned.json().frame, 'code');
	assert.equal((await site.recordsOf(scanned.json().transaction))[0].channel, 'user-code');
});

test('SECURITY 13: five wrong endings lock the transaction, not the person', async () => {
	const terminal = await site.terminal.begin(), head = terminal.user_code.slice(0, 5);
	const wrong = ['BBBB', 'CCCC', 'DDDD', 'FFFF', 'GGGG', 'HHHH'].map((end) => head + end)
		.filter((code) => code !== terminal.user_code).slice(0, 5);

	for (const code of wrong)
		assert.equal((await phone.scan(code)).json().error, 'invalid_code');
	assert.equal((await phone.scan(terminal.user_code)).json().error, 'invalid_code', 'locked');
	assert.equal((await snapshot(terminal.watch_uri)).json().state, 'expired');
	const next = await site.terminal.begin();
	for (const code of wrong.slice(0, 4))
		await phone.scan(next.user_code.slice(0, 5) + code.slice(5));
	assert.equal((await phone.scan(next.user_code)).status, 200,
		'four are not five, and the person is free');
});

/* --- decisions --- */

const flip = (text) => (text[0] === 'a' ? 'b' : 'a') + text.slice(1);
const decisionFaults = [
	...['transaction', 'client', 'origin', 'issuer', 'unit', 'certificate', 'role', 'nonce',
		'frame'].flatMap((name) => [
		[`another ${name}`, (d) => ({ [name]: flip(d[name]) })],
		[`no ${name}`, () => ({ [name]: undefined })],
		[`${name} empty`, () => ({ [name]: '' })],
		[`${name} not text`, () => ({ [name]: 1 })],
		[`${name} with a space more`, (d) => ({ [name]: d[name] + ' ' })],
	]),
	['an item that nobody asked for', () => ({ item: 'annual-report' })],
	['no item', () => ({ item: undefined })], ['item null', () => ({ item: null })],
	['a decision unknown', () => ({ decision: 'maybe' })],
	['a decision in capitals', () => ({ decision: 'Approve' })],
	['no decision', () => ({ decision: undefined })],
	['exp later than allowed', (d) => ({ exp: d.exp + 1 })],
	['exp in the past', () => ({ exp: now() - 1 })],
	['exp as text', (d) => ({ exp: String(d.exp) })],
	['no exp', () => ({ exp: undefined })], ['a member more', () => ({ amount: '1' })],
];

test('SECURITY 9: any changed member of the decision fails and changes nothing', async (t) => {
	const begun = await site.client.begin();
	const view = (await phone.scan(await frame(begun.watch_uri))).json();

	for (const [name, members] of decisionFaults) {
		await t.test(name, async () => {
			const answer = await phone.decide(view, 'approve',
				members(phone.decision(view)));
			assert.ok(answer.status >= 400 && answer.status < 500,
				`${answer.status} ${answer.text}`);
			assert.equal((await snapshot(begun.watch_uri)).json().state, 'scanned');
		});
	}
	for (const [name, change] of [
		['another transaction in the body',
			{ members: { transaction: flip(view.transaction) } }],
		['no password', { members: { password: undefined } }],
		['a short password', { members: { password: 'AAAA' } }],
		['an unknown member in the body', { members: { force: true } }],
		['no decision in the proof', { claims: { decision: undefined } }],
		['decision is a list', { claims: { decision: [] } }],
		['a signature over another decision', { sign: (input) => {
			const [h, p] = input.split('.');
			const claims = JSON.parse(Buffer.from(p, 'base64url'));
			claims.decision.decision = 'deny';
			return Buffer.from(jws(Buffer.from(h, 'base64url').toString(), claims,
				phone.key).split('.')[2], 'base64url');
		} }],
	]) {
		await t.test(name, async () => {
			const answer = await phone.decide(view, 'approve', {}, change);
			assert.ok(answer.status >= 400 && answer.status < 500,
				`${answer.status} ${answer.text}`);
			assert.equal((await snapshot(begun.watch_uri)).json().state, 'scanned');
		});
	}
	await t.test('another phone with its own certificate', async () => {
		const answer = await other.decide(view, 'approve',
			{ unit: other.unit, certificate: other.certificate.certificate });
		assert.equal(answer.json().error, 'invalid_code');
		assert.equal((await snapshot(begun.watch_uri)).json().state, 'scanned');
	});
	await t.test('and the right one passes', async () => {
		assert.equal((await phone.decide(view)).status, 200);
		assert.equal((await snapshot(begun.watch_uri)).json().state, 'approved');
	});
	const records = await site.recordsOf(view.transaction);
	assert.equal(records.filter((r) => r.event === 'login.approve' && r.result === 'ok').length,
		1);
	assert.ok(records.filter((r) => r.reason === 'decision_differs' && r.result === 'refused')
		.length >= 10, 'refusals are on record');
});

test('SECURITY 8: nothing on the phone comes from the QR; control and bidi characters are gone',
	async () => {
	const begun = await site.client.begin({ purpose: '申报\u202e2026\u0007年',
		initiator_user_agent: 'Mozilla/5.0 \u202eevil', initiator_ip: '192.0.2.7',
		item: 'annual-report' });
	const view = (await phone.scan(await frame(begun.watch_uri))).json();

	assert.equal(view.initiator.ip, '192.0.2.7');
	assert.equal(view.item_name, '年度报告');
	assert.ok(!/[\u202a-\u202e\u2066-\u2069\u0000-\u001f]/.test(JSON.stringify(view)));
	assert.match(view.purpose, /申报.*2026.*年/);
	const [record] = await site.recordsOf(view.transaction);
	assert.ok(!/[\u202a-\u202e]/.test(JSON.stringify(record)));
});

test('SECURITY 27: no phone makes the log grow at will: refusals about nothing known are counted',
	async () => {
	const busy = await site.newPhone();
	const mine = () => site.records(site.says(`"device":"${busy.device}"`));
	const repeat = async (what, error, times) => {
		const before = (await mine()).length;
		for (let i = 0; i < times; i++)
			assert.equal((await what()).json().error, error);
		return (await mine()).slice(before);
	};
	const nonsense = () => crypto.randomBytes(16).toString('base64url');
	const view = (await busy.scan(await frame((await site.client.begin()).watch_uri))).json();
	const metric = async () => Number(/^unitpass_refusals_counted_total (\d+)$/m
		.exec((await site.admin('metrics')).text)[1]);
	const counted = await metric();

	const decisions = await repeat(() => busy.decide({ ...view, transaction: nonsense() }),
		'invalid_code', 40);
	assert.deepEqual(decisions.map((r) => [r.reason, r.count]),
		[1, 2, 4, 8, 16, 32].map((n) => ['unknown_transaction', n]));
	const scans = await repeat(() =>
		busy.scan(`${site.issuer}/q/${nonsense()}.1.${nonsense()}`),
		'invalid_code', 20);
	assert.deepEqual(scans.map((r) => r.count), [1, 2, 4, 8, 16]);
	const codes = await repeat(() => busy.call('POST', '/holder/enrolments',
		{ code: nonsense(), person: busy.person }), 'invalid_code', 20);
	assert.ok(codes.length <= 5 && codes.every((r) => r.event === 'enrolment.open'),
		`${codes.length}`);
	assert.ok(await metric() >= counted + 34 + 15 + 15);
	/* of a login that is known each is a record, within reason */
	const theirs = (await other.scan(await frame((await site.client.begin()).watch_uri)))
		.json();
	const known = await repeat(() => busy.decide(theirs), 'invalid_code', 60);
	assert.ok(known.length >= 32 && known.length < 40, `${known.length}`);
	assert.ok(known.every((r) => r.transaction === theirs.transaction &&
		r.reason === 'not_yours'));
});

/* --- what she types --- */

test('rule 8: what is typed on the phone is folded; '
	+ 'what cannot be anybody\'s costs no try and is named', async () => {
	const { code, person } = await site.newCode({ name: '买买提·艾力' }),
		stranger = await site.newCode();
	const wide = (text) => text.replace(/[0-9A-Z]/g,
		(c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
	const phone = new Phone(site.issuer);
	const look = (change) => phone.call('POST', '/holder/enrolments',
		{ code, person: { ...person, ...change } });
	const last = person.resident_id.slice(-1), other = last === '1' ? '2' : '1';
	const wrong = [
		[{ resident_id: person.resident_id.slice(0, -1) + other }, 'resident_id', '校验码'],
		[{ resident_id: person.resident_id.slice(0, -1) + '\u0425' }, 'resident_id',
			'U+0425'],
		[{ name: '买买提\u200b·艾力' }, 'name', 'U+200B'],
		[{ mobile: person.mobile.slice(1) }, 'mobile', '11 位'],
	];

	for (let i = 0; i < 8; i++) {
		const [change, member, word] = wrong[i % wrong.length], answer = await look(change);

		assert.equal(answer.status, 400, answer.text);
		assert.equal(answer.json().error, 'invalid_request');
		assert.equal(answer.json().member, member);
		assert.match(answer.json().detail, new RegExp(word.replace('+', '\\+')));
	}
	const typed = { name: ' 买买提 • 艾力\u00a0',
		resident_id: wide(person.resident_id).toLowerCase() + ' ',
		mobile: '+86 ' + person.mobile.replace(/^(...)(....)/, '$1-$2\u2011') };

	assert.equal((await phone.enrol(code, typed)).certificate.role, 'principal');
	/* another person's data are still another person's */
	assert.equal((await new Phone(site.issuer).call('POST', '/holder/enrolments',
		{ code: stranger.code, person })).json().error, 'wrong_person');
});

test('rule 28: a replaced phone is told so, and nobody else is', async () => {
	const old = await site.newPhone(), { unit, person } = old, thief = new Phone(site.issuer);
	const [shown] = await site.ctl('enrol', '--unit', unit, '--name', person.name,
		'--resident-id',
		person.resident_id, '--mobile', person.mobile);

	await new Phone(site.issuer).enrol(shown.text.slice(shown.text.indexOf('/e/') + 3), person);
	for (const [method, path, body] of [['GET', PATH],
		['POST', '/holder/scan', { text: 'BCDF-GHJK' }], ['GET', '/holder/usage']]) {
		const answer = await old.call(method, path, body);

		assert.equal(answer.status, 401);
		assert.equal(answer.json().error, 'device_ended', answer.text);
		assert.match(answer.json().message, /手机已被更换或停用/);
	}
	thief.token = old.token;
	await thief.call('GET', PATH);
	assert.equal((await thief.call('GET', PATH)).json().error, 'invalid_dpop_proof',
		'who has the token alone learns nothing');
});
