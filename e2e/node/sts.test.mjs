// Temporary credentials: made by the official STS clients and credential providers, used by ali-oss.
import OSS from 'ali-oss';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import tls from 'node:tls';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import * as server from './server.mjs';
import { SCHEMES, client, presign, useBucket } from './clients.mjs';

const require = createRequire(import.meta.url);
const Credential = require('@alicloud/credentials');
const PopCore = require('@alicloud/pop-core');
const Sts = require('@alicloud/sts20150401');
const OpenApi = require('@alicloud/openapi-core');

const BUCKET = 'node-sts';
const USER = 'node-sts-user';
const ROLE = 'node-sts-role';
const NARROWED = JSON.stringify({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: ['oss:GetObject'], Resource: [`acs:oss:*:*:${BUCKET}/u1/*`] }]
});

let user, roleArn;

/** `fosse admin` on the server's admin listener, with the root AccessKey. */
function admin(...args) {
  const text = execFileSync(
    process.env.FOSSE_E2E_BIN,
    ['admin', '--output', 'json', '--admin-url', process.env.FOSSE_E2E_ADMIN, ...args],
    { env: { ...process.env, OSS_ACCESS_KEY_ID: server.KEY_ID, OSS_ACCESS_KEY_SECRET: server.KEY_SECRET }, encoding: 'utf8' }
  );
  return text ? JSON.parse(text) : {};
}

before(() => {
  admin('user', 'create', USER);
  const key = admin('access-key', 'create', '--user', USER).AccessKey;
  user = { accessKeyId: key.AccessKeyId, accessKeySecret: key.AccessKeySecret };
  roleArn = admin('role', 'create', ROLE).Role.Arn;
  admin('policy', 'attach', 'AliyunSTSAssumeRoleAccess', '--user', USER);
  admin('policy', 'attach', 'AliyunOSSFullAccess', '--role', ROLE);
});

after(() => {
  server.setClock(0);
  admin('policy', 'detach', 'AliyunSTSAssumeRoleAccess', '--user', USER);
  admin('policy', 'detach', 'AliyunOSSFullAccess', '--role', ROLE);
  admin('access-key', 'delete', user.accessKeyId);
  admin('role', 'delete', ROLE);
  admin('user', 'delete', USER);
});

useBucket(BUCKET, async root => {
  await root.put('u1/a', Buffer.from('one'));
  await root.put('u2/b', Buffer.from('two'));
});

/** AssumeRole by each client: ali-oss's own, the classic one (both RPC 1.0), and the generated one (ACS3). */
const CLIENTS = {
  'ali-oss': async (policy, seconds) => {
    const sts = new OSS.STS({ ...user, endpoint: server.ENDPOINT });
    return (await sts.assumeRole(roleArn, policy, seconds, 'session')).credentials;
  },
  'pop-core': async (policy, seconds) => {
    const rpc = new PopCore.RPCClient({ ...user, endpoint: server.ENDPOINT, apiVersion: '2015-04-01' });
    const params = { RoleArn: roleArn, RoleSessionName: 'session', DurationSeconds: seconds };
    if (policy) params.Policy = policy;
    return (await rpc.request('AssumeRole', params, { method: 'POST' })).Credentials;
  },
  sts20150401: async (policy, seconds) => {
    const sts = new Sts.default(new OpenApi.$OpenApiUtil.Config({
      ...user, endpoint: server.ENDPOINT.replace('http://', ''), protocol: 'HTTP'
    }));
    const request = new Sts.AssumeRoleRequest({
      roleArn, roleSessionName: 'session', durationSeconds: seconds, policy
    });
    const got = (await sts.assumeRole(request)).body.credentials;
    return {
      AccessKeyId: got.accessKeyId, AccessKeySecret: got.accessKeySecret, SecurityToken: got.securityToken
    };
  }
};

const withToken = (scheme, credentials) => client(scheme, {
  accessKeyId: credentials.AccessKeyId,
  accessKeySecret: credentials.AccessKeySecret,
  stsToken: credentials.SecurityToken,
  bucket: BUCKET
});

const code = async response => [response.status, /<Code>(.*)<\/Code>/.exec(await response.text())?.[1]];

for (const [name, assume] of Object.entries(CLIENTS)) {
  for (const scheme of SCHEMES) {
    test(`a link of a narrowed session: ${name}, ${scheme}`, async () => {
      const credentials = await assume(NARROWED, 900);
      assert.match(credentials.AccessKeyId, /^STS\./);
      const oss = withToken(scheme, credentials);
      const link = await presign(oss, 'GET', 'u1/a', { expires: 3600 });
      const other = await presign(oss, 'GET', 'u2/b', { expires: 3600 });
      try {
        assert.equal(await (await fetch(link)).text(), 'one');
        assert.deepEqual(await code(await fetch(other)), [403, 'AccessDenied']);
        server.setClock(880);
        assert.equal((await fetch(link)).status, 200);
        server.setClock(910);
        assert.deepEqual(await code(await fetch(link)), [403, 'SecurityTokenExpired']);
      } finally {
        server.setClock(0);
      }
    });
  }
}

for (const scheme of SCHEMES) {
  test(`ali-oss works with temporary credentials: ${scheme}`, async () => {
    const oss = withToken(scheme, await CLIENTS['ali-oss'](undefined, 900));
    await oss.put('new', Buffer.from('x'));
    assert.equal((await oss.get('new')).content.toString(), 'x');
    await oss.delete('new');
  });
}

test('a credential provider takes the role on, and ali-oss refreshes by it', async () => {
  // The provider speaks HTTPS only, and knows the authorities of Node.
  const make = tls.createSecureContext;
  tls.createSecureContext = options => {
    const context = make(options);
    context.context.addCACert(fs.readFileSync(process.env.FOSSE_E2E_CA));
    return context;
  };
  try {
    const provider = new Credential.default(new Credential.Config({
      type: 'ram_role_arn', ...user, roleArn, roleSessionName: 'provider', roleSessionExpiration: 900,
      stsEndpoint: process.env.FOSSE_E2E_TLS.replace('https://', '')
    }));
    const seen = [];
    const refresh = async () => {
      const got = await provider.getCredential();
      seen.push(got.accessKeyId);
      return { accessKeyId: got.accessKeyId, accessKeySecret: got.accessKeySecret, stsToken: got.securityToken };
    };
    const oss = client('v4', {
      ...await refresh(), bucket: BUCKET, refreshSTSToken: refresh, refreshSTSTokenInterval: 0
    });
    await new Promise(resolve => setTimeout(resolve, 5));
    assert.equal((await oss.get('u1/a')).content.toString(), 'one');
    assert.equal((await oss.get('u1/a')).content.toString(), 'one');
    assert.ok(seen.length >= 2, 'ali-oss asked again');
    assert.ok(seen.every(id => id.startsWith('STS.')));
  } finally {
    tls.createSecureContext = make;
  }
});

test('refusals reach the clients as such', async () => {
  const sts = new OSS.STS({ ...user, endpoint: server.ENDPOINT });
  const refused = (promise, code) => assert.rejects(promise, error => {
    assert.equal(error.code, code);
    return true;
  });
  await refused(sts.assumeRole(`${roleArn}x`, undefined, 900, 'session'), 'EntityNotExist.Role');
  await refused(sts.assumeRole(roleArn, undefined, 899, 'session'), 'InvalidParameter.DurationSeconds');
  await refused(sts.assumeRole(roleArn, '{}', 900, 'session'), 'InvalidParameter.PolicyGrammar');
  const root = new OSS.STS({
    accessKeyId: server.KEY_ID, accessKeySecret: server.KEY_SECRET, endpoint: server.ENDPOINT
  });
  await refused(root.assumeRole(roleArn, undefined, 900, 'session'), 'NoPermission');
});
