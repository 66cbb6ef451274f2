/*
 * What password managers keep with a login: one text that is a URI of an
 * account or its bare secret, and the login's own name and user.
 */
#ifndef FOB_FORMATS_LOGIN_H
#define FOB_FORMATS_LOGIN_H

#include "client/formats/import.h"

struct login {
	struct bytes totp; /* otpauth://, steam://, motp:// or base32 */
	struct bytes name; /* of the site */
	struct bytes user;
};

/*
 * Fills an initialised entry: the names of the URI, and where it has none
 * those of the login. A warning about the URI goes to the import. 0, -ENOMEM,
 * or ENTRY_ERR_INVALID with *ret_fault; then the entry still has the names.
 */
int login_fill(const struct login *login, struct import *import,
	       uint64_t position, struct entry *entry, struct fault *ret_fault);

#endif
