// Ed25519 verification (RFC 8032) in plain JavaScript, for browsers without it in WebCrypto.
// Verification handles no secret, so nothing here needs constant time.
"use strict";

const Ed25519 = (() => {
  const P = 2n ** 255n - 19n;
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const MASK_64 = (1n << 64n) - 1n;

  const mod = (a, m = P) => ((a % m) + m) % m;

  function power(base, exponent, m) {
    let result = 1n;
    for (let b = mod(base, m), e = exponent; e > 0n; e >>= 1n) {
      if (e & 1n) result = (result * b) % m;
      b = (b * b) % m;
    }
    return result;
  }

  const D = mod(-121665n * power(121666n, P - 2n, P));
  const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n, P);

  function littleEndian(bytes) {
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return value;
  }

  // The x of a point from its y (RFC 8032, 5.1.3), or null where y is on no point.
  function recoverX(y, isOdd) {
    const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
    let x = mod(u * power(v, 3n, P) * power(u * power(v, 7n, P), (P - 5n) / 8n, P));
    const check = mod(v * x * x);
    if (check === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE);
    else if (check !== u) return null;
    if (x === 0n && isOdd) return null;
    return (x & 1n) === BigInt(isOdd) ? x : P - x;
  }

  // Points are [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z.
  function decodePoint(bytes) {
    const value = littleEndian(bytes);
    const y = value & ((1n << 255n) - 1n);
    if (y >= P) return null;
    const x = recoverX(y, Number(value >> 255n));
    return x === null ? null : [x, y, 1n, mod(x * y)];
  }

  function encodePoint([X, Y, Z]) {
    const inverse = power(Z, P - 2n, P);
    let value = mod(Y * inverse) | ((mod(X * inverse) & 1n) << 255n);
    return Uint8Array.from({ length: 32 }, () => {
      const byte = Number(value & 255n);
      value >>= 8n;
      return byte;
    });
  }

  function add([X1, Y1, Z1, T1], [X2, Y2, Z2, T2]) {
    const a = mod((Y1 - X1) * (Y2 - X2)), b = mod((Y1 + X1) * (Y2 + X2));
    const c = mod(2n * D * T1 * T2), d = mod(2n * Z1 * Z2);
    const e = b - a, f = d - c, g = d + c, h = b + a;
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }

  function multiply(scalar, point) {
    let result = [0n, 1n, 1n, 0n];
    for (let q = point, s = scalar; s > 0n; s >>= 1n) {
      if (s & 1n) result = add(result, q);
      q = add(q, q);
    }
    return result;
  }

  const BASE_Y = mod(4n * power(5n, P - 2n, P));
  const BASE_X = recoverX(BASE_Y, 0);
  const BASE = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)];

  // The first 64 bits of the fractional parts of the roots of the first primes (FIPS 180-4).
  function fractionOfRoot(prime, degree) {
    const wanted = BigInt(prime) << BigInt(64 * degree);
    let low = 0n, high = 1n << 80n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** BigInt(degree) <= wanted) low = middle;
      else high = middle;
    }
    return low & MASK_64;
  }

  const PRIMES = [];
  for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every((p) => n % p)) PRIMES.push(n);
  const ROUNDS = PRIMES.map((prime) => fractionOfRoot(prime, 3));
  const START = PRIMES.slice(0, 8).map((prime) => fractionOfRoot(prime, 2));

  function sha512(message) {
    const length = Math.ceil((message.length + 17) / 128) * 128;
    const padded = new Uint8Array(length);
    padded.set(message);
    padded[message.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setBigUint64(length - 8, BigInt(message.length) * 8n);
    const turn = (x, n) => ((x >> BigInt(n)) | (x << BigInt(64 - n))) & MASK_64;
    const state = [...START];
    for (let block = 0; block < length; block += 128) {
      const w = [];
      for (let i = 0; i < 16; i++) w.push(view.getBigUint64(block + i * 8));
      for (let i = 16; i < 80; i++) {
        const s0 = turn(w[i - 15], 1) ^ turn(w[i - 15], 8) ^ (w[i - 15] >> 7n);
        const s1 = turn(w[i - 2], 19) ^ turn(w[i - 2], 61) ^ (w[i - 2] >> 6n);
        w.push((w[i - 16] + s0 + w[i - 7] + s1) & MASK_64);
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 80; i++) {
        const s1 = turn(e, 14) ^ turn(e, 18) ^ turn(e, 41);
        const t1 = (h + s1 + ((e & f) ^ (~e & MASK_64 & g)) + ROUNDS[i] + w[i]) & MASK_64;
        const s0 = turn(a, 28) ^ turn(a, 34) ^ turn(a, 39);
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) & MASK_64;
        [a, b, c, d, e, f, g, h] = [(t1 + t2) & MASK_64, a, b, c, (d + t1) & MASK_64, e, f, g];
      }
      [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) & MASK_64; });
    }
    const digest = new Uint8Array(64);
    state.forEach((value, i) => new DataView(digest.buffer).setBigUint64(i * 8, value));
    return digest;
  }

  // Whether [S]B = R + [k]A, compared as encoded points.
  function verify(publicKey, signature, message) {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    const a = decodePoint(publicKey);
    const s = littleEndian(signature.subarray(32));
    if (a === null || s >= L) return false;
    const hashed = new Uint8Array(64 + message.length);
    hashed.set(signature.subarray(0, 32));
    hashed.set(publicKey, 32);
    hashed.set(message, 64);
    const k = mod(littleEndian(sha512(hashed)), L);
    const minusA = [mod(-a[0]), a[1], a[2], mod(-a[3])];
    const r = encodePoint(add(multiply(s, BASE), multiply(k, minusA)));
    return r.every((byte, i) => byte === signature[i]);
  }

  return { verify, sha512 };
})();
