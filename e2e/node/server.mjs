// The server under test, set by the runner (see e2e/README.md), and plain HTTP sent exactly as written.
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { execFileSync } from 'node:child_process';

const need = name => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the tests with cargo xtask e2e`);
  return value;
};

export const ENDPOINT = need('FOSSE_E2E_ENDPOINT');
export const ENDPOINT_V6 = need('FOSSE_E2E_ENDPOINT_V6');
export const LOCALHOST = need('FOSSE_E2E_LOCALHOST');
export const PORT = need('FOSSE_E2E_PORT');
export const DOMAIN = need('FOSSE_E2E_DOMAIN');
export const REGION = need('FOSSE_E2E_REGION');
export const KEY_ID = need('FOSSE_E2E_ACCESS_KEY_ID');
export const KEY_SECRET = need('FOSSE_E2E_ACCESS_KEY_SECRET');

// Names below localhost and the test domain are this machine, whatever its resolver says.
const lookup = dns.lookup;
dns.lookup = (name, options, callback) => {
  const lower = name.toLowerCase();
  const local = lower.endsWith('localhost') || lower.endsWith(DOMAIN);
  return lookup(local ? '127.0.0.1' : name, options, callback);
};

/** Puts the server's clock `offset` seconds ahead. Replaces the file, so that no read sees half of it. */
export function setClock(offset) {
  const file = need('FOSSE_E2E_CLOCK');
  fs.writeFileSync(`${file}.new`, `${Math.trunc(offset)}\n`);
  fs.renameSync(`${file}.new`, file);
}

/** The shared object keys: [name, key] pairs. */
export function keys() {
  const text = fs.readFileSync(path.join(need('FOSSE_E2E_CASES'), 'keys.json'), 'utf8');
  return JSON.parse(text).keys.map(({ name, key, repeat, times }) => [name, key ?? repeat.repeat(times)]);
}

/** One request, its target byte for byte as in `url`: { status, headers, body, text, error() }. */
export function send(url, { method = 'GET', headers = {}, body } = {}) {
  const [, host, target] = /^http:\/\/([^/?]+)(.*)$/.exec(url);
  const [, name, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(host);
  const all = { host, ...headers };
  if (body !== undefined) all['content-length'] = Buffer.byteLength(body);
  else if (method === 'PUT' || method === 'POST') all['content-length'] = 0;
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: name, port, method, path: target.startsWith('/') ? target : `/${target}`, headers: all, agent: false },
      response => {
        const blocks = [];
        response.on('data', block => blocks.push(block));
        response.on('error', reject);
        response.on('end', () => resolve(answer(response.statusCode, response.headers, Buffer.concat(blocks))));
      }
    );
    request.on('error', reject);
    request.end(body);
  });
}

function answer(status, headers, body) {
  const text = body.toString('utf8');
  const element = name => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return { status, headers, body, text, element, refusal: () => [status, element('Code')] };
}

/** GET by the curl program: the body, and the status in its last line. */
export function curl(url, ...options) {
  const { hostname, port } = new URL(url);
  const text = execFileSync('curl', [
    '--silent', '--show-error', '--globoff', '--path-as-is', '--max-time', '30',
    '--resolve', `${hostname}:${port}:127.0.0.1`, '--write-out', '\n%{http_code}', ...options, url
  ]).toString('utf8');
  const cut = text.lastIndexOf('\n');
  return { body: text.slice(0, cut), status: Number(text.slice(cut + 1)) };
}
