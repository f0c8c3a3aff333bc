/* SPDX-License-Identifier: Apache-2.0
 * Requests as they are written, and bytes as they are sent: nothing is followed, folded or repaired
 * on the way. */
import http from 'node:http';
import net from 'node:net';

/* {status, headers, rawHeaders, text, bytes, json()}. HEADERS: a value that is a list becomes
 * several lines. BASE: "http://host:port"; SOCKET: path of a Unix socket instead. A refused or
 * broken connection rejects. */
export function request({ base, socket, method = 'GET', path, headers = {}, body, timeout = 20000,
	agent }) {
	const url = base ? new URL(base) : null;

	return new Promise((resolve, reject) => {
		const req = http.request({
			...(socket ? { socketPath: socket } :
				{ host: url.hostname, port: url.port }),
			method, path, agent: agent || false, timeout,
			headers: { ...(url ? { host: url.host } : { host: 'localhost' }),
				...(body !== undefined ?
					{ 'content-length': Buffer.byteLength(body) } : {}),
				...headers },
		}, (res) => {
			const parts = [];

			res.on('data', (part) => parts.push(part));
			res.on('error', reject);
			res.on('end', () => {
				const bytes = Buffer.concat(parts);

				resolve({
					status: res.statusCode, headers: res.headers,
					rawHeaders: res.rawHeaders, bytes,
					text: bytes.toString('utf8'),
					json() { return JSON.parse(this.text); },
					cookies: res.headers['set-cookie'] || [],
				});
			});
		});

		req.on('timeout', () =>
			req.destroy(new Error(`no answer to ${method} ${path} in ${timeout} ms`)));
		req.on('error', reject);
		req.end(body);
	});
}

export const form = (fields) => new URLSearchParams(fields).toString();

export function postForm(options, fields) {
	return request({ ...options, method: 'POST',
		body: typeof fields === 'string' ? fields : form(fields),
		headers: { 'content-type': 'application/x-www-form-urlencoded',
			...options.headers } });
}

/* Send BYTES to "http://host:port" or a Unix socket, return all that comes back until the peer
 * closes, or is silent for QUIET ms. */
export function raw({ base, socket }, bytes, quiet = 1500) {
	const url = base && new URL(base);

	return new Promise((resolve, reject) => {
		const parts = [];
		const s = socket ? net.connect(socket) :
			net.connect(Number(url.port), url.hostname);
		const done = () => {
			s.destroy();
			resolve(Buffer.concat(parts).toString('latin1'));
		};

		s.setTimeout(quiet, done);
		s.on('connect', () => s.write(bytes));
		s.on('data', (part) => parts.push(part));
		s.on('end', done);
		s.on('error', (error) => parts.length || error.code === 'ECONNRESET' ||
			error.code === 'EPIPE' ? done() : reject(error));
	});
}

/* Server-sent events as they come. next(fits) waits for the first event FITS takes, seen ones
 * included once; text: every byte so far. */
export class Events {
	constructor(uri, headers = {}) {
		this.text = '';
		this.queue = [];
		this.waiting = [];
		this.over = false;
		this.status = new Promise((resolve, reject) => {
			this.req = http.get(uri,
				{ agent: false, headers: { accept: 'text/event-stream',
				...headers } }, (res) => {
				this.headers = res.headers;
				resolve(res.statusCode);
				res.setEncoding('utf8');
				let rest = '';
				res.on('data', (part) => {
					this.text += part;
					const blocks = (rest + part).split('\n\n');
					rest = blocks.pop();
					blocks.forEach((block) => this.take(block));
				});
				res.on('error', () => this.end());
				res.on('close', () => this.end());
			});
			this.req.on('error', (error) => { reject(error); this.end(); });
		});
		this.status.catch(() => {});
	}

	take(block) {
		const event = {};

		for (const line of block.split('\n')) {
			const at = line.indexOf(': ');
			if (at > 0)
				event[line.slice(0, at)] = line.slice(at + 2);
		}
		if (!event.event)
			return;
		this.queue.push({ name: event.event, text: event.data,
			data: JSON.parse(event.data) });
		this.serve();
	}

	serve() {
		for (const w of [...this.waiting]) {
			const i = this.queue.findIndex(w.fits);
			if (i < 0)
				continue;
			this.waiting.splice(this.waiting.indexOf(w), 1);
			clearTimeout(w.timer);
			w.resolve(this.queue.splice(i, 1)[0]);
		}
	}

	next(fits, ms = 15000) {
		return new Promise((resolve, reject) => {
			const w = { fits, resolve, reject };

			w.timer = setTimeout(() => {
				this.waiting.splice(this.waiting.indexOf(w), 1);
				reject(new Error(
					`no such event in ${ms} ms; `
					+ `seen: ${this.text.slice(-400)}`));
			}, ms);
			this.waiting.push(w);
			this.serve();
		});
	}

	state(name, ms) {
		return this.next((e) => e.name === 'state' && e.data.state === name, ms);
	}

	frame() {
		return this.next((e) => e.name === 'frame');
	}

	end() {
		this.over = true;
		if (this.ended)
			this.ended();
	}

	/* The server ends it. */
	finished(ms = 5000) {
		if (this.over)
			return Promise.resolve();
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error('the stream does not end')),
				ms);
			this.ended = () => { clearTimeout(timer); resolve(); };
		});
	}

	close() {
		this.req.destroy();
	}
}
