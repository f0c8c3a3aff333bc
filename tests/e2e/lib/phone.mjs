/* SPDX-License-Identifier: Apache-2.0
 * A phone that says what it is told to: every byte of proof, header and body can be changed by
 * name. */
import crypto from 'node:crypto';
import { request } from './http.mjs';
import { remember } from './secrets.mjs';

const b64 = (x) => Buffer.from(x).toString('base64url');
export const sha256 = (x) => crypto.createHash('sha256').update(x).digest('base64url');
/* By way of DER: node 20 waits for ever in the export of a key as JWK when the garbage collector
 * comes meanwhile and takes the job that made the key. */
export function newKey() {
	const { privateKey } = crypto.generateKeyPairSync('ec', {
		namedCurve: 'P-256',
		publicKeyEncoding: { type: 'spki', format: 'der' },
		privateKeyEncoding: { type: 'pkcs8', format: 'der' },
	});

	return crypto.createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
}

export function publicJwk(key) {
	const { kty, crv, x, y } = key.export({ format: 'jwk' });

	return { kty, crv, x, y };
}

/* A compact JWS over the texts given: no check of what they say. */
export function jws(header, claims, key, sign) {
	const input = b64(typeof header === 'string' ? header : JSON.stringify(header)) + '.'
		+ b64(typeof claims === 'string' ? claims : JSON.stringify(claims));
	const signature = sign ? sign(input) : crypto.sign('sha256', Buffer.from(input),
		{ key, dsaEncoding: 'ieee-p1363' });

	return input + '.' + b64(signature);
}

export class Phone {
	constructor(issuer, key = newKey()) {
		Object.assign(this, { issuer, key, nonce: '', token: '',
			password: b64(crypto.randomBytes(32)) });
	}

	/* CHANGE: header, claims (members replaced; undefined removes), key (signs), sign(input),
	 * raw(proof). */
	proof(method, path, change = {}) {
		const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk(this.key),
			...change.header };
		const claims = {
			htm: method, htu: this.issuer + path.split('?')[0],
			iat: Math.floor(Date.now() / 1000),
			jti: b64(crypto.randomBytes(16)),
			...(this.nonce ? { nonce: this.nonce } : {}),
			...(this.token ? { ath: sha256(this.token) } : {}), ...change.claims,
		};

		return jws(header, claims, change.key || this.key, change.sign);
	}

	/* One request, no second try. CHANGE as above and: proofs (list of DPoP headers instead),
	 * headers, body (text as sent), base. */
	async once(method, path, body, change = {}) {
		const sent = change.body !== undefined ? change.body : body === undefined
			? undefined : JSON.stringify(body);
		const signed = sent === undefined ? {} : { bh: sha256(sent) };
		const headers = {
			accept: 'application/json', dpop: change.proofs ||
				this.proof(method, path, { ...change,
					claims: { ...signed, ...change.claims } }),
			...(this.token ? { authorization: 'DPoP ' + this.token } : {}),
			...(body !== undefined ? { 'content-type': 'application/json' } : {}),
			...change.headers,
		};

		for (const name of Object.keys(headers))
			if (headers[name] === undefined)
				delete headers[name];
		const answer = await request({ base: change.base || this.issuer,
			socket: change.socket, method, path, headers, agent: change.agent,
			body: sent });

		if (answer.headers['dpop-nonce'])
			this.nonce = answer.headers['dpop-nonce'];
		return answer;
	}

	/* As RFC 9449 section 8 wants it: with the new nonce once more. */
	async call(method, path, body, change) {
		const answer = await this.once(method, path, body, change);

		return answer.status === 401 && answer.json().error === 'use_dpop_nonce'
			? this.once(method, path, body, change) : answer;
	}

	scan(text, change) {
		return this.call('POST', '/holder/scan', { text }, change);
	}

	/* VIEW: what scan answered. MEMBERS replace those of the decision; undefined removes. */
	decision(view, decision = 'approve', members = {}, certificate = view.certificates[0]) {
		return {
			transaction: view.transaction, client: view.client.id,
			origin: view.client.origin, issuer: view.issuer,
			unit: certificate.unit, certificate: certificate.certificate,
			role: certificate.role, item: view.item || '',
			nonce: view.nonce, frame: view.frame, decision, exp: view.expires,
			...members,
		};
	}

	decide(view, decision = 'approve', members = {}, change = {}) {
		const body = { transaction: view.transaction,
			...(decision === 'approve' ? { password: this.password } : {}),
			...change.members };

		return this.call('POST', '/holder/decisions', body,
			{ ...change, claims: { decision: this.decision(view, decision, members),
				...change.claims } });
	}

	/* Scan and approve; throws when the server does not like it. */
	async approve(text) {
		const scanned = await this.scan(text);

		if (scanned.status !== 200)
			throw new Error(`scan: ${scanned.status} ${scanned.text}`);
		const decided = await this.decide(scanned.json());
		if (decided.status !== 200)
			throw new Error(`decision: ${decided.status} ${decided.text}`);
		return { view: scanned.json(), receipt: decided.json() };
	}

	/* A change, for the certificate of this phone. Throws when the server does not like it. */
	async change(path, members = {}) {
		const { certificate } = this.certificate;
		const answer = await this.call('POST', path,
			{ certificate, password: this.password, ...members });

		if (answer.status !== 200)
			throw new Error(`${path}: ${answer.status} ${answer.text}`);
		return answer.json();
	}

	/* What is listed for the certificate of this phone. */
	async list(path) {
		const { certificate } = this.certificate;
		const answer = await this.call('GET', `${path}?certificate=${certificate}`);

		if (answer.status !== 200)
			throw new Error(`${path}: ${answer.status} ${answer.text}`);
		return answer.json();
	}

	/* PERSON as the window knows her; CODE from the enrolment QR. A phone that has enrolled
	 * before keeps its token. */
	async enrol(code, person) {
		const opened = await this.call('POST', '/holder/enrolments', { code, person });

		if (opened.status !== 200)
			throw new Error(`enrolment: ${opened.status} ${opened.text}`);
		const done = await this.call('POST', '/holder/enrolments/accept',
			{ code, person, statement_version: opened.json().statement.version,
			password: this.password, device: { name: 'scripted phone' } });
		if (done.status !== 200)
			throw new Error(`accept: ${done.status} ${done.text}`);
		this.token = done.json().device_token || this.token;
		this.device = done.json().device;
		this.certificate = done.json().certificate;
		remember('device token', this.token);
		remember('password', this.password);
		remember('enrolment code', code);
		remember('resident ID', person.resident_id);
		remember('mobile', person.mobile);
		return this;
	}
}
