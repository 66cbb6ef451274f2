"""A URI as Google Authenticator exports it, with one account, Mail:ada, whose
secret is given in base32."""
import base64
import sys
import urllib.parse


def field(number, value):
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


account = (field(1, base64.b32decode(sys.argv[1])) + field(2, b"Mail:ada")
           + field(3, b"Mail") + field(4, 1) + field(5, 1) + field(6, 2))
data = (field(1, account) + field(2, 1) + field(3, 1) + field(4, 0)
        + field(5, 7))
print("otpauth-migration://offline?data="
      + urllib.parse.quote(base64.b64encode(data).decode(), safe=""))
