// PostObject with the policies that ali-oss signs, sent by fetch as a browser does; callbacks with ali-oss.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import { SCHEMES, client, useBucket } from './clients.mjs';
import * as server from './server.mjs';

const BUCKET = 'js-post-form';
const root = useBucket(BUCKET);

/** The fields of a form that is signed with a policy of these conditions. */
function signed(scheme, conditions) {
  const oss = client(scheme, { bucket: BUCKET });
  const date = new Date();
  const expiration = new Date(date.getTime() + 600_000).toISOString();
  if (scheme === 'v1') return oss.calculatePostSignature({ expiration, conditions });
  const stamp = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const fields = {
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': `${server.KEY_ID}/${stamp.slice(0, 8)}/${server.REGION}/oss/aliyun_v4_request`,
    'x-oss-date': stamp
  };
  const policy = { expiration, conditions: [...conditions, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))] };
  return {
    ...fields,
    policy: Buffer.from(JSON.stringify(policy)).toString('base64'),
    'x-oss-signature': oss.signPostObjectPolicyV4(policy, date)
  };
}

async function post(fields, body = 'hello', name = 'up.txt', type = 'text/plain') {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('file', new Blob([body], { type }), name);
  const answer = await fetch(`${server.ENDPOINT}/${BUCKET}`, { method: 'POST', body: form, redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** An application that answers with JSON: its address, what it got, and how to stop it. */
async function application(answer = '{"ok":true}', status = 200) {
  const got = [];
  const listener = http.createServer((request, response) => {
    const blocks = [];
    request.on('data', block => blocks.push(block));
    request.on('end', () => {
      got.push({ url: request.url, headers: request.headers, body: Buffer.concat(blocks).toString() });
      response.writeHead(status, { 'content-length': Buffer.byteLength(answer) }).end(answer);
    });
  });
  await new Promise(resolve => listener.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${listener.address().port}/`, got, stop: () => new Promise(resolve => listener.close(resolve)) };
}

async function verify({ url, headers, body }) {
  const key = await (await fetch(`${server.ENDPOINT}/-/callback_pub_key.pem`)).text();
  const [path, query] = url.split('?');
  const text = `${decodeURIComponent(path)}${query === undefined ? '' : `?${query}`}\n${body}`;
  return crypto.createVerify('RSA-MD5').update(text).verify(key, headers.authorization, 'base64');
}

for (const scheme of SCHEMES) {
  describe(`ali-oss ${scheme}`, () => {
    test('a browser form stores an object', async () => {
      const fields = signed(scheme, [{ bucket: BUCKET }, ['starts-with', '$key', 'web/'], ['content-length-range', 0, 100]]);
      const answer = await post({ key: 'web/${filename}', 'x-oss-meta-a': 'ü', success_action_status: '200', ...fields }, 'hello', 'a b.txt');
      assert.equal(answer.status, 200, answer.text);
      const got = await root.get('web/a b.txt');
      assert.equal(got.content.toString(), 'hello');
      assert.equal(got.res.headers['content-type'], 'text/plain');
      assert.equal(answer.headers.get('etag'), got.res.headers.etag);
    });

    test('a form that the policy does not allow is refused', async () => {
      const fields = signed(scheme, [['starts-with', '$key', 'web/']]);
      const answer = await post({ key: 'other/k', ...fields });
      assert.equal(answer.status, 403);
      assert.match(answer.text, /Policy Condition failed: \["starts-with", "\$key", "web\/"\]/);
    });

    test('a put tells an application', async () => {
      const app = await application();
      try {
        const put = await client(scheme, { bucket: BUCKET }).put('cb/k', Buffer.from('12345'), {
          callback: {
            url: `${app.url}done?x=1`,
            body: 'object=${object}&size=${size}&v=${x:v}',
            contentType: 'application/x-www-form-urlencoded',
            customValue: { v: 'one' }
          }
        });
        assert.deepEqual(put.data, { ok: true });
        const [got] = app.got;
        assert.equal(got.body, 'object=cb%2Fk&size=5&v=one');
        assert.ok(await verify(got));
        assert.ok(!(await verify({ ...got, body: `${got.body}x` })));
      } finally {
        await app.stop();
      }
    });
  });
}

test('a form tells an application', async () => {
  const app = await application();
  try {
    const callback = { callbackUrl: app.url, callbackBody: '{"k":${object},"v":${x:v}}', callbackBodyType: 'application/json' };
    const fields = signed('v4', []);
    const answer = await post({ key: 'k', callback: Buffer.from(JSON.stringify(callback)).toString('base64'), 'x:v': '中', ...fields });
    assert.deepEqual([answer.status, answer.text], [200, '{"ok":true}']);
    assert.deepEqual(JSON.parse(app.got[0].body), { k: 'k', v: '中' });
    assert.ok(await verify(app.got[0]));
  } finally {
    await app.stop();
  }
});

test('a text is compressed for a browser, and its headers persist', async () => {
  const text = 'again and again\n'.repeat(1000);
  const persistent = `x-frame-options:${Buffer.from('DENY').toString('base64')}`;
  await root.put('text', Buffer.from(text), { mime: 'text/plain', headers: { 'x-oss-persistent-headers': persistent } });
  const url = await root.signatureUrlV4('GET', 60, {}, 'text');
  const answer = await fetch(url, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  assert.equal(answer.headers.get('etag'), null);
  assert.equal(answer.headers.get('x-frame-options'), 'DENY');
  assert.equal(await answer.text(), text);
});
