"""Two migration URIs as Google Authenticator writes them, a batch of two with
an account each, in the wrong order."""
import base64
import urllib.parse


def field(number, value):
    if isinstance(value, int):
        value &= (1 << 64) - 1
        out = bytes([number << 3])
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])
    return bytes([number << 3 | 2, len(value)]) + value


def payload(index, secret, name, issuer):
    account = (field(1, secret) + field(2, name) + field(3, issuer)
               + field(4, 1) + field(5, 1) + field(6, 2))
    data = (field(1, account) + field(2, 1) + field(3, 2) + field(4, index)
            + field(5, -1234567))
    text = urllib.parse.quote(base64.b64encode(data).decode(), safe="")
    return "otpauth-migration://offline?data=" + text


print(payload(1, b"another secret", b"Other:bob", b"Other"))
print(payload(0, b"12345678901234567890", b"Example:alice", b"Example"))
