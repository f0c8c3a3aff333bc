/* SPDX-License-Identifier: Apache-2.0
 * SECURITY 5: of a hundred at once exactly one wins, each time. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Phone } from './lib/phone.mjs';
import { frame } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

const site = Site.shared();
let phones;

before(async () => {
	phones = await Promise.all([site.newPhone(), site.newPhone(), site.newPhone(),
		site.newPhone()]);
	await Promise.all(phones.map((phone) => phone.call('GET', '/holder/certificates')));
});

const hundred = (one) => Promise.all(Array.from({ length: 100 }, (_, i) => one(i)));
const won = (answers) => answers.filter((a) => a.status === 200);

test('SECURITY 5: 100 scans of one code by four phones: one', async () => {
	const begun = await site.client.begin();
	const text = await frame(begun.watch_uri);
	const answers = await hundred((i) => phones[i % 4].scan(text));

	assert.equal(won(answers).length, 1);
	assert.ok(answers.every((a) => a.status === 200 ||
		(a.status === 400 && a.json().error === 'invalid_code')));
	const scans = (await site.recordsOf(won(answers)[0].json().transaction))
		.filter((r) => r.event === 'login.scan');
	assert.equal(scans.filter((r) => r.result === 'ok').length, 1);
});

test('SECURITY 5: 100 decisions, approving and refusing: one, and it stands', async () => {
	const begun = await site.client.begin(), phone = phones[0];
	const view = (await phone.scan(await frame(begun.watch_uri))).json();
	const answers = await hundred((i) => phone.decide(view, i % 2 ? 'deny' : 'approve'));

	assert.equal(won(answers).length, 1);
	assert.ok(answers.every((a) => a.status === 200 ||
		(a.status === 409 && a.json().error === 'wrong_state')),
		answers.map((a) => a.status).join());
	const outcome = won(answers)[0].json().state;
	const token = await site.client.token(begun.device_code);
	assert.equal(token.status, outcome === 'approved' ? 200 : 400);
	if (outcome === 'denied')
		assert.equal(token.json().error, 'access_denied');
	const decided = (await site.recordsOf(view.transaction))
		.filter((r) => r.event === 'login.approve' || r.event === 'login.deny');
	assert.equal(decided.length, 1);
	assert.equal(decided[0].event, outcome === 'approved' ? 'login.approve' : 'login.deny');
});

test('SECURITY 5: 100 redemptions of one code: one token, dead at once, and one replay on record',
	async () => {
	const begun = await site.client.begin(), phone = phones[1];
	const { view } = await phone.approve(await frame(begun.watch_uri));
	const answers = await hundred(() => site.client.token(begun.device_code));

	assert.equal(won(answers).length, 1);
	assert.ok(answers.every((a) => a.status === 200 ||
		(a.status === 400 && a.json().error === 'invalid_grant')),
		answers.map((a) => a.status).join());
	const records = await site.recordsOf(view.transaction);
	assert.equal(records.filter((r) => r.event === 'login.redeem').length, 1);
	/* whoever came second: while the first was being written, before its answer, or after:
	 * one end */
	const replays = records.filter((r) => r.event === 'login.replay');
	assert.equal(replays.length, 1);
	assert.equal((await site.client.userinfo(won(answers)[0].json().access_token)).status, 401);
	const { unit_code, person_ref, person_name, device, role, session } = replays[0];
	const redeemed = records.find((r) => r.event === 'login.redeem');
	assert.deepEqual({ unit_code, person_ref, person_name, device, role, session }, {
		unit_code: phone.unit, person_ref: redeemed.person_ref,
		person_name: redeemed.person_name,
		device: phone.device, role: 'principal', session: redeemed.session,
	});
});

test('SECURITY 5: 100 completions by the browser that began: one session, no error page',
	async () => {
	const browser = site.browser();
	const begun = await browser.begin();
	const { view } = await phones[2].approve(await frame(begun.watch_uri));
	const answers = await hundred(() => {
		const copy = site.browser();
		copy.jar = new Map(browser.jar);
		return copy.complete(begun.attempt);
	});

	assert.equal(won(answers).length, 1);
	assert.ok(answers.every((a) => a.status === 200 ||
		(a.status === 409 && a.json().error === 'expired_token')),
		answers.map((a) => `${a.status}`).join());
	assert.equal((await site.recordsOf(view.transaction))
		.filter((r) => r.event === 'login.redeem').length, 1);
});

test('SECURITY 5: one enrolment code, 20 phones of the right person at once: one certificate',
	async () => {
	const { code, person, unit } = await site.newCode();
	const tried = await Promise.all(Array.from({ length: 20 }, () => new Phone(site.issuer)
		.enrol(code, person).catch((error) => error)));
	const enrolled = tried.filter((phone) => phone instanceof Phone);

	assert.equal(enrolled.length, 1);
	assert.ok(tried.every((x) => x instanceof Phone || /invalid_code/.test(x.message)),
		tried.map(String).join('\n'));
	const records = (await site.records(site.says(unit)))
		.filter((r) => r.event === 'enrolment.done' && r.result === 'ok');

	assert.equal(records.length, 1);
	assert.equal((await enrolled[0].call('GET', '/holder/certificates')).json()
		.certificates[0].unit, unit);
});

test('rule 6: an enrolment code is for the person it names', async () => {
	const { code, person } = await site.newCode();
	const stranger = await site.newCode({ name: '李小红' });
	const answer = await new Phone(site.issuer).call('POST', '/holder/enrolments',
		{ code, person: stranger.person });

	assert.equal(answer.status, 403, answer.text);
	assert.equal(answer.json().error, 'wrong_person');
	assert.equal((await new Phone(site.issuer).enrol(code, person)).certificate.role,
		'principal');
});
