#include "client/formats/lastpass.h"

#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/text.h"

#define VERSION_MAX 3
#define FOLDERS_OWN 2 /* 0 and 1 are "Other accounts" and "Favorites" */

bool lastpass_detect(struct bytes file)
{
	return json_has(file, "deviceId") && json_has(file, "accounts");
}

static void take_folder(struct filler *f, const json_t *root)
{
	struct json_record data = {
		.object = json_get_object(&f->record, "folderData"),
	};
	uint64_t id = json_get_number(&data, "folderId", 0);
	const json_t *folder;
	size_t i;

	if (id < FOLDERS_OWN)
		return;
	json_array_foreach(json_object_get(root, "folders"), i, folder)
	{
		struct json_record record = { .object = folder };

		if (json_get_number(&record, "id", 0) == id)
			filler_tag(f, json_get_text(&record, "name"));
	}
}

/* What the person has made of the names, else what the site has said. */
static void take_name(struct filler *f, enum entry_text which, const char *key,
		      const char *original)
{
	filler_text(f, which, original);
	if (json_get_text(&f->record, key).n > 0)
		filler_text(f, which, key);
}

static int read_one(struct import *import, const json_t *root,
		    const json_t *object, uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	take_name(&f, ENTRY_ISSUER, "issuerName", "originalIssuerName");
	take_name(&f, ENTRY_ACCOUNT, "userName", "originalUserName");
	filler_base32(&f, "secret");
	filler_algorithm(&f, "algorithm");
	filler_digits(&f, "digits");
	filler_period(&f, "timeStep");
	f.entry.favourite = json_get_bool(&f.record, "isFavorite");
	take_folder(&f, root);
	return filler_add(&f);
}

static int check_version(struct import *import, const json_t *root)
{
	static const struct refusal_version known = { "LastPass Authenticator",
						      "version", VERSION_MAX };
	struct json_record record = { .object = root };
	uint64_t version = json_get_number(&record, known.key, 1);

	return refusal_newer(import, &known, !json_failed(&record), version);
}

int lastpass_read(struct bytes file, struct import *import)
{
	AUTO_JSON_VALUE json_t *root = NULL;
	const json_t *list, *object;
	size_t i;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	r = check_version(import, root);
	if (r != 0)
		return r;
	list = json_object_get(root, "accounts");
	if (!json_is_array(list))
		return refusal_list(import, "accounts");
	json_array_foreach(list, i, object)
	{
		r = read_one(import, root, object, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}
