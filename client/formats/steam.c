#include "client/formats/steam.h"

#include <string.h>

#include "client/formats/buffer.h"
#include "client/formats/filler.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

static const char key[] = "\"shared_secret\"";

bool steam_detect(struct bytes file)
{
	if (json_has(file, "shared_secret"))
		return true;
	return json_has(file, "accounts") &&
	       memmem(file.p, file.n, key, strlen(key)) != NULL;
}

static void take_secret(struct filler *f)
{
	AUTO_BUFFER struct buffer secret = { 0 };
	struct fault fault = { "shared_secret", "is not base64" };
	int r = buffer_base64(&secret,
			      json_get_text(&f->record, "shared_secret"));

	if (r == 0)
		r = entry_set_secret(&f->entry, buffer_bytes(&secret), &fault);
	filler_fail(f, r, fault);
}

static int read_one(struct import *import, const json_t *object,
		    uint64_t position)
{
	AUTO_FILLER struct filler f;
	struct fault fault = { NULL, NULL };
	int r;

	filler_init(&f, object, import, position);
	f.entry.type = FOB__OTP_TYPE__STEAM;
	r = entry_set(&f.entry, ENTRY_ISSUER, text_of("Steam"), &fault);
	filler_fail(&f, r, fault);
	filler_text(&f, ENTRY_ACCOUNT, "account_name");
	take_secret(&f);
	return filler_add(&f);
}

static int read_many(struct import *import, json_t *accounts)
{
	uint64_t position = 0;
	void *i;

	for (i = json_object_iter(accounts); i;
	     i = json_object_iter_next(accounts, i)) {
		int r = read_one(import, json_object_iter_value(i), ++position);

		if (r != 0)
			return r;
	}
	return 0;
}

int steam_read(struct bytes file, struct import *import)
{
	AUTO_JSON_VALUE json_t *root = NULL;
	json_t *accounts;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	accounts = json_object_get(root, "accounts");
	if (json_is_object(accounts))
		return read_many(import, accounts);
	if (!json_object_get(root, "shared_secret"))
		return import_fail(import, "the file has no shared_secret");
	return read_one(import, root, 1);
}
