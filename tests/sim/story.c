#include "tests/sim/story.h"

#include <stdio.h>
#include <string.h>

#define SETTLE_MS 120000

bool story_ok(const Fob__Reply *reply)
{
	return reply && reply->status == STATUS_OK;
}

void story_settle(struct world *world)
{
	EXPECT(world, world_settle(world, SETTLE_MS));
	world_check_promises(world);
	world_say(world, "all are equal");
}

void story_vault(struct world *world, int n)
{
	world_node(world);
	world_make_vault(world, 0);
	for (int i = 1; i < n; i++) {
		world_node(world);
		world_join(world, i, 0);
	}
	if (n > 1)
		story_settle(world);
}

const Fob__Account *story_account(struct world *world, int node,
				  const char *query)
{
	const Fob__Reply *reply = world_list(world, node, query);

	EXPECT(world, story_ok(reply) && reply->n_accounts == 1);
	return reply->accounts[0];
}

/* A field's bytes have no end of their own; replies live on. */
const char *story_field(struct world *world, int node, const char *query,
			const char *key)
{
	static char values[8][256];
	static unsigned turn;
	const Fob__Reply *reply = world_show(world, node, query);
	char *value = values[turn++ % ARRAY_SIZE(values)];

	EXPECT(world, story_ok(reply) && reply->shown);
	value[0] = '\0';
	for (size_t i = 0; i < reply->shown->n_fields; i++) {
		const Fob__FieldValue *field = reply->shown->fields[i];

		if (!strcmp(field->key, key))
			snprintf(value, sizeof(values[0]), "%.*s",
				 (int)field->value.len,
				 (const char *)field->value.data);
	}
	return value;
}

size_t story_codes(struct world *world, int node, const char *query,
		   const char *ret_codes[static LIVE_MAX])
{
	const Fob__Reply *reply = world_code(world, node, query);

	EXPECT(world, story_ok(reply) && reply->n_codes <= LIVE_MAX);
	for (size_t i = 0; i < reply->n_codes; i++)
		ret_codes[i] = reply->codes[i]->code;
	return reply->n_codes;
}
