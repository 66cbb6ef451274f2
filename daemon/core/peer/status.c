#include "daemon/core/peer/status.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/secret.h"
#include "proto/text.h"

static const char sign_label[] = "fob/1 sig status";
static const char seal_label[] = "fob/1 status seal";

#define SIGNED_MAX (sizeof(sign_label) + ID_SIZE + STATUS_ROW_MAX)
#define SEALED_MAX 2048

void statuses_init(struct statuses *statuses)
{
	memset(statuses, 0, sizeof(*statuses));
}

void statuses_deinit(struct statuses *statuses)
{
	for (uint32_t i = 0; i < statuses->n; i++)
		free(statuses->list[i].packed);
	free(statuses->list);
	statuses_init(statuses);
}

static int statuses_grow(struct statuses *statuses, uint32_t n)
{
	struct device_status *list;

	if (n <= statuses->n)
		return 0;
	list = realloc(statuses->list, n * sizeof(*list));
	if (!list)
		return -ENOMEM;
	memset(list + statuses->n, 0, (n - statuses->n) * sizeof(*list));
	statuses->list = list;
	statuses->n = n;
	return 0;
}

const struct device_status *statuses_find(const struct statuses *statuses,
					  uint32_t author)
{
	if (author >= statuses->n || !statuses->list[author].known)
		return NULL;
	return &statuses->list[author];
}

static size_t status_signed(uint8_t ret[static SIGNED_MAX],
			    const uint8_t vault_id[static ID_SIZE],
			    const uint8_t *statement, size_t n)
{
	REQUIRE(n <= STATUS_ROW_MAX);
	memcpy(ret, sign_label, sizeof(sign_label));
	memcpy(ret + sizeof(sign_label), vault_id, ID_SIZE);
	memcpy(ret + sizeof(sign_label) + ID_SIZE, statement, n);
	return sizeof(sign_label) + ID_SIZE + n;
}

static void status_seal_key(const struct net_secret *net,
			    uint8_t ret[static KEY_SIZE])
{
	crypto_generichash(ret, KEY_SIZE, (const uint8_t *)seal_label,
			   sizeof(seal_label), net->key, KEY_SIZE);
}

static void status_profile_read(struct device_status *status,
				const Fob__Profile *profile)
{
	struct bytes name = text_of(profile->name);

	status->open = true;
	status->n_addresses = 0; /* those before */
	if (name.n <= DEVICE_NAME_MAX && text_line(name))
		memcpy(status->name, name.p, name.n + 1);
	for (size_t i = 0;
	     i < profile->n_addresses && status->n_addresses < ADDRESSES_MAX;
	     i++) {
		struct bytes address = text_of(profile->addresses[i]);

		if (address.n >= sizeof(status->addresses[0]) ||
		    !text_line(address))
			continue;
		memcpy(status->addresses[status->n_addresses++], address.p,
		       address.n + 1);
	}
}

/* A bad one shows nothing. */
static int status_profile_parse(struct device_status *status,
				struct bytes bytes)
{
	struct budget budget;
	Fob__Profile *profile;
	int r;

	budget_init(&budget, false);
	profile = fob__profile__unpack(&budget.allocator, bytes.n, bytes.p);
	r = budget_error(&budget, 0);
	if (profile)
		status_profile_read(status, profile);
	if (profile)
		fob__profile__free_unpacked(profile, &budget.allocator);
	budget_deinit(&budget);
	return r;
}

static int status_unseal(struct device_status *status,
			 const Fob__Statement *statement,
			 const struct net_secret *net)
{
	uint8_t key[KEY_SIZE], plain[SEALED_MAX];
	unsigned long long n = 0;
	int r;

	if (statement->sealed.len < NONCE_SIZE + TAG_SIZE ||
	    statement->sealed.len > SEALED_MAX)
		return 0;
	status_seal_key(net, key);
	r = crypto_aead_xchacha20poly1305_ietf_decrypt(
		plain, &n, NULL, statement->sealed.data + NONCE_SIZE,
		statement->sealed.len - NONCE_SIZE, statement->device.data,
		DEVICE_ID_SIZE, statement->sealed.data, key);
	sodium_memzero(key, sizeof(key));
	r = r == 0 ? status_profile_parse(status, (struct bytes){ plain, n }) :
		     0;
	sodium_memzero(plain, sizeof(plain));
	return r;
}

/* 0, opened or not, or -ENOMEM. */
static int status_open(struct device_status *status,
		       const Fob__Statement *statement,
		       const struct net_secret *nets, size_t n)
{
	int r = 0;

	if (!statement->net_id.len && !statement->sealed.len)
		return 0; /* it could not be sealed yet */
	if (!statement->net_id.len)
		return status_profile_parse(
			status, (struct bytes){ statement->sealed.data,
						statement->sealed.len });
	for (size_t i = 0; r == 0 && i < n && !status->open; i++)
		if (statement->net_id.len == sizeof(nets[i].id) &&
		    !memcmp(statement->net_id.data, nets[i].id,
			    sizeof(nets[i].id)))
			r = status_unseal(status, statement, &nets[i]);
	return r;
}

/* Both messages of a status, unpacked from one budget. */
struct parsed {
	struct budget budget;
	Fob__Status *status;
	Fob__Statement *statement;
};

static void parsed_deinit(struct parsed *parsed)
{
	if (parsed->statement)
		fob__statement__free_unpacked(parsed->statement,
					      &parsed->budget.allocator);
	if (parsed->status)
		fob__status__free_unpacked(parsed->status,
					   &parsed->budget.allocator);
	budget_deinit(&parsed->budget);
}

/* 0, STATUS_ERR_REFUSED, -ENOMEM. */
static int parsed_init(struct parsed *parsed, struct bytes packed)
{
	memset(parsed, 0, sizeof(*parsed));
	budget_init(&parsed->budget, false);
	if (packed.n > STATUS_ROW_MAX)
		return STATUS_ERR_REFUSED;
	parsed->status = fob__status__unpack(&parsed->budget.allocator,
					     packed.n, packed.p);
	if (!parsed->status)
		return budget_error(&parsed->budget, STATUS_ERR_REFUSED);
	parsed->statement = fob__statement__unpack(
		&parsed->budget.allocator, parsed->status->statement.len,
		parsed->status->statement.data);
	return parsed->statement ?
		       0 :
		       budget_error(&parsed->budget, STATUS_ERR_REFUSED);
}

static bool status_well_formed(const struct parsed *parsed)
{
	const Fob__Statement *s = parsed->statement;

	return parsed->status->signature.len == SIGNATURE_SIZE &&
	       s->device.len == DEVICE_ID_SIZE && s->nonce.len == 16 &&
	       s->root.len == ID_SIZE && s->sealed.len <= SEALED_MAX &&
	       (s->net_id.len == 0 || s->net_id.len == 8);
}

static bool status_genuine(const struct parsed *parsed, const struct set *set,
			   uint32_t author)
{
	uint8_t message[SIGNED_MAX];
	size_t n = status_signed(message, set->vault_id,
				 parsed->status->statement.data,
				 parsed->status->statement.len);

	return crypto_sign_verify_detached(parsed->status->signature.data,
					   message, n,
					   set->authors[author].status) == 0;
}

static bool status_newer(const Fob__Statement *statement,
			 const struct device_status *old)
{
	if (!old->known || statement->time != old->time)
		return !old->known || statement->time > old->time;
	return memcmp(statement->nonce.data, old->nonce, 16) > 0;
}

static void status_fill(struct device_status *status,
			const Fob__Statement *statement)
{
	status->known = true;
	status->time = statement->time;
	status->count = statement->count;
	status->drill = statement->drill;
	memcpy(status->nonce, statement->nonce.data, sizeof(status->nonce));
	memcpy(status->root, statement->root.data, sizeof(status->root));
}

/* Until it opens, what was said before serves. */
static void status_inherit(struct device_status *status,
			   const struct device_status *old)
{
	memcpy(status->name, old->name, sizeof(status->name));
	memcpy(status->addresses, old->addresses, sizeof(status->addresses));
	status->n_addresses = old->n_addresses;
}

int statuses_take(struct statuses *statuses, const struct set *set,
		  struct bytes packed, uint64_t wall, uint32_t *ret_author)
{
	CLEANUP(parsed_deinit) struct parsed parsed;
	struct device_status fresh = { 0 };
	uint32_t author;
	int r;

	r = parsed_init(&parsed, packed);
	if (r)
		return r;
	if (!status_well_formed(&parsed))
		return STATUS_ERR_REFUSED;
	author = set_author(set, parsed.statement->device.data);
	if (author == NONE ||
	    (wall && parsed.statement->time > wall + SKEW_MAX_MS))
		return STATUS_ERR_REFUSED;
	if (statuses_grow(statuses, author + 1) < 0)
		return -ENOMEM;
	if (!status_newer(parsed.statement, &statuses->list[author]))
		return STATUS_ERR_OLD;
	if (!status_genuine(&parsed, set, author))
		return STATUS_ERR_REFUSED;
	fresh.packed = malloc(packed.n + 1);
	if (!fresh.packed)
		return -ENOMEM;
	memcpy(fresh.packed, packed.p, packed.n);
	fresh.packed_len = packed.n;
	fresh.heard = wall;
	status_fill(&fresh, parsed.statement);
	r = status_open(&fresh, parsed.statement, NULL, 0);
	if (r) {
		free(fresh.packed);
		return r;
	}
	if (!fresh.open)
		status_inherit(&fresh, &statuses->list[author]);
	free(statuses->list[author].packed);
	statuses->list[author] = fresh;
	*ret_author = author;
	return 0;
}

int statuses_open(struct statuses *statuses, const struct net_secret *nets,
		  size_t n)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < statuses->n; i++) {
		struct device_status *status = &statuses->list[i];
		CLEANUP(parsed_deinit) struct parsed parsed = { 0 };

		if (!status->known || status->open) {
			budget_init(&parsed.budget, false);
			continue;
		}
		r = parsed_init(&parsed, (struct bytes){ status->packed,
							 status->packed_len });
		if (r == 0)
			r = status_open(status, parsed.statement, nets, n);
	}
	return r < 0 ? r : 0;
}

/* --- making one ------------------------------------------------------------- */

static size_t status_seal(uint8_t ret[static SEALED_MAX],
			  const Fob__Profile *profile,
			  const struct device_keys *self,
			  const struct net_secret *net,
			  const uint8_t nonce[static NONCE_SIZE])
{
	uint8_t plain[SEALED_MAX - NONCE_SIZE - TAG_SIZE], key[KEY_SIZE];
	size_t n = fob__profile__get_packed_size(profile);
	unsigned long long sealed = 0;

	REQUIRE(n <= sizeof(plain));
	if (!net)
		return fob__profile__pack(profile, ret);
	fob__profile__pack(profile, plain);
	status_seal_key(net, key);
	memcpy(ret, nonce, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(ret + NONCE_SIZE, &sealed,
						   plain, n, self->id,
						   DEVICE_ID_SIZE, NULL, nonce,
						   key);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(plain, sizeof(plain));
	return NONCE_SIZE + (size_t)sealed;
}

struct status_text {
	char name[DEVICE_NAME_MAX + 1];
	char addresses[ADDRESSES_MAX][64];
	char *list[ADDRESSES_MAX];
	char version[32];
};

static void status_text(struct status_text *text, Fob__Profile *profile,
			const struct status_profile *what)
{
	size_t n = size_min(what->n_addresses, ADDRESSES_MAX);

	memcpy(text->name, what->name,
	       size_min(strlen(what->name), DEVICE_NAME_MAX));
	memcpy(text->version, what->version,
	       size_min(strlen(what->version), sizeof(text->version) - 1));
	for (size_t i = 0; i < n; i++) {
		memcpy(text->addresses[i], what->addresses[i],
		       sizeof(text->addresses[i]));
		text->list[i] = text->addresses[i];
	}
	profile->name = text->name;
	profile->addresses = text->list;
	profile->n_addresses = n;
}

static size_t status_sign(uint8_t ret[static STATUS_ROW_MAX],
			  const struct device_keys *self,
			  const uint8_t vault_id[static ID_SIZE],
			  const Fob__Statement *statement)
{
	Fob__Status status = FOB__STATUS__INIT;
	uint8_t bytes[STATUS_ROW_MAX], message[SIGNED_MAX];
	uint8_t signature[SIGNATURE_SIZE];
	size_t n = fob__statement__get_packed_size(statement);

	REQUIRE(n <= STATUS_ROW_MAX - 2 * SIGNATURE_SIZE);
	fob__statement__pack(statement, bytes);
	n = status_signed(message, vault_id, bytes, n);
	crypto_sign_detached(signature, NULL, message, n, self->status_secret);
	status.statement.data = bytes;
	status.statement.len = n - sizeof(sign_label) - ID_SIZE;
	status.signature.data = signature;
	status.signature.len = sizeof(signature);
	return fob__status__pack(&status, ret);
}

size_t status_make(uint8_t ret[static STATUS_ROW_MAX],
		   const struct device_keys *self,
		   const struct status_profile *what,
		   const struct net_secret *net, const uint8_t fresh[static 40])
{
	Fob__Statement statement = FOB__STATEMENT__INIT;
	Fob__Profile profile = FOB__PROFILE__INIT;
	struct status_text text = { 0 };
	struct net_secret net_copy = { 0 };
	uint8_t sealed[SEALED_MAX], root[ID_SIZE], id[DEVICE_ID_SIZE];
	uint8_t nonce[16];

	status_text(&text, &profile, what);
	if (net)
		net_copy = *net;
	memcpy(id, self->id, sizeof(id));
	memcpy(root, what->root, sizeof(root));
	memcpy(nonce, fresh, sizeof(nonce));
	statement.device = (ProtobufCBinaryData){ sizeof(id), id };
	statement.time = what->time;
	statement.nonce = (ProtobufCBinaryData){ sizeof(nonce), nonce };
	statement.root = (ProtobufCBinaryData){ sizeof(root), root };
	statement.count = what->count;
	statement.drill = what->drill;
	statement.version = text.version;
	statement.sealed.data = sealed;
	statement.sealed.len =
		status_seal(sealed, &profile, self, net, fresh + 16);
	if (net)
		statement.net_id = (ProtobufCBinaryData){ sizeof(net_copy.id),
							  net_copy.id };
	return status_sign(ret, self, what->vault_id, &statement);
}
