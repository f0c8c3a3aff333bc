// SPDX-License-Identifier: Apache-2.0
// node-oidc-provider with the device flow, for comparison:
//   node server.mjs PORT      (oidc-provider resolved from this file's folder)
//
// Everything a login touches is the provider's own code: device authorization,
// token endpoint, user-code pages, and the interactions (log in, consent) it
// ships for development, which a user passes once before the measurement.
// State is in memory.  Its own memory adapter is not used: it keeps the newest
// thousand entries only and walks all tokens of a grant on each write, so one
// user's many logins would be charged for a cost that real storage lacks.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
	console.error('usage: node server.mjs PORT');
	process.exit(2);
}

const entries = new Map();	// "Model:id" -> { payload, expires (ms) }
const ids = new Map();	// "userCode:..." and "uid:..." -> id
const grants = new Map();	// grant id -> Set of keys of `entries`

function remove(key) {
	const entry = entries.get(key);
	if (!entry)
		return;
	const { payload: { userCode, uid, grantId } } = entry;
	entries.delete(key);
	if (userCode)
		ids.delete(`userCode:${userCode}`);
	if (uid)
		ids.delete(`uid:${uid}`);
	grants.get(grantId)?.delete(key);
}

class MemoryAdapter {
	constructor(model) {
		this.model = model;
	}

	async upsert(id, payload, expiresIn) {
		const key = `${this.model}:${id}`;
		const { userCode, uid, grantId } = payload;
		entries.set(key, { payload, expires: Date.now() + expiresIn * 1000 });
		if (userCode)
			ids.set(`userCode:${userCode}`, id);
		if (uid)
			ids.set(`uid:${uid}`, id);
		if (!grantId)
			return;
		if (!grants.has(grantId))
			grants.set(grantId, new Set());
		grants.get(grantId).add(key);
	}

	async find(id) {
		const entry = entries.get(`${this.model}:${id}`);
		return entry && !(entry.expires <= Date.now()) ? entry.payload : undefined;
	}

	async findByUserCode(userCode) {
		return this.find(ids.get(`userCode:${userCode}`));
	}

	async findByUid(uid) {
		return this.find(ids.get(`uid:${uid}`));
	}

	async consume(id) {
		entries.get(`${this.model}:${id}`).payload.consumed = Math.floor(Date.now() / 1000);
	}

	async destroy(id) {
		remove(`${this.model}:${id}`);
	}

	async revokeByGrantId(grantId) {
		for (const key of grants.get(grantId) ?? [])
			remove(key);
		grants.delete(grantId);
	}
}

setInterval(() => {
	const now = Date.now();
	for (const [key, { expires }] of entries)
		if (expires <= now)
			remove(key);
}, 60_000).unref();

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(`http://127.0.0.1:${port}`, {
	adapter: MemoryAdapter,
	jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
	clients: [{
		client_id: 'bench',
		client_secret: 'bench-secret',
		grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
		redirect_uris: [],
		response_types: [],
		token_endpoint_auth_method: 'client_secret_basic',
		id_token_signed_response_alg: 'ES256',
	}],
	cookies: { keys: [randomBytes(32).toString('base64url')] },
	features: {
		deviceFlow: { enabled: true },
		devInteractions: { enabled: true },
	},
	findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
	ttl: { AccessToken: 3600, DeviceCode: 600, Grant: 86400, IdToken: 3600, Interaction: 600,
		Session: 86400 },
});
provider.on('server_error', (ctx, error) => console.error(error));

const server = createServer({ keepAliveTimeout: 60_000 }, provider.callback());
server.listen(port, '127.0.0.1');
for (const signal of ['SIGTERM', 'SIGINT'])
	process.on(signal, () => process.exit(0));
