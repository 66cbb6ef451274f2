/* Deterministic devices and items for tests. */
#include "tests/lib/build.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* --- keys ----------------------------------------------------------------- */

static void derive(uint8_t *ret, size_t n, const char *what, uint32_t seed,
		   uint64_t number)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, n);
	crypto_generichash_update(&state, (const uint8_t *)what, strlen(what));
	crypto_generichash_update(&state, (const uint8_t *)&seed, sizeof(seed));
	crypto_generichash_update(&state, (const uint8_t *)&number,
				  sizeof(number));
	crypto_generichash_final(&state, ret, n);
}

static void make_sign(uint8_t *public, uint8_t *secret, const char *what,
		      uint32_t seed, int number)
{
	uint8_t bytes[KEY_SIZE];

	derive(bytes, sizeof(bytes), what, seed, (uint64_t)number);
	REQUIRE(crypto_sign_seed_keypair(public, secret, bytes) == 0);
}

static void make_box(uint8_t *public, uint8_t *secret, const char *what,
		     uint32_t seed, int number)
{
	derive(secret, KEY_SIZE, what, seed, (uint64_t)number);
	REQUIRE(crypto_scalarmult_base(public, secret) == 0);
}

static ProtobufCBinaryData data(const void *p, size_t n)
{
	ProtobufCBinaryData b = { .len = n };

	/* protobuf-c has no const, and never writes to what it packs. */
	memcpy(&b.data, &p, sizeof(p));
	return b;
}

void build_certificate(Fob__Certificate *ret, struct build_device *device)
{
	fob__certificate__init(ret);
	ret->sign = data(device->sign_public, KEY_SIZE);
	ret->status = data(device->status_public, KEY_SIZE);
	ret->wrap = data(device->wrap_public, KEY_SIZE);
	ret->transport = data(device->transport_public, KEY_SIZE);
}

void build_device(struct build_device *d, uint32_t seed, int number)
{
	Fob__Certificate certificate;

	make_sign(d->sign_public, d->sign_secret, "sign", seed, number);
	make_sign(d->status_public, d->status_secret, "status", seed, number);
	make_box(d->wrap_public, d->wrap_secret, "wrap", seed, number);
	make_box(d->transport_public, d->transport_secret, "transport", seed,
		 number);
	build_certificate(&certificate, d);
	item_device_id(d->id, &certificate);
}

void build_recovery(struct build_recovery *r, uint32_t seed, int number)
{
	make_sign(r->sign_public, r->sign_secret, "kit sign", seed, number);
	make_box(r->wrap_public, r->wrap_secret, "kit wrap", seed, number);
}

/* --- items ---------------------------------------------------------------- */

static int keep(struct build *b, const struct item *item, int by)
{
	if (b->n_items == b->cap_items) {
		b->cap_items = b->cap_items ? 2 * b->cap_items : 64;
		b->items = realloc(b->items,
				   (size_t)b->cap_items * sizeof(*b->items));
		b->authors = realloc(b->authors, (size_t)b->cap_items *
							 sizeof(*b->authors));
		REQUIRE(b->items && b->authors);
	}
	b->items[b->n_items] = *item;
	b->authors[b->n_items] = by;
	return b->n_items++;
}

const uint8_t *build_id(const struct build *b, int item)
{
	REQUIRE(item >= 0 && item < b->n_items);
	return b->items[item].id;
}

/* ids of a list; the array is the caller's to free. */
static ProtobufCBinaryData *ids(const struct build *b, struct build_list list,
				size_t *ret_n)
{
	ProtobufCBinaryData *out = calloc(list.n + 1, sizeof(*out));

	REQUIRE(out);
	for (size_t i = 0; i < list.n; i++)
		out[i] = data(build_id(b, list.items[i]), ID_SIZE);
	*ret_n = list.n;
	return out;
}

/* The author's former item of the class, or BUILD_NONE. */
static int former(const struct build *b, int by, unsigned class)
{
	for (int i = b->n_items; i-- > 0;) {
		if (b->authors[i] == by &&
		    item_class(b->items[i].head->kind) == class)
			return i;
	}
	return BUILD_NONE;
}

/* Only what a set looks at. */
static void make_quickly(struct item *item, const Fob__Head *head)
{
	uint8_t packed[HEAD_MAX];
	Fob__Body body = FOB__BODY__INIT;

	REQUIRE(fob__head__get_packed_size(head) <= sizeof(packed));
	body.head = data(packed, fob__head__pack(head, packed));
	*item = (struct item){ .body_len = fob__body__get_packed_size(&body) };
	item->body = malloc(item->body_len);
	REQUIRE(item->body);
	fob__body__pack(&body, item->body);
	item_hash(item->id, item->body, item->body_len);
	item->content = fob__body__unpack(NULL, item->body_len, item->body);
	item->head = fob__head__unpack(NULL, body.head.len, body.head.data);
	REQUIRE(item->content && item->head);
}

static int finish(struct build *b, int by, Fob__Head *head, struct bytes blob,
		  const uint8_t secret[static 64])
{
	struct item item;
	int r;

	if (b->quick) {
		make_quickly(&item, head);
		return keep(b, &item, by);
	}
	r = item_make(&item, head, blob,
		      head->kind == FOB__KIND__GENESIS ? NULL : b->vault_id,
		      secret);

	REQUIRE(r == 0);
	return keep(b, &item, by);
}

const struct build_device *build_keys(struct build *b, int number)
{
	REQUIRE(number >= 0 && number < BUILD_DEVICES);
	if (!b->device_made[number])
		build_device(&b->devices[number], b->seed, number);
	b->device_made[number] = true;
	return &b->devices[number];
}

/* Fills what is common; cosigned heads are cosigned by next. */
static int make(struct build *b, int by, Fob__Head *head, struct bytes blob,
		const struct build_recovery *next)
{
	uint8_t zeros[DEVICE_ID_SIZE] = { 0 }, cosign[SIGNATURE_SIZE];
	struct build_device device;
	struct build_recovery recovery = { .sign_secret = { 0 } };
	ProtobufCBinaryData *roster;
	bool kit = by >= BUILD_RECOVERY;
	int prev = b->prev != BUILD_NONE ?
			   b->prev :
			   former(b, by, item_class(head->kind));
	int made;

	head->time = b->time += 1000;
	roster = ids(b, b->roster, &head->n_roster);
	head->roster = roster;
	if (kit) {
		if (!b->quick)
			build_recovery(&recovery, b->seed, by - BUILD_RECOVERY);
		head->author = data(zeros, sizeof(zeros));
	} else {
		device = *build_keys(b, by);
		head->author = data(device.id, DEVICE_ID_SIZE);
		if (prev != BUILD_NONE && !b->prev_none)
			head->prev = data(build_id(b, prev), ID_SIZE);
	}
	if (next && !b->quick) {
		REQUIRE(item_cosign(cosign, head,
				    head->genesis ? NULL : b->vault_id,
				    next->sign_secret) == 0);
		if (head->genesis)
			head->genesis->cosign = data(cosign, sizeof(cosign));
		else
			head->recovery->cosign = data(cosign, sizeof(cosign));
	}
	made = finish(b, by, head, blob,
		      kit ? recovery.sign_secret : device.sign_secret);
	free(roster);
	b->prev = BUILD_NONE;
	b->prev_none = false;
	b->roster = (struct build_list){ NULL, 0 };
	return made;
}

int build_head(struct build *b, int by, Fob__Head *head, struct bytes blob)
{
	return make(b, by, head, blob, NULL);
}

static const struct bytes no_blob;

void build_init(struct build *b, uint32_t seed)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Genesis genesis = FOB__GENESIS__INIT;
	Fob__Certificate certificate;
	struct build_device device;
	struct build_recovery kit;
	uint8_t nonce[ID_SIZE];

	REQUIRE(sodium_init() >= 0);
	*b = (struct build){ .seed = seed, .prev = BUILD_NONE };
	b->time = 1700000000000;
	build_device(&device, seed, 0);
	build_recovery(&kit, seed, 0);
	build_certificate(&certificate, &device);
	derive(nonce, sizeof(nonce), "nonce", seed, 0);
	genesis.nonce = data(nonce, sizeof(nonce));
	genesis.recovery_sign = data(kit.sign_public, KEY_SIZE);
	genesis.recovery_wrap = data(kit.wrap_public, KEY_SIZE);
	genesis.device = &certificate;
	head.kind = FOB__KIND__GENESIS;
	head.genesis = &genesis;
	b->genesis = make(b, 0, &head, no_blob, &kit);
	memcpy(b->vault_id, build_id(b, b->genesis), ID_SIZE);
}

void build_deinit(struct build *b)
{
	for (int i = 0; i < b->n_items; i++)
		item_deinit(&b->items[i]);
	free(b->items);
	free(b->authors);
	*b = (struct build){ .n_items = 0 };
}

/* See BUILD_RECOVERY. */
static uint32_t generation(int by)
{
	return by >= BUILD_RECOVERY ? (uint32_t)(by - BUILD_RECOVERY) / 10 : 0;
}

int build_add(struct build *b, int by, int number, uint32_t role,
	      uint32_t ordinal)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	struct build_device newcomer, sponsor = { .id = { 0 } };
	uint8_t sig[SIGNATURE_SIZE] = { 0 };

	newcomer = *build_keys(b, number);
	if (by < BUILD_RECOVERY)
		sponsor = *build_keys(b, by);
	build_certificate(&certificate, &newcomer);
	add.device = &certificate;
	add.role = role;
	add.ordinal = ordinal;
	if (!b->quick)
		item_join_sign(sig, b->vault_id, sponsor.id, &add,
			       newcomer.sign_secret);
	add.join_sig = data(sig, sizeof(sig));
	head.kind = FOB__KIND__ADD;
	head.generation = generation(by);
	head.add = &add;
	return make(b, by, &head, no_blob, NULL);
}

int build_revoke(struct build *b, int by, int target,
		 const struct build_list tips[CLASS_MAX])
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Revoke revoke = FOB__REVOKE__INIT;
	struct build_device device;
	int made;

	device = *build_keys(b, target);
	revoke.target = data(device.id, DEVICE_ID_SIZE);
	if (tips) {
		revoke.tips0 = ids(b, tips[0], &revoke.n_tips0);
		revoke.tips1 = ids(b, tips[1], &revoke.n_tips1);
		revoke.tips2 = ids(b, tips[2], &revoke.n_tips2);
	}
	head.kind = FOB__KIND__REVOKE;
	head.generation = generation(by);
	head.revoke = &revoke;
	made = make(b, by, &head, no_blob, NULL);
	free(revoke.tips0);
	free(revoke.tips1);
	free(revoke.tips2);
	return made;
}

int build_suspend(struct build *b, int by, int target, struct build_list tips1,
		  struct build_list tips2)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Suspend suspend = FOB__SUSPEND__INIT;
	struct build_device device;
	int made;

	device = *build_keys(b, target);
	suspend.target = data(device.id, DEVICE_ID_SIZE);
	suspend.tips1 = ids(b, tips1, &suspend.n_tips1);
	suspend.tips2 = ids(b, tips2, &suspend.n_tips2);
	head.kind = FOB__KIND__SUSPEND;
	head.generation = generation(by);
	head.suspend = &suspend;
	made = make(b, by, &head, no_blob, NULL);
	free(suspend.tips1);
	free(suspend.tips2);
	return made;
}

int build_lift(struct build *b, int by, int suspend)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Lift lift = FOB__LIFT__INIT;

	lift.suspend = data(build_id(b, suspend), ID_SIZE);
	head.kind = FOB__KIND__LIFT;
	head.generation = generation(by);
	head.lift = &lift;
	return make(b, by, &head, no_blob, NULL);
}

int build_recover(struct build *b, int by, int next, struct build_list valid)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Recovery recovery = FOB__RECOVERY__INIT;
	struct build_recovery kit;
	int made;

	REQUIRE(by >= BUILD_RECOVERY && next >= BUILD_RECOVERY);
	build_recovery(&kit, b->seed, next - BUILD_RECOVERY);
	recovery.recovery_sign = data(kit.sign_public, KEY_SIZE);
	recovery.recovery_wrap = data(kit.wrap_public, KEY_SIZE);
	recovery.generation = generation(by) + 1;
	recovery.valid = ids(b, valid, &recovery.n_valid);
	head.kind = FOB__KIND__RECOVERY;
	head.generation = generation(by);
	head.recovery = &recovery;
	made = make(b, by, &head, no_blob, &kit);
	free(recovery.valid);
	return made;
}

static void make_record_id(uint8_t ret[static RECORD_ID_SIZE], uint32_t record)
{
	derive(ret, RECORD_ID_SIZE, "record", 0, record);
}

int build_entry(struct build *b, int by, uint32_t record,
		struct build_list parents)
{
	static const uint8_t main_group[GROUP_ID_SIZE] = { 0 };
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Entry entry = FOB__ENTRY__INIT;
	uint8_t rid[RECORD_ID_SIZE], made_up[KEY_SIZE], blob[KEY_SIZE];
	int made;

	make_record_id(rid, record);
	derive(made_up, sizeof(made_up), "entry", b->seed, b->counter++);
	derive(blob, sizeof(blob), "blob", b->seed, b->counter++);
	entry.group = data(main_group, sizeof(main_group));
	entry.record = data(rid, sizeof(rid));
	entry.parents = ids(b, parents, &entry.n_parents);
	entry.kid = data(main_group, KID_SIZE);
	entry.nonce = data(made_up, NONCE_SIZE);
	entry.commitment = data(made_up, COMMITMENT_SIZE);
	head.kind = FOB__KIND__ENTRY;
	head.entry = &entry;
	made = make(b, by, &head, BYTES(blob), NULL);
	free(entry.parents);
	return made;
}

int build_purge(struct build *b, int by, uint32_t record,
		struct build_list heads)
{
	static const uint8_t main_group[GROUP_ID_SIZE] = { 0 };
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Purge purge = FOB__PURGE__INIT;
	uint8_t rid[RECORD_ID_SIZE];
	int made;

	make_record_id(rid, record);
	purge.group = data(main_group, sizeof(main_group));
	purge.record = data(rid, sizeof(rid));
	purge.heads = ids(b, heads, &purge.n_heads);
	head.kind = FOB__KIND__PURGE;
	head.purge = &purge;
	made = make(b, by, &head, no_blob, NULL);
	free(purge.heads);
	return made;
}

int build_key(struct build *b, int by, uint32_t kid)
{
	static const uint8_t main_group[GROUP_ID_SIZE] = { 0 };
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Key key = FOB__KEY__INIT;
	uint8_t name[KID_SIZE];

	derive(name, sizeof(name), "kid", b->seed, kid);
	key.group = data(main_group, sizeof(main_group));
	key.kid = data(name, sizeof(name));
	head.kind = FOB__KIND__KEY;
	head.key = &key;
	return make(b, by, &head, no_blob, NULL);
}

/* --- into sets ------------------------------------------------------------ */

static uint8_t *duplicate(const uint8_t *p, size_t n)
{
	uint8_t *out = n > 0 ? malloc(n) : NULL;

	if (n > 0) {
		REQUIRE(out);
		memcpy(out, p, n);
	}
	return out;
}

void build_copy(const struct build *b, int item, struct item *ret)
{
	const struct item *from = &b->items[item];

	*ret = *from;
	ret->body = duplicate(from->body, from->body_len);
	ret->blob = duplicate(from->blob, from->blob_len);
	ret->content = fob__body__unpack(NULL, from->body_len, from->body);
	REQUIRE(ret->content);
	ret->head = fob__head__unpack(NULL, ret->content->head.len,
				      ret->content->head.data);
	REQUIRE(ret->head);
}

int build_put(const struct build *b, int item, struct set *set,
	      uint32_t *ret_index)
{
	struct set_arrival how = { .seq = NONE,
				   .first_seen = 1700000000,
				   .stored_blob = true };
	struct item copy AUTO_ITEM = { .body = NULL };
	uint32_t at;
	int r;

	build_copy(b, item, &copy);
	r = set_add(set, &copy, &how, &at);
	if (r == 0 && ret_index)
		*ret_index = at;
	return r;
}
