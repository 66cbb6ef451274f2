/*
 * The pieces of XML Encryption (W3C xmlenc-core) that key files use: values
 * under AES in CBC mode, their HMAC, and a key from a password or from hex.
 */
#ifndef FOB_FORMATS_XMLENC_H
#define FOB_FORMATS_XMLENC_H

#include "client/formats/crypt.h"
#include "client/formats/xml.h"

/*
 * What is inside of an element that has an EncryptionMethod and CipherData.
 * key: 16, 24 or 32 bytes, as the method says. 0, -ENOMEM, CRYPT_ERR_FORGED
 * (another size, too), or CRYPT_ERR_NUMBERS for another method.
 */
int xmlenc_open(struct bytes key, const struct xml *element,
		struct buffer *ret);

/* Its CipherValue as bytes, IV first. 0, -ENOMEM or CRYPT_ERR_NUMBERS. */
int xmlenc_sealed(const struct xml *element, struct buffer *ret);

/*
 * Is mac the HMAC of these bytes? method: the URI of HMAC with SHA-1 or
 * SHA-256. 0, CRYPT_ERR_FORGED, or CRYPT_ERR_NUMBERS for another method.
 */
int xmlenc_verify(struct bytes method, struct bytes key, struct bytes text,
		  struct bytes mac);

/*
 * The key of an EncryptionKey: with a DerivedKey PBKDF2 of the password (RFC
 * 6030 section 6.2), otherwise the password is the key itself, in hex. 0,
 * -ENOMEM or CRYPT_ERR_*.
 */
int xmlenc_key(const struct xml *element, struct bytes password,
	       struct buffer *ret);

#endif
