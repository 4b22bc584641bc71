"""Checks a package of `guanjian log export` with Python's standard library alone; README.txt says how."""
import argparse, hashlib, json, os, sys, zipfile
from base64 import b64decode
from pathlib import Path

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032 section 5.1
D, I = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
BASE = 15112221349535400772501151409588531511454012693041857206046113283949847762202, 4 * pow(5, -1, P) % P
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
TOLD = "{seq} {at_us} {monotonic_us} {boot} {hlc} {kind} {0}\n{body}"  # what of an event is hashed


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def add(a, b):  # section 5.1.4, points as (x, y)
    product = D * a[0] * b[0] * a[1] * b[1]
    x, y = a[0] * b[1] + b[0] * a[1], a[1] * b[1] + a[0] * b[0]
    return x * pow(1 + product, -1, P) % P, y * pow(1 - product, -1, P) % P


def multiply(number, point):
    half = multiply(number >> 1, add(point, point)) if number else (0, 1)
    return add(half, point) if number & 1 else half


def has_signed(public, message, signature):  # sections 5.1.3 and 5.1.7
    sign, y = divmod(int.from_bytes(public, "little"), 2**255)
    s, square = int.from_bytes(signature[32:], "little"), (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    xs = [x for each in (root, root * I) for x in (each % P, -each % P) if x * x % P == square and x & 1 == sign]
    if len(public) != 32 or len(signature) != 64 or y >= P or s >= Q or not xs:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    x, y = add(multiply(s, BASE), multiply(k, (-xs[0], y)))
    return (y + 2**255 * (x & 1)).to_bytes(32, "little") == signature[:32]


def read_notes(text, keys):  # C2SP tlog-checkpoint: whether a key signed it, the log's name, its size, its root
    body = ""
    for part in text.strip().replace("\r\n", "\n").split("\n\n"):
        if part.startswith("— "):
            name, size, root = body.split("\n")[:3]
            tried = [(b64decode(line.split(" ")[2]), key) for line in part.split("\n") for key in keys]
            yield any(s[:4] == sha(name.encode(), b"\n\1", key)[:4] and has_signed(key, f"{body}\n".encode(), s[4:])
                      for s, key in tried), name, int(size), b64decode(root)
        body = part


def climb(old, size, path, node, is_leaf=False):  # RFC 9162 section 2.1: roots of the first `old` leaves and of all
    if size == (1 if is_leaf else old):
        return (sha(), sha()) if path else (node, node)  # nothing of a proof may be left over
    middle, beside, rest = 1 << (size - 1).bit_length() - 1, b"".join(path[-1:]), path[:-1]
    if old <= middle:
        first, whole = climb(old, middle, rest, node, is_leaf)
        return first, sha(b"\1", whole, beside)
    return tuple(sha(b"\1", beside, each) for each in climb(old - middle, size - middle, rest, node, is_leaf))


def check(package, keys, held):  # each claim and whether it holds; a package is a folder, or a path in a zip
    (is_signed, origin, size, root), = read_notes((package / "checkpoint.txt").read_bytes().decode(), keys)
    yield is_signed, "checkpoint.txt: no key of the office has signed it"
    proofs = json.loads((package / "consistency.json").read_bytes())
    for is_signed, name, old, old_root in read_notes(held, keys):
        why = "the log does not begin with it" if str(old) in proofs else "no proof for it: export with this checkpoint"
        path = [*([] if old != size and old & (old - 1) else [old_root]), *map(b64decode, proofs.get(str(old), ()))]
        goes_on = path and 0 < old <= size and climb(old, size, path[1:], path[0]) == (old_root, root)
        yield is_signed and name == origin and str(old) in proofs and goes_on, f"held checkpoint of {old} events: {why}"
    vouched, pictures, removed, hashes = {}, {}, set(), {}
    with (package / "events.jsonl").open("rb") as lines:
        for event in map(json.loads, lines):
            seq, kind, parcel, previous = event["seq"], event["kind"], event["parcel_id"], event["previous"]
            told = TOLD.format("-" if parcel is None else parcel, **event)
            hashed, proof = sha(bytes.fromhex(previous), told.encode()), [b64decode(each) for each in event["proof"]]
            is_in = 0 < seq <= size and climb(seq, size, proof, sha(b"\0", hashed), is_leaf=True)[1] == root
            yield is_in, f"event {seq}: it is not the one that was signed"
            yield hashes.get(seq - 1, previous) == previous, f"event {seq}: it does not follow event {seq - 1}"
            hashes[seq], body = hashed.hex(), json.loads(event["body"])
            if "row" in body and kind not in ("shown", "noted"):
                vouched.setdefault(f"parcel {parcel}", []).append(body["row"])
            vouched.update((f"declaration {key}", [said]) for key, said in body.get("declarations", ()))
            if kind == "decided" and "label" in body:
                vouched[f"label {body['label'][0]}"] = [body["label"][2]]
            pictures |= {body["capture"][0]: (body["capture"][2], body.get("sidecar"))} if kind == "scanned" else {}
            removed |= {body["sha256"]} if kind == "removed" else set()
    for record in map(json.loads, (package / "records.jsonl").read_bytes().splitlines()):
        key, value, rows = record["record"], record["value"], vouched.pop(record["record"], [""])
        text = value if key.startswith("label ") else CANONICAL.encode(value)
        yield rows[-1] and sha(text.encode()).hex().startswith(rows[-1]), f"{key}: its record is not as it was signed"
        if key.startswith("parcel "):
            yield value[-2] == len(rows), f"{key}: {value[-2]} events changed it, {len(rows)} are in the package"
    yield from ((not key.startswith("parcel "), f"{key}: its record is missing") for key in vouched)
    for scan, (wanted, described) in pictures.items():
        files = [package / "pictures" / name for name in (f"{wanted}.tif", f"{wanted}.json", f"{described}.json")]
        hashed, *beside = (sha(file.read_bytes()).hex() if file.exists() else None for file in files)
        yield hashed or wanted in removed, f"picture {scan}: it is missing"
        yield hashed in (None, wanted), f"picture {scan} (pictures/{wanted}.tif): it is not the one that was signed"
        yield not hashed or described in (None, "", *beside), f"picture {scan}: its description is not as it was signed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", nargs="?", type=Path, default=Path(__file__).resolve().parent, help="zip or folder")
    parser.add_argument("--keys", type=Path, help="the office's key list from a source that you trust")
    parser.add_argument("--held", type=Path, default=os.devnull, help="checkpoints that you hold")
    given = parser.parse_args()
    try:
        package = given.package if given.package.is_dir() else zipfile.Path(given.package)
        listed = json.loads((given.keys or package / "keys.json").read_bytes())
        keys = [bytes.fromhex(key["public"]) for key in listed["keys"]]
        wrong = [what for holds, what in check(package, keys, given.held.read_bytes().decode()) if not holds]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, zipfile.BadZipFile) as error:
        sys.exit(print(f"FORGED OR NO PACKAGE: {type(error).__name__}: {error}") or 2)
    print(*(f"key {sha(key).hex()}" for key in keys), *(f"FORGED {what}" for what in wrong), sep="\n")
    print(f"{len(wrong)} problems" if wrong else "All is as it was signed.")
    sys.exit(1 if wrong else 0)
