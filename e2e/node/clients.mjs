// ali-oss in both its schemes, and the set-up that every test file shares.
import OSS from 'ali-oss';
import { after, before } from 'node:test';
import assert from 'node:assert/strict';
import * as server from './server.mjs';

/** The schemes of the SDK. */
export const SCHEMES = ['v1', 'v4'];

/** A client. Its region is written `oss-REGION`, as this SDK wants it. */
export function client(scheme, options = {}) {
  return new OSS({
    accessKeyId: server.KEY_ID,
    accessKeySecret: server.KEY_SECRET,
    region: `oss-${server.REGION}`,
    endpoint: server.LOCALHOST,
    authorizationV4: scheme === 'v4',
    ...options
  });
}

/** Makes a bucket before the tests of a file and removes it, with all in it, afterwards. `fill` puts in what they need. */
export function useBucket(name, fill = async () => {}) {
  const root = client('v4', { bucket: name });
  // One hook for both steps: hooks of a file do not wait for one another.
  before(async () => {
    await root.putBucket(name);
    await fill(root);
  });
  after(async () => {
    server.setClock(0);
    await empty(root);
    await root.deleteBucket(name);
  });
  return root;
}

/** Deletes every object of the client's bucket. */
export async function empty(root) {
  for (;;) {
    const { objects } = await root.list({ 'max-keys': 1000 });
    if (!objects.length) return;
    await root.deleteMulti(objects.map(object => object.name), { quiet: true });
  }
}

/** A presigned URL. `headers` must then be sent with the request. */
export async function presign(oss, method, key, { expires = 600, headers = {}, params = {} } = {}) {
  if (oss.options.authorizationV4) {
    return oss.signatureUrlV4(method, expires, { headers, queries: params }, key);
  }
  return oss.signatureUrl(key, { method, expires, ...headers, subResource: { ...params } });
}

/** The error of a call that must be refused. */
export async function refused(promise) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, 'the call was not refused');
  return error;
}
