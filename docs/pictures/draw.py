#!/usr/bin/env python3
"""Draws the sequences of docs/protocol/README.md as SVG. Without arguments it writes them beside itself.

    docs/pictures/draw.py [FOLDER]
"""
import pathlib
import sys
from html import escape

PONTE, SERVER, PHONE, USER = "Ponte", "WhatsApp's server", "Phone", "User"

# Steps: (from, to, what, under it) is a message; (who, lines) a note of what one does alone; a text alone begins a part.
PICTURES = {
    "noise-xx": ("Noise XX: neither knows the other's key", [PONTE, SERVER], [
        (PONTE, ["draws an ephemeral key e", "prologue: WA 06 03"]),
        (PONTE, SERVER, "client_hello", "e"),
        (SERVER, PONTE, "server_hello", "re, encrypted rs, encrypted certificates"),
        (PONTE, ["keys: DH(e, re), then DH(e, rs)", "chain: root, intermediate, leaf = rs"]),
        (PONTE, SERVER, "client_finish", "encrypted s, encrypted ClientPayload"),
        (PONTE, ["keys: DH(s, re); split: one key for each way"]),
        "transport: AES-256-GCM, a counter for each way",
        (PONTE, SERVER, "stanzas", ""),
        (SERVER, PONTE, "pair-device, or success, or failure", ""),
    ]),
    "noise-ik": ("Noise IK: the server's key is known from the last login", [PONTE, SERVER], [
        (PONTE, ["rs: of the chain that was verified then", "keys: DH(e, rs), then DH(s, rs)"]),
        (PONTE, SERVER, "client_hello", "e, encrypted s, encrypted ClientPayload"),
        "the server knows that key: half a round trip is saved",
        (SERVER, PONTE, "server_hello", "re, encrypted certificates"),
        (PONTE, ["keys: DH(e, re), DH(s, re); split"]),
        (SERVER, PONTE, "success", ""),
        "or it does not: XXfallback, with the same e",
        (SERVER, PONTE, "server_hello with a static key", "re, encrypted rs, encrypted certificates"),
        (PONTE, ["verifies the chain anew, goes on as in XX"]),
        (PONTE, SERVER, "client_finish", "encrypted s, encrypted ClientPayload"),
    ]),
    "pairing-qr": ("Linking by QR code", [PONTE, SERVER, PHONE], [
        (PONTE, SERVER, "handshake with a registration", "identity key, signed prekey, DeviceProps"),
        (SERVER, PONTE, "pair-device", "6 refs: 60 s, then 20 s each"),
        (PONTE, PHONE, "QR code, by way of a screen", "ref, Noise key, identity key, adv_secret"),
        (PHONE, SERVER, "approves the device", "details, signed, HMAC with adv_secret"),
        (SERVER, PONTE, "pair-success", "JID, LID, signed identity, HMAC"),
        (PONTE, ["checks HMAC and the account's signature,", "signs, stores durably, only then answers"]),
        (PONTE, SERVER, "pair-device-sign", "the identity with our signature"),
        (SERVER, PONTE, "stream:error 515, and closes", ""),
        (PONTE, SERVER, "connects again and logs in", ""),
        (SERVER, PONTE, "success", ""),
    ]),
    "pairing-code": ("Linking by a code that is typed", [PONTE, SERVER, PHONE], [
        (SERVER, PONTE, "pair-device", ""),
        (PONTE, ["draws a code, 8 symbols", "key = PBKDF2(code, salt), 131,072 rounds"]),
        (PONTE, SERVER, "companion_hello", "number, ephemeral key under the code"),
        (SERVER, PONTE, "a ref: now the code is worth showing", ""),
        (SERVER, PHONE, "somebody wants to link", ""),
        (PHONE, ["its user types the code"]),
        (PHONE, SERVER, "primary_hello", "its ephemeral key under the code, identity"),
        (SERVER, PONTE, "primary_hello", ""),
        (PONTE, ["adv_secret = HKDF(ephemeral agreement,", "identity agreement, random), stored first"]),
        (PONTE, SERVER, "companion_finish", "both identities, 32 random bytes, encrypted"),
        (SERVER, PHONE, "companion_finish", ""),
        (SERVER, PONTE, "pair-success: from here on as with the QR", ""),
    ]),
    "pairing-passkey": ("Linking an account that demands its passkey", [USER, PONTE, SERVER, PHONE], [
        (PHONE, SERVER, "scan, or code", ""),
        (SERVER, PONTE, "passkey_prologue_request", "WebAuthn options"),
        (PONTE, USER, "options, state passkey_required", ""),
        (USER, ["signs with the passkey,", "in a page of WhatsApp's"]),
        (USER, PONTE, "assertion", ""),
        (PONTE, ["checks challenge, origin, relying party"]),
        (PONTE, SERVER, "passkey_prologue", "assertion, commitment, handoff proof"),
        (SERVER, PHONE, "prologue", ""),
        (SERVER, PONTE, "crsc_continuation", "the phone's ephemeral key, nonce"),
        (PONTE, SERVER, "companion_nonce", ""),
        "both show a code made of both nonces; the user compares",
        (USER, PONTE, "the same: confirmed", ""),
        (PONTE, SERVER, "encrypted_pairing_request", "Noise key, identity key, adv_secret"),
        (SERVER, PONTE, "pair-success: as with the QR", ""),
    ]),
}

INK, FAINT, LINE, PAPER, BOX, PART = "#1f2933", "#52606d", "#9aa5b1", "#ffffff", "#e3f2ec", "#f1f4f7"
GREEN = "#0b6b4b"
APART, SIDE, TOP = 360, 196, 96
SANS = "font-family=\"'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif\""


def text(x, y, what, size=13, fill=INK, weight="normal"):
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" font-weight="{weight}" text-anchor="middle">{escape(what)}</text>'


def fits(what, size, room):
    """Each glyph counted as wide as an average one of a wide font: what fits here fits everywhere."""
    if len(what) * size * 0.6 > room:
        raise ValueError(f"too long by {round(len(what) * size * 0.6 - room)}: {what!r}")


def arrow(x1, x2, y):
    tip = 9 if x2 > x1 else -9
    return (f'<line x1="{x1}" y1="{y}" x2="{x2 - tip}" y2="{y}" stroke="{GREEN}" stroke-width="2"/>'
            f'<path d="M{x2} {y} l{-tip} -5 v10 z" fill="{GREEN}"/>')


def draw(title, actors, steps):
    at = {actor: SIDE + index * APART for index, actor in enumerate(actors)}
    width = 2 * SIDE + (len(actors) - 1) * APART
    out, y = [], TOP + 30
    for step in steps:
        if isinstance(step, str):
            fits(step, 13, width - 40)
            out += [f'<rect x="16" y="{y - 4}" width="{width - 32}" height="28" rx="4" fill="{PART}"/>',
                    text(width / 2, y + 15, step, 13, FAINT, "bold")]
            y += 48
        elif len(step) == 2:
            who, lines = step
            high = 12 + 18 * len(lines)
            wide = 350
            left = max(16, min(at[who] - wide / 2, width - 16 - wide))
            out.append(f'<rect x="{left}" y="{y - 6}" width="{wide}" height="{high}" rx="6" fill="{BOX}" stroke="{LINE}"/>')
            for line in lines:
                fits(line, 12, wide)
                out.append(text(left + wide / 2, y + 11, line, 12))
                y += 18
            y += 26
        else:
            source, target, what, under = step
            x1, x2 = at[source], at[target]
            room = abs(x2 - x1) - 16
            fits(what, 13, room)
            fits(under, 12, room)
            # A lifeline between the two does not run through the words.
            out += [f'<rect x="{(x1 + x2) / 2 - 4}" y="{y - 8}" width="8" height="44" fill="{PAPER}"/>'] if abs(x2 - x1) > APART else []
            out += [text((x1 + x2) / 2, y + 6, what, 13, INK, "bold"), arrow(x1, x2, y + 14)]
            if under:
                out.append(text((x1 + x2) / 2, y + 31, under, 12, FAINT))
            y += 56 if under else 40
    height = y + 4
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{escape(title)}" {SANS}>',
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" fill="{PAPER}" stroke="{LINE}"/>',
            text(width / 2, 34, title, 17, INK, "bold")]
    for actor, x in at.items():
        fits(actor, 14, 200)
        head += [f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{height - 14}" stroke="{LINE}" stroke-dasharray="4 4"/>',
                 f'<rect x="{x - 100}" y="{TOP - 36}" width="200" height="36" rx="6" fill="{GREEN}"/>',
                 text(x, TOP - 13, actor, 14, PAPER, "bold")]
    return "\n".join([*head, *out, "</svg>"]) + "\n"


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for name, (title, actors, steps) in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(title, actors, steps))


if __name__ == "__main__":
    main()
