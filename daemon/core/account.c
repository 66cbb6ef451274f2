#include "daemon/core/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The structs of protobuf-c know no const; nothing writes through these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static ProtobufCBinaryData data(const uint8_t *p, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)(uintptr_t)p };
}

/* --- names ----------------------------------------------------------------- */

static const char *const types[] = {
	[FOB__OTP_TYPE__OTP_NONE] = "none", [FOB__OTP_TYPE__TOTP] = "totp",
	[FOB__OTP_TYPE__HOTP] = "hotp",	    [FOB__OTP_TYPE__STEAM] = "steam",
	[FOB__OTP_TYPE__MOTP] = "motp",	    [FOB__OTP_TYPE__YANDEX] = "yandex",
};

static const char *const algorithms[] = {
	[FOB__ALGORITHM__ALGORITHM_NONE] = "",
	[FOB__ALGORITHM__SHA1] = "SHA1",
	[FOB__ALGORITHM__SHA256] = "SHA256",
	[FOB__ALGORITHM__SHA512] = "SHA512",
	[FOB__ALGORITHM__MD5] = "MD5",
};

const char *account_type(uint32_t type)
{
	return type < ARRAY_SIZE(types) ? types[type] : "unknown";
}

const char *account_algorithm(uint32_t algorithm)
{
	return algorithm < ARRAY_SIZE(algorithms) ? algorithms[algorithm] :
						    "unknown";
}

void account_group(const struct node *node, uint32_t group,
		   char ret[static TEXT_MAX + 1])
{
	if (group == 0)
		memcpy(ret, "main", sizeof("main"));
	else if (!group_name(node, group, ret))
		text_hex_encode(ret, TEXT_HEX_SIZE(GROUP_ID_SIZE),
				BYTES(node->set.groups[group].id));
}

/* --- one account in a reply ------------------------------------------------ */

static uint64_t holders_of(const struct node *node, uint32_t record)
{
	struct record_versions versions;
	uint64_t mask = UINT64_MAX;

	record_current(&node->set, &node->roster, record, &versions);
	for (size_t i = 0; i < versions.n; i++)
		mask &= node->set.items[versions.items[i]].holders;
	return versions.n > 0 ? mask : 0;
}

static bool counts(const struct node *node, uint32_t author)
{
	return author != NONE && author < node->set.n_authors &&
	       author != node->self_author && node->set.authors[author].member;
}

static void fill_holders(const struct node *node, uint32_t record,
			 struct account *ret)
{
	uint64_t mask = holders_of(node, record);
	size_t n = 0;

	for (unsigned slot = 0; slot < HOLDER_SLOTS; slot++) {
		uint32_t author = node->sync.holder_slots[slot];

		if ((mask >> slot & 1) && counts(node, author))
			ret->holders[n++] =
				text(node_device_name(node, author));
	}
	ret->message.holders = ret->holders;
	ret->message.n_holders = n;
	ret->message.copies = (uint32_t)n;
}

void account_fill(const struct node *node, const struct vault_entry *entry,
		  struct account *ret)
{
	Fob__Account *message = &ret->message;

	fob__account__init(message);
	message->id = data(entry->id, sizeof(entry->id));
	message->version = data(entry->version, sizeof(entry->version));
	message->issuer = entry->issuer;
	message->account = entry->account;
	message->type = text(account_type(entry->type));
	message->algorithm = text(account_algorithm(entry->algorithm));
	message->digits = entry->digits;
	message->period = entry->period;
	message->counter = entry->counter;
	account_group(node, entry->group, ret->group);
	message->group = ret->group;
	message->tags = entry->tags;
	message->n_tags = entry->n_tags;
	message->conflict = entry->conflict;
	message->favourite = entry->favourite;
	message->created = entry->created;
	message->changed = entry->changed;
	message->trashed = entry->trashed;
	message->incomplete = entry->incomplete;
	fill_holders(node, entry->record, ret);
}

/* --- many ------------------------------------------------------------------ */

struct batch {
	struct account accounts[ACCOUNT_BATCH];
	Fob__Account *list[ACCOUNT_BATCH];
	size_t n, bytes;
};

/* False when it is full. */
static bool batch_add(const struct node *node, struct batch *batch,
		      const struct vault_entry *entry)
{
	struct account *account;
	size_t bytes;

	if (batch->n == ACCOUNT_BATCH)
		return false;
	account = &batch->accounts[batch->n];
	account_fill(node, entry, account);
	bytes = fob__account__get_packed_size(&account->message);
	if (batch->n > 0 && batch->bytes + bytes > ACCOUNT_BATCH_BYTES)
		return false;
	batch->list[batch->n++] = &account->message;
	batch->bytes += bytes;
	return true;
}

static int batch_send(struct step *step, const struct call *call,
		      struct batch *batch, Fob__Reply *reply)
{
	int r;

	reply->accounts = batch->list;
	reply->n_accounts = batch->n;
	r = call_reply(step, call, reply);
	batch->n = 0;
	batch->bytes = 0;
	return r;
}

int account_reply(struct step *step, struct call *call, const uint32_t *entries,
		  size_t n)
{
	const struct node *node = step->node;
	AUTO_FREE struct batch *batch = calloc(1, sizeof(*batch));
	size_t at = 0;
	int r = 0;

	if (!batch)
		return -ENOMEM;
	do {
		Fob__Reply reply;

		fob__reply__init(&reply);
		while (at < n && batch_add(node, batch,
					   &node->vault.entries[entries[at]]))
			at++;
		reply.more = at < n;
		r = batch_send(step, call, batch, &reply);
	} while (r == 0 && at < n);
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* --- finding --------------------------------------------------------------- */

int account_end(int r)
{
	return r == ACCOUNT_ANSWERED ? CALL_DONE : r;
}

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

uint32_t account_group_named(const struct node *node, const char *name)
{
	uint8_t id[GROUP_ID_SIZE];
	char other[TEXT_MAX + 1];
	size_t n;

	if (!strcmp(name, "main"))
		return 0;
	for (uint32_t i = 1; name[0] && i < node->roster.n_groups; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (group_name(node, group, other) &&
		    text_same(text_of(name), text_of(other)))
			return group;
	}
	if (text_hex_decode(id, sizeof(id), text_of(name), &n) == 0 &&
	    n == sizeof(id))
		return set_group(&node->set, id);
	return NONE;
}

int account_find_group(struct step *step, struct call *call, const char *name,
		       uint32_t *ret)
{
	uint32_t group = account_group_named(step->node, name);

	if (!name[0]) {
		*ret = NONE;
		return 0;
	}
	if (group == NONE)
		return answered(call_fail(
			step, call, STATUS_NOT_FOUND,
			"there is no group \"%s\": fob group lists them",
			name));
	*ret = group;
	return 0;
}

static int ambiguous(struct step *step, struct call *call, const char *query,
		     const uint32_t *found, size_t n)
{
	const struct node *node = step->node;
	AUTO_FREE struct batch *batch = calloc(1, sizeof(*batch));
	struct saying message = { .n = 0 };
	Fob__Reply reply;

	fob__reply__init(&reply);
	if (!batch)
		return -ENOMEM;
	for (size_t i = 0; i < n && i < ACCOUNT_BATCH; i++)
		if (!batch_add(node, batch, &node->vault.entries[found[i]]))
			break;
	if (query[0]) {
		saying_add(&message, "\"");
		saying_add(&message, query);
		saying_add(&message, "\" matches ");
	} else {
		saying_add(&message, "there are ");
	}
	saying_number(&message, n);
	saying_add(&message, " accounts: say issuer/account, or the id");
	reply.status = STATUS_AMBIGUOUS;
	reply.message = message.text;
	return answered(batch_send(step, call, batch, &reply));
}

int account_find(struct step *step, struct call *call,
		 const struct vault_query *query,
		 const struct vault_entry **ret)
{
	const struct vault *vault = &step->node->vault;
	uint32_t found[ACCOUNT_BATCH];
	size_t n;

	if (strlen(query->text) > QUERY_MAX)
		return answered(call_fail(step, call, STATUS_USAGE,
					  "the query is too long"));
	n = vault_match(vault, query, found, ARRAY_SIZE(found));
	if (n == 0)
		return answered(call_fail(
			step, call, STATUS_NOT_FOUND,
			query->trashed ? "nothing in the trash matches \"%s\"" :
					 "nothing matches \"%s\"",
			query->text));
	if (n > 1)
		return ambiguous(step, call, query->text, found, n);
	*ret = &vault->entries[found[0]];
	return 0;
}

const struct vault_entry *account_by_id(const struct node *node,
					const uint8_t id[static RECORD_ID_SIZE])
{
	const struct set *set = &node->set;
	const struct vault_entry *found = NULL;

	for (uint32_t group = 0; group < set->n_groups; group++) {
		uint32_t record = set_record(set, group, id);
		const struct vault_entry *entry =
			record != NONE ? vault_find(&node->vault, record) :
					 NULL;

		if (!entry || entry->trashed)
			continue;
		if (found)
			return NULL;
		found = entry;
	}
	return found;
}

/* A whole id goes before all else, and who gives one does so often. */
static const struct vault_entry *find_whole_id(const struct node *node,
					       const char *query)
{
	uint8_t id[RECORD_ID_SIZE];
	size_t n;

	if (text_hex_decode(id, sizeof(id), text_of(query), &n) != 0 ||
	    n != sizeof(id))
		return NULL;
	return account_by_id(node, id);
}

int account_find_text(struct step *step, struct call *call, const char *query,
		      const struct vault_entry **ret)
{
	const struct vault_query what = { .text = query, .group = NONE };
	const struct vault_entry *entry = find_whole_id(step->node, query);

	if (!entry)
		return account_find(step, call, &what, ret);
	*ret = entry;
	return 0;
}

bool account_prefix(const char *hex, const uint8_t *id, size_t n)
{
	char full[TEXT_HEX_SIZE(ID_SIZE)];
	struct bytes prefix = text_of(hex);

	REQUIRE(n <= ID_SIZE);
	text_hex_encode(full, sizeof(full), (struct bytes){ id, n });
	return prefix.n >= ACCOUNT_PREFIX_MIN && prefix.n <= 2 * n &&
	       text_same(prefix, (struct bytes){ (uint8_t *)full, prefix.n });
}

bool account_version(const struct node *node, uint32_t item)
{
	const struct set_item *what = &node->set.items[item];

	return what->kind == FOB__KIND__ENTRY && (what->flags & SET_HELD) &&
	       roster_view_valid(&node->roster, item);
}

int account_find_version(struct step *step, struct call *call,
			 const struct vault_entry *entry, const char *prefix,
			 uint32_t *ret)
{
	const struct set *set = &step->node->set;
	uint32_t item = set->records[entry->record].last, found = NONE;

	for (; item != NONE; item = set->items[item].next) {
		if (!account_version(step->node, item) ||
		    !account_prefix(prefix, set->items[item].id, ID_SIZE))
			continue;
		if (found != NONE)
			return answered(call_fail(
				step, call, STATUS_AMBIGUOUS,
				"several versions begin with \"%s\": give "
				"more of it",
				prefix));
		found = item;
	}
	if (found == NONE)
		return answered(call_fail(
			step, call, STATUS_NOT_FOUND,
			"there is no version \"%s\" (%d digits and more): "
			"fob history lists them",
			prefix, ACCOUNT_PREFIX_MIN));
	*ret = found;
	return 0;
}

/* --- opening --------------------------------------------------------------- */

int account_open(struct step *step, struct call *call,
		 const struct vault_entry *entry, struct opened *ret)
{
	struct saying name = { .n = 0 };
	int r = call_open(step, call, entry->record, ret);

	if (r != 0 || ret->valid)
		return r;
	saying_name(&name, entry);
	return answered(call_fail(
		step, call, STATUS_FAILED,
		"no version of %s opens here: sync with another device first",
		name.text));
}

/* --- showing fields -------------------------------------------------------- */

bool account_hidden(const char *key)
{
	static const char backup[] = "backup-code/";

	return strcmp(key, "pin") == 0 ||
	       strncmp(key, backup, sizeof(backup) - 1) == 0;
}

size_t account_fields(const struct record *record, bool reveal,
		      Fob__FieldValue *ret_fields, Fob__FieldValue **ret_list)
{
	const Fob__Plain *plain = record->plain;
	size_t n = 0;

	for (size_t i = 0; i < plain->n_fields && n < FIELDS_MAX; i++) {
		const Fob__Field *from = plain->fields[i];
		Fob__FieldValue *to = &ret_fields[n];

		if (from->unset)
			continue;
		fob__field_value__init(to);
		to->key = from->key;
		if (reveal || !account_hidden(from->key))
			to->value = from->value;
		to->used = from->used;
		to->changed = from->stamp;
		ret_list[n++] = to;
	}
	return n;
}
