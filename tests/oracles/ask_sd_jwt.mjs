// @sd-jwt/sd-jwt-vc and @sd-jwt/jwt-status-list as oracles: cases as JSON on standard input, an answer each on standard output.
//
// They leave signatures to a function of the caller's: it takes the key of a certificate that an anchor signed, and looks at
// nothing else. They check neither the audience of a key binding nor how old it is, and here nobody does it for them.
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { Jwt } from '@sd-jwt/core';
import { getListFromStatusListJWT, StatusList } from '@sd-jwt/jwt-status-list';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';

const hasher = (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest();

const holds = (key, data, signature) =>
  verify('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));

// A list of a million entries takes it 100 ms to unpack, and hundreds of cases name the same one: each is unpacked once. A bomb it
// refuses only when its array cannot grow any more, after 5 s and with 1.3 GB (measured): here it is spared the wait.
const unpack = StatusList.decompressStatusList;
const unpacked = new Map();
StatusList.decompressStatusList = (lst, bits) => {
  const name = JSON.stringify([lst, bits]);
  if (!unpacked.has(name)) {
    if (explodes(lst)) throw new RangeError('Invalid array length');
    unpacked.set(name, unpack(lst, bits));
  }
  return unpacked.get(name);
};

function explodes(lst) {
  try {
    inflateSync(Buffer.from(lst, 'base64url'), { maxOutputLength: 2 ** 23 });
  } catch (error) {
    return error.code === 'ERR_BUFFER_TOO_LARGE';
  }
  return false;
}

function keyOf(token, { anchors = [], keys = [] }) {
  if (keys.length > 0) return createPublicKey({ key: keys[0], format: 'jwk' });
  const { x5c } = JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));
  const leaf = new X509Certificate(Buffer.from(x5c[0], 'base64'));
  const roots = anchors.map((one) => new X509Certificate(Buffer.from(one, 'base64')));
  if (!roots.some((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey))) throw new Error('no anchor signed it');
  return leaf.publicKey;
}

async function presentation(one) {
  let list;
  const instance = new SDJwtVcInstance({
    hasher,
    verifier: async (data, signature) => holds(keyOf(one.text, one), data, signature),
    kbVerifier: async (data, signature, payload) =>
      holds(createPublicKey({ key: payload.cnf.jwk, format: 'jwk' }), data, signature),
    statusListFetcher: async (uri) => {
      list = one.lists?.[uri];
      if (list === undefined) throw new Error('no such list');
      return list;
    },
    statusVerifier: async (data, signature) => holds(keyOf(list, one), data, signature),
  });
  const options = { currentDate: one.now, skewSeconds: 60, keyBindingNonce: one.nonce };
  return { claims: (await instance.verify(one.text, options)).payload };
}

async function status_list(one) {
  const token = one.lists[one.uri];
  const verifier = async (data, signature) => holds(keyOf(token, one), data, signature);
  await Jwt.fromEncode(token).verify(verifier, { currentDate: one.now, skewSeconds: 60 });
  const list = getListFromStatusListJWT(token);
  return { statuses: one.indexes.map((index) => list.getStatus(index)) };
}

async function packed(one) {
  const list = StatusList.decompressStatusList(one.lst, one.bits);
  return { statuses: one.indexes.map((index) => list.getStatus(index)) };
}

const kinds = { presentation, status_list, packed };
const answers = [];
for (const one of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    answers.push({ accepted: true, reason: '', ...(await kinds[one.kind](one)) });
  } catch (error) {
    answers.push({ accepted: false, reason: error.message });
  }
}
process.stdout.write(JSON.stringify(answers));
