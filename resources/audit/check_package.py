#!/usr/bin/env python3
"""Checks a package of `guanjian log export` with nothing but Python's standard library.

    python check_package.py PACKAGE.zip [--keys KEYS.json] [--held CHECKPOINTS]

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

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
CHANGE_NO_ROW = ("shown", "noted")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def add(a, b):  # Ed25519, RFC 8032 section 5.1.4, extended coordinates
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    h, g, i, j = f - e, d - c, d + c, f + e
    return h * g % P, i * j % P, g * i % P, h * j % P


def multiply(number, point):
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def recover_x(y, sign):  # section 5.1.3
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else P - x


def decode_point(text):
    y, sign = int.from_bytes(text, "little") & (1 << 255) - 1, text[31] >> 7
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def has_signed(public, message, signature):  # section 5.1.7
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = decode_point(public), decode_point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = multiply(s, BASE), add(r, multiply(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


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
    """Yield the name of everything that is not as it was signed."""
    read, names = package.read, set(package.namelist())
    (body, signatures), = read_notes(read("checkpoint.txt").decode())
    origin, size, root = body.split("\n")[:3]
    size, root = int(size), base64.b64decode(root)
    if not is_signed(body, signatures, keys):
        yield "checkpoint.txt: no key of the office has signed it"
    proofs = json.loads(read("consistency.json"))
    for old_body, old_signatures in held:
        old_origin, old, old_root = old_body.split("\n")[:3]
        path = [base64.b64decode(each) for each in proofs.get(old, ())]
        if old not in proofs:
            yield f"held checkpoint of {old} events: no proof for it; have the package made with this checkpoint"
        elif not is_signed(old_body, old_signatures, keys) or old_origin != origin or not is_consistent(
                int(old), base64.b64decode(old_root), size, root, path):
            yield f"held checkpoint of {old} events: the log of this package does not begin with it"
    hashes, newest, versions, vouched, pictures, sidecars, removed = {}, {}, {}, {}, {}, {}, set()
    with package.open("events.jsonl") as lines:
        for line in lines:
            event = json.loads(line)
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
            if "row" in content and kind not in CHANGE_NO_ROW:
                newest[parcel], versions[parcel] = content["row"], versions.get(parcel, 0) + 1
            vouched.update((f"declaration {key}", said) for key, said in content.get("declarations", ()))
            if kind == "decided" and "label" in content:
                vouched[f"label {content['label'][0]}"] = content["label"][2]
            if kind == "scanned":
                pictures[content["capture"][0]] = content["capture"][2]
                sidecars[content["capture"][0]] = content.get("sidecar")
            if kind == "removed":
                removed.add(content["sha256"])
    for record in map(json.loads, read("records.jsonl").decode().splitlines()):
        key, value = record["record"], record["value"]
        if key.startswith("parcel "):
            parcel = value[0]
            if sha(canonical(value).encode()).hex() != newest.get(parcel):
                yield f"{key}: its record is not the one that was signed"
            if versions.get(parcel, 0) != value[-2]:
                yield f"{key}: {value[-2]} events changed it, {versions.get(parcel, 0)} are in the package"
            newest.pop(parcel, None)
        else:
            text = value if key.startswith("label ") else canonical(value)
            if key not in vouched or not sha(text.encode()).hex().startswith(vouched[key]):
                yield f"{key}: its record is not the one that was signed"
    yield from (f"parcel {parcel}: its record is missing" for parcel in newest)
    yield from check_pictures(package, names, pictures, sidecars, removed)


def check_pictures(package, names, pictures, sidecars, removed):
    """Yield every picture, and every description beside one, that is not as it was signed."""
    read = package.read
    for scan, wanted in pictures.items():
        name = f"pictures/{wanted}.tif"
        if name not in names:
            if wanted not in removed:
                yield f"picture {scan}: it is missing"
        elif sha(read(name)).hex() != wanted:
            yield f"picture {scan} ({name}): it is not the one that was signed"
        described, beside = sidecars[scan], [f"pictures/{each}.json" for each in (wanted, sidecars[scan])]
        if described and name in names and described not in [sha(read(each)).hex() for each in beside if each in names]:
            yield f"picture {scan}: its description is not the one that was signed"


def read_keys(text):
    return [bytes.fromhex(key["public"]) for key in json.loads(text)["keys"]]


class Folder:
    """An unpacked package, read like the zip."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def namelist(self):
        return [file.relative_to(self.path).as_posix() for file in self.path.rglob("*") if file.is_file()]

    def read(self, name):
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError as error:
            raise KeyError(name) from error

    def open(self, name):
        return (self.path / name).open("rb")


def open_package(path):
    return Folder(path) if path.is_dir() else zipfile.ZipFile(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("package", nargs="?", default=here, help="the zip, or the folder of its files: this one")
    parser.add_argument("--keys", help="the office's key list from a source that you trust")
    parser.add_argument("--held", help="checkpoints that you hold")
    given = parser.parse_args()
    try:
        with open_package(pathlib.Path(given.package)) as package:
            keys = read_keys(open(given.keys, "rb").read() if given.keys else package.read("keys.json"))
            held = list(read_notes(open(given.held, encoding="utf-8").read())) if given.held else []
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
