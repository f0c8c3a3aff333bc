/* SPDX-License-Identifier: Apache-2.0
 * The reference phone as a person meets it: words in both languages, codes only when asked for; a
 * phone that is replaced or locked. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { run, Site } from './lib/site.mjs';

const site = Site.shared();
const LANGUAGES = { zh: 'zh_CN.UTF-8', en: 'C.UTF-8' };
let dir, person, unit, certificate;

const file = (name, text) => {
	fs.writeFileSync(path.join(dir, name), text, { mode: 0o600 });
	return path.join(dir, name);
};
/* One command of the phone in FOLDER; gives what it said. */
const phone = async (folder, language, ...args) => {
	const done = await run([site.unitpass_holder[0], '-d', path.join(dir, folder), ...args],
		{ env: { ...process.env, LC_ALL: LANGUAGES[language] } });

	return { ...done, text: done.stdout + done.stderr };
};
const newText = async () => (await site.ctl('enrol', '--unit', unit, '--name', person.name,
	'--resident-id', person.resident_id, '--mobile', person.mobile))[0].text;
const enrol = (folder, language, text, password = 'good') => phone(folder, language, 'enrol', text,
	'--yes', '--agree',
	'--person-file', path.join(dir, 'person.json'), '--password-file',
	path.join(dir, password));
const scan = async (folder, language, password, ...args) => phone(folder, language, ...args, 'scan',
	(await site.terminal.begin()).user_code.toLowerCase(),
	'--yes', '--password-file', path.join(dir, password));

before(async () => {
	dir = fs.mkdtempSync(path.join(site.dir, 'holder-'));
	({ person, unit } = await site.newCode({ name: '欧阳小明' }));
	[{ certificate }] = await site.ctl('unit', 'show', unit);
	/* as Notepad saves them */
	file('person.json', '\ufeff' + JSON.stringify(
		{ ...person, name: '欧阳　小明', resident_id: person.resident_id.toLowerCase() + ' ' }));
	file('good', '\ufeffKj8!mzQ2\r\n');
	file('bad', 'Kj8!mzQ3\n');
	file('weak', '123456\n');
	assert.equal((await enrol('a', 'zh', await newText())).code, 0);
});

test('section 3: consent names what the portal is told, in words and with its value', async () => {
	const zh = await scan('a', 'zh', 'good'), en = await scan('a', 'en', 'good'),
		verbose = await scan('a', 'zh', 'good', '-v');
	const lines = (text) => text.split('\n').map((line) => line.trim().replace(/\s{2,}/, '  '));

	for (const line of [`统一社会信用代码  ${unit}`, `证书号  ${certificate}`, '证书版本  1', '角色  第一管理责任人',
		'姓名  欧阳**（全名）', '授权事项  无'])
		assert.ok(lines(zh.text).includes(line), `${line}\n${zh.text}`);
	for (const line of [`unit code  ${unit}`, `certificate  ${certificate}`, 'role  principal',
		'name  欧阳**, in full', 'items  none'])
		assert.ok(lines(en.text).includes(line) ||
			lines(en.text).includes(line.replace('items', 'item')),
				`${line}\n${en.text}`);
	for (const name of ['unit.code', 'holder.ref', 'certificate_version', 'new_browser'])
		assert.ok(!zh.text.includes(name) && !en.text.includes(name), name);
	assert.match(zh.text, /已确认登录/);
	assert.match(en.text, /Approved\./);
	assert.match(verbose.text, /统一社会信用代码（unit\.code）/);
});

test('section 3: results and reasons are words, codes stand there with -v', async () => {
	const zh = await scan('a', 'zh', 'bad'), en = await scan('a', 'en', 'bad'),
		verbose = await scan('a', 'en', 'bad', '-v');

	assert.equal(zh.code, 1);
	assert.match(zh.text, /证书密码错误/);
	assert.match(en.text, /wrong certificate password/);
	assert.ok(!/wrong_password|HTTP/.test(zh.text + en.text));
	assert.match(verbose.text, /\(wrong_password, HTTP 403\)/);
	const records = await phone('a', 'zh', 'usage', '--limit', '10');
	assert.match(records.text, /拒绝：密码错误/);
	assert.match(records.text, /欧阳\*\* 第一管理责任人/);
	assert.ok(!/wrong_password|principal|login\./.test(records.text), records.text);
	assert.match((await phone('a', 'zh', '-v', 'usage', '--limit', '10')).text,
		/密码错误（wrong_password）/);
	const weak = await enrol('w', 'zh', await newText(), 'weak');
	assert.match(weak.text, /密码过于简单/);
	assert.equal((await scan('a', 'zh', 'good')).code, 0);
});

test('rule 27: locked by six errors, the phone sets a new password with a code of the window',
	async () => {
	for (let i = 0; i < 6; i++)
		await scan('a', 'zh', 'bad');
	assert.match((await scan('a', 'zh', 'good')).text, /密码已锁定.*领取码/);
	file('new', 'Zz9$kdlq\n');
	const again = await enrol('a', 'zh', await newText(), 'new');
	assert.equal(again.code, 0, again.text);
	assert.match(again.text, /已锁定，凭此领取码可重新设置/);
	assert.equal((await scan('a', 'zh', 'new')).code, 0);
	assert.equal((await scan('a', 'zh', 'good')).code, 1);
});

test('rule 28: a replaced phone is told so, and begins anew in its folder', async () => {
	assert.equal((await enrol('b', 'en', await newText())).code, 0);
	for (const command of [['certificates'], ['usage'],
		['scan', 'BCDF-GHJK', '--yes', '--password-file', path.join(dir, 'new')]]) {
		const told = await phone('a', 'zh', ...command);

		assert.equal(told.code, 1);
		assert.match(told.text, /本手机已被更换或停用/);
	}
	assert.match((await phone('a', 'en', 'certificates')).text,
		/this phone was replaced or ended/);
	const again = await enrol('a', 'en', await newText());
	assert.equal(again.code, 0, again.text);
	assert.match(again.text, /enrols as a new one, with a new key/);
	assert.equal((await scan('a', 'en', 'good')).code, 0);
});

test('section 2: a file in another encoding is named as what it is', async () => {
	const text = await newText(), json = JSON.stringify(person);
	const gbk = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]),
		Buffer.from('"}')]);

	for (const [content, word] of [[Buffer.from('\ufeff' + json, 'utf16le'), /UTF-16/],
		[gbk, /第 1 行是 GBK/], [Buffer.from('{"name":"\0"}'), /NUL/]]) {
		const said = await phone('c', 'zh', 'enrol', text, '--yes', '--agree',
			'--person-file',
			file('other.json', content));

		assert.equal(said.code, 3);
		assert.match(said.text, word);
	}
});
