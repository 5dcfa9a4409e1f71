// The address forms that ali-oss can express.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { SCHEMES, client, presign, refused } from './clients.mjs';
import * as server from './server.mjs';

const service = `http://oss-${server.REGION}.localhost:${server.PORT}`;
const custom = `http://${server.DOMAIN}:${server.PORT}`;

for (const scheme of SCHEMES) {
  describe(`ali-oss ${scheme}`, () => {
    const forms = {
      'localhost, virtual': { endpoint: server.LOCALHOST },
      'regional name, virtual': { endpoint: service },
      'own domain, virtual': { endpoint: custom },
      'localhost, path': { endpoint: server.LOCALHOST, sldEnable: true },
      'own domain, path': { endpoint: custom, sldEnable: true }
    };
    for (const [name, options] of Object.entries(forms)) {
      test(name, async () => {
        const bucket = `js-address-${scheme}`;
        const oss = client(scheme, { bucket, ...options });
        await oss.putBucket(bucket);
        try {
          await oss.put('dir/a b', Buffer.from('body'));
          assert.equal((await oss.get('dir/a b')).content.toString(), 'body');
          assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects.map(object => object.name), ['dir/a b']);
          assert.ok((await oss.listBuckets({ prefix: 'js-address' })).buckets.length >= 1);
          const url = await presign(oss, 'GET', 'dir/a b');
          assert.equal(new URL(url).hostname.startsWith(`${bucket}.`), !options.sldEnable);
          assert.equal(await (await fetch(url)).text(), 'body');
        } finally {
          await oss.delete('dir/a b');
          await oss.deleteBucket(bucket);
        }
      });
    }

    test('IP address: the bucket is in a Host header of the SDK’s own making', async () => {
      const bucket = `js-ip-${scheme}`;
      const oss = client(scheme, { bucket, endpoint: server.ENDPOINT });
      await oss.putBucket(bucket);
      try {
        await oss.put('k', Buffer.from('body'));
        assert.equal((await oss.get('k')).content.toString(), 'body');
        assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects.map(object => object.name), ['k']);
        assert.deepEqual((await oss.listBuckets({ prefix: bucket })).buckets.map(item => item.name), [bucket]);
        if (scheme === 'v1') {
          assert.throws(() => oss.signatureUrl('k'), /can not get the object URL when endpoint is IP/);
        } else {
          // The URL names no bucket, so it leads nowhere: the SDK supports no presigning on an IP address.
          const url = await presign(oss, 'GET', 'k');
          assert.equal(new URL(url).pathname, '/k');
          assert.equal((await fetch(url)).status, 403);
          // With the Host header that the SDK sends itself, it works.
          const host = `${bucket}.oss-${server.REGION}.aliyuncs.com`;
          assert.equal((await server.send(url, { headers: { host } })).text, 'body');
        }
      } finally {
        await oss.delete('k');
        await oss.deleteBucket(bucket);
      }
    });

    test('an upper-case or short bucket name is refused by the SDK', async () => {
      const oss = client(scheme);
      assert.match((await refused(oss.putBucket('NO'))).message, /must be conform to the specifications/);
    });
  });
}
