"""Web Push on the wire: the example of the RFC, and our signature as a push service checks it."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ronda.channels.sealing import PLAIN_MAX, authorization, point, public, seal


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


BROWSER = raw("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
SECRET = raw("BTBZMqHH6r4Tts7J_aSIgg")


def test_the_example_of_rfc_8291() -> None:
    """Appendix A, byte by byte."""
    number = int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    ours = ec.derive_private_key(number, ec.SECP256R1())
    plain = b"When I grow up, I want to be a watermelon"
    assert seal(plain, BROWSER, SECRET, salt=raw("DGv6ra1nlYgDCS1FRnbzlw"), ours=ours) == raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr"
        "u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_each_message_has_a_key_of_its_own() -> None:
    """The same words twice are no two equal messages, and none is longer than a push may be."""
    assert seal(b"x", BROWSER, SECRET) != seal(b"x", BROWSER, SECRET)
    assert len(seal(bytes(PLAIN_MAX), BROWSER, SECRET)) == 4096
    with pytest.raises(ValueError, match="3993"):
        seal(bytes(PLAIN_MAX + 1), BROWSER, SECRET)


def test_a_push_service_knows_us_by_our_key() -> None:
    """The token is for its origin, ends, and its signature fits the key that the browser was given."""
    key = ec.generate_private_key(ec.SECP256R1())
    token, named = authorization(key, "https://push.example:8443/a/b", "mailto:ani@kota.id", 1000)[8:].split(", k=")
    head, claims, signed = token.split(".")
    assert (named, raw(named)) == (public(key), point(key))
    assert msgspec.json.decode(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    assert msgspec.json.decode(raw(claims)) == {
        "aud": "https://push.example:8443", "exp": 1000 + 12 * 3600, "sub": "mailto:ani@kota.id",
    }  # fmt: skip
    r, s = (int.from_bytes(half, "big") for half in (raw(signed)[:32], raw(signed)[32:]))
    key.public_key().verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
