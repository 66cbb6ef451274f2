#include "daemon/core/effect.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* More effects than this in one step would be a loop of our own making. */
#define EFFECTS_MAX (1u << 20)
#define EFFECTS_KEPT 4096 /* a longer list is given back when it is empty */

void effects_init(struct effects *effects)
{
	memset(effects, 0, sizeof(*effects));
}

static void effect_free(struct effect *effect)
{
	if (effect->data && effect->secret)
		sodium_memzero(effect->data, effect->data_len);
	free(effect->data);
	effect->data = NULL;
}

void effects_clear(struct effects *effects)
{
	for (size_t i = 0; i < effects->n; i++)
		effect_free(&effects->list[i]);
	effect_free(&effects->scrap);
	effects->n = 0;
	effects->failed = false;
	if (effects->cap <= EFFECTS_KEPT)
		return;
	free(effects->list);
	effects->list = NULL;
	effects->cap = 0;
}

void effects_deinit(struct effects *effects)
{
	effects_clear(effects);
	free(effects->list);
	memset(effects, 0, sizeof(*effects));
}

static bool effects_grow(struct effects *effects)
{
	size_t cap = effects->cap ? effects->cap * 2 : 16;
	struct effect *list;

	if (cap > EFFECTS_MAX)
		return false;
	list = realloc(effects->list, cap * sizeof(*list));
	if (!list)
		return false;
	effects->list = list;
	effects->cap = cap;
	return true;
}

/* After a failure the step is lost anyway, and callers need not look. */
struct effect *effects_add(struct effects *effects, enum effect_type type)
{
	struct effect *effect;

	if (effects->n == effects->cap && !effects_grow(effects)) {
		effects->failed = true;
		effect = &effects->scrap;
		effect_free(effect);
	} else {
		effect = &effects->list[effects->n++];
	}
	memset(effect, 0, sizeof(*effect));
	effect->type = type;
	return effect;
}

static void effects_row(struct effects *effects, enum effect_type type,
			enum table table, struct bytes key, struct bytes data)
{
	struct effect *effect = effects_add(effects, type);

	REQUIRE(key.n <= TABLE_KEY_MAX);
	effect->table = table;
	memcpy(effect->key, key.p, key.n);
	effect->key_len = key.n;
	if (!data.n)
		return;
	effect->data = malloc(data.n);
	if (!effect->data) {
		effects->failed = true;
		return;
	}
	memcpy(effect->data, data.p, data.n);
	effect->data_len = data.n;
	effect->secret = table == TABLE_LOCAL;
}

void effects_put(struct effects *effects, enum table table, struct bytes key,
		 struct bytes data)
{
	effects_row(effects, EFFECT_PUT, table, key, data);
}

void effects_soft(struct effects *effects, enum table table, struct bytes key,
		  struct bytes data)
{
	effects_row(effects, EFFECT_SOFT_PUT, table, key, data);
}

void effects_delete(struct effects *effects, enum table table, struct bytes key)
{
	effects_row(effects, EFFECT_DELETE, table, key,
		    (struct bytes){ NULL, 0 });
}

void effects_take(struct effects *effects, enum effect_type type, uint32_t conn,
		  uint8_t *data, size_t n)
{
	struct effect *effect = effects_add(effects, type);

	effect->conn = conn;
	effect->data = data;
	effect->data_len = n;
}

const char *effect_trace_text(enum trace_what what)
{
	static const char *const text[] = {
		[TRACE_STARTED] = "started",
		[TRACE_INITIALIZED] = "vault made",
		[TRACE_UNLOCKED] = "unlocked",
		[TRACE_LOCKED] = "locked",
		[TRACE_UNLOCK_FAILED] = "unlock failed",
		[TRACE_PEER_UP] = "peer up",
		[TRACE_PEER_DOWN] = "peer down",
		[TRACE_PEER_REFUSED] = "peer refused",
		[TRACE_PEER_PROTOCOL] = "peer broke the protocol",
		[TRACE_RUN_EQUAL] = "run complete, equal",
		[TRACE_RUN_UNEQUAL] = "run complete, unequal",
		[TRACE_STORED] = "stored",
		[TRACE_REFUSED_ITEM] = "refused item",
		[TRACE_WROTE] = "wrote",
		[TRACE_SENT] = "sent items",
		[TRACE_INVITED] = "invites",
		[TRACE_MEET_WRONG] = "a wrong code was tried",
		[TRACE_JOINED] = "joined",
		[TRACE_FORKED] = "device runs from a copy",
		[TRACE_REVOKED] = "device revoked",
		[TRACE_STATUS] = "newer status",
		[TRACE_KEY] = "made a key item",
		[TRACE_POISONED] = "poisoned key",
		[TRACE_FULL] = "store is full",
		[TRACE_CODE] = "gave a code",
		[TRACE_KIT] = "new recovery kit",
		[TRACE_RESCUE] = "serves a recovery",
		[TRACE_RECOVERED] = "recovered",
		[TRACE_SNAPSHOT] = "snapshot made",
		[TRACE_DAMAGED] = "found damaged, asks for it again",
		[TRACE_MIGRATED] = "migrated to a new vault",
		[TRACE_RENEWED] = "has new keys",
	};

	return (size_t)what < ARRAY_SIZE(text) && text[what] ? text[what] : "?";
}
