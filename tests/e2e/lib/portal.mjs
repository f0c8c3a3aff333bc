/* SPDX-License-Identifier: Apache-2.0
 * Two ways to stand on the PC's side: a client that talks to the server itself, and a browser
 * without a window at the module. */
import { postForm, request } from './http.mjs';
import { remember } from './secrets.mjs';

export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

export class Client {
	constructor(issuer, id, secret) {
		Object.assign(this, { issuer, id, secret });
	}

	get basic() {
		const pair = `${encodeURIComponent(this.id)}:${encodeURIComponent(this.secret)}`;

		return { authorization: 'Basic ' + Buffer.from(pair).toString('base64') };
	}

	post(path, fields, headers = {}) {
		return postForm({ base: this.issuer, path, headers: { ...this.basic, ...headers } },
			fields);
	}

	async begin(fields = {}) {
		const answer = await this.post('/device_authorization',
			{ scope: 'openid unit', ...fields });

		if (answer.status !== 200)
			throw new Error(`device_authorization: ${answer.status} ${answer.text}`);
		remember('device code', answer.json().device_code);
		remember('watch token', answer.json().watch_uri.split('/').pop());
		return answer.json();
	}

	async token(code) {
		const answer = await this.post('/token',
			{ grant_type: DEVICE_CODE, device_code: code });

		if (answer.status === 200)
			remember('token', answer.json().access_token, answer.json().id_token);
		return answer;
	}

	userinfo(token) {
		return request({ base: this.issuer, path: '/userinfo',
			headers: { authorization: 'Bearer ' + token } });
	}
}

/* Progress and current frame, as a page without a stream asks for them. */
export async function snapshot(watchUri) {
	const url = new URL(watchUri);

	return request({ base: url.origin, path: url.pathname,
		headers: { accept: 'application/json' } });
}

export async function frame(watchUri) {
	const answer = await snapshot(watchUri);

	if (answer.status !== 200)
		throw new Error(`watch: ${answer.status} ${answer.text}`);
	remember('handle', answer.json().frame.text.split('/q/')[1].split('.')[0]);
	return answer.json().frame.text;
}

/* The payload of a JWS, unverified. */
export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));

/* A page that the person opens, as little as says so. */
export const NAVIGATE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
const NAVIGATION = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate',
	'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' };
const SCRIPT = { accept: 'application/json', 'sec-fetch-mode': 'cors',
	'sec-fetch-site': 'same-origin' };

/* A browser: cookies and the headers that a browser sends, nothing else. */
export class Browser {
	constructor(portal, headers = {}) {
		Object.assign(this, { portal, headers, jar: new Map(), set: [] });
	}

	get cookie() {
		return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
	}

	keep(answer) {
		for (const line of answer.cookies) {
			const [pair, ...attributes] = line.split(';');
			const at = pair.indexOf('=');
			remember('cookie', pair.slice(at + 1));
			const gone = attributes.some((a) => /^\s*max-age\s*=\s*-?0*$/i.test(a) ||
				/^\s*max-age\s*=\s*0$/i.test(a) ||
				/expires=thu, 01 jan 1970/i.test(a));

			this.set.push(line);
			if (gone)
				this.jar.delete(pair.slice(0, at));
			else
				this.jar.set(pair.slice(0, at), pair.slice(at + 1));
		}
		return answer;
	}

	async send(method, path, { headers = {}, body } = {}) {
		const all = { ...(this.jar.size ? { cookie: this.cookie } : {}), ...this.headers,
			...headers };

		for (const name of Object.keys(all))
			if (all[name] === undefined)
				delete all[name];
		return this.keep(await request({ base: this.portal, method, path, headers: all,
			body }));
	}

	open(path, headers) {
		return this.send('GET', path, { headers: { ...NAVIGATION, ...headers } });
	}

	fetch(path, headers) {
		return this.send('GET', path, { headers: { ...SCRIPT, ...headers } });
	}

	post(path, fields, headers) {
		return this.send('POST', path, { body: new URLSearchParams(fields).toString(),
			headers: { ...SCRIPT, 'content-type': 'application/x-www-form-urlencoded',
				origin: this.portal, ...headers } });
	}

	/* {attempt, watch_uri, ...} */
	async begin(fields = {}) {
		const answer = await this.post('/.unitpass/login',
			{ return: '/whoami', ...fields });

		if (answer.status !== 200)
			throw new Error(`login: ${answer.status} ${answer.text}`);
		return answer.json();
	}

	complete(attempt, headers) {
		return this.post('/.unitpass/complete', { attempt }, headers);
	}

	/* A whole login by PHONE. */
	async login(phone, fields) {
		const begun = await this.begin(fields);

		await phone.approve(await frame(begun.watch_uri));
		const done = await this.complete(begun.attempt);
		if (done.status !== 200)
			throw new Error(`complete: ${done.status} ${done.text}`);
		return { begun, done };
	}

	async whoami() {
		const answer = await this.fetch('/whoami');

		return answer.status === 200 ? answer.json() : null;
	}
}
