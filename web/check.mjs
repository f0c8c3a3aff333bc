/* SPDX-License-Identifier: Apache-2.0
 * node web/check.mjs: the word tables fit each other, and templates and scripts name only words
 * that exist. With --unused it also lists words that nothing here names (C code may). */
import { readFileSync } from 'node:fs';

const at = (file) => readFileSync(new URL(file, import.meta.url), 'utf8');
const tables = { 'zh-CN': JSON.parse(at('words/zh-CN.json')), en: JSON.parse(at('words/en.json')) };
const pages = {
	'login.html': 'lang is_zh is_en nonce attempt watch_uri frame_interval expires_in '
		+ 'state is_pending is_scanned is_approved is_denied is_expired '
		+ 'is_script plain_uri mark_name mark_emblem mark_favicon mark_telephone mark_app '
		+ 'item_name return again_uri refresh_uri qr_uri client_name verification_uri '
		+ 'user_code',
	'message.html': 'lang nonce title text action_uri action_text action_target is_link '
		+ 'post_uri post_text return hint detail attempt who_unit who_code '
		+ 'who_person who_role wanted wanted_label '
		+ 'mark_name mark_emblem mark_favicon mark_telephone mark_app',
	'q.html': 'lang other_lang nonce app_uri is_login is_enrolment app other_app outside',
};
const scripts = ['login/unitpass.js', 'login/view.js', 'login/watch.js'];
const seen = new Set();
let wrong = 0;

function complain(what) {
	console.error('check: ' + what);
	wrong++;
}

function fits(key, a, b) {
	const holes = (text) => (String(text).match(/\{\w+\}/g) || []).sort().join();

	if (!/^[a-z][a-z0-9_]{0,62}$/.test(key))
		complain(`${key}: a name is lower-case letters, digits and _`);
	if (typeof a !== 'string' || typeof b !== 'string' || !a || !b)
		complain(`${key}: missing, empty or no text in one table`);
	else if (holes(a) !== holes(b))
		complain(`${key}: the tables have different {holes}`);
}

function checkPage(name, known) {
	const open = [];

	for (const [, kind, tag] of at('login/' + name).matchAll(/\{\{([?&/]?)([^}]*)\}\}/g)) {
		const word = name === 'q.html' ? tag.replace(/^other_(?=q_)/, '') : tag;

		seen.add(word);
		if (!known.includes(tag) && !(word in tables.en))
			complain(`${name}: {{${tag}}} is neither a word `
				+ 'nor a variable of this page');
		if (kind === '&')
			complain(`${name}: {{&${tag}}} is not escaped`);
		if (kind === '?')
			open.push(tag);
		if (kind === '/' && open.pop() !== tag)
			complain(`${name}: {{/${tag}}} closes nothing`);
	}
	if (open.length)
		complain(`${name}: {{?${open}}} is not closed`);
}

for (const key of new Set(Object.values(tables).flatMap(Object.keys)))
	fits(key, tables['zh-CN'][key], tables.en[key]);
if (Object.keys(tables.en).join() !== Object.keys(tables['zh-CN']).join())
	complain('the tables have different names, or another order');
for (const [name, known] of Object.entries(pages))
	checkPage(name, known.split(' '));
for (const [, key] of scripts.map(at).join('')
	.matchAll(/'((?:box|action|time|qr|signed|state)_\w*[a-z])'/g)) {
	seen.add(key);
	if (!(key in tables.en))
		complain(`script: '${key}' is no word`);
}
for (const view of at('login/view.js')
	.match(/VIEWS = \{[^]*?\n\};/)[0].matchAll(/^\t(\w+): \{(?: words: '(\w+)')?/gm))
	for (const part of ['title', 'hint']) {
		const key = `state_${view[2] || view[1]}_${part}`;

		seen.add(key);
		if (!(key in tables.en))
			complain(`view ${view[1]}: '${key}' is no word`);
	}
if (process.argv[2] === '--unused')
	console.log(Object.keys(tables.en).filter((key) => !seen.has(key)).join('\n'));
if (wrong)
	process.exit(1);
console.log(`${Object.keys(tables.en).length} words in `
	+ `${Object.keys(tables).length} languages, ${Object.keys(pages).length} pages`);
