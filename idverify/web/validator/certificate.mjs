// X.509 certificates (RFC 5280), as much as an issuer's leaf and root use. It reads; certificates.mjs judges.

import { utf8 } from "./bytes.mjs";
import { BIT_STRING, OCTET_STRING, SEQUENCE, SET, bits, element, identifier, natural, time, truth } from "./der.mjs";
import { fromDer, holds, publicKey } from "./p256.mjs";

const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const EC_PUBLIC_KEY = "1.2.840.10045.2.1";
const PRIME256V1 = "1.2.840.10045.3.1.7";
const URI = 0x86;
// Of an alternative name (RFC 5280 section 4.2.1.6): every choice that there is, by its tag.
const GENERAL_NAMES = [0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, URI, 0x87, 0x88];
// The strings of a name, by their tag: UTF8String, PrintableString, IA5String.
const STRINGS = { 0x0c: /^/, 0x13: /^[A-Za-z0-9 '()+,./:=?-]*$/, 0x16: /^[\x00-\x7f]*$/ };

// By identifier: the name that this reader has for the extension, and how to read its value.
const EXTENSIONS = {
  "2.5.29.15": ["keyUsage", (value) => bits(value).bytes],
  "2.5.29.17": ["uris", uris],
  "2.5.29.19": ["basicConstraints", basicConstraints],
  "2.5.29.37": ["extendedKeyUsage", (value) => children(value).map(identifier)],
};

/**
 * A certificate, read. Times are seconds since the epoch. extensions: by name (keyUsage, uris, basicConstraints,
 * extendedKeyUsage) {value, critical}; others have their identifier as name, and no value. Throws Error.
 */
export class Certificate {
  constructor(der) {
    const [body, algorithm, signature, ...more] = children(element(der));
    if (more.length > 0) throw new Error("something stands behind the certificate");
    const fields = children(body);
    const version = fields[0].tag === 0xa0 ? natural(element(fields.shift().content)) : 0n;
    const [serial, inner, issuer, validity, subject, key, ...rest] = fields;
    natural(serial);
    this.body = body.whole;
    this.signature = bits(signature.as(BIT_STRING)).bytes;
    this.algorithm = identifier(children(algorithm)[0]);
    if (!equal(inner.whole, algorithm.whole)) throw new Error("the certificate names two algorithms");
    [this.issuer, this.subject] = [issuer, subject].map(nameOf);
    [this.notBefore, this.notAfter] = children(validity).map(time);
    this.key = key.as(SEQUENCE);
    const extended = rest.find((one) => one.tag === 0xa3);
    if (extended && version !== 2n) throw new Error("only version 3 has extensions");
    this.extensions = extended ? extensionsOf(element(extended.content)) : {};
  }

  /** Its public key as an uncompressed point on P-256. Throws Error where it is another kind of key. */
  get point() {
    const [algorithm, bytes] = this.key.children;
    const [kind, curve] = children(algorithm).map(identifier);
    const point = bits(bytes).bytes;
    if (kind !== EC_PUBLIC_KEY || curve !== PRIME256V1 || point.length !== 65 || point[0] !== 4) throw new Error("not P-256");
    return point;
  }

  /** Whether the owner of that certificate issued it: by name, and by an ECDSA signature with SHA-256. */
  async issuedBy(root) {
    if (!equal(this.issuer, root.subject) || this.algorithm !== ECDSA_WITH_SHA256) return false;
    try {
      return await holds(await publicKey(root.point), fromDer(this.signature), this.body);
    } catch {
      return false;
    }
  }
}

function children(one) {
  return one.as(SEQUENCE).children;
}

/** The bytes of a distinguished name, once it is one. */
function nameOf(one) {
  for (const attribute of children(one).flatMap((relative) => relative.as(SET).children)) {
    const [kind, value, ...more] = children(attribute);
    identifier(kind);
    const text = utf8(value.content) ?? raise("a name is not UTF-8");
    if (more.length > 0 || !STRINGS[value.tag]?.test(text)) raise("a name is not made of text");
  }
  return one.whole;
}

function uris(value) {
  const names = children(value);
  if (!names.every((one) => GENERAL_NAMES.includes(one.tag))) raise("not a name");
  const found = names.filter((one) => one.tag === URI).map((one) => utf8(one.content));
  return found.every((one) => one !== null && STRINGS[0x16].test(one)) ? found : raise("a URI is ASCII");
}

function raise(message) {
  throw new Error(message);
}

function basicConstraints(value) {
  const parts = children(value);
  const ca = parts[0]?.tag === 0x01 && truth(parts.shift());
  const pathLength = parts.length > 0 ? Number(natural(parts.shift())) : null;
  if (parts.length > 0) throw new Error("basic constraints have two members");
  return { ca, pathLength };
}

function extensionsOf(list) {
  const found = {};
  for (const one of children(list)) {
    const parts = children(one);
    const [name, read] = EXTENSIONS[identifier(parts[0])] ?? [identifier(parts[0]), null];
    if (name in found) throw new Error("a certificate has an extension twice");
    const content = parts[parts.length - 1].as(OCTET_STRING).content;
    const critical = parts.length === 3 && truth(parts[1]);
    found[name] = { critical, value: read && read(element(content)) };
  }
  return found;
}

function equal(left, right) {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
