#include "client/formats/login.h"

#include <string.h>

#include "client/formats/encoded.h"
#include "client/formats/label.h"
#include "client/formats/lines.h"
#include "client/formats/uri.h"
#include "proto/text.h"

static int set_names(const struct login *login, struct entry *entry,
		     struct fault *fault)
{
	int r = entry_set(entry, ENTRY_ISSUER, login->name, fault);

	return r ? r : entry_set(entry, ENTRY_ACCOUNT, login->user, fault);
}

static bool is_uri(struct bytes text)
{
	return text.n > 3 && memmem(text.p, text.n, "://", 3) != NULL;
}

static int read_uri(struct bytes uri, struct import *import, uint64_t position,
		    struct entry *entry, struct fault *fault)
{
	struct uri_warnings warnings = { .n = 0 };
	int r = uri_parse(uri, entry, &warnings, fault);

	for (size_t i = 0; r == 0 && i < warnings.n; i++)
		r = import_warn(import, position, warnings.text[i]);
	return r;
}

/*
 * steam:// has no names at all, so those of the login are not lost for it.
 * Where nothing is said of a user, the name is all there is.
 */
static int name_steam(const struct login *login, struct entry *entry,
		      struct fault *fault)
{
	int r;

	if (!login->user.p)
		return entry_set(entry, ENTRY_ACCOUNT, login->name, fault);
	r = entry_set(entry, ENTRY_ACCOUNT, login->user, fault);
	if (r == 0 && login->name.n > 0)
		r = entry_set(entry, ENTRY_ISSUER, login->name, fault);
	return r;
}

static int fill_gaps(const struct login *login, struct entry *entry,
		     struct fault *fault)
{
	int r = 0;

	if (*entry_get(entry, ENTRY_ISSUER) == '\0')
		r = entry_set(entry, ENTRY_ISSUER, login->name, fault);
	if (r == 0 && *entry_get(entry, ENTRY_ACCOUNT) == '\0')
		r = entry_set(entry, ENTRY_ACCOUNT, login->user, fault);
	return r;
}

int login_fill(const struct login *login, struct import *import,
	       uint64_t position, struct entry *entry, struct fault *ret_fault)
{
	struct bytes totp = label_trim(login->totp);
	int r = set_names(login, entry, ret_fault);

	if (r != 0)
		return r;
	if (!is_uri(totp))
		return encoded_base32(entry, totp, ret_fault);
	r = read_uri(totp, import, position, entry, ret_fault);
	if (r != 0)
		return r;
	return lines_begins(totp, "steam://") ?
		       name_steam(login, entry, ret_fault) :
		       fill_gaps(login, entry, ret_fault);
}
