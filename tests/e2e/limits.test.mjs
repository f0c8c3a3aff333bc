/* SPDX-License-Identifier: Apache-2.0
 * SECURITY 27: request rates as they ship: who floods is slowed, and nobody else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Events, request } from './lib/http.mjs';
import { Client, frame, snapshot } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

let site, phone, other;

before(async () => {
	site = await Site.start('limits', { rate: 100 });
	phone = await site.newPhone();
	other = await site.newPhone();
}, { timeout: 120000 });
after(() => site && site.stop());

test('SECURITY 7, 27: "I did not start this" slows that source down, and no other', async () => {
	const from = (ip) => site.client.post('/device_authorization',
		{ scope: 'openid unit', initiator_ip: ip });

	for (let i = 0; i < 2; i++) {
		const begun = (await from('192.0.2.66')).json();
		const view = (await phone.scan(await frame(begun.watch_uri))).json();
		assert.equal((await phone.decide(view, 'not_mine')).status, 200);
	}
	const answers = [];
	for (let i = 0; i < 5; i++)
		answers.push(await from('192.0.2.66'));
	const slowed = answers.filter((a) => a.status === 429);
	assert.ok(slowed.length >= 3, answers.map((a) => a.status).join());
	assert.equal(slowed[0].json().error, 'temporarily_unavailable');
	assert.ok(Number(slowed[0].headers['retry-after']) > 0);
	for (let i = 0; i < 20; i++)
		assert.equal((await from('192.0.2.67')).status, 200);
});

test('SECURITY 27: a phone that floods is slowed; the next one is not', async () => {
	const flood = await Promise.all(Array.from({ length: 150 },
		() => phone.call('GET', '/holder/certificates')));

	assert.ok(flood.some((a) => a.status === 429));
	assert.ok(flood.every((a) => [200, 429].includes(a.status)));
	assert.equal((await other.call('GET', '/holder/certificates')).status, 200);
});

test('SECURITY 27: guessing codes is slowed', async () => {
	const begun = await site.client.begin();
	const text = await frame(begun.watch_uri);
	let slowed = 0;

	for (let i = 0; i < 30; i++)
		slowed += (await other.scan(text.replace(/\/q\/..../, '/q/AAAA'))).status === 429;
	assert.ok(slowed >= 5, `${slowed}`);
});

test('SECURITY 27: one address holds a hundred waiting pages, not every worker of a front',
	async () => {
	const pages = await Promise.all(Array.from({ length: 101 }, () => site.client.begin()));
	const streams = pages.slice(0, 100).map((begun) => new Events(begun.watch_uri));
	const last = pages[100].watch_uri;
	let status;

	await Promise.all(streams.map((events) => events.state('pending')));
	assert.equal(await new Events(last).status, 429);
	assert.equal((await snapshot(last)).json().state, 'pending', 'whoever is refused may ask');
	streams.pop().close();
	do {
		streams.push(new Events(last));
		status = await streams.at(-1).status;
	} while (status === 429);
	assert.equal(status, 200);
	streams.forEach((events) => events.close());
});

test('SECURITY 27: guessing client secrets is slowed', async () => {
	const guesser = new Client(site.issuer, site.client_id, 'x'.repeat(43));
	const answers = [];

	for (let i = 0; i < 60; i++)
		answers.push((await guesser.token('x')).status);
	assert.ok(answers.slice(0, 20).every((s) => s === 401));
	assert.ok(answers.slice(-10).some((s) => s === 429), answers.join());
	assert.equal((await site.admin('healthz')).status, 200);
	assert.equal((await request({ base: site.issuer, path: '/jwks' })).status, 200);
});
