#!/usr/bin/env python3
"""Checks a package of `guanjian log export` with nothing but Python's standard library.

    python check_package.py [PACKAGE.zip or its folder] [--keys KEYS.json] [--held CHECKPOINTS]

Without --keys the keys are those in the package: compare their fingerprints, printed below, with what the office
published. --held takes checkpoints that you hold from earlier. Exit code 0: all is as it was signed; 1: something is
forged or missing, and named; 2: this is no package.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import sys
import zipfile

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032 section 5.1
D = -121665 * pow(121666, P - 2, P) % P
BASE = bytes.fromhex("58" + "66" * 31)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def add(a, b):  # section 5.1.4, extended coordinates
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (d - c) % P, (d + c) * (f + e) % P, (d - c) * (d + c) % P, (f - e) * (f + e) % P


def multiply(number, point):
    found = (0, 1, 1, 0)
    while number:
        found, point, number = add(found, point) if number & 1 else found, add(point, point), number >> 1
    return found


def decode_point(text):  # section 5.1.3
    y, sign = int.from_bytes(text, "little") & (1 << 255) - 1, text[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


def has_signed(public, message, signature):  # section 5.1.7
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = decode_point(public), decode_point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = multiply(s, decode_point(BASE)), add(r, multiply(k, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def read_notes(text):  # C2SP tlog-checkpoint in a signed note
    body = ""
    for part in text.strip().replace("\r\n", "\n").split("\n\n"):
        if part.startswith("— "):
            yield body + "\n", [base64.b64decode(line.split(" ")[2]) for line in part.split("\n")]
        body = part


def is_signed(body, signatures, keys):
    name = body.split("\n")[0].encode()
    return any(s[:4] == sha(name + b"\n\x01" + k)[:4] and has_signed(k, body.encode(), s[4:])
               for s in signatures for k in keys)


def climb(number, last, found, path, old=None):  # RFC 9162 sections 2.1.3.2 and 2.1.4.2
    for other in path:
        if last == 0:
            return None, None
        if number & 1 or number == last:
            found, old = sha(b"\1", other, found), old and sha(b"\1", other, old)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = sha(b"\1", found, other)
        number, last = number >> 1, last >> 1
    return (found, old) if last == 0 else (None, None)


def is_consistent(old, old_root, size, root, path):
    if old == size or not 0 < old < size:
        return old == size and old_root == root
    path = [old_root, *path] if old & (old - 1) == 0 else path
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    return bool(path) and climb(number, last, path[0], path[1:], path[0]) == (root, old_root)


def check(package, keys, held):
    """Yield the name of everything that is not as it was signed; `package` is a path, of a folder or in a zip."""
    (body, signatures), = read_notes((package / "checkpoint.txt").read_bytes().decode())
    origin, size, root = body.split("\n")[:3]
    size, root = int(size), base64.b64decode(root)
    if not is_signed(body, signatures, keys):
        yield "checkpoint.txt: no key of the office has signed it"
    proofs = json.loads((package / "consistency.json").read_bytes())
    for old_body, old_signatures in held:
        old_origin, old, old_root = old_body.split("\n")[:3]
        path = [base64.b64decode(each) for each in proofs.get(old, ())]
        if old not in proofs:
            yield f"held checkpoint of {old} events: no proof for it; have the package made with this checkpoint"
        elif not is_signed(old_body, old_signatures, keys) or old_origin != origin or not is_consistent(
                int(old), base64.b64decode(old_root), size, root, path):
            yield f"held checkpoint of {old} events: the log of this package does not begin with it"
    hashes, newest, versions, vouched, pictures, removed = {}, {}, {}, {}, {}, set()
    with (package / "events.jsonl").open("rb") as lines:
        for event in map(json.loads, lines):
            seq, text, kind, parcel = event["seq"], event["body"], event["kind"], event["parcel_id"]
            head = [seq, event["at_us"], event["monotonic_us"], event["boot"], event["hlc"], kind]
            told = " ".join(map(str, [*head, "-" if parcel is None else parcel])) + "\n" + text
            hashed = sha(bytes.fromhex(event["previous"]), told.encode())
            path = [base64.b64decode(each) for each in event["proof"]]
            if not 0 < seq <= size or climb(seq - 1, size - 1, sha(b"\0", hashed), path)[0] != root:
                yield f"event {seq}: it is not the one that was signed"
            if hashes.get(seq - 1, event["previous"]) != event["previous"]:
                yield f"event {seq}: it does not follow event {seq - 1}"
            hashes[seq], content = hashed.hex(), json.loads(text)
            if "row" in content and kind not in ("shown", "noted"):
                newest[parcel], versions[parcel] = content["row"], versions.get(parcel, 0) + 1
            vouched.update((f"declaration {key}", said) for key, said in content.get("declarations", ()))
            if kind == "decided" and "label" in content:
                vouched[f"label {content['label'][0]}"] = content["label"][2]
            if kind == "scanned":
                pictures[content["capture"][0]] = content["capture"][2], content.get("sidecar")
            if kind == "removed":
                removed.add(content["sha256"])
    for record in map(json.loads, (package / "records.jsonl").read_bytes().decode().splitlines()):
        key, value = record["record"], record["value"]
        if key.startswith("parcel "):
            wanted, count = newest.pop(value[0], None), versions.get(value[0], 0)
            if count != value[-2]:
                yield f"{key}: {value[-2]} events changed it, {count} are in the package"
        else:
            wanted = vouched.get(key)
        text = value if key.startswith("label ") else canonical(value)
        if not wanted or not sha(text.encode()).hex().startswith(wanted):
            yield f"{key}: its record is not the one that was signed"
    yield from (f"parcel {parcel}: its record is missing" for parcel in newest)
    for scan, (wanted, described) in pictures.items():
        hashed, *beside = (sha(file.read_bytes()).hex() if file.exists() else None for file in (
            package / "pictures" / name for name in (f"{wanted}.tif", f"{wanted}.json", f"{described}.json")))
        if hashed is None and wanted not in removed:
            yield f"picture {scan}: it is missing"
        elif hashed not in (None, wanted):
            yield f"picture {scan} (pictures/{wanted}.tif): it is not the one that was signed"
        if described and hashed and described not in beside:
            yield f"picture {scan}: its description is not the one that was signed"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("package", nargs="?", type=pathlib.Path, default=here, help="the zip or its folder")
    parser.add_argument("--keys", type=pathlib.Path, help="the office's key list from a source that you trust")
    parser.add_argument("--held", type=pathlib.Path, help="checkpoints that you hold")
    given = parser.parse_args()
    try:
        package = given.package if given.package.is_dir() else zipfile.Path(given.package)
        listed = json.loads((given.keys or package / "keys.json").read_bytes())
        keys = [bytes.fromhex(key["public"]) for key in listed["keys"]]
        held = list(read_notes(given.held.read_bytes().decode())) if given.held else []
        for key in keys:
            print("key", hashlib.sha256(key).hexdigest())
        wrong = list(check(package, keys, held))
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        print(f"FORGED OR NO PACKAGE: {type(error).__name__}: {error}")
        return 2
    for what in wrong:
        print("FORGED", what)
    print(f"{len(wrong)} problems" if wrong else "All is as it was signed.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
