#include "client/formats/aegis.h"

#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define SLOT_PASSWORD 1
#define SLOTS_TRIED_MAX 16
#define FILE_MAX 1    /* the newest version of a file that is known */
#define CONTENT_MAX 3 /* and that of what is in it */

bool aegis_detect(struct bytes file)
{
	return json_has(file, "header") && json_has(file, "db");
}

static struct bytes member(const json_t *object, const char *key)
{
	return json_text_of(json_object_get(object, key));
}

/* Hex members; a missing or broken one is an empty buffer. */
static int hex(const json_t *object, const char *key, struct buffer *ret)
{
	int r = buffer_hex(ret, member(object, key));

	return r < 0 ? r : 0;
}

/*
 * AES-256-GCM with nonce and tag in an object of their own, in hex. sealed
 * has room for the tag behind its n bytes, which is put there.
 */
static int open_with(const uint8_t *key, const json_t *params,
		     struct buffer *sealed, struct buffer *ret)
{
	AUTO_BUFFER struct buffer nonce = { 0 }, tag = { 0 }, whole = { 0 };
	struct crypt_gcm gcm = { .key = key };
	int r = hex(params, "nonce", &nonce);

	if (r == 0)
		r = hex(params, "tag", &tag);
	if (r == 0)
		r = buffer_alloc(&whole, sealed->n + CRYPT_TAG);
	if (r < 0)
		return r;
	if (nonce.n != CRYPT_NONCE || tag.n != CRYPT_TAG)
		return CRYPT_ERR_NUMBERS;
	if (sealed->n > 0)
		memcpy(whole.p, sealed->p, sealed->n);
	memcpy(whole.p + sealed->n, tag.p, CRYPT_TAG);
	gcm.nonce = buffer_bytes(&nonce);
	return crypt_gcm_open(&gcm, buffer_bytes(&whole), ret);
}

static int derive(const json_t *slot, struct bytes password,
		  uint8_t key[static CRYPT_KEY])
{
	AUTO_BUFFER struct buffer salt = { 0 };
	struct json_record record = { .object = slot };
	struct crypt_scrypt how = {
		.n = json_get_number(&record, "n", 0),
		.r = json_get_number(&record, "r", 0),
		.p = json_get_number(&record, "p", 0),
	};
	int r = hex(slot, "salt", &salt);

	if (r < 0)
		return r;
	how.salt = buffer_bytes(&salt);
	return crypt_scrypt(&how, password, key);
}

/* The master key, from one slot. 0, -ENOMEM or CRYPT_ERR_*. */
static int open_slot(const json_t *slot, struct bytes password,
		     struct buffer *ret_master)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t key[CRYPT_KEY];
	int r = hex(slot, "key", &sealed);

	if (r == 0)
		r = derive(slot, password, key);
	if (r == 0)
		r = open_with(key, json_object_get(slot, "key_params"), &sealed,
			      ret_master);
	if (r == 0 && ret_master->n != CRYPT_KEY)
		r = CRYPT_ERR_NUMBERS;
	crypt_wipe(key);
	return r;
}

/*
 * Any of the password's slots will do. That one was not opened is the best
 * reason to give, when others could not even be tried.
 */
static int open_slots(struct import *import, const json_t *slots,
		      struct buffer *ret_master)
{
	struct bytes password;
	const json_t *slot;
	size_t i, tried = 0;
	int r, worst = 0;

	r = import_password(import, &password);
	if (r != 0)
		return r;
	json_array_foreach(slots, i, slot)
	{
		struct json_record record = { .object = slot };

		if (json_get_number(&record, "type", 0) != SLOT_PASSWORD ||
		    tried++ == SLOTS_TRIED_MAX)
			continue;
		r = open_slot(slot, password, ret_master);
		if (r <= 0)
			return r;
		if (worst == 0 || r == CRYPT_ERR_FORGED)
			worst = r;
	}
	if (worst == 0)
		return import_fail(import,
				   "the file opens with no password, only "
				   "with the device that wrote it");
	return refusal_crypt(import, "header.slots", worst);
}

static int open_content(struct import *import, const json_t *root,
			struct buffer *ret)
{
	AUTO_BUFFER struct buffer master = { 0 }, sealed = { 0 };
	const json_t *header = json_object_get(root, "header");
	int r = open_slots(import, json_object_get(header, "slots"), &master);

	if (r != 0)
		return r;
	r = buffer_base64(&sealed, member(root, "db"));
	if (r == 0)
		r = open_with(master.p, json_object_get(header, "params"),
			      &sealed, ret);
	/* The slot's tag has said already that the password is right. */
	if (r > 0)
		return import_fail(import, "the file is damaged: its content "
					   "does not open");
	return r;
}

/* Version 3: ids of groups; before it, one name. */
static void take_groups(struct filler *f, const json_t *groups)
{
	const json_t *ids = json_get_array(&f->record, "groups");
	const json_t *id, *group;
	size_t i, k;

	if (!ids) {
		filler_tag(f, json_get_text(&f->record, "group"));
		return;
	}
	json_array_foreach(ids, i, id) json_array_foreach(groups, k, group)
	{
		struct bytes uuid = json_text_of(id);

		if (uuid.n > 0 && text_same(member(group, "uuid"), uuid))
			filler_tag(f, member(group, "name"));
	}
}

static void take_info(struct filler *f)
{
	f->record.object = json_get_object(&f->record, "info");
	if (f->entry.type != FOB__OTP_TYPE__MOTP)
		filler_algorithm(f, "algo");
	filler_digits(f, "digits");
	if (f->entry.type == FOB__OTP_TYPE__HOTP)
		filler_counter(f, "counter");
	else
		filler_period(f, "period");
	filler_text(f, ENTRY_PIN, "pin");
	filler_base32(f, "secret");
}

static int read_one(struct import *import, const json_t *content,
		    const json_t *object, uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	filler_text(&f, ENTRY_ISSUER, "issuer");
	filler_text(&f, ENTRY_ACCOUNT, "name");
	filler_note(&f, "note");
	filler_type(&f, "type");
	f.entry.favourite = json_get_bool(&f.record, "favorite");
	if (json_get_text(&f.record, "icon").n > 0)
		filler_icon_lost(&f);
	take_groups(&f, json_object_get(content, "groups"));
	take_info(&f);
	return filler_add(&f);
}

static const struct refusal_version file_version = { "Aegis", "version",
						     FILE_MAX };
static const struct refusal_version content_version = { "Aegis", "db.version",
							CONTENT_MAX };

static int check_version(struct import *import, const json_t *object,
			 const struct refusal_version *known)
{
	struct json_record record = { .object = object };
	uint64_t version = json_get_number(&record, "version", 1);

	return refusal_newer(import, known, !json_failed(&record), version);
}

static int read_content(struct import *import, const json_t *content)
{
	const json_t *entries = json_object_get(content, "entries");
	const json_t *object;
	size_t i;
	int r = check_version(import, content, &content_version);

	if (r != 0)
		return r;
	if (!json_is_array(entries))
		return refusal_list(import, "entries");
	json_array_foreach(entries, i, object)
	{
		r = read_one(import, content, object, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}

int aegis_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL, *inner = NULL;
	const json_t *db;
	int r = json_read(file, import, &root);

	if (r == 0)
		r = check_version(import, root, &file_version);
	if (r != 0)
		return r;
	db = json_object_get(root, "db");
	if (!json_is_string(db))
		return read_content(import, db);
	r = open_content(import, root, &plain);
	if (r == 0)
		r = json_read(buffer_bytes(&plain), import, &inner);
	return r ? r : read_content(import, inner);
}
