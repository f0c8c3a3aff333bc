/* SPDX-License-Identifier: Apache-2.0
 * The certificate password: six errors in a row lock, counted exactly, over restarts and races. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { frame, snapshot } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

let site;

before(async () => { site = await Site.start('password'); }, { timeout: 120000 });
after(() => site && site.stop());

const wrong = () => ({ members: { password: crypto.randomBytes(32).toString('base64url') } });
const scanned = async (phone) =>
	(await phone.scan(await frame((await site.client.begin()).watch_uri))).json();
const errors = async (phone) =>
	(await site.sql(`SELECT errors FROM device WHERE ref = '${phone.device}'`))[0].errors;

test('SECURITY 7: five errors, then the right one, and the count begins anew', async () => {
	const phone = await site.newPhone();
	const begun = await site.client.begin();
	const view = (await phone.scan(await frame(begun.watch_uri))).json();

	for (let left = 5; left > 0; left--) {
		const answer = await phone.decide(view, 'approve', {}, wrong());
		assert.equal(answer.status, 403);
		assert.equal(answer.json().error, 'wrong_password');
		assert.equal(answer.json().tries_left, left);
		assert.equal((await snapshot(begun.watch_uri)).json().state, 'scanned',
			'it can be tried again');
	}
	assert.equal((await site.client.token(begun.device_code)).json().error,
		'authorization_pending');
	assert.equal((await phone.decide(view)).status, 200);
	assert.equal(await errors(phone), 0);
	const next = await phone.decide(await scanned(phone), 'approve', {}, wrong());
	assert.equal(next.json().tries_left, 5);
	const records = await site.recordsOf(view.transaction);
	assert.equal(records.filter((r) => r.event === 'login.approve' &&
		r.reason === 'wrong_password').length, 5, 'each error is on record');
});

test('SECURITY 7: the sixth error locks, over a restart of the server, and stays locked',
	async () => {
	const phone = await site.newPhone();

	for (let i = 0; i < 3; i++)
		assert.equal((await phone.decide(await scanned(phone), 'approve', {}, wrong()))
			.json().error, 'wrong_password');
	await site.restartServer('SIGKILL');
	for (let left = 2; left > 0; left--)
		assert.equal((await phone.decide(await scanned(phone), 'approve', {}, wrong()))
			.json().tries_left, left);
	const sixth = await phone.decide(await scanned(phone), 'approve', {}, wrong());
	assert.equal(sixth.status, 403);
	assert.equal(sixth.json().error, 'password_locked');
	assert.equal((await phone.decide(await scanned(phone))).json().error, 'password_locked',
		'the right one does not unlock');
	await site.restartServer();
	const view = await scanned(phone);
	assert.equal((await phone.decide(view)).json().error, 'password_locked');
	assert.equal(await errors(phone), 6);
	assert.equal((await phone.decide(view, 'deny')).status, 200, 'refusing needs no password');
	assert.equal((await (await site.newPhone()).call('GET', '/holder/certificates')).status,
		200, 'nobody else is locked');
});

test('SECURITY 7: thirty wrong tries at once count six', async () => {
	const phone = await site.newPhone();
	const views = [];

	for (let i = 0; i < 30; i++)
		views.push(await scanned(phone));
	const answers = await Promise.all(views.map((view) => phone.decide(view, 'approve', {},
		wrong())));
	const said = answers.map((a) => a.json());
	assert.equal(said.filter((a) => a.error === 'wrong_password').length, 5);
	assert.deepEqual(said.filter((a) => a.error === 'wrong_password').map((a) => a.tries_left)
		.sort(), [1, 2, 3, 4, 5]);
	assert.equal(said.filter((a) => a.error === 'password_locked').length, 25);
	assert.equal(await errors(phone), 6);
	assert.equal((await phone.decide(await scanned(phone))).json().error, 'password_locked');
	for (const view of views)
		assert.ok(!(await site.recordsOf(view.transaction))
			.some((r) => r.event === 'login.approve' && r.result === 'ok'));
});

test(
	'SECURITY 7: thirty tries at once with one transaction: '
		+ 'each is one error at most, none passes', async () => {
	const phone = await site.newPhone(), view = await scanned(phone);
	const answers = await Promise.all(Array.from({ length: 30 },
		() => phone.decide(view, 'approve', {}, wrong())));

	assert.ok(answers.every((a) => [403, 409].includes(a.status)));
	const counted = answers.filter((a) => a.json().error === 'wrong_password').length;
	assert.equal(await errors(phone),
		Math.min(6, counted + (answers.some((a) => a.json().error === 'password_locked')
		? 1 : 0)));
});

test('rule 27: a phone locked by six errors takes a new password with a code of the window, '
	+ 'and no other way', async () => {
	const phone = await site.newPhone(), { unit, person } = phone;
	const newCode = async () => {
		const [shown] = await site.ctl('enrol', '--unit', unit, '--name', person.name,
			'--resident-id', person.resident_id, '--mobile', person.mobile);

		return shown.text.slice(shown.text.indexOf('/e/') + 3);
	};
	const accept = (code, more) => phone.call('POST', '/holder/enrolments/accept',
		{ code, person, statement_version: '2026-11',
		password: phone.password, device: { name: 'the same phone' }, ...more });
	const look = async (code) =>
		(await phone.call('POST', '/holder/enrolments', { code, person })).json()
			.password_state;

	let code = await newCode();
	assert.equal(await look(code), 'set');
	assert.equal((await accept(code, { unlock: true })).json().error, 'wrong_state',
		'it is not locked');
	for (let i = 0; i < 6; i++)
		await phone.decide(await scanned(phone), 'approve', {}, wrong());
	assert.equal(await errors(phone), 6);
	assert.equal(await look(code), 'locked');
	assert.equal((await accept(code)).json().error, 'password_locked',
		'a code alone does not unlock');
	phone.password = crypto.randomBytes(32).toString('base64url');
	const done = await accept(code, { unlock: true });
	assert.equal(done.status, 200, done.text);
	assert.equal(done.json().device, phone.device, 'the same phone');
	assert.equal(done.json().device_token, undefined);
	assert.equal(await errors(phone), 0);
	assert.equal((await phone.decide(await scanned(phone))).status, 200);
	const [record] = await site.records(site.says(done.json().usage_receipt.record));
	assert.equal(record.event, 'enrolment.done');
	assert.deepEqual(JSON.parse(record.before), { password: 'locked' });
	assert.deepEqual(JSON.parse(record.after), { password: 'new' });
	code = await newCode();
	assert.equal((await accept(code, { unlock: 'yes' })).json().error, 'invalid_request');
});
