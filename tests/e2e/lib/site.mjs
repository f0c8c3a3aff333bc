/* SPDX-License-Identifier: Apache-2.0
 * A running site (script/site): its parts, its records, more phones for it, and ways to disturb
 * it. */
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from './http.mjs';
import { mobile, residentId, unitCode } from './numbers.mjs';
import { Phone } from './phone.mjs';
import { Browser, Client } from './portal.mjs';
import { remember } from './secrets.mjs';
import { SPELLINGS } from './webserver.mjs';

export const TOP = fileURLToPath(new URL('../../..', import.meta.url));
export const BUILD = process.env.BUILD || path.join(TOP, 'build/main');

/* {code, stdout, stderr}; never throws for an exit status. */
export function run(argv, { input, timeout = 60000, cwd, env } = {}) {
	return new Promise((resolve) => {
		const child = execFile(argv[0], argv.slice(1),
			{ timeout, cwd, env: env || process.env, maxBuffer: 64 << 20 },
			(error, stdout, stderr) => {
			resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1)
				: 0, stdout, stderr });
		});
		child.stdin.on('error', () => {});
		child.stdin.end(input || '');
	});
}

/* The background processes of script/site keep their standard output: it goes to a file, and its
 * exit is what counts. */
function siteScript(dir, args) {
	const file = `${dir}.log`;
	const log = fs.openSync(file, 'a');

	return new Promise((resolve, reject) => {
		const child = spawn(path.join(TOP, 'script/site'), args,
			{ stdio: ['ignore', log, log] });

		child.on('error', reject);
		child.on('exit', (code) => {
			fs.closeSync(log);
			if (code === 0)
				resolve();
			else
				reject(new Error(`script/site ${args.join(' ')}: `
					+ fs.readFileSync(file, 'utf8').slice(-2000)));
		});
	});
}

/* TEST until it is true; events that nobody announces (a process that ends, a line in a log) can
 * only be looked for. */
export async function until(test, what, ms = 15000) {
	const end = Date.now() + ms;

	for (;;) {
		const found = await test();
		if (found)
			return found;
		if (Date.now() > end)
			throw new Error(`${what}: not in ${ms} ms`);
		await new Promise((wake) => setTimeout(wake, 20));
	}
}

export async function freePorts(n) {
	const servers = await Promise.all(Array.from({ length: n },
		() => new Promise((resolve, reject) => {
		const s = net.createServer().once('error', reject).listen(0, '127.0.0.1',
			() => resolve(s));
	})));
	const ports = servers.map((s) => s.address().port);

	await Promise.all(servers.map((s) => new Promise((resolve) => s.close(resolve))));
	return ports;
}

export const alive = (pid) => {
	try {
		process.kill(pid, 0);
		return !/^\S+ \(.*\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
	} catch {
		return false;
	}
};

/* Does PID still take connections? */
function listens(pid) {
	const listening = new Set(fs.readFileSync('/proc/net/tcp', 'utf8').trim().split('\n')
		.slice(1)
		.map((line) => line.trim().split(/\s+/)).filter((word) => word[3] === '0A')
		.map((word) => `socket:[${word[9]}]`));

	try {
		return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
			try {
				return listening.has(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
			} catch {
				return false;
			}
		});
	} catch {
		return false;                    // it has ended
	}
}

export class Site {
	/* SERVER: behind which of its web servers the portal is that the tests ask. */
	constructor(json, server = process.env.SERVER || 'nginx') {
		Object.assign(this, json, { server });
		this.portal = this.portals[this.server];
		({ id: this.client_id, secret: this.client_secret, item: this.item } =
			this.clients[this.server]);
		remember('client secret', this.client_secret, this.static_client_secret);
		remember('password', fs.readFileSync(this.holder_password_file, 'utf8').trim());
		this.client = new Client(this.issuer, this.client_id, this.client_secret);
		this.terminal = new Client(this.issuer, this.static_client_id,
			this.static_client_secret);
	}

	/* The one that the run shares: everybody may use it, nobody may stop it. */
	static shared(server) {
		return Site.read(process.env.SITE, server);
	}

	static read(dir, server) {
		return new Site(JSON.parse(fs.readFileSync(path.join(dir, 'site.json'), 'utf8')),
			server);
	}

	/* One of one's own. RATE: percent of the request-rate limits. CONFIRM 'on': its portal asks
	 * where a unit has never been. */
	static async start(name, { rate = 1000000, confirm = 'off' } = {}) {
		const dir = fs.mkdtempSync(path.join(process.env.E2E_DIR || os.tmpdir(),
			name + '-'));

		await siteScript(dir, ['start', dir, '--build', BUILD, '--rate', String(rate),
			'--confirm', confirm]);
		return Site.read(dir);
	}

	async stop() {
		await siteScript(this.dir, ['stop', this.dir]);
	}

	/* --- its parts --- */

	pid(name) {
		return Number(fs.readFileSync(path.join(this.dir, 'run', name + '.pid'), 'utf8'));
	}

	get serverPid() {
		return this.pid('unitpassd');
	}

	/* End unitpassd by SIGNAL (null: it is gone already), start it again. */
	async restartServer(signal = 'SIGTERM') {
		await this.endServer(signal);
		await siteScript(this.dir, ['restart-server', this.dir, '--build', BUILD]);
	}

	async endServer(signal = 'SIGTERM') {
		const pid = this.serverPid;

		if (signal && alive(pid))
			process.kill(pid, signal);
		await until(() => !alive(pid), 'the end of unitpassd');
	}

	async ctl(...args) {
		const done = await run([...this.unitpassctl, '--json', ...args]);

		if (done.code !== 0)
			throw new Error(
				`unitpassctl ${args[0]} ${args[1]}: ${done.stdout}${done.stderr}`);
		return done.stdout.trim().split('\n').filter(Boolean)
			.map((line) => JSON.parse(line));
	}

	/* The reference phone scans TEXT. */
	holderScan(text, ...options) {
		return run([...this.unitpass_holder, '--json', 'scan', text, '--password-file',
			this.holder_password_file, ...options]);
	}

	get webPid() {
		return this.pid(this.server === 'nginx' ? 'nginx-master' : 'apache');
	}

	/* The web server takes its new configuration; resolves when new workers answer. */
	async reload() {
		const before = this.workers(), times = this.restarts();

		process.kill(this.webPid, this.server === 'nginx' ? 'SIGHUP' : 'SIGUSR1');
		if (this.server === 'nginx')
			await until(() => this.workers().length > 0 &&
				!this.workers().some((pid) => before.includes(pid)),
			'new workers', 20000);
		else
			await until(() => this.restarts() > times && !before.some(listens),
				'the restart', 20000);
		await until(() => request({ base: this.portal, path: '/public/whoami' })
			.then((a) => a.status === 200, () => false), 'the portal');
	}

	/* How often Apache has begun. It says so before its old children take no more
	 * connections. */
	restarts() {
		return fs.readFileSync(this.files.log_apache, 'utf8')
			.split('resuming normal operations').length - 1;
	}

	/* What unitpassctl added since the start is known to the server. */
	async reloadServer() {
		const before = this.serverLog().split(' reloaded').length;

		process.kill(this.serverPid, 'SIGHUP');
		await until(() => this.serverLog().split(' reloaded').length > before,
			'the reload');
	}

	/* Processes that take connections: those of nginx that are shutting down say so in their
	 * title. */
	workers() {
		return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
			.filter((pid) => {
			try {
				const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
				const parent = Number(stat.slice(stat.lastIndexOf(')') + 2)
					.split(' ')[1]);

				return parent === this.webPid && (this.server === 'apache' ||
					/worker process\0*$/.test(fs.readFileSync(
						`/proc/${pid}/cmdline`, 'utf8').trim()));
			} catch {
				return false;
			}
		});
	}

	/* A session cookie of CLIENT {id, secret (file), sessionKey (file)} without a login, last
	 * seen AGE seconds ago. */
	async mint(client, { role = 'principal', items = '', age = 0 } = {}) {
		const done = await run([path.join(BUILD, 'tests/nginx/mint'), this.issuer,
			client.id, client.secret, client.sessionKey, role, items, String(age)]);

		if (done.code !== 0)
			throw new Error(`mint: ${done.stderr}`);
		return done.stdout.trim();
	}

	/* After the server was down. A worker that found it stuck asks it again
	 * UP_TRANSPORT_RETRY_MS later; none can be told from another, so that long is waited, and
	 * then each has to. */
	async recovers(phone) {
		const header = fs.readFileSync(path.join(TOP, 'module/rp/transport.h'), 'utf8');

		await new Promise((wake) =>
			setTimeout(wake, Number(/UP_TRANSPORT_RETRY_MS (\d+)/.exec(header)[1])));
		await this.browser().login(phone);
	}

	/* LOCATIONS of the portal (and its login PAGE), or HOSTS beside it, as lib/webserver.mjs
	 * describes them. */
	async addLocations(name, locations, page) {
		const spell = SPELLINGS[this.server];
		const text = (page ? spell.page(page) + '\n' : '') + spell.locations(locations,
			this);

		fs.writeFileSync(path.join(this.dir, `etc/portal-${this.server}.d`, name + '.conf'),
			text);
		await this.reload();
	}

	async addHosts(name, hosts) {
		const text = hosts.map((h) => SPELLINGS[this.server].host(h, this)).join('\n');

		fs.writeFileSync(path.join(this.dir, `etc/${this.server}.d`, name + '.conf'), text);
		await this.reload();
	}

	admin(what) {
		return request({ socket: this.files.admin_socket, path: '/' + what });
	}

	serverLog() {
		return fs.readFileSync(this.files.log_unitpassd, 'utf8');
	}

	/* --- what is on record: read from the file itself, past every program --- */

	get onPostgres() {
		return this.files.database_password !== null;
	}

	sql(query) {
		return this.onPostgres ? this.sqlOfServer(query) : this.sqlOfFile(query);
	}

	async sqlOfFile(query) {
		const done = await run(['sqlite3', '-readonly', '-json', this.files.database,
			query]);

		if (done.code !== 0)
			throw new Error(`sqlite3: ${done.stderr}`);
		return done.stdout.trim() ? JSON.parse(done.stdout) : [];
	}

	async sqlOfServer(query) {
		const PGPASSWORD = fs.readFileSync(this.files.database_password, 'utf8').trim();
		const text = `SELECT coalesce(json_agg(t), '[]') FROM (${query}) t`;
		const done = await run(['psql', '-XAtq', this.files.database, '-c', text],
			{ env: { ...process.env, PGPASSWORD } });

		if (done.code !== 0)
			throw new Error(`psql: ${done.stderr}`);
		return JSON.parse(done.stdout);
	}

	/* script/postgres VERB on the site's own server. */
	postgres(verb, ...more) {
		const script = path.join(TOP, 'script/postgres');

		return run([script, verb, path.join(this.dir, 'pg'), ...more]);
	}

	/* What the engine itself finds wrong with its tables and indexes, a line each. */
	async damages() {
		if (this.onPostgres)
			return this.damagesOfServer();
		const rows = await this.sqlOfFile('PRAGMA integrity_check');

		return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
	}

	async damagesOfServer() {
		const ours = "WHERE relnamespace = 'public'::regnamespace AND relkind =";
		const done = await this.postgres('psql', '-qAt', '-v', 'ON_ERROR_STOP=1', '-c',
			`BEGIN; CREATE EXTENSION amcheck;
			SELECT 'looked at', bt_index_check(oid, true) FROM pg_class ${ours} 'i';
			SELECT relname, msg FROM pg_class, LATERAL verify_heapam(oid) ${ours} 'r';
			ROLLBACK`);
		const lines = done.stdout.trim().split('\n');
		const found = lines.filter((line) => !line.startsWith('looked at'));

		return done.code === 0 && found.length < lines.length ? found :
			[done.stderr || 'no index'];
	}

	/* A record's body as text, in the words of the engine. */
	get body() {
		return this.onPostgres ? "convert_from(body, 'UTF8')" : 'CAST(body AS TEXT)';
	}

	async records(where = '1 = 1') {
		const rows = await this.sql(
			`SELECT seq, ${this.body} AS body FROM usage WHERE ${where} ORDER BY seq`);

		return rows.map((row) => JSON.parse(row.body));
	}

	/* The condition that TEXT stands in a record. */
	says(text) {
		return `${this.body} LIKE '%${text}%'`;
	}

	/* Of one login. */
	async recordsOf(transaction) {
		const found = await this.records(this.says(`"transaction":"${transaction}"`));

		return found.filter((r) => r.transaction === transaction);
	}

	/* --- people --- */

	/* One whom the real-name check knows; N: the number that hers are made from. */
	newPerson(name, n = 10000000 + Math.floor(Math.random() * 89999999)) {
		const person = { name, resident_id: residentId(n), mobile: mobile(n) };

		fs.appendFileSync(this.files.roster,
			`${person.name},${person.resident_id},${person.mobile}\n`);
		return person;
	}

	/* A new unit, a principal written at the window, and the code for her phone. */
	async newCode({ name = '王小明', unitName } = {}) {
		const n = 10000000 + Math.floor(Math.random() * 89999999);
		const person = this.newPerson(name, n);
		const unit = unitCode(n);
		const dir = fs.mkdtempSync(path.join(this.dir, 'unit-'));
		const csv = path.join(dir, 'unit.csv'), file = path.join(dir, 'person.json');

		fs.writeFileSync(file, JSON.stringify(person), { mode: 0o600 });
		fs.writeFileSync(csv,
			'code,name,purpose,address,legal_representative,funding,capital,' +
			'organiser,authority,certificate,valid_from,valid_to\n' +
			`${unit},"${(unitName || '测试单位' + n).replace(/"/g, '""')}",` +
			`测试,长沙市,${name},财政补助,1万元,某厅,湖南省事业单位登记管理局,1430${n},2024-01-01,2028-12-31\n`);
		await this.ctl('unit', 'import', csv);
		const [shown] = await this.ctl('enrol', '--unit', unit, '--person-file', file,
			'--window', '测试窗口', '--clerk', '测试员');

		return { code: shown.text.slice(shown.text.indexOf('/e/') + 3), person, unit };
	}

	/* And the phone itself. */
	async newPhone(options) {
		const { code, person, unit } = await this.newCode(options);
		/* as a scanner that ends what it read with a line */
		const phone = await new Phone(this.issuer).enrol(code + '\r\n', person);

		return Object.assign(phone, { person, unit });
	}

	/* The phone of NAME, whom the phone BY adds: a 'manager' or a 'user' of its unit. */
	async addPhone(by, role, name) {
		const person = this.newPerson(name);
		const { ref, code } = await by.change(`/holder/${role}s`, { person });
		const phone = await new Phone(this.issuer).enrol(code, person);

		return Object.assign(phone, { person, unit: by.unit, ref });
	}

	browser(headers) {
		return new Browser(this.portal, headers);
	}
}
