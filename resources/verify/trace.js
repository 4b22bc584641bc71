// Trace codes: Base45 (RFC 9285), deterministic CBOR (RFC 8949), COSE_Sign1 (RFC 9052), and the verdict.
// The rules are those of app/trace/codes.py and app/trace/verdicts.py, and tests hold both against each other.
"use strict";

const Trace = (() => {
  const PREFIX = "PT1:";
  const MAX_TEXT = 512;
  const EDDSA = -8;
  const SM2 = -65537; // ours, from the range for private use; no browser checks SM2
  const PUBLIC_KEYS = { [EDDSA]: /^[0-9a-f]{64}$/, [SM2]: /^04[0-9a-f]{128}$/ };
  const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
  const EARLIEST = Date.UTC(2020, 0, 1) / 1000, LATEST = Date.UTC(2100, 0, 1) / 1000;
  const STATUSES = [
    null, "released", "cond_released", "closed", "returned", "transferred", "confiscated", "destroyed", "abandoned",
    "held", "detained",
  ];

  class Malformed extends Error {}

  const refuse = (why) => { throw new Malformed(why); };

  function decodeBase45(text) {
    const bytes = [];
    for (let i = 0; i < text.length; i += 3) {
      const values = [...text.slice(i, i + 3)].map((letter) => ALPHABET.indexOf(letter));
      if (values.length === 1 || values.includes(-1)) refuse("not Base45");
      const number = values.reduce((sum, value, place) => sum + value * 45 ** place, 0);
      if (number >= 256 ** (values.length - 1)) refuse("Base45 group out of range");
      if (values.length === 3) bytes.push(number >> 8);
      bytes.push(number & 255);
    }
    return Uint8Array.from(bytes);
  }

  class Tagged {
    constructor(tag, value) {
      this.tag = tag;
      this.value = value;
    }
  }

  // Reads the deterministic encoding only: shortest lengths, definite lengths, sorted keys, nothing after the item.
  class Reader {
    constructor(bytes) {
      this.bytes = bytes;
      this.at = 0;
    }

    take(count) {
      if (count > this.bytes.length - this.at) refuse("cut off");
      this.at += count;
      return this.bytes.subarray(this.at - count, this.at);
    }

    head() {
      const first = this.take(1)[0];
      const short = first & 31;
      if (short < 24) return [first >> 5, short];
      if (short > 27) refuse("indefinite length");
      const size = 2 ** (short - 24);
      const number = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
      if (number < (size === 1 ? 24 : 256 ** (size / 2)) || !Number.isSafeInteger(number)) refuse("not the shortest form");
      return [first >> 5, number];
    }

    item(depth = 0) {
      if (depth > 4) refuse("nested too deep");
      const [major, number] = this.head();
      switch (major) {
        case 0: return number;
        case 1: return -1 - number;
        case 2: return this.take(number);
        case 3: return this.utf8(number);
        case 4: return this.list(number, depth);
        case 5: return this.map(number, depth);
        case 6: return new Tagged(number, this.item(depth + 1));
        default: return refuse("a type that no trace code has");
      }
    }

    utf8(length) {
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(length));
      } catch (error) {
        return refuse("not UTF-8");
      }
    }

    list(length, depth) {
      const items = [];
      for (let i = 0; i < length; i++) items.push(this.item(depth + 1));
      return items;
    }

    map(length, depth) {
      const entries = new Map();
      let last = null;
      for (let i = 0; i < length; i++) {
        const start = this.at;
        const key = this.item(depth + 1);
        const coded = this.bytes.subarray(start, this.at);
        if (!Number.isInteger(key)) refuse("a key that is no number");
        if (last !== null && compare(last, coded) >= 0) refuse("keys repeated or out of order");
        last = coded;
        entries.set(key, this.item(depth + 1));
      }
      return entries;
    }
  }

  function compare(a, b) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
    return a.length - b.length;
  }

  function decode(bytes) {
    const reader = new Reader(bytes);
    const value = reader.item();
    if (reader.at !== bytes.length) refuse("trailing bytes");
    return value;
  }

  const isBytes = (value) => value instanceof Uint8Array;
  const isText = (value, shape) => typeof value === "string" && shape.test(value);

  function encodeBytes(bytes) {
    const n = bytes.length;
    const head = n < 24 ? [0x40 | n] : n < 256 ? [0x58, n] : [0x59, n >> 8, n & 255];
    return [...head, ...bytes];
  }

  function toBeSigned(protectedHeader, payload) {
    const context = [...new TextEncoder().encode("Signature1")];
    return Uint8Array.from([0x84, 0x6a, ...context, ...encodeBytes(protectedHeader), 0x40, ...encodeBytes(payload)]);
  }

  // Damm's check digit over all 18 digits, the last one included: the result is 0 where it is right.
  const DAMM = [
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
  ];

  function isTraceId(text) {
    return isText(text, /^T[0-9]{18}$/) && [...text.slice(1)].reduce((row, digit) => Number(DAMM[row][digit]), 0) === 0
      && Number(text.slice(5, 9)) >= 2000 && Number(text.slice(9, 18)) >= 1;
  }

  function readClaims(payload) {
    const map = decode(payload);
    if (!(map instanceof Map)) refuse("claims are no map");
    const known = [1, 6, -1, -2, -3, -4, -5];
    if ([...map.keys()].some((key) => !known.includes(key))) refuse("an unknown claim");
    const inventoryNo = map.has(-3) ? map.get(-3) : null;
    const issuedAt = map.get(6), digest = map.get(-4), status = map.get(-5);
    const isRight = isText(map.get(1), /^[0-9]{4}$/)
      && Number.isInteger(issuedAt) && issuedAt >= EARLIEST && issuedAt < LATEST
      && isTraceId(map.get(-1))
      && isText(map.get(-2), /^#?[0-9A-Za-z][0-9A-Za-z._/-]{0,59}$/)
      && (inventoryNo === null || isText(inventoryNo, /^[0-9]{8}[IE][0-9]{9,11}$/))
      && isBytes(digest) && digest.length === 16
      && Number.isInteger(status) && status > 0 && status < STATUSES.length;
    if (!isRight) refuse("a claim of the wrong type or out of range");
    return {
      issuer: map.get(1), issuedAt, traceId: map.get(-1), itemId: map.get(-2),
      inventoryNo: inventoryNo ?? "", status: STATUSES[status],
    };
  }

  function readCode(text) {
    if (text.length > MAX_TEXT || !text.startsWith(PREFIX)) refuse("does not begin with PT1:");
    const tagged = decode(decodeBase45(text.slice(PREFIX.length)));
    if (!(tagged instanceof Tagged) || tagged.tag !== 18) refuse("no COSE_Sign1");
    const parts = tagged.value;
    if (!Array.isArray(parts) || parts.length !== 4) refuse("not four parts");
    const [protectedHeader, open, payload, signature] = parts;
    if (!isBytes(protectedHeader) || !(open instanceof Map) || open.size || !isBytes(payload)) refuse("wrong parts");
    if (!isBytes(signature) || signature.length !== 64) refuse("wrong signature length");
    const header = decode(protectedHeader);
    if (!(header instanceof Map) || header.size !== 2) refuse("wrong header");
    const alg = header.get(1), kid = header.get(4);
    if (!Number.isInteger(alg) || !isBytes(kid) || kid.length < 4 || kid.length > 8) refuse("wrong header");
    return { alg, kid: toHex(kid), claims: readClaims(payload), signed: toBeSigned(protectedHeader, payload), signature };
  }

  const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

  async function hasSigned(key, code) {
    const raw = fromHex(key.public);
    try {
      const imported = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
      return await crypto.subtle.verify({ name: "Ed25519" }, imported, code.signature, code.signed);
    } catch (error) { // no WebCrypto here, or none with Ed25519
      return Ed25519.verify(raw, code.signature, code.signed);
    }
  }

  // The keys of the text of a key list; throws where it is none.
  function parseKeyList(text) {
    const list = JSON.parse(text);
    if (list.format !== "guanjian-key-list" || list.version !== 1 || !Array.isArray(list.keys)) {
      throw new Error("no key list");
    }
    for (const key of list.keys) {
      const isRight = /^[0-9a-f]{8,16}$/.test(key.kid) && PUBLIC_KEYS[key.alg]?.test(key.public)
        && [key.valid_from, key.sign_until, key.valid_until].every((date) => !Number.isNaN(Date.parse(date)));
      if (!isRight) throw new Error("a damaged key");
    }
    return { writtenAt: list.written_at, keys: new Map(list.keys.map((key) => [key.kid, key])) };
  }

  // The order of the questions is part of the rule: what is not signed tells nothing about its key.
  async function verify(text, keyList, now = Date.now()) {
    let code;
    try {
      code = readCode(text);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { kind: "malformed", detail: error.message };
    }
    const key = keyList.keys.get(code.kid);
    const verdict = (kind) => ({ kind, claims: code.claims, kid: code.kid });
    if (!key) return verdict("unknown_key");
    if (key.alg !== code.alg) return verdict("wrong_signature");
    if (key.alg === SM2) return verdict("unchecked");
    if (!(await hasSigned(key, code))) return verdict("wrong_signature");
    if (key.issuer !== code.claims.issuer) return verdict("unknown_key");
    if (key.revoked_at) return verdict("key_revoked");
    const issued = code.claims.issuedAt * 1000;
    const isInTime = Date.parse(key.valid_from) <= issued && issued < Date.parse(key.sign_until)
      && now < Date.parse(key.valid_until);
    return verdict(isInTime ? "valid" : "key_expired");
  }

  return { PREFIX, verify, parseKeyList };
})();
