/*
 * Items: what is accepted, and each rule that a head or body may break.
 * Covers: item head
 */
#include "daemon/core/set/item.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/build.h"

#define NOTHING ((struct build_list){ NULL, 0 })

enum sample {
	S_GENESIS,
	S_ADD,
	S_REVOKE,
	S_SUSPEND,
	S_LIFT,
	S_GROUP,
	S_RECOVERY,
	S_KEY,
	S_GRANT,
	S_ENTRY,
	S_PURGE,
	N_SAMPLES
};

static struct build b;
static int samples[N_SAMPLES];
static uint8_t bytes[8192]; /* ones, for fields of any size */

static Fob__Wrap wrap = FOB__WRAP__INIT;
static Fob__Wrap *wraps[] = { &wrap };
static Fob__SealedParent sealed = FOB__SEALED_PARENT__INIT;
static Fob__SealedParent *sealeds[] = { &sealed };
static ProtobufCBinaryData ids2[] = { { 32, bytes }, { 32, bytes + 1 } };

static ProtobufCBinaryData some(size_t n)
{
	return (ProtobufCBinaryData){ n, bytes };
}

static int make_group(void)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group group = FOB__GROUP__INIT;
	ProtobufCBinaryData device = some(DEVICE_ID_SIZE);

	group.add = &device;
	group.n_add = 1;
	group.undo = ids2;
	group.n_undo = 2;
	group.name = some(40);
	head.kind = FOB__KIND__GROUP;
	head.group = &group;
	return build_head(&b, 0, &head, (struct bytes){ NULL, 0 });
}

static int make_key(bool grant)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Key key = FOB__KEY__INIT;
	Fob__Grant g = FOB__GRANT__INIT;

	wrap.recipient = some(DEVICE_ID_SIZE);
	wrap.ephemeral = some(KEY_SIZE);
	wrap.box = some(BOX_SIZE);
	sealed.kid = some(KID_SIZE);
	sealed.box = some(BOX_SIZE);
	key.group = g.group = some(GROUP_ID_SIZE);
	key.kid = g.kid = some(KID_SIZE);
	key.wraps = wraps;
	key.sealed = sealeds;
	key.n_wraps = key.n_sealed = 1;
	g.wrap = &wrap;
	head.kind = grant ? FOB__KIND__GRANT : FOB__KIND__KEY;
	if (grant)
		head.grant = &g;
	else
		head.key = &key;
	return build_head(&b, 0, &head, (struct bytes){ NULL, 0 });
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 251 + 1);
	build_init(&b, 3);
	samples[S_GENESIS] = b.genesis;
	samples[S_ADD] = build_add(&b, 0, 1, FOB__ROLE__DEVICE, 1);
	samples[S_REVOKE] = build_revoke(&b, 0, 1, NULL);
	samples[S_SUSPEND] = build_suspend(&b, 0, 1, NOTHING, NOTHING);
	samples[S_LIFT] = build_lift(&b, 0, samples[S_SUSPEND]);
	samples[S_GROUP] = make_group();
	samples[S_RECOVERY] =
		build_recover(&b, BUILD_RECOVERY, BUILD_RECOVERY + 10, NOTHING);
	samples[S_KEY] = make_key(false);
	samples[S_GRANT] = make_key(true);
	samples[S_ENTRY] = build_entry(&b, 0, 1, NOTHING);
	samples[S_PURGE] = build_purge(&b, 0, 1, BUILD_LIST(samples[S_ENTRY]));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	build_deinit(&b);
	return 0;
}

/* --- parsing from parts ----------------------------------------------------- */

static int parse(struct item *ret, const uint8_t *body, size_t n,
		 struct bytes blob)
{
	static const uint8_t signature[SIGNATURE_SIZE] = { 0 };

	return item_parse(ret, b.vault_id, (struct bytes){ body, n },
			  BYTES(signature), blob);
}

static int parse_head(struct item *ret, const uint8_t *head, size_t n,
		      const Fob__Body *like, struct bytes blob)
{
	uint8_t body[16384 + BODY_MAX];
	Fob__Body out = *like;
	uint8_t *copy = malloc(n + 1);
	int r;

	memcpy(copy, head, n);
	out.head = (ProtobufCBinaryData){ n, copy };
	r = parse(ret, body, fob__body__pack(&out, body), blob);
	free(copy);
	return r;
}

/* Inner signatures are made good again, so that they hide no other rule. */
static void sign_again(Fob__Head *h, uint8_t sig[static SIGNATURE_SIZE])
{
	struct build_device device = *build_keys(&b, 1);
	struct build_recovery kit;
	ProtobufCBinaryData *to = NULL;

	if (h->add && h->add->device && h->add->device->sign.len == KEY_SIZE) {
		item_join_sign(sig, b.vault_id, h->author.data, h->add,
			       device.sign_secret);
		to = &h->add->join_sig;
	} else if (h->genesis || h->recovery) {
		build_recovery(&kit, b.seed, h->genesis ? 0 : 10);
		to = h->genesis ? &h->genesis->cosign : &h->recovery->cosign;
		to->len = 0;
		item_cosign(sig, h, h->genesis ? NULL : b.vault_id,
			    kit.sign_secret);
	}
	if (to)
		*to = (ProtobufCBinaryData){ SIGNATURE_SIZE, sig };
}

/*
 * The head is a shallow copy for change to play with: every pointer is still
 * the sample's, so the payload is copied flat as well.
 */
union payload {
	Fob__Genesis genesis;
	Fob__Add add;
	Fob__Revoke revoke;
	Fob__Suspend suspend;
	Fob__Lift lift;
	Fob__Group group;
	Fob__Recovery recovery;
	Fob__Key key;
	Fob__Grant grant;
	Fob__Entry entry;
	Fob__Purge purge;
};

#define COPY(field)                            \
	do {                                   \
		if (h->field) {                \
			to->field = *h->field; \
			h->field = &to->field; \
		}                              \
	} while (0)

static void copy_payload(Fob__Head *h, union payload *to)
{
	COPY(genesis);
	COPY(add);
	COPY(revoke);
	COPY(suspend);
	COPY(lift);
	COPY(group);
	COPY(recovery);
	COPY(key);
	COPY(grant);
	COPY(entry);
	COPY(purge);
}

static int parse_changed(enum sample which, void (*change)(Fob__Head *),
			 bool sign)
{
	const struct item *from = &b.items[samples[which]];
	uint8_t packed[65536], sig[SIGNATURE_SIZE];
	struct item item AUTO_ITEM = { .body = NULL };
	Fob__Head head = *from->head;
	union payload payload;

	copy_payload(&head, &payload);
	if (change)
		change(&head);
	if (sign)
		sign_again(&head, sig);
	return parse_head(&item, packed, fob__head__pack(&head, packed),
			  from->content,
			  (struct bytes){ from->blob, from->blob_len });
}

static void samples_are_accepted(void **state)
{
	(void)state;
	for (int i = 0; i < N_SAMPLES; i++) {
		assert_int_equal(parse_changed((enum sample)i, NULL, false), 0);
		assert_int_equal(parse_changed((enum sample)i, NULL, true), 0);
	}
}

/* --- each rule, broken alone -------------------------------------------------- */

#define BREAK(name, what)              \
	static void name(Fob__Head *h) \
	{                              \
		what;                  \
	}

static Fob__Add no_add = FOB__ADD__INIT;
static Fob__Certificate certificate;
static ProtobufCBinaryData many[600];
static uint8_t zeros[64], ones_point[32] = { 1 };

/* A copy of the certificate, to be spoiled. */
static Fob__Certificate *spoil(Fob__Certificate *of)
{
	certificate = *of;
	return &certificate;
}

static ProtobufCBinaryData *list_of(size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (ProtobufCBinaryData){ size, bytes + i };
	return many;
}

BREAK(kind_other, h->kind = FOB__KIND__LIFT)
BREAK(kind_none, h->kind = 0)
BREAK(kind_class_3, h->kind = 0x30)
BREAK(kind_huge, h->kind = 0x10000002)
BREAK(two_payloads, h->add = h->add ? h->add : &no_add;
      static Fob__Lift extra = FOB__LIFT__INIT; h->lift = &extra)
BREAK(author_short, h->author.len = 15)
BREAK(author_zeros, h->author.data = zeros)
BREAK(generation, h->generation = 1)
BREAK(prev_short, h->prev = some(31))
BREAK(roster_short, h->roster = list_of(31); h->n_roster = 1)
BREAK(roster_five, h->roster = list_of(32); h->n_roster = 5)
BREAK(roster_twice, h->roster = list_of(32); many[1] = many[0]; h->n_roster = 2)
BREAK(roster_four, h->roster = list_of(32); h->n_roster = 4)
BREAK(genesis_prev, h->prev = some(32))
BREAK(genesis_roster, h->roster = list_of(32); h->n_roster = 1)
BREAK(genesis_author, h->author = some(16))
BREAK(genesis_nonce, h->genesis->nonce.len = 31)
BREAK(genesis_key, h->genesis->recovery_sign = some(31))
BREAK(genesis_low, h->genesis->recovery_wrap.data = zeros)
BREAK(genesis_no_device, h->genesis->device = NULL)
BREAK(no_device, h->add->device = NULL)
BREAK(role_none, h->add->role = 0)
BREAK(role_other, h->add->role = 3)
BREAK(role_keeper, h->add->role = FOB__ROLE__KEEPER)
BREAK(ordinal_0, h->add->ordinal = 0)
BREAK(join_short, h->add->join_sig = some(63))
BREAK(status_off_curve, h->add->device = spoil(h->add->device);
      certificate.status = some(32))
BREAK(status_small_order, h->add->device = spoil(h->add->device);
      certificate.status.data = ones_point)
BREAK(wrap_low, h->add->device = spoil(h->add->device);
      certificate.wrap.data = zeros)
BREAK(transport_low, h->add->device = spoil(h->add->device);
      certificate.transport.data = ones_point)
BREAK(transport_short, h->add->device = spoil(h->add->device);
      certificate.transport.len = 31)
BREAK(target_short, h->revoke->target.len = 15)
BREAK(tips0_short, h->revoke->tips0 = list_of(31); h->revoke->n_tips0 = 1)
BREAK(tips2_short, h->revoke->tips2 = list_of(33); h->revoke->n_tips2 = 1)
BREAK(tips_many, h->revoke->tips1 = list_of(32); h->revoke->n_tips1 = 120)
BREAK(tips_110, h->revoke->tips1 = list_of(32); h->revoke->n_tips1 = 110)
BREAK(suspend_target, h->suspend->target.len = 0)
BREAK(lift_short, h->lift->suspend.len = 31)
BREAK(group_short, h->group->group = some(31))
BREAK(group_new, h->group->group.len = 0)
BREAK(group_add, h->group->add = list_of(17); h->group->n_add = 1)
BREAK(group_name, h->group->name = some(513))
BREAK(recovery_generation, h->recovery->generation++)
BREAK(recovery_author, h->author = some(16); h->generation = 0)
BREAK(recovery_valid, h->recovery->valid = list_of(31);
      h->recovery->n_valid = 1)
BREAK(recovery_513, h->recovery->valid = list_of(32);
      h->recovery->n_valid = 513)
BREAK(recovery_512, h->recovery->valid = list_of(32);
      h->recovery->n_valid = 512)
BREAK(recovery_prev, h->prev = some(32))
BREAK(key_kid, h->key->kid.len = 15)
BREAK(key_parents, h->key->parents = list_of(15); h->key->n_parents = 1)
BREAK(key_wraps, static Fob__Wrap *w[257];
      for (int i = 0; i < 257; i++) w[i] = h->key->wraps[0]; h->key->wraps = w;
      h->key->n_wraps = 257)
BREAK(grant_none, h->grant->wrap = NULL)
BREAK(wrap_box, static Fob__Wrap w; w = *h->grant->wrap; w.box.len--;
      h->grant->wrap = &w)
BREAK(wrap_generation, static Fob__Wrap w; w = *h->grant->wrap;
      w.generation = 1; h->grant->wrap = &w)
BREAK(wrap_kit, static Fob__Wrap w; w = *h->grant->wrap; w.generation = 1;
      w.recipient.data = zeros; h->grant->wrap = &w)
BREAK(entry_kit, h->author.data = zeros; h->prev.len = 0)
BREAK(entry_record, h->entry->record.len = 15)
BREAK(entry_nonce, h->entry->nonce = some(25))
BREAK(entry_commitment, h->entry->commitment.len = 0)
BREAK(entry_kid, h->entry->kid.len = 0)
BREAK(entry_65, h->entry->parents = list_of(32); h->entry->n_parents = 65)
BREAK(entry_64, h->entry->parents = list_of(32); h->entry->n_parents = 64)
BREAK(entry_twice, h->entry->parents = list_of(32); many[7] = many[3];
      h->entry->n_parents = 8)
BREAK(purge_heads, h->purge->heads = list_of(16); h->purge->n_heads = 1)
BREAK(purge_group, h->purge->group.len = 0)

static const struct {
	enum sample sample;
	void (*change)(Fob__Head *);
	int result;
} changes[] = {
	{ S_ADD, kind_other, ITEM_ERR_MALFORMED },
	{ S_ADD, kind_none, ITEM_ERR_MALFORMED },
	{ S_ADD, kind_class_3, ITEM_ERR_MALFORMED },
	{ S_ADD, kind_huge, ITEM_ERR_MALFORMED },
	{ S_ADD, two_payloads, ITEM_ERR_MALFORMED },
	{ S_ADD, author_short, ITEM_ERR_MALFORMED },
	{ S_ADD, author_zeros, ITEM_ERR_MALFORMED }, /* has a prev */
	{ S_ADD, generation, ITEM_ERR_MALFORMED },
	{ S_ADD, prev_short, ITEM_ERR_MALFORMED },
	{ S_ADD, roster_short, ITEM_ERR_MALFORMED },
	{ S_ADD, roster_five, ITEM_ERR_MALFORMED },
	{ S_ADD, roster_twice, ITEM_ERR_MALFORMED },
	{ S_ADD, roster_four, 0 },
	{ S_GENESIS, genesis_prev, ITEM_ERR_MALFORMED },
	{ S_GENESIS, genesis_roster, ITEM_ERR_MALFORMED },
	{ S_GENESIS, genesis_author, ITEM_ERR_MALFORMED },
	{ S_GENESIS, genesis_nonce, ITEM_ERR_MALFORMED },
	{ S_GENESIS, genesis_key, ITEM_ERR_MALFORMED },
	{ S_GENESIS, genesis_low, ITEM_ERR_MALFORMED },
	{ S_GENESIS, genesis_no_device, ITEM_ERR_MALFORMED },
	{ S_ADD, no_device, ITEM_ERR_MALFORMED },
	{ S_ADD, role_none, ITEM_ERR_MALFORMED },
	{ S_ADD, role_other, ITEM_ERR_MALFORMED },
	{ S_ADD, role_keeper, 0 },
	{ S_ADD, ordinal_0, ITEM_ERR_MALFORMED },
	{ S_ADD, status_off_curve, ITEM_ERR_MALFORMED },
	{ S_ADD, status_small_order, ITEM_ERR_MALFORMED },
	{ S_ADD, wrap_low, ITEM_ERR_MALFORMED },
	{ S_ADD, transport_low, ITEM_ERR_MALFORMED },
	{ S_ADD, transport_short, ITEM_ERR_MALFORMED },
	{ S_REVOKE, target_short, ITEM_ERR_MALFORMED },
	{ S_REVOKE, tips0_short, ITEM_ERR_MALFORMED },
	{ S_REVOKE, tips2_short, ITEM_ERR_MALFORMED },
	{ S_REVOKE, tips_many, ITEM_ERR_MALFORMED }, /* over HEAD_MAX */
	{ S_REVOKE, tips_110, 0 },
	{ S_SUSPEND, suspend_target, ITEM_ERR_MALFORMED },
	{ S_LIFT, lift_short, ITEM_ERR_MALFORMED },
	{ S_GROUP, group_short, ITEM_ERR_MALFORMED },
	{ S_GROUP, group_new, 0 },
	{ S_GROUP, group_add, ITEM_ERR_MALFORMED },
	{ S_GROUP, group_name, ITEM_ERR_MALFORMED },
	{ S_RECOVERY, recovery_generation, ITEM_ERR_MALFORMED },
	{ S_RECOVERY, recovery_author, ITEM_ERR_MALFORMED },
	{ S_RECOVERY, recovery_valid, ITEM_ERR_MALFORMED },
	{ S_RECOVERY, recovery_513, ITEM_ERR_MALFORMED },
	{ S_RECOVERY, recovery_512, 0 },
	{ S_RECOVERY, recovery_prev, ITEM_ERR_MALFORMED },
	{ S_KEY, key_kid, ITEM_ERR_MALFORMED },
	{ S_KEY, key_parents, ITEM_ERR_MALFORMED },
	{ S_KEY, key_wraps, ITEM_ERR_MALFORMED },
	{ S_GRANT, grant_none, ITEM_ERR_MALFORMED },
	{ S_GRANT, wrap_box, ITEM_ERR_MALFORMED },
	{ S_GRANT, wrap_generation, ITEM_ERR_MALFORMED },
	{ S_GRANT, wrap_kit, 0 },
	{ S_ENTRY, entry_kit, ITEM_ERR_MALFORMED },
	{ S_ENTRY, entry_record, ITEM_ERR_MALFORMED },
	{ S_ENTRY, entry_nonce, ITEM_ERR_MALFORMED },
	{ S_ENTRY, entry_commitment, ITEM_ERR_MALFORMED },
	{ S_ENTRY, entry_kid, ITEM_ERR_MALFORMED },
	{ S_ENTRY, entry_65, ITEM_ERR_MALFORMED },
	{ S_ENTRY, entry_64, 0 },
	{ S_ENTRY, entry_twice, ITEM_ERR_MALFORMED },
	{ S_PURGE, purge_heads, ITEM_ERR_MALFORMED },
	{ S_PURGE, purge_group, ITEM_ERR_MALFORMED },
};

static void broken_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		int r = parse_changed(changes[i].sample, changes[i].change,
				      true);

		if (r != changes[i].result)
			fail_msg("change %zu gave %d", i, r);
	}
	assert_int_equal(parse_changed(S_ADD, join_short, false),
			 ITEM_ERR_MALFORMED);
}

static void inner_signatures_are_asked(void **state)
{
	(void)state;
	/* Well-formed changes, under the old inner signatures. */
	assert_int_equal(parse_changed(S_ADD, role_keeper, false),
			 ITEM_ERR_MALFORMED);
	assert_int_equal(parse_changed(S_RECOVERY, recovery_512, false),
			 ITEM_ERR_MALFORMED);
	assert_int_equal(parse_changed(S_GENESIS, NULL, false), 0);
}

/* --- bytes ------------------------------------------------------------------ */

static void unknown_kinds(void **state)
{
	const struct item *like = &b.items[samples[S_LIFT]];
	struct item item AUTO_ITEM = { .body = NULL };
	Fob__Head head = FOB__HEAD__INIT;
	uint8_t packed[512];
	size_t n;

	(void)state;
	head.kind = 9;
	head.author = like->head->author;
	n = fob__head__pack(&head, packed);
	/* A field 100 that we do not know: a string of two bytes. */
	memcpy(packed + n, "\xa2\x06\x02xy", 5);
	assert_int_equal(parse_head(&item, packed, n + 5, like->content,
				    (struct bytes){ NULL, 0 }),
			 0);
	assert_int_equal(item_class(item.head->kind), 0);
	item_deinit(&item);
	/* But it may not hide a payload that we do know. */
	head.lift = like->head->lift;
	n = fob__head__pack(&head, packed);
	assert_int_equal(parse_head(&item, packed, n, like->content,
				    (struct bytes){ NULL, 0 }),
			 ITEM_ERR_MALFORMED);
	/* And heads that we know have no unknown fields. */
	n = fob__head__pack(like->head, packed);
	memcpy(packed + n, "\xa2\x06\x02xy", 5);
	assert_int_equal(parse_head(&item, packed, n + 5, like->content,
				    (struct bytes){ NULL, 0 }),
			 ITEM_ERR_MALFORMED);
}

static void only_one_spelling(void **state)
{
	const struct item *like = &b.items[samples[S_LIFT]];
	struct item item AUTO_ITEM = { .body = NULL };
	uint8_t packed[512], body[600];
	size_t n = fob__head__pack(like->head, packed);

	(void)state;
	/* kind 5 as two bytes of a varint, where one does. */
	assert_int_equal(packed[0], 0x08);
	memmove(packed + 3, packed + 2, n - 2);
	packed[1] = 0x85;
	packed[2] = 0;
	assert_int_equal(parse_head(&item, packed, n + 1, like->content,
				    (struct bytes){ NULL, 0 }),
			 ITEM_ERR_MALFORMED);
	/* A body with something after it, with nothing in it, cut short. */
	memcpy(body, like->body, like->body_len);
	memcpy(body + like->body_len, "\xa2\x06\x02xy", 5);
	assert_int_equal(parse(&item, body, like->body_len + 5,
			       (struct bytes){ NULL, 0 }),
			 ITEM_ERR_MALFORMED);
	assert_int_equal(parse(&item, body, 0, (struct bytes){ NULL, 0 }),
			 ITEM_ERR_MALFORMED);
	for (size_t i = 1; i < like->body_len; i++)
		assert_int_equal(parse(&item, body, i,
				       (struct bytes){ NULL, 0 }),
				 ITEM_ERR_MALFORMED);
	assert_null(item.body);
}

static void blobs(void **state)
{
	const struct item *e = &b.items[samples[S_ENTRY]];
	const struct item *lift = &b.items[samples[S_LIFT]];
	struct item item AUTO_ITEM = { .body = NULL };
	uint8_t blob[64];

	(void)state;
	memcpy(blob, e->blob, e->blob_len);
	/* A stub is the same item. */
	assert_int_equal(parse(&item, e->body, e->body_len,
			       (struct bytes){ NULL, 0 }),
			 0);
	assert_memory_equal(item.id, e->id, ID_SIZE);
	assert_null(item.blob);
	item_deinit(&item);
	blob[3] ^= 1;
	assert_int_equal(parse(&item, e->body, e->body_len,
			       (struct bytes){ blob, e->blob_len }),
			 ITEM_ERR_BLOB);
	blob[3] ^= 1;
	assert_int_equal(parse(&item, e->body, e->body_len,
			       (struct bytes){ blob, e->blob_len - 1 }),
			 ITEM_ERR_BLOB);
	assert_int_equal(parse(&item, lift->body, lift->body_len,
			       (struct bytes){ blob, 16 }),
			 ITEM_ERR_BLOB);
}

static void blob_told(void **state)
{
	const struct item *e = &b.items[samples[S_ENTRY]];
	const struct item *lift = &b.items[samples[S_LIFT]];
	struct bytes none = { NULL, 0 };
	struct item item AUTO_ITEM = { .body = NULL };
	Fob__Body body = FOB__BODY__INIT;
	const struct {
		const struct item *of;
		size_t hash;
		uint32_t len;
		int result;
	} told[] = {
		{ e, 32, 16, 0 },
		{ e, 32, BLOB_MAX, 0 },
		{ e, 32, 15, ITEM_ERR_MALFORMED },
		{ e, 32, BLOB_MAX + 1, ITEM_ERR_MALFORMED },
		{ e, 0, 16, ITEM_ERR_MALFORMED },
		{ e, 31, 16, ITEM_ERR_MALFORMED },
		{ e, 0, 0, ITEM_ERR_MALFORMED },
		{ lift, 0, 0, 0 },
		{ lift, 32, 16, ITEM_ERR_MALFORMED },
		{ lift, 32, 0, ITEM_ERR_MALFORMED },
		{ lift, 0, 1, ITEM_ERR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		body.blob_hash = some(told[i].hash);
		body.blob_len = told[i].len;
		assert_int_equal(
			parse_head(&item, told[i].of->content->head.data,
				   told[i].of->content->head.len, &body, none),
			told[i].result);
		item_deinit(&item);
	}
}

/* --- signatures and hashes ---------------------------------------------------- */

static void labels_and_hashes(void **state)
{
	const struct item *e = &b.items[samples[S_ENTRY]];
	const struct build_device *d = build_keys(&b, 0);
	uint8_t message[1024] = "fob/1 item", id[ID_SIZE];
	size_t n = sizeof("fob/1 item");

	(void)state;
	memcpy(message + n, e->body, e->body_len);
	crypto_generichash(id, ID_SIZE, message, n + e->body_len, NULL, 0);
	assert_memory_equal(e->id, id, ID_SIZE);
	n = sizeof("fob/1 sig item");
	memcpy(message, "fob/1 sig item", n);
	memcpy(message + n, b.vault_id, ID_SIZE);
	memcpy(message + n + ID_SIZE, e->body, e->body_len);
	assert_int_equal(crypto_sign_verify_detached(e->signature, message,
						     n + ID_SIZE + e->body_len,
						     d->sign_public),
			 0);
	n = sizeof("fob/1 device");
	memcpy(message, "fob/1 device", n);
	memcpy(message + n, d->sign_public, 32);
	memcpy(message + n + 32, d->status_public, 32);
	memcpy(message + n + 64, d->wrap_public, 32);
	memcpy(message + n + 96, d->transport_public, 32);
	crypto_generichash(id, DEVICE_ID_SIZE, message, n + 128, NULL, 0);
	assert_memory_equal(e->head->author.data, id, DEVICE_ID_SIZE);
}

static void signatures(void **state)
{
	const struct build_device *d = build_keys(&b, 0);
	struct item copy AUTO_ITEM = { .body = NULL };
	uint8_t other[ID_SIZE] = { 7 };

	(void)state;
	build_copy(&b, samples[S_ENTRY], &copy);
	assert_int_equal(item_verify(&copy, b.vault_id, d->sign_public), 0);
	assert_int_equal(item_verify(&copy, other, d->sign_public),
			 ITEM_ERR_SIGNATURE);
	assert_int_equal(item_verify(&copy, b.vault_id,
				     build_keys(&b, 1)->sign_public),
			 ITEM_ERR_SIGNATURE);
	copy.signature[5] ^= 1;
	assert_int_equal(item_verify(&copy, b.vault_id, d->sign_public),
			 ITEM_ERR_SIGNATURE);
	assert_int_equal(item_verify(&b.items[b.genesis], b.vault_id,
				     d->sign_public),
			 0);
}

static void vault_id_is_needed(void **state)
{
	const struct item *e = &b.items[samples[S_ENTRY]];
	struct item item AUTO_ITEM = { .body = NULL };

	(void)state;
	assert_int_equal(
		item_parse(&item, NULL, (struct bytes){ e->body, e->body_len },
			   BYTES(e->signature), (struct bytes){ NULL, 0 }),
		ITEM_ERR_MALFORMED);
	assert_int_equal(item_parse(&item, b.vault_id,
				    (struct bytes){ e->body, e->body_len },
				    (struct bytes){ e->signature, 63 },
				    (struct bytes){ NULL, 0 }),
			 ITEM_ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_accepted),
		cmocka_unit_test(broken_rules),
		cmocka_unit_test(inner_signatures_are_asked),
		cmocka_unit_test(unknown_kinds),
		cmocka_unit_test(only_one_spelling),
		cmocka_unit_test(blobs),
		cmocka_unit_test(blob_told),
		cmocka_unit_test(labels_and_hashes),
		cmocka_unit_test(signatures),
		cmocka_unit_test(vault_id_is_needed),
	};

	return cmocka_run_group_tests_name("item", tests, setup, teardown);
}
