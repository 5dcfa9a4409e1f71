// Buckets and objects through ali-oss: what an application does all day.
import { afterEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { Readable } from 'node:stream';
import { SCHEMES, client, empty, presign, refused, useBucket } from './clients.mjs';
import * as server from './server.mjs';

const BUCKET = 'js-operations';
const root = useBucket(BUCKET);
const md5 = body => crypto.createHash('md5').update(body).digest('hex').toUpperCase();

for (const scheme of SCHEMES) {
  describe(`ali-oss ${scheme}`, () => {
    const oss = client(scheme, { bucket: BUCKET });
    afterEach(() => empty(root));

    test('bucket life', async () => {
      const name = `js-life-${scheme}`;
      const made = await oss.putBucket(name);
      assert.equal(made.res.status, 200);
      assert.equal(made.bucket, name);
      const { buckets, owner } = await oss.listBuckets({ prefix: name });
      assert.deepEqual(buckets.map(bucket => bucket.name), [name]);
      assert.equal(buckets[0].region, `oss-${server.REGION}`);
      assert.match(owner.id, /^\d{16}$/);
      const { bucket } = await oss.getBucketInfo(name);
      assert.equal(bucket.Name, name);
      assert.equal(bucket.Location, `oss-${server.REGION}`);
      assert.equal(bucket.AccessControlList.Grant, 'private');
      assert.equal((await oss.getBucketLocation(name)).location, `oss-${server.REGION}`);
      for (const acl of ['public-read', 'public-read-write', 'private']) {
        await oss.putBucketACL(name, acl);
        assert.equal((await oss.getBucketACL(name)).acl, acl);
      }
      const inside = client(scheme, { bucket: name });
      await inside.put('k', Buffer.from('12345'));
      assert.equal((await oss.getBucketStat(name)).stat.ObjectCount, '1');
      assert.equal((await refused(oss.deleteBucket(name))).code, 'BucketNotEmpty');
      await inside.delete('k');
      await oss.deleteBucket(name);
      const error = await refused(oss.getBucketInfo(name));
      assert.deepEqual([error.status, error.code], [404, 'NoSuchBucket']);
    });

    test('put, get, head', async () => {
      const body = crypto.randomBytes(70_000);
      const put = await oss.put('dir/a.bin', body, {
        mime: 'image/x-test',
        meta: { colour: 'blue' },
        headers: { 'Cache-Control': 'no-cache' }
      });
      assert.equal(put.res.headers.etag, `"${md5(body)}"`);
      const got = await oss.get('dir/a.bin');
      assert.ok(got.content.equals(body));
      const head = await oss.head('dir/a.bin');
      assert.equal(head.meta.colour, 'blue');
      for (const { headers } of [got.res, head.res]) {
        assert.equal(headers['content-type'], 'image/x-test');
        assert.equal(headers['cache-control'], 'no-cache');
        assert.equal(headers['content-length'], '70000');
        assert.equal(headers['x-oss-hash-crc64ecma'], put.res.headers['x-oss-hash-crc64ecma']);
        assert.match(headers['x-oss-request-id'], /^[0-9A-F]{24}$/);
      }
      const meta = await oss.getObjectMeta('dir/a.bin');
      assert.equal(meta.res.headers['content-length'], '70000');
      assert.equal(meta.res.headers['x-oss-meta-colour'], undefined);
      const part = await oss.get('dir/a.bin', { headers: { Range: 'bytes=10-19' } });
      assert.equal(part.res.status, 206);
      assert.ok(part.content.equals(body.subarray(10, 20)));
    });

    test('streams in and out, without a length', async () => {
      const blocks = [crypto.randomBytes(9000), Buffer.from('x'), crypto.randomBytes(70_000)];
      await oss.putStream('stream', Readable.from(blocks));
      const { stream } = await oss.getStream('stream');
      const got = [];
      for await (const block of stream) got.push(block);
      assert.ok(Buffer.concat(got).equals(Buffer.concat(blocks)));
    });

    test('an empty object', async () => {
      await oss.put('empty', Buffer.alloc(0));
      assert.equal((await oss.get('empty')).content.length, 0);
    });

    test('UTF-8 metadata comes back as sent', async () => {
      // The SDK puts UTF-8 bytes on the wire only in this mode (and then signs them).
      const utf8 = client(scheme, { bucket: BUCKET, headerEncoding: 'latin1' });
      await utf8.put('meta', Buffer.from('1'), { meta: { name: '文件' } });
      const { meta } = await utf8.head('meta');
      assert.equal(Buffer.from(meta.name, 'latin1').toString('utf8'), '文件');
    });

    test('delete', async () => {
      await oss.put('k', Buffer.from('1'));
      assert.equal((await oss.delete('k')).res.status, 204);
      assert.equal((await oss.delete('k')).res.status, 204);
      assert.equal((await refused(oss.get('k'))).code, 'NoSuchKey');
    });

    test('delete many', async () => {
      const keys = ['a', 'b c', 'd+e', 'f/g', '中文', '<&>"\''];
      for (const key of keys) await oss.put(key, Buffer.from('1'));
      const { deleted } = await oss.deleteMulti(keys);
      assert.deepEqual(deleted.map(item => item.Key).sort(), [...keys].sort());
      assert.deepEqual((await oss.list({ 'max-keys': 10 })).objects, []);
    });

    test('list, both versions', async () => {
      const keys = [];
      for (let n = 10; n < 18; n++) keys.push(`a/${n}`);
      keys.push('b/1', 'c', 'd e', 'd+e', 'é');
      for (const key of keys) await oss.put(key, Buffer.from('1'));
      const all = await oss.list({ 'max-keys': 100 });
      assert.deepEqual(all.objects.map(object => object.name), keys);
      assert.match(all.objects[0].owner.id, /^\d{16}$/);
      assert.equal(all.objects[0].type, 'Normal');
      assert.match(all.objects[0].lastModified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
      const top = await oss.list({ delimiter: '/' });
      assert.deepEqual([top.prefixes, top.objects.map(object => object.name)], [['a/', 'b/'], ['c', 'd e', 'd+e', 'é']]);

      const seen = [];
      let marker = '';
      for (;;) {
        const page = await oss.list({ 'max-keys': 5, marker });
        seen.push(...page.objects.map(object => object.name));
        if (!page.isTruncated) break;
        marker = page.nextMarker;
      }
      assert.deepEqual(seen, keys);

      const second = [];
      let token = null;
      for (;;) {
        const page = await oss.listV2({ 'max-keys': '5', 'continuation-token': token });
        assert.equal(page.keyCount, page.objects.length);
        second.push(...page.objects.map(object => object.name));
        if (!page.isTruncated) break;
        token = page.nextContinuationToken;
      }
      assert.deepEqual(second, keys);
    });

    test('copy', async () => {
      await oss.put('from a+b', Buffer.from('copied'), { meta: { k: 'v' } });
      const { data } = await oss.copy('to', 'from a+b');
      assert.equal(data.etag, `"${md5('copied')}"`);
      assert.equal((await oss.get('to')).content.toString(), 'copied');
      assert.equal((await oss.head('to')).meta.k, 'v');
      await oss.copy('to', 'from a+b', { meta: { other: '1' } });
      assert.deepEqual((await oss.head('to')).meta, { other: '1' });
      assert.equal((await refused(oss.copy('to', 'absent'))).code, 'NoSuchKey');
    });

    test('multipart upload', async () => {
      const body = crypto.randomBytes(350 * 1024);
      const done = await oss.multipartUpload('big file', body, { partSize: 100 * 1024, parallel: 2 });
      assert.match(done.etag, /^"[0-9A-F]{32}-4"$/);
      const got = await oss.get('big file');
      assert.ok(got.content.equals(body));
      assert.equal(got.res.headers['x-oss-object-type'], 'Multipart');
    });

    test('multipart by hand, with a copied part', async () => {
      const source = crypto.randomBytes(200 * 1024);
      await oss.put('source', source);
      const { uploadId } = await oss.initMultipartUpload('made');
      assert.deepEqual((await oss.listUploads({ 'max-uploads': 10 })).uploads.map(item => item.uploadId), [uploadId]);
      const range = `0-${150 * 1024 - 1}`;
      const one = await oss.uploadPartCopy('made', uploadId, 1, range, { sourceKey: 'source', sourceBucketName: BUCKET });
      const tail = Buffer.from('tail of it');
      const two = await oss.uploadPart('made', uploadId, 2, tail, 0, tail.length);
      const { parts } = await oss.listParts('made', uploadId);
      assert.deepEqual(parts.map(part => part.Size), [String(150 * 1024), String(tail.length)]);
      await oss.completeMultipartUpload('made', uploadId, [
        { number: 1, etag: one.etag },
        { number: 2, etag: two.etag }
      ]);
      assert.ok((await oss.get('made')).content.equals(Buffer.concat([source.subarray(0, 150 * 1024), tail])));
      const other = await oss.initMultipartUpload('left');
      await oss.abortMultipartUpload('left', other.uploadId);
      assert.deepEqual((await oss.listUploads({ 'max-uploads': 10 })).uploads, []);
    });

    test('object ACL', async () => {
      await oss.put('k', Buffer.from('1'));
      assert.equal((await oss.getACL('k')).acl, 'default');
      const url = `${server.ENDPOINT}/${BUCKET}/k`;
      assert.deepEqual((await server.send(url)).refusal(), [403, 'AccessDenied']);
      await oss.putACL('k', 'public-read');
      assert.equal((await oss.getACL('k')).acl, 'public-read');
      assert.equal((await server.send(url)).text, '1');
      assert.equal(await (await fetch(url)).text(), '1');
    });

    test('errors of GET and HEAD', async () => {
      const get = await refused(oss.get('absent'));
      assert.deepEqual([get.status, get.code, get.name], [404, 'NoSuchKey', 'NoSuchKeyError']);
      assert.equal(get.message, 'The specified key does not exist.');
      assert.equal(get.ecCode, '0026-00000001');
      assert.match(get.requestId, /^[0-9A-F]{24}$/);
      const head = await refused(oss.head('absent'));
      assert.deepEqual([head.status, head.code], [404, 'NoSuchKey']);
      assert.match(head.requestId, /^[0-9A-F]{24}$/);

      const stranger = client(scheme, { bucket: BUCKET, accessKeySecret: 'not the secret' });
      for (const call of [() => stranger.get('k'), () => stranger.head('k')]) {
        const error = await refused(call());
        assert.deepEqual([error.status, error.code], [403, 'SignatureDoesNotMatch']);
        assert.equal(error.ecCode, scheme === 'v1' ? '0002-00000040' : '0002-00000201');
        assert.match(error.requestId, /^[0-9A-F]{24}$/);
      }
      const nobody = client(scheme, { bucket: BUCKET, accessKeyId: 'nobodyKnowsThisKey' });
      assert.equal((await refused(nobody.get('k'))).code, 'InvalidAccessKeyId');
    });

    test('presigned operations with sub-resources', async () => {
      await oss.put('k', Buffer.from('1'));
      const url = await presign(oss, 'GET', 'k', { params: { versionId: 'null' } });
      assert.equal((await server.send(url)).text, '1');
    });
  });
}
