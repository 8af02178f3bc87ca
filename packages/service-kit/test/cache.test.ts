import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Redis as RedisServer } from '@payments/local-stack';
import type { Redis } from 'ioredis';
import { Cache, createLogger, openRedis, redisResource } from '../src/index.ts';

describe('the cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'service-kit-'));
  const logger = createLogger('test', 'silent');
  let server: RedisServer;
  let redis: Redis;
  let cache: Cache;

  before(async () => {
    const { startRedis } = await import('@payments/local-stack');
    server = await startRedis({ dataDir: folder, throwAway: true });
    redis = openRedis(server.url, logger);
    cache = new Cache(redis, logger);
    while (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  });
  after(async () => {
    await redisResource(redis).close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loads once, then gives the same data until it is invalidated', async () => {
    let loads = 0;
    const read = () => cache.readThrough('thing:1', 60, async () => ({ text: 'grüß', loads: ++loads }));
    assert.deepEqual(await read(), { text: 'grüß', loads: 1 });
    assert.deepEqual(await read(), { text: 'grüß', loads: 1 });
    assert.ok((await redis.ttl('thing:1')) > 0);
    await cache.invalidate('thing:1');
    assert.deepEqual(await read(), { text: 'grüß', loads: 2 });
    assert.deepEqual(await read(), { text: 'grüß', loads: 2 });
  });

  it('does not keep what was loaded before a change', async () => {
    let stored = 'old';
    const stale = await cache.readThrough('thing:2', 60, async () => {
      const loaded = stored;
      stored = 'new';
      await cache.invalidate('thing:2');
      return loaded;
    });
    assert.equal(stale, 'old');
    assert.equal(await cache.readThrough('thing:2', 60, async () => stored), 'new');
  });

  it('keeps one of several values that are loaded at once', async () => {
    const read = (value: string) => cache.readThrough('thing:3', 60, async () => value);
    await Promise.all(['a', 'b', 'c'].map(read));
    assert.notEqual(await read('d'), 'd');
  });

  it('does not keep what is not there, nor a load that fails', async () => {
    assert.equal(await cache.readThrough('thing:4', 60, async () => undefined), undefined);
    const failing = cache.readThrough('thing:4', 60, () => Promise.reject(new Error('no database')));
    await assert.rejects(failing, /no database/);
    assert.equal(await cache.readThrough('thing:4', 60, async () => 'there'), 'there');
  });

  it('loads when Redis has something else under the key', async () => {
    await redis.hset('thing:5', 'a', 'b');
    assert.equal(await cache.readThrough('thing:5', 60, async () => 'loaded'), 'loaded');
    await redis.set('thing:6', '{half');
    assert.equal(await cache.readThrough('thing:6', 60, async () => 'loaded'), 'loaded');
  });

  it('loads each time while Redis is away, and is never in the way', async () => {
    const away = openRedis('redis://127.0.0.1:1', logger);
    const without = new Cache(away, logger);
    for (const value of [1, 2]) assert.equal(await without.readThrough('thing:7', 60, async () => value), value);
    await without.invalidate('thing:7');
    await assert.rejects(redisResource(away).check());
    await redisResource(away).close();
  });
});
