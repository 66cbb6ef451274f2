/*
 * A body, or (first byte odd) a head that is put into a body. What is
 * accepted hashes to its id, keeps its bytes, and goes into a set or not.
 */
#include "daemon/core/set/head.h"
#include "daemon/core/set/set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/scarce.h"
#include "tests/lib/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct build b;

static void look_at(struct item *item, struct bytes body)
{
	struct set_arrival how = { .seq = NONE };
	uint8_t id[ID_SIZE];
	struct set set;
	uint32_t at;
	int r;

	item_hash(id, body.p, body.n);
	REQUIRE(memcmp(id, item->id, ID_SIZE) == 0);
	REQUIRE(item->body_len == body.n);
	REQUIRE(memcmp(item->body, body.p, body.n) == 0);
	REQUIRE(item_class(item->head->kind) < CLASS_MAX);
	set_init(&set);
	REQUIRE(build_put(&b, b.genesis, &set, NULL) == 0);
	/* As a row of the disk, so that more of it is reached. */
	how.checked = true;
	r = set_add(&set, item, &how, &at);
	REQUIRE(r == 0 || r == SET_ERR_STRANGER || r == SET_ERR_VAULT ||
		r == SET_ERR_HELD);
	REQUIRE(set_evaluate(&set) == 0);
	set_deinit(&set);
}

/* Without memory nothing is made, and what was made can be given back. */
static void starve(struct bytes body)
{
	static const uint8_t signature[SIGNATURE_SIZE] = { 0 };
	struct item item AUTO_ITEM = { .body = NULL };
	struct set_arrival how = { .seq = NONE, .checked = true };
	struct set set;
	uint32_t at;
	int r;

	set_init(&set);
	REQUIRE(build_put(&b, b.genesis, &set, NULL) == 0);
	scarce_draw(body.p, body.n);
	r = item_parse(&item, b.vault_id, body, BYTES(signature),
		       (struct bytes){ NULL, 0 });
	REQUIRE(r == 0 || (item.body == NULL && item.head == NULL));
	if (r == 0)
		r = set_add(&set, &item, &how, &at);
	if (r == 0)
		r = set_evaluate(&set);
	REQUIRE(scarce_over() ? r == -ENOMEM : r >= 0);
	set_deinit(&set);
}

static void parse(struct bytes body)
{
	static const uint8_t signature[SIGNATURE_SIZE] = { 0 };
	struct item item AUTO_ITEM = { .body = NULL };
	int r = item_parse(&item, b.vault_id, body, BYTES(signature),
			   (struct bytes){ NULL, 0 });

	REQUIRE(r == 0 || r == ITEM_ERR_MALFORMED);
	if (r == 0)
		look_at(&item, body);
	else
		REQUIRE(item.body == NULL && item.head == NULL);
	starve(body);
}

static void parse_head(const uint8_t *data, size_t size)
{
	Fob__Body body = FOB__BODY__INIT;
	uint8_t *head = malloc(size + 1), hash[ID_SIZE] = { 1 };
	uint8_t *packed = malloc(size + 128);
	size_t n;

	REQUIRE(head && packed);
	memcpy(head, data, size);
	body.head = (ProtobufCBinaryData){ size, head };
	for (int blob = 0; blob < 2; blob++) {
		body.blob_hash.data = hash;
		body.blob_hash.len = blob ? ID_SIZE : 0;
		body.blob_len = blob ? 256 : 0;
		n = fob__body__pack(&body, packed);
		parse((struct bytes){ packed, n });
	}
	free(head);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!b.items)
		build_init(&b, 1);
	if (size == 0)
		return 0;
	if (data[0] & 1)
		parse_head(data + 1, size - 1);
	else
		parse((struct bytes){ data + 1, size - 1 });
	return 0;
}
