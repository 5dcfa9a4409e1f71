// Presigned URLs by ali-oss, with curl and fetch: good until they expire, and for nothing but what was signed.
import { afterEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { SCHEMES, client, presign, useBucket } from './clients.mjs';
import * as server from './server.mjs';

const BUCKET = 'js-presigned';
const KEY = 'dir/a b+c.txt';
const BODY = 'the private object';
const DAY = 86_400;
useBucket(BUCKET, root => root.put(KEY, Buffer.from(BODY), { mime: 'text/plain' }));

const change = (url, name, value) => {
  const changed = url.replace(new RegExp(`([?&]${name}=)[^&]*`), (_, start) => start + encodeURIComponent(value));
  assert.notEqual(changed, url, `${name} is not in ${url}`);
  return changed;
};
const without = (url, name) => {
  const changed = url.replace(new RegExp(`([?&])${name}=[^&]*&?`), '$1').replace(/[?&]$/, '');
  assert.notEqual(changed, url, `${name} is not in ${url}`);
  return changed;
};
const parameter = (url, name) => new URL(url).searchParams.get(name);
const expired = answer => {
  assert.deepEqual(answer.refusal(), [403, 'AccessDenied']);
  assert.equal(answer.element('Message'), 'Request has expired.');
  assert.match(answer.element('RequestId'), /^[0-9A-F]{24}$/);
};

for (const scheme of SCHEMES) {
  describe(`ali-oss ${scheme}`, () => {
    const oss = client(scheme, { bucket: BUCKET });
    afterEach(() => server.setClock(0));

    test('GET until it expires', async () => {
      const url = await presign(oss, 'GET', KEY, { expires: 600 });
      for (const offset of [0, 500]) {
        server.setClock(offset);
        assert.deepEqual(server.curl(url), { body: BODY, status: 200 });
        assert.equal(await (await fetch(url)).text(), BODY);
      }
      for (const offset of [602, 10 * DAY]) {
        server.setClock(offset);
        expired(await server.send(url));
        assert.equal(server.curl(url).status, 403);
        const answer = await fetch(url);
        assert.equal(answer.status, 403);
        assert.match(await answer.text(), /<Message>Request has expired\.<\/Message>/);
      }
    });

    test('another method', async () => {
      const url = await presign(oss, 'GET', KEY);
      for (const method of ['PUT', 'POST', 'DELETE']) {
        assert.deepEqual((await server.send(url, { method })).refusal(), [403, 'SignatureDoesNotMatch']);
      }
      assert.equal((await server.send(url, { method: 'HEAD' })).status, 403);
      const head = await presign(oss, 'HEAD', KEY);
      assert.equal((await server.send(head, { method: 'HEAD' })).status, 200);
      assert.equal((await server.send(head)).status, 403);
    });

    test('altered', async () => {
      const url = await presign(oss, 'GET', KEY);
      const path = url.split('?')[0];
      const cases = [
        [url.replace(path, `${path}x`), 'SignatureDoesNotMatch'],
        [url.replace('%2B', '%20'), 'SignatureDoesNotMatch'],
        [url.replace(`//${BUCKET}.`, '//js-other.'), 'SignatureDoesNotMatch'],
        [`${url}&response-content-type=text%2Fhtml`, 'SignatureDoesNotMatch']
      ];
      const flip = text => (text[0] === 'A' || text[0] === '0' ? '1' : '0') + text.slice(1);
      if (scheme === 'v1') {
        cases.push(
          [change(url, 'Signature', flip(parameter(url, 'Signature'))), 'SignatureDoesNotMatch'],
          [change(url, 'Expires', Number(parameter(url, 'Expires')) + 1), 'SignatureDoesNotMatch'],
          [change(url, 'OSSAccessKeyId', 'nobody'), 'InvalidAccessKeyId'],
          [without(url, 'Signature'), 'AccessDenied'],
          [without(url, 'Expires'), 'AccessDenied'],
          [`${url}&versionId=null`, 'SignatureDoesNotMatch']
        );
      } else {
        const credential = parameter(url, 'x-oss-credential');
        cases.push(
          [change(url, 'x-oss-signature', flip(parameter(url, 'x-oss-signature'))), 'SignatureDoesNotMatch'],
          [change(url, 'x-oss-expires', 601), 'SignatureDoesNotMatch'],
          [change(url, 'x-oss-credential', `x${credential}`), 'InvalidAccessKeyId'],
          [change(url, 'x-oss-credential', credential.replace('hangzhou', 'beijing')), 'InvalidArgument'],
          [without(url, 'x-oss-signature'), 'InvalidArgument'],
          [without(url, 'x-oss-expires'), 'InvalidArgument'],
          [`${url}&anything=1`, 'SignatureDoesNotMatch']
        );
      }
      for (const [altered, code] of cases) {
        assert.equal((await server.send(altered)).element('Code'), code, altered);
      }
      assert.equal((await server.send(url)).text, BODY);
    });

    test('PUT with signed headers', async () => {
      const headers = { 'Content-Type': 'text/x-signed', 'x-oss-meta-colour': 'blue' };
      const url = await presign(oss, 'PUT', 'up/load', { headers });
      for (const sent of [
        {},
        { 'x-oss-meta-colour': 'blue' },
        { 'Content-Type': 'text/x-signed' },
        { ...headers, 'Content-Type': 'text/html' },
        { ...headers, 'x-oss-meta-colour': 'red' },
        { ...headers, 'x-oss-meta-extra': '1' }
      ]) {
        const answer = await server.send(url, { method: 'PUT', headers: sent, body: 'no' });
        assert.deepEqual(answer.refusal(), [403, 'SignatureDoesNotMatch'], JSON.stringify(sent));
      }
      assert.equal((await fetch(url, { method: 'PUT', headers, body: 'uploaded' })).status, 200);
      const got = await server.send(await presign(oss, 'GET', 'up/load'));
      assert.equal(got.text, 'uploaded');
      assert.equal(got.headers['content-type'], 'text/x-signed');
      assert.equal(got.headers['x-oss-meta-colour'], 'blue');
      server.setClock(602);
      expired(await server.send(url, { method: 'PUT', headers, body: 'late' }));
    });

    test('overrides', async () => {
      const params = {
        'response-content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent('报告 2026.txt')}`,
        'response-content-type': 'application/x-report'
      };
      const url = await presign(oss, 'GET', KEY, { params });
      const answer = await server.send(url);
      assert.equal(answer.text, BODY);
      assert.equal(answer.headers['content-disposition'], params['response-content-disposition']);
      assert.equal(answer.headers['content-type'], 'application/x-report');
      const altered = change(url, 'response-content-type', 'text/html');
      assert.deepEqual((await server.send(altered)).refusal(), [403, 'SignatureDoesNotMatch']);
    });

    test('versionId', async () => {
      const url = await presign(oss, 'GET', KEY, { params: { versionId: 'null' } });
      assert.equal((await server.send(url)).text, BODY);
      assert.deepEqual((await server.send(change(url, 'versionId', 'x'))).refusal(), [403, 'SignatureDoesNotMatch']);
    });

    test('long life', async () => {
      if (scheme === 'v1') {
        const url = await presign(oss, 'GET', KEY, { expires: 30 * DAY });
        server.setClock(30 * DAY - 60);
        assert.equal((await server.send(url)).text, BODY);
        server.setClock(30 * DAY + 2);
        expired(await server.send(url));
      } else {
        const week = await presign(oss, 'GET', KEY, { expires: 7 * DAY });
        server.setClock(7 * DAY - 60);
        assert.equal((await server.send(week)).text, BODY);
        server.setClock(0);
        // The SDK signs anything; the server refuses.
        const longer = await server.send(await presign(oss, 'GET', KEY, { expires: 7 * DAY + 1 }));
        assert.deepEqual(longer.refusal(), [400, 'InvalidArgument']);
        assert.equal(longer.element('EC'), '0002-00000232');
      }
    });
  });
}

test('a header signed on request must come (V4)', async () => {
  const oss = client('v4', { bucket: BUCKET });
  const url = await oss.signatureUrlV4('GET', 600, { headers: { Range: 'bytes=4-10' } }, KEY, ['range']);
  const answer = await server.send(url, { headers: { Range: 'bytes=4-10' } });
  assert.deepEqual([answer.status, answer.text], [206, 'private']);
  assert.deepEqual((await server.send(url)).refusal(), [400, 'InvalidArgument']);
});
