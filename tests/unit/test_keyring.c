/*
 * Keys of groups: who opens them, who knows them, when a new one is owed;
 * and entries under them. Each world is a vault of tests/lib; a device's view
 * of it is a ring of its own. Covers: keyring_table, keyring_audit,
 * keyring_make, keyring_entry.
 */
#include "daemon/core/trust/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/trust/wrap.h"
#include "proto/secret.h"
#include "tests/lib/build.h"

#define KIT BUILD_RECOVERY
#define NOTHING ((struct build_list){ NULL, 0 })
#define NO_TIPS ((struct build_list[]){ NOTHING, NOTHING, NOTHING })
#define MAIN 0u
#define SEED 3

static const uint8_t main_group[GROUP_ID_SIZE];

struct world {
	struct build b;
	struct set set;
	struct roster roster;
	struct keyring ring; /* of device `self` */
	int self;
	uint8_t next_secret;
};

static void world_init(struct world *w)
{
	build_init(&w->b, SEED);
	set_init(&w->set);
	roster_init(&w->roster);
	keyring_init(&w->ring);
	w->self = 0;
	w->next_secret = 1;
}

static void world_deinit(struct world *w)
{
	keyring_deinit(&w->ring);
	roster_deinit(&w->roster);
	set_deinit(&w->set);
	build_deinit(&w->b);
	assert_int_equal(secret_used(), 0);
}

static struct device_keys keys_of(int number)
{
	struct device_keys k = { .unlocked = true };
	struct build_device d;

	build_device(&d, SEED, number);
	memcpy(k.id, d.id, DEVICE_ID_SIZE);
	memcpy(k.wrap_secret, d.wrap_secret, KEY_SIZE);
	memcpy(k.wrap_public, d.wrap_public, KEY_SIZE);
	memset(k.nonce_secret, number + 1, KEY_SIZE);
	return k;
}

static void evaluate(struct world *w)
{
	struct device_keys self = keys_of(w->self);

	assert_int_equal(set_evaluate(&w->set), 0);
	assert_int_equal(roster_evaluate(&w->roster, &w->set), 0);
	assert_int_equal(keyring_evaluate(&w->ring, &w->set, &w->roster, &self),
			 0);
}

static void load(struct world *w)
{
	for (int i = 0; i < w->b.n_items; i++) {
		int r = build_put(&w->b, i, &w->set, NULL);

		assert_true(r == 0 || r == SET_ERR_HELD);
	}
	evaluate(w);
}

/* From now on the world is looked at by another device. */
static void become(struct world *w, int number)
{
	keyring_lock(&w->ring);
	w->self = number;
	evaluate(w);
}

static uint32_t device(const struct world *w, int number)
{
	struct device_keys k = keys_of(number);
	uint32_t at = set_author(&w->set, k.id);

	assert_int_not_equal(at, NONE);
	return at;
}

static int add(struct world *w, int by, int number, uint32_t ordinal)
{
	return build_add(&w->b, by, number, FOB__ROLE__DEVICE, ordinal);
}

/* --- making KEYs and GRANTs ----------------------------------------------- */

static void fresh_secret(struct world *w, uint8_t secret[static KEY_SIZE])
{
	memset(secret, 0xA0, KEY_SIZE);
	secret[0] = w->next_secret++;
}

static int put_key(struct world *w, int by, Fob__Key *key)
{
	Fob__Head head = FOB__HEAD__INIT;
	int item;

	head.kind = FOB__KIND__KEY;
	head.key = key;
	item = build_head(&w->b, by, &head, (struct bytes){ NULL, 0 });
	load(w);
	return item;
}

static int put_grant(struct world *w, int by, Fob__Grant *grant)
{
	Fob__Head head = FOB__HEAD__INIT;
	int item;

	head.kind = FOB__KIND__GRANT;
	head.grant = grant;
	item = build_head(&w->b, by, &head, (struct bytes){ NULL, 0 });
	load(w);
	return item;
}

static Fob__Key *first_payload(struct world *w, const uint8_t *secret)
{
	struct device_keys k = keys_of(0);
	struct build_recovery kit;
	Fob__Key *key = NULL;

	build_recovery(&kit, SEED, 0);
	assert_int_equal(keyring_make_first(
				 &(struct keyring_first){
					 .vault_id = w->b.vault_id,
					 .group = main_group,
					 .device = k.id,
					 .wrap_public = k.wrap_public,
					 .recovery_public = kit.wrap_public,
				 },
				 secret, &key),
			 0);
	return key;
}

static int first_key(struct world *w)
{
	uint8_t secret[KEY_SIZE];
	Fob__Key *key;
	int item;

	fresh_secret(w, secret);
	key = first_payload(w, secret);
	item = put_key(w, 0, key);
	fob__key__free_unpacked(key, NULL);
	return item;
}

static Fob__Key *key_payload(struct world *w, uint8_t secret[static KEY_SIZE])
{
	Fob__Key *key = NULL;

	fresh_secret(w, secret);
	assert_int_equal(keyring_make_key(&w->ring, MAIN, NONE, secret, &key),
			 0);
	return key;
}

/* A new key by whoever looks at the world. */
static int rotate(struct world *w)
{
	uint8_t secret[KEY_SIZE];
	Fob__Key *key = key_payload(w, secret);
	int item = put_key(w, w->self, key);

	fob__key__free_unpacked(key, NULL);
	return item;
}

static const struct keyring_key *write_key(const struct world *w)
{
	const struct keyring_key *key = NULL;

	assert_int_equal(keyring_write_key(&w->ring, MAIN, &key), 0);
	return key;
}

static int grant(struct world *w, int number)
{
	struct device_keys k = keys_of(number);
	Fob__Grant *g = NULL;
	int item;

	assert_int_equal(keyring_make_grant(&w->ring, write_key(w), k.id,
					    k.wrap_public, &g),
			 0);
	item = put_grant(w, w->self, g);
	fob__grant__free_unpacked(g, NULL);
	return item;
}

static const struct keyring_key *key_of(const struct world *w, int item)
{
	const Fob__Key *key = w->b.items[item].head->key;
	uint32_t kid = set_kid(&w->set, key->kid.data);
	uint32_t group = set_group(&w->set, key->group.data);

	for (uint32_t i = 0; i < w->ring.n_keys; i++)
		if (w->ring.keys[i].kid == kid &&
		    w->ring.keys[i].group == group)
			return &w->ring.keys[i];
	fail_msg("no such key");
	return NULL;
}

static bool owed(const struct world *w)
{
	return keyring_rotation_owed(&w->ring, MAIN, device(w, w->self));
}

/* --- entries -------------------------------------------------------------- */

struct text {
	uint8_t bytes[PLAIN_MAX];
	size_t n;
};

/* Seals a text as the device that looks; gives the item. */
static int write_sealed(struct world *w, struct bytes text)
{
	static uint8_t record[RECORD_ID_SIZE] = { 9 };
	static const uint8_t fresh[KEY_SIZE] = { 4, 5, 6 };
	struct device_keys self = keys_of(w->self);
	struct keyring_sealed sealed;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Entry entry = FOB__ENTRY__INIT;
	uint8_t group[GROUP_ID_SIZE] = { 0 };
	uint64_t time = 12345;
	int item;

	fob__entry__init(&entry);
	entry.group = (ProtobufCBinaryData){ GROUP_ID_SIZE, group };
	entry.record = (ProtobufCBinaryData){ RECORD_ID_SIZE, record };
	head.kind = FOB__KIND__ENTRY;
	head.author = (ProtobufCBinaryData){ DEVICE_ID_SIZE, self.id };
	head.time = time;
	head.entry = &entry;
	w->b.prev_none = true;
	w->b.time = time - 1000; /* which it adds */
	assert_int_equal(keyring_seal(&w->ring, &self, &head,
				      &(struct keyring_plain){ text, fresh },
				      &sealed),
			 0);
	item = build_head(&w->b, w->self, &head,
			  (struct bytes){ sealed.blob, sealed.blob_len });
	free(sealed.blob);
	load(w);
	return item;
}

static int open_entry(const struct world *w, int item, struct text *ret)
{
	const struct item *it = &w->b.items[item];
	uint8_t *plain = NULL;
	size_t n = 0;
	int err = keyring_open(&w->ring,
			       (struct bytes){ it->body, it->body_len },
			       (struct bytes){ it->blob, it->blob_len }, &plain,
			       &n);

	if (!err && ret) {
		memcpy(ret->bytes, plain, n);
		ret->n = n;
	}
	secret_free(plain);
	return err;
}

static const struct bytes hello = { (const uint8_t *)"hello", 5 };

static void expect_hello(const struct world *w, int item)
{
	struct text text;

	assert_int_equal(open_entry(w, item, &text), 0);
	assert_int_equal(text.n, 5);
	assert_memory_equal(text.bytes, "hello", 5);
}

/* --- the first key -------------------------------------------------------- */

static void test_first(UNUSED void **state)
{
	const struct keyring_key *key;
	struct world w;

	world_init(&w);
	load(&w);
	assert_int_equal(keyring_write_key(&w.ring, MAIN, &key),
			 KEYRING_ERR_OWED);
	assert_true(owed(&w));
	assert_false(keyring_complete(&w.ring, device(&w, 0)));
	first_key(&w);
	key = write_key(&w);
	assert_true(key->held && key->clean && key->audited);
	assert_false(key->poisoned || key->stranger || key->replaced);
	assert_false(owed(&w));
	assert_int_equal(keyring_grant_owed(&w.ring, MAIN), NONE);
	assert_true(keyring_complete(&w.ring, device(&w, 0)));
	world_deinit(&w);
}

static void test_entry(UNUSED void **state)
{
	struct world w;
	int item;

	world_init(&w);
	first_key(&w);
	item = write_sealed(&w, hello);
	expect_hello(&w, item);
	assert_int_equal(w.b.items[item].blob_len, 256 + TAG_SIZE);
	assert_null(memmem(w.b.items[item].blob, 256, "hello", 5));
	world_deinit(&w);
}

/* A locked ring holds nothing, and what it held is no longer in memory. */
static void test_locked(UNUSED void **state)
{
	const struct keyring_key *key = NULL;
	struct world w;
	int item;

	world_init(&w);
	first_key(&w);
	item = write_sealed(&w, hello);
	assert_true(secret_used() > 0);
	keyring_lock(&w.ring);
	assert_int_equal(secret_used(), 0);
	assert_int_equal(keyring_write_key(&w.ring, MAIN, &key),
			 KEYRING_ERR_NO_KEY);
	assert_int_equal(open_entry(&w, item, NULL), KEYRING_ERR_NO_KEY);
	assert_int_equal(keyring_nets(&w.ring, (struct net_secret[1]){ 0 }, 1),
			 0);
	assert_int_equal(keyring_evaluate(&w.ring, &w.set, &w.roster, NULL), 0);
	assert_int_equal(secret_used(), 0);
	assert_int_equal(keyring_write_key(&w.ring, MAIN, &key),
			 KEYRING_ERR_NO_KEY);
	evaluate(&w);
	expect_hello(&w, item);
	world_deinit(&w);
}

static void test_strangers_read_nothing(UNUSED void **state)
{
	struct world w;
	int item;

	world_init(&w);
	add(&w, 0, 1, 1);
	first_key(&w);
	item = write_sealed(&w, hello);
	become(&w, 1);
	assert_int_equal(open_entry(&w, item, NULL), KEYRING_ERR_NO_KEY);
	assert_false(keyring_complete(&w.ring, device(&w, 1)));
	world_deinit(&w);
}

/* The kit's wrap opens with the kit, and with nothing else. */
static void test_kit(UNUSED void **state)
{
	struct wrap_recipient to = { 0 };
	struct build_recovery kit, other;
	uint8_t opened[KEY_SIZE];
	const Fob__Wrap *wrap = NULL;
	const Fob__Key *key;
	struct world w;

	world_init(&w);
	key = w.b.items[first_key(&w)].head->key;
	for (size_t i = 0; i < key->n_wraps; i++)
		if (sodium_is_zero(key->wraps[i]->recipient.data, 16))
			wrap = key->wraps[i];
	assert_non_null(wrap);
	build_recovery(&kit, SEED, 0);
	build_recovery(&other, SEED, 1);
	to.vault_id = w.b.vault_id;
	memcpy(to.public_key, kit.wrap_public, KEY_SIZE);
	assert_int_equal(wrap_open(opened, wrap, &to, kit.wrap_secret,
				   key->kid.data),
			 0);
	assert_memory_equal(opened, write_key(&w)->secret, KEY_SIZE);
	assert_int_equal(wrap_open(opened, wrap, &to, other.wrap_secret,
				   key->kid.data),
			 WRAP_ERR_BAD);
	world_deinit(&w);
}

/* --- damage --------------------------------------------------------------- */

/* Opens a copy of the entry with one bit of its body or blob flipped. */
static int open_flipped(const struct world *w, int item, size_t bit)
{
	const struct item *it = &w->b.items[item];
	uint8_t *body = malloc(it->body_len), *blob = malloc(it->blob_len);
	uint8_t *plain = NULL;
	size_t n, byte = bit / 8;
	int err;

	memcpy(body, it->body, it->body_len);
	memcpy(blob, it->blob, it->blob_len);
	if (byte < it->body_len)
		body[byte] ^= (uint8_t)(1u << bit % 8);
	else
		blob[byte - it->body_len] ^= (uint8_t)(1u << bit % 8);
	err = keyring_open(&w->ring, (struct bytes){ body, it->body_len },
			   (struct bytes){ blob, it->blob_len }, &plain, &n);
	secret_free(plain);
	free(body);
	free(blob);
	return err;
}

static void test_flipped(UNUSED void **state)
{
	struct world w;
	size_t head_end, end;
	int item;

	world_init(&w);
	first_key(&w);
	item = write_sealed(&w, hello);
	/* The head fills the body but for blob_hash and blob_len behind it. */
	head_end = w.b.items[item].body_len - (2 + ID_SIZE) - 3;
	end = w.b.items[item].body_len + w.b.items[item].blob_len;
	for (size_t bit = 0; bit < head_end * 8; bit++)
		assert_int_not_equal(open_flipped(&w, item, bit), 0);
	for (size_t bit = w.b.items[item].body_len * 8; bit < end * 8; bit++)
		assert_int_equal(open_flipped(&w, item, bit),
				 KEYRING_ERR_FORGED);
	world_deinit(&w);
}

/* Another commitment in an otherwise good head is refused before the cipher. */
static void test_commitment(UNUSED void **state)
{
	struct world w;
	Fob__Head *head;
	struct item *it;
	uint8_t body[BODY_MAX], packed[HEAD_MAX], *plain = NULL;
	Fob__Body b = FOB__BODY__INIT;
	size_t n;

	world_init(&w);
	first_key(&w);
	it = &w.b.items[write_sealed(&w, hello)];
	head = it->head;
	for (int flip = 0; flip < 2; flip++) {
		head->entry->commitment.data[31] ^= (uint8_t)flip;
		b.head = (ProtobufCBinaryData){ fob__head__pack(head, packed),
						packed };
		assert_int_equal(
			keyring_open(&w.ring,
				     (struct bytes){
					     body, fob__body__pack(&b, body) },
				     (struct bytes){ it->blob, it->blob_len },
				     &plain, &n),
			flip ? KEYRING_ERR_FORGED : 0);
		if (!flip)
			secret_free(plain);
	}
	world_deinit(&w);
}

static void test_sizes(UNUSED void **state)
{
	static const struct {
		size_t plain, blob;
	} sizes[] = {
		{ 0, 256 },	  { 255, 256 },	  { 256, 512 },
		{ 511, 512 },	  { 512, 1024 },  { 1023, 1024 },
		{ 1024, 2048 },	  { 2047, 2048 }, { 14336, 15360 },
		{ 15359, 15360 },
	};
	static uint8_t bytes[PLAIN_MAX];
	struct keyring_sealed sealed;
	struct device_keys self;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Entry entry = FOB__ENTRY__INIT;
	uint8_t group[GROUP_ID_SIZE] = { 0 };
	struct world w;
	struct text text;

	world_init(&w);
	first_key(&w);
	memset(bytes, 0x80, sizeof(bytes)); /* looks like padding */
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bytes plain = { bytes, sizes[i].plain };
		int item = write_sealed(&w, plain);

		assert_int_equal(w.b.items[item].blob_len,
				 sizes[i].blob + TAG_SIZE);
		assert_int_equal(open_entry(&w, item, &text), 0);
		assert_int_equal(text.n, sizes[i].plain);
		assert_memory_equal(text.bytes, bytes, text.n);
	}
	self = keys_of(0);
	head.entry = &entry;
	entry.group = (ProtobufCBinaryData){ GROUP_ID_SIZE, group };
	assert_int_equal(keyring_seal(&w.ring, &self, &head,
				      &(struct keyring_plain){
					      { bytes, PLAIN_MAX }, bytes },
				      &sealed),
			 KEYRING_ERR_TOO_LARGE);
	world_deinit(&w);
}

/* A clone with the same entropy and another text makes another nonce. */
static void test_nonce(UNUSED void **state)
{
	const struct bytes other = { (const uint8_t *)"hellp", 5 };
	const Fob__Entry *a, *b, *again;
	struct world w;
	int i, k, l;

	world_init(&w);
	first_key(&w);
	i = write_sealed(&w, hello);
	k = write_sealed(&w, other);
	l = write_sealed(&w, hello);
	a = w.b.items[i].head->entry;
	b = w.b.items[k].head->entry;
	again = w.b.items[l].head->entry;
	assert_memory_not_equal(a->nonce.data, b->nonce.data, NONCE_SIZE);
	assert_memory_equal(a->nonce.data, again->nonce.data, NONCE_SIZE);
	world_deinit(&w);
}

/* --- newcomers, grants, rotation ------------------------------------------ */

static void test_grant(UNUSED void **state)
{
	struct world w;
	int item;

	world_init(&w);
	first_key(&w);
	item = write_sealed(&w, hello);
	add(&w, 0, 1, 1);
	load(&w);
	assert_false(owed(&w));
	assert_int_equal(keyring_grant_owed(&w.ring, MAIN), device(&w, 1));
	assert_false(keyring_complete(&w.ring, device(&w, 1)));
	grant(&w, 1);
	assert_int_equal(keyring_grant_owed(&w.ring, MAIN), NONE);
	assert_true(keyring_complete(&w.ring, device(&w, 1)));
	assert_true(write_key(&w)->clean);
	become(&w, 1);
	expect_hello(&w, item);
	world_deinit(&w);
}

/* History is carried by the new key, so one wrap opens all of it. */
static void test_history(UNUSED void **state)
{
	struct world w;
	int items[3], k;

	world_init(&w);
	first_key(&w);
	items[0] = write_sealed(&w, hello);
	rotate(&w);
	items[1] = write_sealed(&w, hello);
	k = rotate(&w);
	items[2] = write_sealed(&w, hello);
	assert_int_equal(w.b.items[k].head->key->n_parents, 1);
	assert_int_equal(w.b.items[k].head->key->n_sealed, 1);
	assert_true(write_key(&w) == key_of(&w, k));
	add(&w, 0, 1, 1);
	load(&w);
	grant(&w, 1);
	become(&w, 1);
	for (int i = 0; i < 3; i++)
		expect_hello(&w, items[i]);
	assert_int_equal(w.ring.n_secrets, 3);
	world_deinit(&w);
}

static void test_revoke(UNUSED void **state)
{
	struct world w;
	int old, new, before, after;

	world_init(&w);
	before = first_key(&w);
	old = write_sealed(&w, hello);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	load(&w);
	grant(&w, 1);
	grant(&w, 2);
	assert_false(owed(&w));
	build_revoke(&w.b, 0, 1, NO_TIPS);
	load(&w);
	assert_true(owed(&w));
	assert_false(key_of(&w, before)->clean);
	after = rotate(&w);
	assert_false(owed(&w));
	assert_true(write_key(&w) == key_of(&w, after));
	assert_false(keyring_rotation_owed(&w.ring, MAIN, device(&w, 1)));
	new = write_sealed(&w, hello);
	become(&w, 1);
	expect_hello(&w, old); /* what it had it keeps */
	assert_int_equal(open_entry(&w, new, NULL), KEYRING_ERR_NO_KEY);
	become(&w, 2);
	expect_hello(&w, old);
	expect_hello(&w, new);
	world_deinit(&w);
}

static void test_suspend(UNUSED void **state)
{
	struct world w;
	int suspend, key;

	world_init(&w);
	key = first_key(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	load(&w);
	grant(&w, 1);
	grant(&w, 2);
	suspend = build_suspend(&w.b, 2, 1, NOTHING, NOTHING);
	load(&w);
	assert_false(key_of(&w, key)->clean);
	assert_true(owed(&w));
	/* The suspended one owes nothing, and gets nothing. */
	assert_false(keyring_rotation_owed(&w.ring, MAIN, device(&w, 1)));
	rotate(&w);
	assert_false(owed(&w));
	assert_int_equal(keyring_grant_owed(&w.ring, MAIN), NONE);
	assert_false(keyring_complete(&w.ring, device(&w, 1)));
	build_lift(&w.b, 0, suspend);
	load(&w);
	assert_int_equal(keyring_grant_owed(&w.ring, MAIN), device(&w, 1));
	world_deinit(&w);
}

/* A KEY by the suspended device counts only under the tips1. */
static void test_suspended_key(UNUSED void **state)
{
	struct world w;
	int first, key;

	world_init(&w);
	first = first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	grant(&w, 1);
	become(&w, 1);
	key = rotate(&w);
	assert_true(key_of(&w, key)->item != NONE);
	assert_true(key_of(&w, first)->replaced);
	build_suspend(&w.b, 0, 1, NOTHING, NOTHING);
	load(&w);
	become(&w, 0);
	assert_int_equal(key_of(&w, key)->item, NONE);
	assert_false(key_of(&w, first)->replaced);
	assert_true(key_of(&w, key)->held); /* for reading it still serves */
	assert_true(owed(&w));
	world_deinit(&w);
}

/*
 * The clean-key rule: the revoked device 1 has no wrap of K, but of a key P
 * that carries K without naming it as a parent. To look at recipients only
 * would find K clean.
 */
static void test_carried_is_known(UNUSED void **state)
{
	struct world w;
	Fob__Key *key;
	uint8_t secret[KEY_SIZE];
	int k, carrier;

	world_init(&w);
	k = first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	key = key_payload(&w, secret); /* wraps for 0 and 1, carries K */
	free(key->parents[0].data);
	key->n_parents = 0;
	carrier = put_key(&w, 0, key);
	fob__key__free_unpacked(key, NULL);
	assert_false(bits_get(key_of(&w, k)->wrapped, device(&w, 1)));
	assert_true(bits_get(key_of(&w, k)->knows, device(&w, 1)));
	assert_false(key_of(&w, k)->replaced);
	assert_true(key_of(&w, k)->clean);
	build_revoke(&w.b, 0, 1, NO_TIPS);
	load(&w);
	assert_false(key_of(&w, carrier)->clean);
	assert_false(key_of(&w, k)->clean);
	assert_true(owed(&w));
	become(&w, 1);
	assert_true(key_of(&w, k)->held); /* it does know it */
	world_deinit(&w);
}

/* The author knows its key, also when it left itself no wrap. */
static void test_author_knows(UNUSED void **state)
{
	struct world w;
	Fob__Key *key;
	uint8_t secret[KEY_SIZE];
	int k;

	world_init(&w);
	first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	grant(&w, 1);
	key = key_payload(&w, secret);
	for (size_t i = 0; i < key->n_wraps; i++) {
		struct device_keys one = keys_of(1);

		if (memcmp(key->wraps[i]->recipient.data, one.id, 16) != 0)
			continue;
		fob__wrap__free_unpacked(key->wraps[i], NULL);
		key->wraps[i] = key->wraps[--key->n_wraps];
	}
	k = put_key(&w, 1, key);
	fob__key__free_unpacked(key, NULL);
	assert_true(key_of(&w, k)->clean);
	build_revoke(&w.b, 0, 1,
		     (struct build_list[]){ NOTHING, BUILD_LIST(k), NOTHING });
	load(&w);
	assert_int_equal(key_of(&w, k)->item,
			 set_find(&w.set, build_id(&w.b, k)));
	assert_false(key_of(&w, k)->clean);
	world_deinit(&w);
}

/* --- poisoned keys -------------------------------------------------------- */

/* A key by 0 with readers 0, 1, 2 in which one wrap is spoilt. */
static int spoilt_key(struct world *w, size_t which)
{
	uint8_t secret[KEY_SIZE];
	Fob__Key *key = key_payload(w, secret);
	int item;

	assert_true(which < key->n_wraps);
	key->wraps[which]->box.data[3] ^= 4;
	item = put_key(w, 0, key);
	fob__key__free_unpacked(key, NULL);
	return item;
}

static void test_poisoned(UNUSED void **state)
{
	for (size_t which = 1; which < 4; which++) { /* 1, 2 and the kit */
		struct world w;
		int old, bad, good, entry, n = 0;
		const Fob__Key *key;

		world_init(&w);
		first_key(&w);
		add(&w, 0, 1, 1);
		add(&w, 0, 2, 2);
		load(&w);
		grant(&w, 1);
		grant(&w, 2);
		old = write_sealed(&w, hello);
		bad = spoilt_key(&w, which);
		assert_true(key_of(&w, bad)->held);
		assert_true(key_of(&w, bad)->poisoned);
		assert_false(key_of(&w, bad)->audited);
		assert_true(keyring_poisoned(&w.ring, MAIN));
		assert_true(owed(&w));
		good = rotate(&w);
		key = w.b.items[good].head->key;
		/* Replaced, but not carried; what it carried is. */
		assert_int_equal(key->n_parents, 2);
		assert_int_equal(key->n_sealed, 1);
		for (size_t i = 0; i < key->n_parents; i++)
			n += memcmp(key->parents[i].data,
				    w.b.items[bad].head->key->kid.data,
				    KID_SIZE) == 0;
		assert_int_equal(n, 1);
		assert_memory_not_equal(key->sealed[0]->kid.data,
					w.b.items[bad].head->key->kid.data,
					KID_SIZE);
		assert_false(owed(&w));
		assert_true(write_key(&w) == key_of(&w, good));
		entry = write_sealed(&w, hello);
		for (int d = 1; d <= 2; d++) {
			become(&w, d);
			assert_true(write_key(&w) == key_of(&w, good));
			expect_hello(&w, old);
			expect_hello(&w, entry);
		}
		world_deinit(&w);
	}
}

/* The wraps of GRANTs are audited too, by whoever holds the key. */
static void test_poisoned_grant(UNUSED void **state)
{
	struct device_keys one = keys_of(1);
	Fob__Grant *g = NULL;
	struct world w;
	int key;

	world_init(&w);
	key = first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	assert_int_equal(keyring_make_grant(&w.ring, write_key(&w), one.id,
					    one.wrap_public, &g),
			 0);
	g->wrap->ephemeral.data[0] ^= 1;
	put_grant(&w, 0, g);
	fob__grant__free_unpacked(g, NULL);
	assert_true(key_of(&w, key)->poisoned);
	assert_true(owed(&w));
	/* Whoever does not hold it can not know, and waits. */
	become(&w, 1);
	assert_false(key_of(&w, key)->held || key_of(&w, key)->poisoned);
	assert_true(key_of(&w, key)->clean);
	world_deinit(&w);
}

/* A sealed copy that does not open would cut newcomers off from history. */
static void test_poisoned_parent(UNUSED void **state)
{
	uint8_t secret[KEY_SIZE];
	struct world w;
	Fob__Key *key;
	int bad;

	world_init(&w);
	first_key(&w);
	key = key_payload(&w, secret);
	assert_int_equal(key->n_sealed, 1);
	key->sealed[0]->box.data[0] ^= 1;
	bad = put_key(&w, 0, key);
	fob__key__free_unpacked(key, NULL);
	assert_true(key_of(&w, bad)->poisoned);
	assert_true(owed(&w));
	world_deinit(&w);
}

/* --- the kit -------------------------------------------------------------- */

/* A new kit: keys wrapped for the old one are no longer written under. */
static void test_new_kit(UNUSED void **state)
{
	struct world w;
	int old, new;
	const Fob__Key *key;
	uint32_t generation = 0;

	world_init(&w);
	old = first_key(&w);
	build_recover(&w.b, KIT, KIT + 10, NOTHING);
	load(&w);
	assert_false(key_of(&w, old)->clean);
	assert_true(owed(&w));
	new = rotate(&w);
	key = w.b.items[new].head->key;
	for (size_t i = 0; i < key->n_wraps; i++)
		if (sodium_is_zero(key->wraps[i]->recipient.data, 16))
			generation = key->wraps[i]->generation;
	assert_int_equal(generation, 1);
	assert_true(key_of(&w, new)->clean && key_of(&w, new)->audited);
	world_deinit(&w);
}

/* While recovery is frozen there is no current kit, and none is asked for. */
static void test_frozen(UNUSED void **state)
{
	struct world w;
	int old;

	world_init(&w);
	old = first_key(&w);
	build_recover(&w.b, KIT, KIT + 10, NOTHING);
	build_recover(&w.b, KIT, KIT + 11, NOTHING);
	load(&w);
	assert_true(w.set.frozen);
	assert_true(key_of(&w, old)->clean);
	rotate(&w);
	assert_false(owed(&w));
	world_deinit(&w);
}

static void test_no_kit_wrap(UNUSED void **state)
{
	uint8_t secret[KEY_SIZE];
	struct world w;
	Fob__Key *key;
	int item;

	world_init(&w);
	fresh_secret(&w, secret);
	key = first_payload(&w, secret);
	fob__wrap__free_unpacked(key->wraps[1], NULL);
	key->n_wraps = 1;
	item = put_key(&w, 0, key);
	fob__key__free_unpacked(key, NULL);
	assert_true(key_of(&w, item)->audited);
	assert_false(key_of(&w, item)->clean);
	assert_true(owed(&w));
	world_deinit(&w);
}

/* --- two at once ---------------------------------------------------------- */

/*
 * Two devices rotate apart from each other: both keys are clean, all write
 * under the one of least kid, and the next rotation carries both.
 */
static void test_two_at_once(UNUSED void **state)
{
	uint8_t secret_a[KEY_SIZE], secret_b[KEY_SIZE];
	Fob__Key *a, *b;
	struct world w;
	int ia, ib, next, entry;
	const struct keyring_key *least;

	world_init(&w);
	first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	grant(&w, 1);
	a = key_payload(&w, secret_a);
	b = key_payload(&w, secret_b);
	ia = put_key(&w, 0, a);
	ib = put_key(&w, 1, b);
	assert_true(key_of(&w, ia)->clean && key_of(&w, ib)->clean);
	least = memcmp(a->kid.data, b->kid.data, KID_SIZE) < 0 ?
			key_of(&w, ia) :
			key_of(&w, ib);
	assert_true(write_key(&w) == least);
	entry = write_sealed(&w, hello);
	fob__key__free_unpacked(a, NULL);
	fob__key__free_unpacked(b, NULL);
	next = rotate(&w);
	assert_int_equal(w.b.items[next].head->key->n_sealed, 2);
	assert_true(write_key(&w) == key_of(&w, next));
	add(&w, 0, 2, 2);
	load(&w);
	grant(&w, 2);
	become(&w, 2);
	expect_hello(&w, entry);
	assert_int_equal(w.ring.n_secrets, 4);
	world_deinit(&w);
}

/* One secret in two KEYs by two authors: both count, knowers are united. */
static void test_same_key_twice(UNUSED void **state)
{
	uint8_t secret[KEY_SIZE];
	Fob__Key *key;
	struct world w;
	int ia, ib;

	world_init(&w);
	first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	grant(&w, 1);
	key = key_payload(&w, secret);
	ia = put_key(&w, 0, key);
	ib = put_key(&w, 1, key);
	fob__key__free_unpacked(key, NULL);
	assert_true(key_of(&w, ia) == key_of(&w, ib));
	assert_true(key_of(&w, ia)->clean);
	build_revoke(&w.b, 0, 1,
		     (struct build_list[]){ NOTHING, BUILD_LIST(ib), NOTHING });
	load(&w);
	assert_false(key_of(&w, ia)->clean);
	world_deinit(&w);
}

/* Each seals the other: the next key must still carry one of them. */
static void test_ring_of_keys(UNUSED void **state)
{
	uint8_t sa[KEY_SIZE], sb[KEY_SIZE];
	Fob__Key *a, *b, *c;
	struct world w;
	uint8_t box[BOX_SIZE];

	world_init(&w);
	load(&w);
	fresh_secret(&w, sa);
	fresh_secret(&w, sb);
	a = first_payload(&w, sa);
	b = first_payload(&w, sb);
	for (int i = 0; i < 2; i++) {
		Fob__Key *key = i ? b : a;
		Fob__SealedParent parent = FOB__SEALED_PARENT__INIT;
		Fob__SealedParent *list[] = { &parent };

		wrap_seal_parent(box, i ? sb : sa, i ? sa : sb);
		parent.kid = i ? a->kid : b->kid;
		parent.box = (ProtobufCBinaryData){ BOX_SIZE, box };
		key->sealed = list;
		key->n_sealed = 1;
		put_key(&w, 0, key);
		key->sealed = NULL;
		key->n_sealed = 0;
	}
	fresh_secret(&w, sa);
	assert_int_equal(keyring_make_key(&w.ring, MAIN, NONE, sa, &c), 0);
	assert_int_equal(c->n_sealed, 1);
	fob__key__free_unpacked(a, NULL);
	fob__key__free_unpacked(b, NULL);
	fob__key__free_unpacked(c, NULL);
	world_deinit(&w);
}

/* --- nets, strangers, size ------------------------------------------------ */

static void test_nets(UNUSED void **state)
{
	struct net_secret nets[4];
	uint8_t want[KEY_SIZE], name[16];
	struct world w;

	world_init(&w);
	first_key(&w);
	rotate(&w);
	rotate(&w);
	assert_int_equal(keyring_nets(&w.ring, nets, 4), 3);
	crypto_generichash(want, KEY_SIZE, (const uint8_t *)"fob/1 net", 10,
			   write_key(&w)->secret, KEY_SIZE);
	crypto_generichash(name, 16, (const uint8_t *)"fob/1 net id", 13, want,
			   KEY_SIZE);
	assert_memory_equal(nets[0].key, want, KEY_SIZE);
	assert_memory_equal(nets[0].id, name, 8);
	assert_int_equal(keyring_nets(&w.ring, nets, 2), 2);
	assert_memory_equal(nets[0].key, want, KEY_SIZE);
	assert_int_equal(keyring_nets(&w.ring, nets, 0), 0);
	world_deinit(&w);
}

/* A wrap for a device that nobody has added. */
static void test_stranger(UNUSED void **state)
{
	struct device_keys five = keys_of(5);
	Fob__Grant *g = NULL;
	struct world w;
	int key;

	world_init(&w);
	key = first_key(&w);
	assert_int_equal(keyring_make_grant(&w.ring, write_key(&w), five.id,
					    five.wrap_public, &g),
			 0);
	put_grant(&w, 0, g);
	fob__grant__free_unpacked(g, NULL);
	assert_true(key_of(&w, key)->stranger);
	assert_false(key_of(&w, key)->clean);
	/* It becomes a reader: then all is well, the audit included. */
	add(&w, 0, 5, 1);
	load(&w);
	assert_true(key_of(&w, key)->clean && key_of(&w, key)->audited);
	world_deinit(&w);
}

/* A key of a revoked author outside its tips is not carried and not used. */
static void test_key_of_revoked(UNUSED void **state)
{
	struct world w;
	int first, key;

	world_init(&w);
	first = first_key(&w);
	add(&w, 0, 1, 1);
	load(&w);
	grant(&w, 1);
	become(&w, 1);
	key = rotate(&w);
	build_revoke(&w.b, 0, 1, NO_TIPS);
	load(&w);
	become(&w, 0);
	assert_int_equal(key_of(&w, key)->item, NONE);
	assert_false(key_of(&w, key)->clean);
	assert_false(key_of(&w, first)->replaced);
	world_deinit(&w);
}

/* A key that names itself as its parent is as good as it was. */
static void test_own_parent(UNUSED void **state)
{
	uint8_t secret[KEY_SIZE];
	struct world w;
	Fob__Key *key;
	int item;

	world_init(&w);
	fresh_secret(&w, secret);
	key = first_payload(&w, secret);
	key->parents = &key->kid;
	key->n_parents = 1;
	item = put_key(&w, 0, key);
	key->parents = NULL;
	key->n_parents = 0;
	fob__key__free_unpacked(key, NULL);
	assert_false(key_of(&w, item)->replaced);
	assert_true(key_of(&w, item)->clean);
	world_deinit(&w);
}

/* A joiner's set is empty at first. */
static void test_empty(UNUSED void **state)
{
	struct device_keys self = keys_of(0);
	const struct keyring_key *key;
	struct world w;

	world_init(&w);
	evaluate(&w);
	assert_int_equal(keyring_write_key(&w.ring, MAIN, &key),
			 KEYRING_ERR_OWED);
	assert_false(keyring_rotation_owed(&w.ring, MAIN, NONE));
	assert_int_equal(keyring_grant_owed(&w.ring, MAIN), NONE);
	assert_false(keyring_complete(&w.ring, NONE));
	assert_null(keyring_secret(&w.ring, self.id));
	keyring_lock(&w.ring);
	evaluate(&w);
	world_deinit(&w);
}

/* The largest KEY that honest software makes still is an item. */
static void test_full_key(UNUSED void **state)
{
	struct world w;
	int last;

	world_init(&w);
	for (int i = 1; i < DEVICES_CREATED_MAX; i++)
		add(&w, 0, i, (uint32_t)i);
	first_key(&w);
	/* Many keys that do not carry each other. */
	for (int i = 0; i < 120; i++) {
		uint8_t secret[KEY_SIZE];
		Fob__Key *key;

		fresh_secret(&w, secret);
		key = first_payload(&w, secret);
		put_key(&w, 0, key);
		fob__key__free_unpacked(key, NULL);
	}
	last = rotate(&w);
	assert_int_equal(w.b.items[last].head->key->n_wraps,
			 DEVICES_CREATED_MAX + 1);
	assert_true(w.b.items[last].head->key->n_sealed > 90);
	assert_true(w.b.items[last].body_len < BODY_MAX);
	world_deinit(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_strangers_read_nothing),
		cmocka_unit_test(test_kit),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_commitment),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nonce),
		cmocka_unit_test(test_grant),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_revoke),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_suspended_key),
		cmocka_unit_test(test_carried_is_known),
		cmocka_unit_test(test_author_knows),
		cmocka_unit_test(test_poisoned),
		cmocka_unit_test(test_poisoned_grant),
		cmocka_unit_test(test_poisoned_parent),
		cmocka_unit_test(test_new_kit),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_no_kit_wrap),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_same_key_twice),
		cmocka_unit_test(test_ring_of_keys),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_key_of_revoked),
		cmocka_unit_test(test_own_parent),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_full_key),
	};

	if (sodium_init() < 0 || secret_init(SECRET_INSECURE) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
