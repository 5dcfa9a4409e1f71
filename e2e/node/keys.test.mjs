// Keys that break careless code, through ali-oss: put, presign, download, list, delete.
import { afterEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { SCHEMES, client, empty, presign, refused, useBucket } from './clients.mjs';
import * as server from './server.mjs';

const BUCKET = 'js-keys';
const root = useBucket(BUCKET);
// fetch resolves these before it sends, as every program on the URL standard does; so does the HTTP library of
// ali-oss, after the SDK has signed the key as it is.
const DOTS = ['dot-segment', 'dot-dot-segment'];

for (const scheme of SCHEMES) {
  describe(`ali-oss ${scheme}`, () => {
    const oss = client(scheme, { bucket: BUCKET });
    afterEach(() => empty(root));

    for (const [name, key] of server.keys()) {
      test(name, async () => {
        const body = `body of ${name}`;
        if (DOTS.includes(name)) {
          for (const call of [() => oss.put(key, Buffer.from(body)), () => oss.get(key), () => oss.delete(key)]) {
            assert.equal((await refused(call())).code, 'SignatureDoesNotMatch');
          }
          // What it presigns is right, for programs that send a path as it stands.
          const put = await presign(oss, 'PUT', key);
          assert.equal((await server.send(put, { method: 'PUT', body })).status, 200);
          const get = await presign(oss, 'GET', key);
          assert.deepEqual(server.curl(get), { body, status: 200 });
          assert.equal((await fetch(get)).status, 403);
          assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects.map(object => object.name), [key]);
          assert.deepEqual((await oss.deleteMulti([key])).deleted.map(item => item.Key), [key]);
          assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects, []);
          return;
        }
        await oss.put(key, Buffer.from(body));
        assert.equal((await oss.get(key)).content.toString(), body);
        assert.equal((await oss.head(key)).res.headers['content-length'], String(body.length));
        assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects.map(object => object.name), [key]);
        assert.deepEqual((await oss.list({ 'max-keys': 10, prefix: key })).objects.map(object => object.name), [key]);

        const url = await presign(oss, 'GET', key);
        assert.equal((await server.send(url)).text, body);
        assert.deepEqual(server.curl(url), { body, status: 200 });
        const fetched = await fetch(url);
        assert.deepEqual([fetched.status, await fetched.text()], [200, body]);

        const put = await presign(oss, 'PUT', key);
        assert.equal((await server.send(put, { method: 'PUT', body: 'by url' })).status, 200);
        assert.equal((await oss.get(key)).content.toString(), 'by url');
        await oss.delete(key);
        assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects, []);
        await oss.put(key, Buffer.from(body));
        assert.deepEqual((await oss.deleteMulti([key])).deleted.map(item => item.Key), [key]);
        assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects, []);
      });
    }

    test('the SDK takes leading slashes away', async () => {
      await oss.put('/leading', Buffer.from('1'));
      assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects.map(object => object.name), ['leading']);
    });
  });
}
