#include "client/formats/ente.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "client/formats/crypt.h"
#include "client/formats/json.h"
#include "client/formats/list.h"
#include "client/formats/refusal.h"

#define HEADER crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define OVERHEAD crypto_secretstream_xchacha20poly1305_ABYTES

bool ente_detect(struct bytes file)
{
	return json_has(file, "kdfParams") && json_has(file, "encryptedData");
}

/* What the file says, decoded. */
struct sealed {
	struct buffer salt, header, data; /* owned */
	uint64_t memory;		  /* bytes */
	uint64_t passes;
};

static void sealed_free(struct sealed *sealed)
{
	buffer_free(&sealed->salt);
	buffer_free(&sealed->header);
	buffer_free(&sealed->data);
}

static int check_version(struct import *import, const json_t *root)
{
	static const struct refusal_version known = { "Ente", "version", 1 };
	struct json_record record = { .object = root };
	uint64_t version = json_get_number(&record, known.key, 1);

	return refusal_newer(import, &known, !json_failed(&record), version);
}

static int parse(struct import *import, const json_t *root, struct sealed *ret)
{
	struct json_record outer = { .object = root };
	struct json_record kdf = { .object = json_get_object(&outer,
							     "kdfParams") };
	int r = check_version(import, root);

	if (r != 0)
		return r;
	r = buffer_base64(&ret->salt, json_get_text(&kdf, "salt"));
	if (r == 0)
		r = buffer_base64(&ret->header,
				  json_get_text(&outer, "encryptionNonce"));
	if (r == 0)
		r = buffer_base64(&ret->data,
				  json_get_text(&outer, "encryptedData"));
	if (r < 0)
		return r;
	ret->memory = json_get_number(&kdf, "memLimit", 0);
	ret->passes = json_get_number(&kdf, "opsLimit", 0);
	if (r != 0 || json_failed(&outer) || json_failed(&kdf) ||
	    ret->header.n != HEADER || ret->data.n < OVERHEAD)
		return import_fail(import, "the file is damaged: "
					   "kdfParams, encryptionNonce or "
					   "encryptedData is incomplete");
	return 0;
}

/*
 * Ente begins with 1 GiB (older ones) or 256 MiB, and halves the memory and
 * doubles the passes where a device lacks it; the product stays. No other
 * demand may take more than PLAIN.
 */
#define PLAIN (256ull << 20)
#define LARGEST (1024ull << 20)
#define WORK (4096ull << 20) /* bytes times passes */

static bool too_costly(const struct sealed *sealed)
{
	uint64_t memory = sealed->memory;

	if (memory <= PLAIN)
		return false;
	return memory > LARGEST || (memory & (memory - 1)) != 0 ||
	       sealed->passes != WORK / memory;
}

static int costs(struct import *import, const struct sealed *sealed)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "kdfParams: opening the file would take more memory or time "
		 "than Ente asks for: %llu MiB, passes: %llu; only 1024 MiB "
		 "with 4, 512 with 8, or at most 256 are taken",
		 (unsigned long long)(sealed->memory >> 20),
		 (unsigned long long)sealed->passes);
	return import_fail(import, text);
}

/* This is the only format that takes so much that it may not be there. */
static int no_memory(struct import *import, const struct sealed *sealed)
{
	char text[100];

	snprintf(text, sizeof(text),
		 "opening the file takes %llu MiB of memory, which is "
		 "not to be had",
		 (unsigned long long)(sealed->memory >> 20));
	return import_fail(import, text);
}

/* One message of a stream; not all versions mark it as the last. */
static int pull(const struct sealed *sealed,
		const uint8_t key[static CRYPT_KEY], struct buffer *ret)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	crypto_secretstream_xchacha20poly1305_state state;
	int r;

	if (buffer_alloc(&plain, sealed->data.n - OVERHEAD) < 0)
		return -ENOMEM;
	r = crypto_secretstream_xchacha20poly1305_init_pull(
		&state, sealed->header.p, key);
	if (r == 0)
		r = crypto_secretstream_xchacha20poly1305_pull(
			&state, plain.p, NULL, NULL, sealed->data.p,
			sealed->data.n, NULL, 0);
	sodium_memzero(&state, sizeof(state));
	if (r != 0)
		return CRYPT_ERR_FORGED;
	*ret = plain;
	plain = (struct buffer){ 0 };
	return 0;
}

static int open_sealed(struct import *import, const struct sealed *sealed,
		       struct buffer *ret)
{
	struct crypt_argon2 how = {
		.passes = sealed->passes,
		.kib = sealed->memory / 1024,
		.lanes = 1,
		.salt = buffer_bytes(&sealed->salt),
	};
	uint8_t key[CRYPT_KEY];
	struct bytes password;
	int r = import_password(import, &password);

	if (r != 0)
		return r;
	if (too_costly(sealed))
		return costs(import, sealed);
	r = crypt_argon2(&how, password, key);
	if (r == -ENOMEM)
		return no_memory(import, sealed);
	if (r == 0)
		r = pull(sealed, key, ret);
	crypt_wipe(key);
	return r ? refusal_crypt(import, "kdfParams", r) : 0;
}

int ente_read(struct bytes file, struct import *import)
{
	CLEANUP(sealed_free) struct sealed sealed = { 0 };
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL;
	int r;

	if (list_detect(file))
		return list_read(file, import);
	r = json_read(file, import, &root);
	if (r == 0)
		r = parse(import, root, &sealed);
	if (r == 0)
		r = open_sealed(import, &sealed, &plain);
	return r ? r : list_read(buffer_bytes(&plain), import);
}
