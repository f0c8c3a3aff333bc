/* SPDX-License-Identifier: Apache-2.0
 * The store of a site on a small disk of its own, which can be filled to the last byte. */
import fs from 'node:fs';
import path from 'node:path';
import { run } from './site.mjs';

const SPARE = 6 << 20;

async function must(...argv) {
	const done = await run(argv);

	if (done.code !== 0)
		throw new Error(`${argv.join(' ')}: ${done.stderr}`);
	return done.stdout;
}

/* SQLite: the file is where unitpassd.conf says. */
class File {
	constructor(site) {
		const { database, unitpassd_conf } = site.files;

		Object.assign(this, { site, database, conf: unitpassd_conf });
		this.text = fs.readFileSync(this.conf, 'utf8');
		this.disk = path.join(site.dir, 'disk');
	}

	/* the database, and its log beside it */
	get paths() {
		const { dir, base } = path.parse(this.database);

		return fs.readdirSync(dir).filter((name) => name.startsWith(base))
			.map((name) => path.join(dir, name));
	}

	async stop() {}

	async move() {
		const there = path.join(this.disk, path.basename(this.database));

		fs.writeFileSync(this.conf,
			this.text.replace(/database = "[^"]+"/, `database = "${there}"`));
		this.site.files.database = there;
	}

	async back() {
		fs.writeFileSync(this.conf, this.text);
		this.site.files.database = this.database;
	}
}

/* PostgreSQL: its data folder. A new segment of its log is begun before, for one that begins on
 * the full disk ends the server: that is "PostgreSQL stops", and not a full disk. */
class Cluster {
	constructor(site) {
		const cluster = fs.realpathSync(path.join(site.dir, 'pg/cluster'));

		Object.assign(this, { site, data: path.join(cluster, 'data') });
		this.disk = path.join(cluster, 'disk');
	}

	get paths() {
		return [this.data];
	}

	async stop() {
		await this.site.postgres('psql', '-qc', 'SELECT pg_switch_wal()');
		await this.site.postgres('stop');
	}

	async move() {
		fs.renameSync(this.data, this.data + '.kept');
		fs.symlinkSync(path.join(this.disk, 'data'), this.data);
		await this.site.postgres('start');
	}

	async back() {
		await this.site.postgres('stop');
		if (fs.existsSync(this.data + '.kept')) {
			fs.unlinkSync(this.data);
			fs.renameSync(this.data + '.kept', this.data);
		}
		await this.site.postgres('start');
	}
}

export class SmallDisk {
	constructor(site) {
		this.site = site;
		this.store = site.onPostgres ? new Cluster(site) : new File(site);
		this.filler = path.join(this.store.disk, 'filler');
	}

	/* The store goes there, between two lives of the server. False: no right to mount. */
	async take() {
		const { store, site } = this;

		await site.endServer();
		await store.stop();
		this.mounted = await this.mount();
		if (this.mounted) {
			await must('cp', '-a', ...store.paths, store.disk);
			await store.move();
		} else {
			await store.back();
		}
		await site.restartServer(null);
		return this.mounted;
	}

	async mount() {
		const { disk, paths } = this.store;
		const { uid, gid } = fs.statSync(paths[0]);
		const lines = (await must('du', '-sk', ...paths)).trim().split('\n');
		const size = lines.reduce((sum, line) => sum + parseInt(line, 10) * 1024, SPARE);

		fs.mkdirSync(disk, { recursive: true });
		const options = `size=${size},mode=700,uid=${uid},gid=${gid}`;
		const done = await run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', disk]);

		return done.code === 0;
	}

	fill() {
		const fd = fs.openSync(this.filler, 'w');

		for (let chunk = 1 << 16; chunk >= 1;) {
			try {
				if (fs.writeSync(fd, Buffer.alloc(chunk)) < chunk)
					chunk >>= 1;
			} catch {
				chunk >>= 1;
			}
		}
		fs.closeSync(fd);
	}

	free() {
		fs.rmSync(this.filler);
	}

	/* The store as it was before take(), and the server with it. */
	async back() {
		if (!this.mounted)
			return;
		await this.site.endServer();
		await this.store.back();
		await must('umount', this.store.disk);
		await this.site.restartServer(null);
	}
}
