#include "tests/lib/renewal.h"

#include <stdio.h>
#include <string.h>

#define ASK_MS 90000

static ProtobufCBinaryData data_of(const void *p, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)(uintptr_t)p };
}

static uint32_t begin(struct world *world, int node, const char *passphrase,
		      const uint8_t *seed)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ResetAsk ask = FOB__RESET_ASK__INIT;

	ask.passphrase = data_of(passphrase, strlen(passphrase));
	if (seed)
		ask.recovery_seed = data_of(seed, KEY_SIZE);
	request.reset = &ask;
	world->revoked = true;
	return world_send(world, node, &request);
}

uint32_t renewal_begin(struct world *world, int node, const uint8_t *seed)
{
	return begin(world, node, WORLD_PASSPHRASE, seed);
}

uint32_t renewal_begin_with(struct world *world, int node, const char *text,
			    const uint8_t *seed)
{
	return begin(world, node, text, seed);
}

struct showing {
	int node;
	uint32_t id;
	const Fob__Progress *found;
};

static bool is_shown(struct world *world, void *arg)
{
	struct showing *showing = arg;
	const struct world_node *n = &world->nodes[showing->node];

	for (size_t i = 0; i < n->n_replies; i++)
		if (n->replies[i]->id == showing->id &&
		    n->replies[i]->progress && n->replies[i]->progress->n_words)
			showing->found = n->replies[i]->progress;
	return showing->found != NULL;
}

void renewal_words(struct world *world, int node, uint32_t id,
		   char ret[static 128])
{
	struct showing showing = { .node = node, .id = id };

	EXPECT(world, world_until(world, ASK_MS, is_shown, &showing));
	snprintf(ret, 128, "%s", showing.found->words[0]);
}

uint32_t renewal_vouch_begin(struct world *world, int node, int whom,
			     const char *words)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__VouchAsk ask = FOB__VOUCH_ASK__INIT;
	char text[128];

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_VOUCH);
	snprintf(text, sizeof(text), "%s", words);
	ask.device = world->nodes[whom].name;
	ask.words = text;
	request.vouch = &ask;
	return world_send(world, node, &request);
}

void renewal(struct world *world, int node, int at)
{
	uint32_t asking = renewal_begin(world, node, NULL), vouching;
	const Fob__Reply *reply;
	char words[128];

	renewal_words(world, node, asking, words);
	vouching = renewal_vouch_begin(world, at, node, words);
	reply = world_wait(world, at, vouching, ASK_MS);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->joined);
	reply = world_wait(world, node, asking, ASK_MS);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->joined);
}
