"""Seals the capture beside this file, and writes its tensors as NumPy does, by protocol.md 10 and RFC 9180, without any code of ours.

Run: /usr/bin/python3 test/vectors/capture/make_capture.py   (Debian's python3-cryptography, python3-numpy)
"""

import hashlib
import hmac
import json
import pathlib
import struct

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

HERE = pathlib.Path(__file__).parent
RECIPIENT = hashlib.sha256(b"recipient of the test").digest()
EPHEMERAL = hashlib.sha256(b"ephemeral key of the test").digest()
KEM_SUITE = b"KEM" + struct.pack(">H", 0x0020)
HPKE_SUITE = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0003)


def public(key):
    return key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )


def extract(salt, suite, label, material):
    return hmac.new(salt, b"HPKE-v1" + suite + label + material, hashlib.sha256).digest()


def expand(prk, suite, label, info, length):
    labeled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return hmac.new(prk, labeled + b"\x01", hashlib.sha256).digest()[:length]


def seal(recipient, ephemeral, info, aad, message):
    enc = public(ephemeral)
    dh = ephemeral.exchange(recipient.public_key())
    prk = extract(b"", KEM_SUITE, b"eae_prk", dh)
    shared = expand(prk, KEM_SUITE, b"shared_secret", enc + public(recipient), 32)
    context = (
        b"\x00"
        + extract(b"", HPKE_SUITE, b"psk_id_hash", b"")
        + extract(b"", HPKE_SUITE, b"info_hash", info)
    )
    secret = extract(shared, HPKE_SUITE, b"secret", b"")
    key = expand(secret, HPKE_SUITE, b"key", context, 32)
    nonce = expand(secret, HPKE_SUITE, b"base_nonce", context, 12)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, message, aad)


header = {
    "spec": 1,
    "policy": "retrain",
    "strategy": "margin",
    "device": "cam-0017",
    "slot": "main",
    "release": "ab" * 32,
    "model": "digits",
    "version": "1.0.0",
    "atMs": 1800000000000,
    "id": "part 7",
    "redacted": ["face"],
    "tensors": [
        {"role": "input", "name": "x", "dtype": "float32", "shape": [1, 2], "bytes": 8},
        {"role": "output", "name": "y", "dtype": "float32", "shape": [1, 2], "bytes": 8},
    ],
}
text = json.dumps(header).encode()
inside = struct.pack("<I", len(text)) + text + struct.pack("<4f", 0.5, -1, 0.25, 0.75)
sealed = seal(
    X25519PrivateKey.from_private_bytes(RECIPIENT),
    X25519PrivateKey.from_private_bytes(EPHEMERAL),
    b"modelfleet capture 1",
    b"MFCAP001",
    inside,
)
(HERE / "part-7.mfcap").write_bytes(b"MFCAP001" + sealed)
np.save(HERE / "x.npy", np.array([[0.5, -1]], dtype="<f4"))
np.save(HERE / "y.npy", np.array([[0.25, 0.75]], dtype="<f4"))
(HERE / "recipient.hex").write_text(RECIPIENT.hex() + "\n")
